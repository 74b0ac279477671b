import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from squeezetime.people import acts, bodies, bvh, captured, cmu, folder
from squeezetime.people.labels import LABELS
from squeezetime.people.motions import Library
from squeezetime.people.poses import FRAMES, pose
from squeezetime.people.skeleton import (
    HEAD,
    JOINTS,
    LEFT_ARM,
    LEFT_FOOT,
    PARENTS,
    PELVIS,
    RIGHT_FOOT,
    about_x,
    about_y,
    about_z,
    mirror,
    places,
    to_local,
    to_world,
)

CASES = [(label, way) for label, ways in acts.WAYS.items() for way in ways]
OFFSETS = bodies.load()[0].offsets()


@pytest.mark.parametrize(("label", "way"), CASES, ids=lambda x: getattr(x, "__name__", x))
def test_every_way_moves_a_body_by_rotations(label, way):
    for seed in range(3):
        motion = way(np.random.default_rng(seed))
        assert motion.world.shape == (FRAMES, 17, 3, 3) and motion.root.shape == (FRAMES, 3)
        assert np.isfinite(motion.world).all() and np.isfinite(motion.root).all()
        product = motion.world @ np.swapaxes(motion.world, 2, 3)
        np.testing.assert_allclose(product, np.broadcast_to(np.eye(3), product.shape), atol=1e-9)
        assert np.linalg.det(motion.world).min() > 0.99
        assert np.abs(motion.root).max() < 12  # metres: nobody flies away


def heights(motion):
    """The head above the lower foot, metres, [T]."""
    joints = places(motion.world, OFFSETS)[..., 1]
    return joints[:, HEAD] - np.minimum(joints[:, LEFT_FOOT], joints[:, RIGHT_FOOT])


def drop(label, seed):
    """How far the head sinks from the first frames to the last, of a body's height."""
    tall = heights(acts.make(np.random.default_rng(seed), label))
    return (tall[:2].max() - tall[-2:].min()) / 1.6


@pytest.mark.parametrize(
    ("label", "sign"), [("fall", 1), ("lie_down", 1), ("get_up", -1), ("stand_up", -1)]
)
def test_heads_go_down_in_falls_and_up_in_getting_up(label, sign):
    drops = np.array([drop(label, seed) for seed in range(40)]) * sign
    assert np.median(drops) > 0.15, np.round(drops, 2)


def test_walkers_stay_on_the_ground_and_move():
    for seed in range(10):
        motion = acts.make(np.random.default_rng(seed), "walk")
        assert np.linalg.norm(motion.root[-1] - motion.root[0]) > 0.2
        assert (motion.support == 0).all()


def test_a_split_has_motions_and_bodies_of_its_own():
    """None that is tested is trained on."""
    train, held = (
        {c.name for captures in Library(held_out).by_label.values() for c in captures}
        for held_out in (False, True)
    )
    assert train and held and not train & held
    moves = [
        {c.world.tobytes() for captures in Library(held_out).by_label.values() for c in captures}
        for held_out in (False, True)
    ]
    assert not moves[0] & moves[1], "one motion under two names"
    bodies_of = [{b.name for b in bodies.of_split(held_out)[0]} for held_out in (False, True)]
    assert all(bodies_of) and not bodies_of[0] & bodies_of[1]


def test_the_same_seed_draws_the_same_motion():
    library = Library(False)
    for label in LABELS:
        first, second = (library.draw(np.random.default_rng(3), label) for _ in range(2))
        assert first.name == second.name
        assert np.array_equal(first.world, second.world) and np.array_equal(first.root, second.root)


def test_axes_go_from_the_parents_to_the_world_and_back():
    world = acts.make(np.random.default_rng(0), "fight").world
    np.testing.assert_allclose(to_world(to_local(world)), world, atol=1e-12)
    mirrored, _ = mirror(*mirror(world, np.zeros((FRAMES, 3))))
    np.testing.assert_allclose(mirrored, world, atol=1e-12)


def test_a_pose_knows_its_parameters():
    with pytest.raises(KeyError):
        pose(l_knie=3)


BVH = """HIERARCHY
ROOT Hips
{{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
{body}}}
MOTION
Frames: {frames}
Frame Time: {interval}
{rows}
"""


