import numpy as np
import pytest

from squeezetime.people import on_drawn, on_footage, real, scores


def table(folder, *lines):
    (folder / "labels.tsv").write_text("\n".join(["file\twhat\tlabels", *lines]) + "\n")


def test_a_table_says_what_happens_when(tmp_path):
    (tmp_path / "a.mp4").touch()
    table(tmp_path, "a.mp4\tFalling on the bed\tFalling (BW)[3.4 to 11]; Standing[0 to 3.2]")
    (found,) = real.read(tmp_path)
    assert [(s.what, s.begin, s.end) for s in found.spans] == [
        ("Falling (BW)", 3.4, 11),
        ("Standing", 0, 3.2),
    ]
    assert [s.begin for s in found.falls] == [3.4]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["b.mp4\tx\tWalking[0 to 1]"], r"line 2: there is no b\.mp4"),
        (["a.mp4\tx\tWalking"], "line 2: a span"),
        (["a.mp4\tx\tFalling[3:10 to 3:15]; Walking[0 to 190]"], "line 2: a span"),
        (["a.mp4"], "line 2: no tab"),
        (["", "a.mp4\tx\tWalking[0 to 1]", "a.mp4\tx\tFalling[1 to 2]"], "line 4: a.mp4 is in"),
    ],
)
def test_a_table_that_is_wrong_is_named(tmp_path, lines, says):
    (tmp_path / "a.mp4").touch()
    table(tmp_path, *lines)
    with pytest.raises(ValueError, match=rf"labels\.tsv.*{says}"):
        real.read(tmp_path)


def test_a_table_of_nothing_is_named(tmp_path):
    table(tmp_path)
    with pytest.raises(ValueError, match=r"its tables name no video that is there"):
        real.read(tmp_path)


def test_a_subject_of_gmdcsa_is_read_as_far_as_its_videos_are_there(tmp_path):
    for name in ("ADL", "Fall"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "02.mp4").touch()
    fallen_text = "02.mp4,5,Walks; falls,Falling (BW)[1.9 to 5]; Standing[0 to 1.8] ; Walking[2\n"
    head = "File Name,Length (seconds),Description, Classes\n"
    (tmp_path / "ADL.csv").write_text(head + "01.mp4,8,Sits,Sitting[0 to 8]\n02.mp4,9,Stands\n")
    (tmp_path / "Fall.csv").write_text(head + fallen_text)
    calm, fallen = real.read(tmp_path)
    assert (calm.path, calm.spans) == (tmp_path / "ADL/02.mp4", [])
    assert fallen.path == tmp_path / "Fall/02.mp4"
    assert [(s.what, s.begin) for s in fallen.spans] == [("Falling (BW)", 1.9), ("Standing", 0)]
    (tmp_path / "Fall.csv").write_text(head + '02.mp4,5,Falls,"Falling (BW)[1 to 5]"\n')
    assert [s.begin for s in real.read(tmp_path)[1].falls] == [1]
    for table_text, says in (
        (head + "02.mp4,5,Falls,Falling (BW)[1 to 5\n", r"Fall\.csv: 02\.mp4 has no span"),
        (head + "2.mp4,5,Falls,Falling (BW)[1 to 5]\n", r"Fall\.csv: does not name .*02\.mp4"),
        (None, r"Fall\.csv: No such file"),
    ):
        (tmp_path / "Fall.csv").unlink()
        if table_text:
            (tmp_path / "Fall.csv").write_text(table_text)
        with pytest.raises(ValueError, match=says):
            real.read(tmp_path)
        (tmp_path / "Fall.csv").touch()


def test_a_table_that_is_no_text_is_named(tmp_path):
    (tmp_path / "labels.tsv").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ValueError, match=r"labels\.tsv: not in UTF-8"):
        real.read(tmp_path)


def test_a_video_shorter_than_a_window_ends_in_its_last_picture(monkeypatch):
    pictures = [np.full((4, 4, 3), k, np.uint8) for k in range(3)]
    monkeypatch.setattr(real.video, "ticks_at", lambda *_: enumerate(pictures))
    (window,) = real.windows("x", 5, 8, (4, 4))
    assert window.pixels[0, 0, ::3].tolist() == [0, 1, 2, 2, 2] and window.begin == 0


def test_of_a_video_with_gaps_no_frozen_picture_is_made(monkeypatch):
    pictures = [np.full((4, 4, 3), k, np.uint8) for k in range(3)]
    gappy = [pictures[0], None, pictures[1], None, pictures[2]]
    monkeypatch.setattr(real.video, "ticks_at", lambda *_: enumerate(gappy))
    monkeypatch.setattr(real.video, "_check_longest", refuse)
    with pytest.raises(ValueError, match="slow"):
        list(real.windows("x", 5, 8, (4, 4)))


