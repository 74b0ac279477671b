import numpy as np

from squeezetime.people import furniture

PEOPLE = np.array([[-0.5, 0.0, -0.5], [0.5, 1.8, 0.5]])


def test_things_lie_around_in_every_second_place():
    places = [furniture.scattered(np.random.default_rng(seed), PEOPLE) for seed in range(400)]
    assert 0.4 < np.mean([bool(things) for things in places]) < 0.6
    for vertices, triangles, colours in (mesh for things in places for mesh in things):
        assert vertices[:, 1].min() > -1e-6, "under the floor"
        assert vertices[:, 1].max() < 3
        assert triangles.max() < len(vertices) == len(colours)


def test_some_bundles_are_as_long_as_somebody_who_lies_and_as_flat():
    rng = np.random.default_rng(1)
    spans = [
        np.ptp(np.concatenate([v for v, _, _ in furniture._bundle(rng, np.zeros(3), 0.0)]), 0)
        for _ in range(300)
    ]
    lengths, heights = np.array(spans)[:, 2], np.array(spans)[:, 1]
    assert (lengths > 1.2).mean() > 0.05
    assert heights.max() < 0.45