def skeleton(leave_out=""):
    """A BVH skeleton with our joints under CMU's names, and how many channels it has."""
    legs, trunk, channels = "", "", 6
    for side, x in (("Left", 1), ("Right", -1)):
        legs += joint(
            f"{side}UpLeg",
            (x, 0, 0),
            joint(f"{side}Leg", (0, -4, 0), joint(f"{side}Foot", (0, -4, 0))),
        )
        arm = joint(f"{side}ForeArm", (3 * x, 0, 0), joint(f"{side}Hand", (3 * x, 0, 0)))
        trunk += joint(f"{side}Arm", (2 * x, 0, 0), arm)
    trunk += joint("Neck", (0, 2, 0), joint("Head", (0, 1, 0)))
    body = legs + joint("Spine", (0, 2, 0), joint("Spine1", (0, 2, 0), trunk))
    body = body.replace(leave_out, "Nothing") if leave_out else body
    channels += 3 * body.count("JOINT")
    return body, channels


def joint(name, offset, inside=""):
    x, y, z = offset
    channels = "CHANNELS 3 Zrotation Xrotation Yrotation"
    return f"JOINT {name}\n{{\nOFFSET {x} {y} {z}\n{channels}\n{inside}}}\n"


def written(path, frames=30, announced=None, leave_out="", interval="0.05"):
    body, channels = skeleton(leave_out)
    rows = "\n".join(
        " ".join(["0"] * 5 + [str(3 * k)] + ["0"] * (channels - 6)) for k in range(frames)
    )
    text = BVH.format(body=body, frames=announced or frames, rows=rows, interval=interval)
    path.write_text(text)


def test_a_bvh_is_put_on_the_skeleton(tmp_path):
    written(tmp_path / "walk_slowly.bvh")
    (capture,) = folder.read(tmp_path)
    assert capture.label == "walk" and len(capture.world) == 30
    joints = places(capture.world, OFFSETS)
    assert (joints[:, HEAD, 1] > joints[:, PELVIS, 1] + 0.3).all()  # it stands
    hands, shoulders = (
        joints[:, [7, 10]],
        joints[:, [5, 8]],
    )  # the arms are stretched, as in the file
    np.testing.assert_allclose(hands[..., 1], shoulders[..., 1])
    assert (np.linalg.norm(hands[:, 0] - hands[:, 1], axis=1) > 1).all()
    ahead = capture.world[:, 0, :, 2]
    np.testing.assert_allclose(np.degrees(np.arctan2(ahead[:, 0], ahead[:, 2])), 3 * np.arange(30))


@pytest.mark.parametrize("prefix", ["mixamorig:", "mixamorig7:"])
def test_the_names_of_mixamo_are_understood(tmp_path, prefix):
    written(tmp_path / "walk.bvh")
    plain = (tmp_path / "walk.bvh").read_text()
    (tmp_path / "walk.bvh").write_text(
        plain.replace("ROOT ", f"ROOT {prefix}").replace("JOINT ", f"JOINT {prefix}")
    )
    (capture,) = folder.read(tmp_path)
    assert capture.label == "walk"


def test_motions_of_the_user_last_as_long_as_a_clip(tmp_path):
    written(tmp_path / "run.bvh", frames=12)
    (own,) = folder.read(tmp_path)
    of_own = [
        c
        for held_out in (False, True)
        for c in Library(held_out, (own,)).by_label["run"]
        if c.name == own.name
    ]
    assert len(of_own) == 1 and len(of_own[0].world) > 12