def test_after_a_gap_a_window_has_the_time_of_its_frames(monkeypatch):
    picture = np.zeros((4, 4, 3), np.uint8)
    ticks = [*range(20), 44, *range(44, 64)]
    pictures = [picture] * 20 + [None] + [picture] * 20
    monkeypatch.setattr(real.video, "ticks_at", lambda *_: zip(ticks, pictures, strict=True))
    begins = [w.begin for w in real.windows("x", 16, 8, (4, 4))]
    assert begins == [0, 0.5, 44 / 8, 48 / 8]


def refuse(*_):
    raise ValueError("slow")


def test_falls_are_told_from_ordinary_life(tmp_path):
    """Of the fall's two windows the better one counts; stretches of ordinary life have three."""
    for name in ("3.mp4", "1.mp4", "6.mp4"):
        (tmp_path / name).touch()
    table(tmp_path, "3.mp4\tx\tFalling[3 to 4]")
    subject = FakeSubject()
    subject.labels = ["other", "fall"]
    subject.windows = lambda path: [
        real.Window(np.array(int(path.stem) + 2 * (begin == 2)), begin, 2.0) for begin in range(6)
    ]
    subject.about = {"frame_rate": 8}
    on_footage.falls(subject, [tmp_path])
    assert subject.rows["falls in rooms, AUC (1 against 5 stretches)"] == "0.400"
    assert subject.rows["falls with a score of 0.5 or more"] == "1 of 1"
    assert subject.rows["false alarms of a fall in 0.1 minutes"] == "3"
    name = tmp_path.name
    assert subject.rows[f"{name}/6.mp4: 6 windows, taken for"] == "fall 6"
    table(tmp_path, "3.mp4\tx\tWalking[3 to 4]")
    with pytest.raises(ValueError, match=f"{name}: no fall to tell apart"):
        on_footage.falls(subject, [tmp_path])


def test_what_videos_are_taken_for(tmp_path):
    (tmp_path / "9.MOV").touch()
    subject = FakeSubject()
    on_footage.shown(subject, tmp_path)
    assert subject.rows == {f"{tmp_path.name}/9.MOV: 1 windows, taken for": "fight 1"}
    with pytest.raises(ValueError, match=r"absent: no \.mp4 or"):
        on_footage.shown(subject, tmp_path / "absent")


class FakeSubject:
    """Its fights are the bright videos; a video is a window of one number."""

    people, labels = True, ["other", "fight"]

    def __init__(self):
        self.rows = {}

    def windows(self, path):
        return [real.Window(np.array(int(path.stem)), 0, 2.0)]

    def probabilities(self, clips):
        bright = np.array(clips, float) / 10
        return np.stack([1 - bright, bright], 1)

    def best(self, shares):
        return [self.labels[i] for i in shares.argmax(1)]

    def share(self, shares, label):
        return shares[:, self.labels.index(label)]


def test_fights_are_told_from_other_videos(tmp_path):
    for name in ("fight/9", "fight/4", "noFight/1", "noFight/3", "noFight/5"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).with_suffix(".mp4").touch()
    subject = FakeSubject()
    on_footage.fights(subject, tmp_path)
    first = f"{tmp_path.name}, 2 against 3 videos: "
    assert subject.rows == {
        first + "fight, AUC": "0.833",
        first + "fights taken for": "fight 1, other 1",
        first + "the others taken for": "other 3",
    }
    with pytest.raises(ValueError, match=r"nothing/fight: no \.mp4 or"):
        on_footage.fights(subject, tmp_path / "nothing")


def test_a_folder_without_a_table_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"labels\.tsv: No such file"):
        real.read(tmp_path)


@pytest.mark.parametrize(
    ("begin", "shown", "quiet"),
    [
        (0, False, True),
        (2, False, False),
        (2.5, True, False),
        (3.5, True, False),
        (4, False, False),
    ],
)
def test_a_window_shows_a_fall_or_ends_before_it(begin, shown, quiet):
    fall, window = real.Span("Falling (BW)", 3.4, 11), real.Window(np.zeros(1), begin, 2.0)
    assert real.shows(window, fall) == shown and real.before(window, [fall]) == quiet


def test_auc():
    assert scores.auc([3, 4], [1, 2]) == 1 and scores.auc([1], [1]) == 0.5
    assert scores.auc([1, 4], [2, 3]) == 0.5 and np.isnan(scores.auc([], [1]))


def test_few_examples_find_what_the_embedding_tells_apart():
    labels = np.repeat(np.arange(3), 40)
    rng = np.random.default_rng(0)
    clear = np.eye(3)[labels] + rng.normal(0, 0.1, (120, 3))
    assert scores.few_shot(clear, labels) == 1
    assert scores.few_shot(rng.normal(0, 1, (120, 3)), labels) < 0.55
    assert np.isnan(scores.few_shot(clear[:40], labels[:40]))  # one label is told apart from none


def test_clips_are_counted_by_skin_and_body():
    parts = on_drawn._by_person(np.array(["anna/0", "ben/7", "anna/7", ""]))
    assert {name: mine.tolist() for name, mine in parts.items()} == {
        "skin 1 of 8": [True, False, False, False],
        "skin 8 of 8": [False, True, True, False],
        "body anna": [True, False, True, False],
        "body ben": [False, True, False, False],
    }
