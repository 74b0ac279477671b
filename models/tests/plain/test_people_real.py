import numpy as np
import pytest

pytest.importorskip("cv2")  # the extra "clips"

from squeezetime.people import evaluate, real, refit, scores


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
        ([], "names no video"),
        (["b.mp4\tx\tWalking[0 to 1]"], r"line 2: there is no b\.mp4"),
        (["a.mp4\tx\tWalking"], "line 2: no span"),
    ],
)
def test_a_table_that_is_wrong_is_named(tmp_path, lines, says):
    (tmp_path / "a.mp4").touch()
    table(tmp_path, *lines)
    with pytest.raises(ValueError, match=rf"labels\.tsv.*{says}"):
        real.read(tmp_path)


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
    fall, window = real.Span("Falling (BW)", 3.4, 11), real.Window(np.zeros(1), begin)
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


def test_the_classifier_is_fitted_to_features_of_any_scale():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 600)
    features = rng.normal(0, 1, (600, 5)) * (1, 10, 0.1, 1, 0) + (0, 50, 0, 3, 7)
    features[:, 1] += 40 * labels
    kernel, bias = refit.classifier(features[:400], labels[:400], 3)
    right = (features[400:] @ kernel + bias).argmax(1) == labels[400:]
    assert right.mean() > 0.9


def test_clips_are_counted_by_skin_and_body():
    parts = evaluate._by_person(np.array(["anna/0", "ben/7", "anna/7", ""]))
    assert {name: mine.tolist() for name, mine in parts.items()} == {
        "skin 1 of 8": [True, False, False, False],
        "skin 8 of 8": [False, True, True, False],
        "body anna": [True, False, True, False],
        "body ben": [False, True, False, False],
    }