@pytest.mark.parametrize(
    ("name", "make", "says"),
    [
        ("a.bvh", lambda p: p.write_text(""), "no BVH"),
        ("a.bvh", lambda p: written(p, announced=90), "30 frames, 90 announced: cut off"),
        ("a.bvh", lambda p: written(p, leave_out="LeftArm"), "no left_arm that is known"),
        ("a.bvh", lambda p: p.write_bytes(bytes(range(256)) * 9), "no BVH"),
        ("a.glb", lambda p: p.write_bytes(b"glTF"), "no binary glTF"),
        ("a.glb", lambda p: p.write_bytes(damaged_glb()), "JSON is damaged"),
        ("a.glb", lambda p: p.write_bytes(glb({"nodes": [{"name": "x"}]})), "no pelvis"),
        ("a.glb", lambda p: p.write_bytes(glb({"nodes": [{"children": [0]}]})), "own ancestors"),
        ("a.glb", lambda p: p.write_bytes(glb([])), "no attribute"),
        (
            "a.glb",
            lambda p: p.write_bytes(glb(person() | {"animations": []})),
            "no animation of 0.25 s",
        ),
        ("a.glb", lambda p: p.write_bytes(glb({"nodes": [{"children": 7}]})), "not iterable"),
        ("a.glb", lambda p: p.write_bytes(glb(person(start=-4), bytes(64))), "cut off"),
        ("a.glb", lambda p: p.write_bytes(glb(person(), END_OF_TIME)), "at most 1800 can be read"),
        ("a.bvh", lambda p: written(p, interval="1e9"), "at most 1800 can be read"),
    ],
    ids=[
        "empty",
        "cut off",
        "unknown joints",
        "bytes",
        "a header",
        "damaged",
        "no joints",
        "circle",
        "no object",
        "no animation",
        "no list",
        "before its data",
        "an animation of years",
        "a take of years",
    ],
)
def test_what_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path, capsys, name, make, says):
    make(tmp_path / name)
    with pytest.raises(ValueError, match=rf"{name}: left out: .*{says}"):
        folder.read(tmp_path)
    written(tmp_path / "jump.bvh")
    assert [c.label for c in folder.read(tmp_path)] == ["jump"]
    assert f"{name}: left out" in capsys.readouterr().out


def glb(about, binary=b""):
    text = json.dumps(about).encode()
    head = b"glTF" + struct.pack("<II", 2, 28 + len(text) + len(binary))
    return (
        head
        + struct.pack("<I", len(text))
        + b"JSON"
        + text
        + struct.pack("<I", 0)
        + b"BIN\0"
        + binary
    )


END_OF_TIME = struct.pack("<2f6f", 0, 1e12, *[0] * 6)


def person(start=0):
    """A glTF with a body of ours, whose pelvis moves; its times begin at this byte."""
    names = [next(iter(folder.NAMES[joint])) for joint in JOINTS]
    nodes = [
        {"name": name, "translation": [0.1, 0.2, 0.3 + 0.01 * i], "children": children(i)}
        for i, name in enumerate(names)
    ]
    accessors = [
        {"bufferView": 0, "componentType": 5126, "count": 2, "type": "SCALAR"},
        {"bufferView": 1, "componentType": 5126, "count": 2, "type": "VEC3"},
    ]
    target = {"path": "translation", "node": 0}
    move = {
        "name": "walk",
        "samplers": [{"input": 0, "output": 1}],
        "channels": [{"sampler": 0, "target": target}],
    }
    views = [{"byteOffset": start}, {"byteOffset": 8}]
    return {"nodes": nodes, "accessors": accessors, "bufferViews": views, "animations": [move]}


def children(joint):
    return [child for child, parent in enumerate(PARENTS) if parent == joint]


def test_a_glb_is_put_on_the_skeleton(tmp_path):
    times_and_places = struct.pack("<2f6f", 0, 1, 0, 1, 0, 0, 1, 2)
    (tmp_path / "walk.glb").write_bytes(glb(person(), times_and_places))
    (capture,) = folder.read(tmp_path)
    assert capture.label == "walk" and len(capture.world) == 21
    assert (np.diff(capture.root[:, 2]) > 0).all()


def test_a_glb_may_hold_its_axes_in_a_matrix(tmp_path):
    """The root of an exporter that has z up: a matrix turns it, and everything in it."""
    times_and_places = struct.pack("<2f6f", 0, 1, 0, 1, 0, 0, 1, 2)
    about = person()
    turned = [1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1]  # by columns: z up -> y up
    about["nodes"].append({"matrix": turned, "children": [0]})
    (tmp_path / "walk.glb").write_bytes(glb(about, times_and_places))
    (capture,) = folder.read(tmp_path)
    assert (np.diff(capture.root[:, 1]) > 0).all()  # what was ahead is up


