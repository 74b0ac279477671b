import numpy as np

from squeezetime.clip import in_order, one_frame_repeated, packed, played_backwards

# Every value is its own: clip n, frame t, row y, column x, colour c.
FRAMES = np.arange(2 * 4 * 3 * 5 * 3).reshape(2, 4, 3, 5, 3)
CLIPS = np.stack([packed(frames) for frames in FRAMES])


def test_time_goes_into_the_channels():
    for t in range(4):
        for c in range(3):
            assert np.array_equal(CLIPS[..., 3 * t + c], FRAMES[:, t, :, :, c])


def test_a_clip_with_its_frames_in_another_order():
    for changed, order in (
        (one_frame_repeated(CLIPS, 4), [2, 2, 2, 2]),
        (played_backwards(CLIPS, 4), [3, 2, 1, 0]),
        (in_order(CLIPS, [1, 3, 0, 2]), [1, 3, 0, 2]),
    ):
        assert np.array_equal(changed, np.stack([packed(frames[order]) for frames in FRAMES]))
