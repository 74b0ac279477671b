import re

import pytest

from squeezetime.own import semantics


def becomes(change, labels):
    """{label: what its changed clip shows, None where that is not known}"""
    return {
        label: None if j is None else labels[j]
        for label, j in zip(labels, change(labels), strict=True)
    }


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("turn left", "turn right"),
        ("TurnLeft", "TurnRight"),
        ("turn left 1", "turn right 1"),
        ("lean_leftwards", "lean_rightwards"),
        ("lefthand", "righthand"),
        ("hand_L", "hand_R"),
        ("l2r", "r2l"),
        ("rotate_cw", "rotate_ccw"),
        ("spin clockwise", "spin anticlockwise"),
        ("SpinClockwise", "SpinCounterClockwise"),
        ("walk_LR", "walk_RL"),
        ("eastbound", "westbound"),
        ("LHand", "RHand"),
        ("waveLArm", "waveRArm"),
        ("lt_turn", "rt_turn"),
        ("look_lft", "look_rgt"),
        ("clock_wise", "counter_clock_wise"),
        ("rotateCWfast", "rotateCCWfast"),
        ("rotateCWFast", "rotateACWFast"),
    ],
)
def test_a_mirror_swaps_sides(left, right):
    assert becomes(semantics.mirrored, [left, "wave", right]) == {
        left: right,
        "wave": "wave",
        right: left,
    }
    for alone in left, right:  # its mirror image is none of the labels: it must stay as it is
        assert becomes(semantics.mirrored, [alone, "wave"]) == {alone: None, "wave": "wave"}


def test_what_only_looks_like_a_side_is_mirrored():
    labels = ["sit_upright", "breaststroke", "feast", "blink", "destroy", "direct"]
    assert semantics.mirrored(labels) == list(range(len(labels)))


@pytest.mark.parametrize(
    ("one", "other"),
    [("lhand", "rhand"), ("hand_lo", "hand_ro"), ("lock", "rock"), ("spin", "counterspin")],
)
def test_what_may_be_a_side_is_not_mirrored(one, other):
    assert semantics.mirrored([one, "wave", other]) == [None, 1, None]
    assert semantics.mirrored([one, "wave"]) == [0, 1]


def test_a_mirror_keeps_what_it_cannot_tell_apart():
    labels = ["turn left 1", "turn right 2", "прыжок", "wave"]
    assert semantics.mirrored(labels) == [None, None, None, 3]
    assert semantics.mirrored(["turn_left", "turn-left", "turn right"]) == [None, None, None]
    assert semantics.mirrored(["左", "右"]) == [None, None]


def test_the_user_says_what_a_mirror_makes():
    labels = ["links", "rechts", "winken", "left", "прыжок"]
    told = semantics.pairs_of(labels, ["links=rechts", "прыжок=прыжок"])
    assert semantics.mirrored(labels, told) == [1, 0, 2, None, 4]
    # What the user says goes before what the words say.
    labels = ["left", "right", "port"]
    assert semantics.mirrored(labels, semantics.pairs_of(labels, ["right=port"])) == [None, 2, 1]


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        (["links"], "--mirror links: write two labels as LEFT=RIGHT"),
        (["links=wave"], "--mirror links=wave: no label wave; there are links, rechts"),
        (["links=rechts", "rechts=rechts"], "another --mirror names rechts, too"),
    ],
)
def test_a_mirror_that_cannot_be_is_refused(pairs, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        semantics.pairs_of(["links", "rechts"], pairs)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("open_door", "close_door"),
        ("OpeningDoor", "ClosingDoor"),
        ("enter", "leave"),
        ("enters shop", "exits shop"),
        ("appear", "disappear"),
        ("zoom_in", "zoom_out"),
        ("sit_down", "stand_up"),
        ("sitting down", "standing up"),
        ("putting_on_hat", "taking_off_hat"),
        ("turn light on", None),
        ("left_to_right", "right_to_left"),
        ("walk left to right", "walk right to left"),
        ("bed_to_chair", "chair_to_bed"),
        ("face_to_face", None),
        ("a_to_a", None),
        ("swipe_left", "swipe_right"),
        ("rotate_cw", "rotate_counterclockwise"),
        ("wave_left_hand", None),
        ("thumb_up", None),
        ("point_left", None),
        ("turn_left", None),
        ("sit", None),
        ("light_on", None),
        ("push", None),
        ("door_open", None),
    ],
)
def test_only_changes_are_played_backwards(first, last):
    others = "wave_right_hand thumb_down point_right turn_right stand light_off pull door_closed"
    labels = [first, "walk", *others.split(), *([last] if last else [])]
    expected = {**dict.fromkeys(labels), **({first: last, last: first} if last else {})}
    assert becomes(semantics.reversed_, labels) == expected


def test_backwards_one_opposite_of_two_is_not_guessed():
    assert semantics.reversed_(["enter", "leave", "exit"]) == [None, None, None]


def test_what_is_told():
    labels = ["go_left", "go_right", "turn_left", "wave"]
    assert (
        semantics.told("mirrored", labels, semantics.mirrored(labels))
        == "mirrored: go_left <-> go_right, as themselves wave; not turn_left"
    )
    assert semantics.told("played backwards", ["a", "b"], [None, None]) == (
        "played backwards: none; not a, b"
    )