def damaged_glb():
    content = bytearray(glb({"nodes": []}))
    content[20] = 0xFF
    return bytes(content)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no \.bvh or \.amc or \.glb file in it"):
        folder.read(tmp_path)
    with pytest.raises(ValueError, match="absent: no such folder"):
        folder.read(tmp_path / "absent")


def test_the_packaged_motions_are_labelled():
    counts = {label: 0 for label in LABELS}
    for capture in captured.load():
        counts[capture.label] += 1
    assert sum(counts.values()) == 321
    assert all(counts.values()), counts


def test_packaged_people_who_are_on_their_feet_are_upright():
    for capture in captured.load():
        if capture.label not in ("walk", "run", "wave"):
            continue
        chest, pelvis = (capture.world[:, JOINTS.index(j), 1, 1] for j in ("chest", "pelvis"))
        assert np.median(chest) > 0.3, capture.name
        assert np.median(pelvis) > 0.3, capture.name


def test_a_file_whose_z_axis_points_up_is_turned():
    joints = len(JOINTS)
    names, rest = [folder.NAMES[joint][0] for joint in JOINTS], np.zeros((joints, 3))
    rest[:, 1] = np.linspace(0.9, 1.7, joints)
    for side in ("left", "right"):
        for part, height in (("thigh", 0.9), ("shin", 0.5), ("foot", 0.05)):
            rest[JOINTS.index(f"{side}_{part}")] = (0.1, height, 0)
    rest[JOINTS.index("head")] = (0, 1.7, 0.02)
    turns = np.tile(about_y(0.3) @ about_x(0.2), (40, joints, 1, 1))
    path = np.tile(rest, (40, 1, 1)) + np.array([0.5, 0, 0.2])
    take = bvh.Take(names, rest, turns, path, 0.05)
    up = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # y up -> z up
    lying = bvh.Take(names, rest @ up.T, up @ turns @ up.T, path @ up.T, 0.05)
    for kept, turned in zip(folder.upright(take), folder.upright(lying), strict=True):
        np.testing.assert_allclose(turned, kept, atol=1e-9)


def test_motions_that_are_written_are_read_again(tmp_path):
    some = [captured.stored()[i] for i in (0, 60, -1)]
    far = replace(some[0], root=some[0].root + 20)
    with pytest.raises(ValueError, match="goes further than a file can hold"):
        captured.write(tmp_path / "far.npz", [far])
    captured.write(tmp_path / "some.npz", some)
    again = captured.stored(tmp_path / "some.npz")
    for a, b in zip(some, again, strict=True):
        assert (a.name, a.label) == (b.name, b.label)
        np.testing.assert_allclose(a.world, b.world, atol=1e-3)
        np.testing.assert_allclose(a.root, b.root, atol=1e-3)


def test_a_name_says_its_label():
    assert captured.label_of("cmu:16_01:jump") == "jump"
    assert captured.label_of("m2m:Sitting_Enter") == "sit_down"
    assert captured.label_of("own:waltz") == "other"
    assert captured.label_of("own:Idle:Loop") == "other"


def test_a_captured_run_lasts_as_long_as_a_clip_without_a_leap():
    runs = [c for c in captured.load() if c.label == "run" and c.name.startswith("cmu:")]
    assert len(runs) > 30
    for run in runs:
        assert len(run.world) >= captured.LONG_ENOUGH, run.name
        ahead = np.linalg.norm(np.diff(run.root[:, [0, 2]], axis=0), axis=1)
        assert ahead.max() < 4 * np.median(ahead) + 0.05, run.name  # nobody is thrown
        turned = np.einsum("kjab,kjab->kj", run.world[1:], run.world[:-1])
        assert np.degrees(np.arccos(np.clip((turned - 1) / 2, -1, 1))).max() < 100, run.name


def take(name, heights):
    root = np.zeros((len(heights), 3))
    root[:, 1] = heights
    return captured.Capture(name, "other", np.tile(np.eye(3), (len(heights), 17, 1, 1)), root)


