"""Skin, hair and clothes: a colour for each vertex of a body."""

import numpy as np

from .bodies import Body
from .skeleton import (
    CHEST,
    HEAD,
    LEFT_ARM,
    LEFT_FOOT,
    LEFT_FOREARM,
    LEFT_HAND,
    LEFT_SHIN,
    LEFT_THIGH,
    NECK,
    PELVIS,
    RIGHT_ARM,
    RIGHT_FOOT,
    RIGHT_FOREARM,
    RIGHT_HAND,
    RIGHT_SHIN,
    RIGHT_THIGH,
    SPINE,
)

# From very light to very dark, after the Fitzpatrick scale's six types, and two between.
SKINS = (
    (244, 208, 177),
    (224, 180, 150),
    (207, 160, 125),
    (190, 140, 105),
    (160, 110, 78),
    (120, 80, 60),
    (92, 62, 46),
    (66, 44, 34),
)
HAIR = ((25, 20, 18), (60, 40, 25), (110, 70, 40), (170, 125, 75), (150, 150, 150), (225, 225, 220))


def paint(rng: np.random.Generator, body: Body, skin: int) -> np.ndarray:
    """Colours [V,3], float32; skin is an index into SKINS."""
    main, colours = body.main, np.tile(np.float32(SKINS[skin]), (len(body.main), 1))
    top, bottom = cloth(rng), cloth(rng)
    if rng.random() < 0.15:  # a dress, an overall
        bottom = top

    def dress(joints, colour):
        colours[np.isin(main, joints)] = colour

    dress((SPINE, CHEST, LEFT_ARM, RIGHT_ARM), top)
    if rng.random() < 0.55:
        dress((LEFT_FOREARM, RIGHT_FOREARM), top)
    dress((PELVIS, LEFT_THIGH, RIGHT_THIGH), bottom)
    if rng.random() < 0.8:
        dress((LEFT_SHIN, RIGHT_SHIN), bottom)
    dress((LEFT_FOOT, RIGHT_FOOT), cloth(rng) * 0.6)
    if rng.random() < 0.08:
        dress((LEFT_HAND, RIGHT_HAND), cloth(rng))
    _cover_head(rng, body, colours)
    _pattern(rng, body, colours)
    colours *= 1 + rng.normal(0, 0.06, (len(colours), 1))
    return np.ascontiguousarray(colours.clip(0, 255), np.float32)


def cloth(rng: np.random.Generator) -> np.ndarray:
    """Half of all clothes are of some colour, the others nearly grey."""
    if rng.random() < 0.5:
        return rng.integers(8, 250, 3).astype(np.float32)
    return np.float32(np.clip(rng.integers(10, 235) + rng.integers(-18, 18, 3), 0, 255))


def _cover_head(rng, body: Body, colours: np.ndarray) -> None:
    """Hair, a hat, a headscarf, or nothing."""
    head = body.main == HEAD
    if not head.any() or rng.random() < 0.06:
        return
    height, depth = body.vertices[:, 1], body.vertices[:, 2]
    top = height > np.percentile(height[head], 70 if rng.random() < 0.8 else 55)
    back = depth < np.percentile(depth[head], 35)
    kind = rng.random()
    if kind < 0.12:
        colours[head & top] = cloth(rng)  # a hat
    elif kind < 0.18:
        colours[(head & (top | back)) | (body.main == NECK)] = cloth(rng)  # a headscarf
    else:
        colours[head & (top | back)] = HAIR[rng.integers(len(HAIR))]


def _pattern(rng, body: Body, colours: np.ndarray) -> None:
    """Stripes, checks or patches on all that is cloth."""
    kind, dressed = rng.random(), ~np.isin(body.main, (NECK, HEAD, LEFT_HAND, RIGHT_HAND))
    if kind < 0.35:
        wave = np.sin(
            body.vertices @ (rng.normal(0, 1, 3) * rng.uniform(5, 40)) + rng.uniform(0, 6)
        )
        wave = np.sign(wave) if rng.random() < 0.5 else wave
        colours[dressed] *= (1 + rng.uniform(0.1, 0.45) * wave[dressed])[:, None]
    elif kind < 0.5:
        patches = np.sin(body.vertices @ rng.normal(0, 9, 3)) > rng.uniform(-0.3, 0.6)
        colours[dressed & patches] = cloth(rng)
