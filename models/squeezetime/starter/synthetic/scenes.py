"""What does not move: photographic and drawn backgrounds."""

from pathlib import Path

import numpy as np
from PIL import Image

# Sample photographs inside the scikit-image and scikit-learn wheels: clips are made with them,
# none is shipped.
_TRAIN_PHOTOS = (
    "astronaut.png",
    "brick.png",
    "chelsea.png",
    "grass.png",
    "camera.png",
    "china.jpg",
    "page.png",
)
_TEST_PHOTOS = ("coffee.png", "rocket.jpg", "flower.jpg", "gravel.png", "motorcycle_left.png")


def load_photos(held_out: bool) -> list[np.ndarray]:
    """The photographs found, float 0..1 [H,W,3]; held_out gives those never trained on."""
    import skimage
    import sklearn

    folders = (
        Path(skimage.__file__).parent / "data",
        Path(sklearn.__file__).parent / "datasets" / "images",
    )
    names = _TEST_PHOTOS if held_out else _TRAIN_PHOTOS
    paths = [folder / name for folder in folders for name in names if (folder / name).exists()]
    if not paths:
        raise FileNotFoundError(
            f"synthetic: none of {', '.join(names)} in {folders[0]} or {folders[1]}"
        )
    return [np.asarray(Image.open(path).convert("RGB"), np.float32) / 255 for path in paths]


def draw_scene(rng: np.random.Generator, side: int, photos: list[np.ndarray]) -> np.ndarray:
    """A background [side,side,3], float 0..1."""
    scene = _photo_crop(rng, side, photos) if rng.random() < 0.6 else _drawn(rng, side)
    if rng.random() < 0.5:  # low contrast, dark or bright
        scene = rng.uniform(0, 0.5) + scene * rng.uniform(0.3, 0.6)
    return np.clip(scene, 0, 1).astype(np.float32)


def _photo_crop(rng, side, photos):
    photo = photos[rng.integers(len(photos))]
    height, width = photo.shape[:2]
    crop = int(min(height, width) * rng.uniform(0.3, 1))
    y, x = rng.integers(height - crop + 1), rng.integers(width - crop + 1)
    piece = Image.fromarray((photo[y : y + crop, x : x + crop] * 255).astype(np.uint8))
    scaled = np.asarray(piece.resize((side, side), Image.Resampling.BOX), np.float32) / 255
    return scaled[:, ::-1] if rng.random() < 0.5 else scaled


def _drawn(rng, side):
    """A flat colour with smooth noise of several sizes, sometimes floor and wall or stripes."""
    scene = np.broadcast_to(rng.random(3).astype(np.float32), (side, side, 3)).copy()
    for cells, strength in ((3, 0.18), (7, 0.12), (17, 0.07), (40, 0.05)):
        noise = rng.standard_normal((cells, cells, 3)) * strength * rng.uniform(0, 1.3)
        scene += np.stack([_enlarged(noise[..., c], side) for c in range(3)], -1)
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) / side
    if rng.random() < 0.4:
        scene[rows > rng.uniform(0.3, 0.8)] *= rng.uniform(0.5, 1.4)
    if rng.random() < 0.3:
        angle, pitch = rng.uniform(0, np.pi), rng.uniform(10, 80)
        stripes = np.sign(np.sin((rows * np.sin(angle) + columns * np.cos(angle)) * pitch))
        scene += rng.uniform(0.03, 0.15) * stripes[..., None]
    return scene


def _enlarged(noise, side):
    return np.asarray(
        Image.fromarray(noise.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
    )