def test_of_a_take_of_cmu_the_action_is_used():
    stool = np.r_[np.ones(60), np.linspace(1, 0.4, 15), np.full(60, 0.4), np.linspace(0.4, 1, 15)]
    down, up = cmu.parts(take("14_27", np.r_[stool, np.ones(60)]))
    assert (down.name, down.label) == ("cmu:14_27a:sit_down", "sit_down")
    assert (up.name, up.label) == ("cmu:14_27b:stand_up", "stand_up")
    assert down.root[0, 1] > 0.9 and down.root[-1, 1] < 0.5  # it begins as the action does
    assert up.root[0, 1] < 0.5 and up.root[-1, 1] > 0.9
    (jump,) = cmu.parts(take("16_03", np.r_[np.ones(90), 1.4, np.ones(90)]))
    assert jump.root[:, 1].argmax() == 16
    assert list(cmu.parts(take("14_27", np.ones(90)))) == []  # nobody sat down
    assert list(cmu.parts(take("99_01", np.ones(90)))) == []
    (walk,) = cmu.parts(take("07_01", np.arange(400.0)))
    assert walk.root[0, 1] == 10 and len(walk.root) == 160


def test_the_packaged_takes_of_cmu_are_those_of_the_table():
    listed = {
        f"{subject:02d}_{trial:02d}"
        for takes in cmu.TAKES.values()
        for subject, trials in takes.items()
        for trial in trials
    }
    packaged = {
        c.name.split(":")[1].rstrip("ab") for c in captured.stored() if c.name[:4] == "cmu:"
    }
    assert not listed - packaged - {f"14_{n}" for n in (27, 28, 29)}
    whole = ((2, 10), (5, 20), (49, 22))  # subjects that were packaged before there was a table
    earlier = {f"{subject:02d}_{n:02d}" for subject, last in whole for n in range(1, last + 1)}
    assert packaged - listed == earlier


def test_who_sits_down_in_a_captured_take_has_a_seat():
    rng = np.random.default_rng(0)
    for capture in captured.load():
        if capture.label in ("sit_down", "stand_up") and "loor" not in capture.name:
            assert captured.take(rng, capture).furniture.seat is not None, capture.name


ASF = """:version 1.10
:units
  length 0.45
  angle deg
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
:bonedata
{bones}
:hierarchy
  begin
{hierarchy}
  end
"""
# Name, parent, direction, length, axis: a body that stands, its arms stretched out.
BONES = [
    ("lowerback", "root", "0 1 0", 2, "0 0 0"),
    ("thorax", "lowerback", "0 1 0", 2, "0 0 0"),
    ("lowerneck", "thorax", "0 1 0", 1, "0 0 0"),
    ("head", "lowerneck", "0 1 0", 1, "0 0 0"),
]
for _s, _x in (("l", 1), ("r", -1)):
    BONES += [
        (f"{_s}hipjoint", "root", f"{_x} 0 0", 1, "0 0 0"),
        (f"{_s}femur", f"{_s}hipjoint", "0 -1 0", 4, "0 0 20"),
        (f"{_s}tibia", f"{_s}femur", "0 -1 0", 4, "0 0 20"),
        (f"{_s}foot", f"{_s}tibia", "0 0 1", 1, "-90 0 20"),
        (f"{_s}clavicle", "thorax", f"{_x} 0 0", 2, "0 0 0"),
        (f"{_s}humerus", f"{_s}clavicle", f"{_x} 0 0", 3, "180 30 90"),
        (f"{_s}radius", f"{_s}humerus", f"{_x} 0 0", 3, "180 30 90"),
        (f"{_s}hand", f"{_s}radius", f"{_x} 0 0", 1, "180 30 90"),
    ]


def asf(folder_, name="07", bones=BONES):
    drawn = "\n".join(
        f"begin\nid 1\nname {n}\ndirection {d}\nlength {length}\naxis {a} XYZ\ndof rx ry rz\nend"
        for n, _, d, length, a in bones
    )
    tree = "\n".join(f"{parent} {n}" for n, parent, *_ in bones)
    (folder_ / f"{name}.asf").write_text(ASF.format(bones=drawn, hierarchy=tree))


def changed_asf(folder_, before, after):
    asf(folder_)
    text = (folder_ / "07.asf").read_text()
    assert before in text
    (folder_ / "07.asf").write_text(text.replace(before, after, 1))


