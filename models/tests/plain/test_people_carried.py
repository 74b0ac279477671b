import numpy as np
import pytest

from squeezetime.people import acts, carried
from squeezetime.people.actor import Actor
from squeezetime.people.scene import Thing
from squeezetime.people.skeleton import CHEST, PELVIS


def actor(label, seed=3):
    rng = np.random.default_rng(seed)
    return Actor(rng, acts.make(rng, label), False)


@pytest.mark.parametrize("way", carried.SHARES)
@pytest.mark.parametrize("label", ["walk", "fall", "sit_down"])
def test_what_somebody_carries_goes_along(way, label):
    somebody = actor(label)
    for part in way(np.random.default_rng(1), somebody):
        assert part.vertices.shape == (16, len(part.colours), 3)
        assert part.vertices.dtype == part.colours.dtype == np.float32
        assert part.triangles.min() >= 0 and part.triangles.max() < len(part.colours)
        away = part.vertices.mean(1) - somebody.joints[:, PELVIS]
        assert np.linalg.norm(away, axis=1).max() < 1.6


def test_a_backpack_is_behind_the_chest():
    somebody = actor("walk")
    (part,) = carried.backpack(np.random.default_rng(1), somebody)
    off = part.vertices.mean(1) - somebody.joints[:, CHEST]
    behind = np.einsum("tj,tj->t", off, somebody.world[:, CHEST, :, 2])
    assert (behind < -0.1).all()


def test_a_stick_reaches_from_the_hand_towards_the_floor():
    somebody = actor("walk")
    (part,) = carried.stick(np.random.default_rng(1), somebody)
    lowest, highest = part.vertices[..., 1].min(1), part.vertices[..., 1].max(1)
    assert (lowest > -1e-3).all() and (highest - lowest < 1.2).all()


def test_only_those_on_their_feet_have_a_walker_and_only_straight_legs_a_skirt():
    rng = np.random.default_rng(1)
    assert len(carried.walker(rng, actor("walk"))) == 5
    assert carried.walker(rng, actor("lying")) == []
    assert carried.walker(rng, actor("sit_down")) == []
    assert carried.skirt(rng, actor("walk")) and carried.skirt(rng, actor("sit_down")) == []


def test_an_animal_stands_on_its_feet():
    at, way = np.array([1.0, 0, 2]), np.array([0, 0, 0.05])
    animal = Thing(at, way, (0.3, 0.3, 0.7), np.full(3, 90.0), animal=True)
    for frame in (0, 7):
        meshes = animal.meshes(np.random.default_rng(0), frame)
        vertices = np.concatenate([mesh[0] for mesh in meshes])
        assert len(meshes) == 6 and 0 <= vertices[:, 1].min() < 0.05
        assert np.abs(vertices.mean(0) - at - frame * way).max() < 0.4
