import re
from pathlib import Path

import numpy as np
import pytest

from squeezetime.labels import LABELS, MIRRORED, RESERVED, REVERSED, UPSIDE_DOWN, check
from squeezetime.starter.augment import augment


@pytest.mark.parametrize(
    ("mapping", "label", "becomes"),
    [
        (MIRRORED, "left_to_right", "right_to_left"),
        (MIRRORED, "rise", "rise"),
        (MIRRORED, "rotate_cw", "rotate_ccw"),
        (UPSIDE_DOWN, "rise", "fall"),
        (UPSIDE_DOWN, "rotate_ccw", "rotate_cw"),
        (UPSIDE_DOWN, "left_to_right", "left_to_right"),
        (REVERSED, "appear", "disappear"),
        (REVERSED, "recede", "approach"),
        (REVERSED, "wave", "wave"),
        (REVERSED, "rotate_cw", "rotate_ccw"),
    ],
)
def test_what_becomes_of_a_label(mapping, label, becomes):
    assert LABELS[mapping[LABELS.index(label)]] == becomes
    assert LABELS[mapping[LABELS.index(becomes)]] == label


def _moving_dot() -> np.ndarray:
    """A white dot that goes from left to right along the upper edge: [8,8,4,3]."""
    clip = np.zeros((8, 8, 4, 3), np.uint8)
    for t in range(4):
        clip[1, 2 * t, t] = 255
    return clip


def test_augmented_label_tells_where_the_dot_really_goes():
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(100):
        clip, label = augment(rng, _moving_dot(), LABELS.index("left_to_right"))
        contrast = np.abs(clip.astype(int) - int(clip[4, 4, 0, 0])).sum(-1)
        columns = [int(contrast[:, :, t].sum(0).argmax()) for t in range(4)]
        goes_right = columns[-1] > columns[0]
        assert LABELS[label] == ("left_to_right" if goes_right else "right_to_left")
        seen.add(label)
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (["a", "state"], "'state' is the name of one of edged's own topics"),
        (["a", "x/y"], "'x/y' contains '/'"),
        (["a+b", "c#"], "'a.b' contains '.'.*'c#' contains '#'"),
        (["ж" * 33, "a"], "has 66 bytes"),
        (["", "a"], "'' is empty"),
        ([" a", "b"], "' a' .*blanks"),
        (["a\tb", "b"], "control, invisible"),
        (["\udc80", "b"], "not UTF-8"),
        (["a", "b", "a"], "'a' occurs twice"),
        (["Open", "open"], "'open' and 'Open' differ only in upper and lower case"),
    ],
)
def test_labels_that_edged_refuses_are_named_with_their_place(labels, says):
    with pytest.raises(ValueError, match=f"here.txt: .*{says}"):
        check(labels, "here.txt")


def test_labels_that_edged_takes():
    check(LABELS, "")
    check(["ж" * 32, "petting animal (not cat)", "massaging person's head", "State"], "")


def test_reserved_names_are_those_of_edged():
    topics = (Path(__file__).parents[3] / "publish" / "topics.go").read_text()
    names = re.search(r"var reserved = \[\]string{(.*)}", topics).group(1)
    assert tuple(re.findall(r'"(\w+)"', names)) == RESERVED