def amc(path, frames=121, bone="ltibia", values="90 0 0", cut=0, arm="lhumerus 40 25 -30"):
    """It turns 90 degrees to the left in a second, with a bent knee and an arm that moved."""
    lines = [":FULLY-SPECIFIED", ":DEGREES"]
    for k in range(frames):
        lines += [str(k + 1), f"root 0 0 {k} 0 {0.75 * k} 0", f"{bone} {values}"]
        lines += [arm]
    lines = lines[: len(lines) - cut]
    path.write_text("\n".join(lines) + "\n")


def test_an_amc_is_put_on_the_skeleton(tmp_path):
    asf(tmp_path)
    amc(tmp_path / "07_01.amc")
    (capture,) = folder.read(tmp_path)
    assert len(capture.world) == 21  # a second, 120 a second in the file
    joints = places(capture.world, OFFSETS)
    ahead = capture.world[:, 0, :, 2]
    turned = np.degrees(np.arctan2(ahead[:, 0], ahead[:, 2]))
    np.testing.assert_allclose(turned, np.linspace(0, 90, 21), atol=1e-9)
    assert (joints[:, RIGHT_FOOT, 1] < joints[:, LEFT_FOOT, 1] - 0.3).all()  # the knee is bent
    assert capture.root[-1, 2] == pytest.approx(120 / 8)  # in lengths of a leg
    # The upper arm: its own axes, turned by the file's angles about x, then y, then z, and back.
    axes = turn("z", 90) @ turn("y", 30) @ turn("x", 180)
    moved = axes @ turn("z", -30) @ turn("y", 25) @ turn("x", 40) @ axes.T
    points = capture.world[0, LEFT_ARM] @ (0, -1, 0)
    np.testing.assert_allclose(points, moved @ (1, 0, 0), atol=1e-9)


def turn(axis, degrees):
    return {"x": about_x, "y": about_y, "z": about_z}[axis](np.radians([degrees]))[0]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: amc(p / "07_01.amc"), "0 .asf files beside it that could be its skeleton"),
        (lambda p: (asf(p, "08"), amc(p / "07_01.amc")), "0 .asf files beside it"),
        (lambda p: (asf(p), amc(p / "07_01.amc", cut=1)), "frame 121 of 121 names other bones"),
        (lambda p: (asf(p), amc(p / "07_01.amc", frames=1)), "1 frames: no motion"),
        (lambda p: (asf(p), (p / "07_01.amc").write_text("")), "0 frames: no motion"),
        (lambda p: (asf(p), amc(p / "07_01.amc", bone="tail")), "'tail 90 0 0': no bone"),
        (lambda p: (asf(p), amc(p / "07_01.amc", values="90")), "'90': 3 numbers are expected"),
        (lambda p: (asf(p), amc(p / "07_01.amc", values="a b c")), "'a b c': 3 numbers"),
        (lambda p: (asf(p, bones=BONES[1:]), amc(p / "07_01.amc")), "lowerback thorax does not"),
        (
            lambda p: (asf(p, bones=BONES[:4]), amc(p / "07_01.amc", 9, "head", arm="head 1 1 1")),
            "no left_arm",
        ),
        (
            lambda p: ((p / "07.asf").write_bytes(bytes(range(256))), amc(p / "07_01.amc")),
            r"07\.asf: no skeleton: root, bonedata or hierarchy is missing",
        ),
        (lambda p: (changed_asf(p, "deg", "rad"), amc(p / "07_01.amc")), "angles are radians"),
        (lambda p: (changed_asf(p, "axis XYZ\n ", "axis ZYX\n "), amc(p / "07_01.amc")), "turned"),
        (lambda p: (changed_asf(p, "dof rx", "dof rw"), amc(p / "07_01.amc")), "dof rw ry rz"),
        (lambda p: (changed_asf(p, "length 2", "length x"), amc(p / "07_01.amc")), "'x': 1 number"),
        (lambda p: (changed_asf(p, "name head", "name"), amc(p / "07_01.amc")), r"07\.asf: "),
    ],
)
def test_an_amc_that_cannot_be_read_is_named(tmp_path, make, says):
    make(tmp_path)
    with pytest.raises(ValueError, match=rf"07_01\.amc: left out: .*{says}"):
        folder.read(tmp_path)
