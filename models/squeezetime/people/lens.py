"""Where the camera is and what it sees."""

from dataclasses import dataclass

import cv2
import numpy as np

from .poses import DEGREE


@dataclass
class Camera:
    """axes [3,3] and shift [3]: the world's places -> the camera's; fx fy cx cy in pixels."""

    axes: np.ndarray
    shift: np.ndarray
    eye: np.ndarray
    fx: float
    fy: float
    cx: float
    cy: float

    def packed(self) -> np.ndarray:
        """As render.c has it, float32 [16]."""
        parts = (self.axes.ravel(), self.shift, [self.fx, self.fy, self.cx, self.cy])
        return np.concatenate(parts).astype(np.float32)

    def rays(self, side: int) -> np.ndarray:
        """The direction in the world of each pixel of a square picture, [side,side,3]."""
        x, y = np.meshgrid(np.arange(side) + 0.5, np.arange(side) + 0.5)
        ahead = np.ones_like(x)
        return np.stack([(x - self.cx) / self.fx, -(y - self.cy) / self.fy, ahead], -1) @ self.axes


def looking(eye: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The axes of a camera at eye: to the right, up and ahead."""
    ahead = (at - eye) / np.linalg.norm(at - eye)
    up = np.array([0, 1.0, 0]) if abs(ahead[1]) < 0.999 else np.array([0, 0, 1.0])
    right = np.cross(ahead, up)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(right, ahead), ahead])


def aim(rng: np.random.Generator, points: np.ndarray, side: int, cut: bool = False) -> Camera:
    """A camera that sees these places [N,3] somewhere in a picture of side pixels.

    From 2 degrees below the horizon to straight above; people fill 14 to 110 % of the height.
    cut: often the upper or the lower edge of the picture cuts them.
    """
    u = rng.uniform
    middle, kind = (points.min(0) + points.max(0)) / 2, rng.random()
    above = kind < 0.27
    elevation = DEGREE * (u(62, 90) if above else u(28, 62) if kind < 0.6 else u(-2, 28))
    azimuth = u(0, 2 * np.pi)
    extent = np.linalg.norm(np.ptp(points, 0)) / 2
    near, far = (1.8, 4.2) if above else (6.5, 15) if rng.random() < 0.2 else (2, 6.5)
    distance = max(u(near, far), 0.9 * extent + 0.4)
    direction = np.array(
        [
            np.cos(azimuth) * np.cos(elevation),
            np.sin(elevation),
            np.sin(azimuth) * np.cos(elevation),
        ]
    )
    eye = middle + distance * direction
    eye[1] = max(eye[1], 0.25)
    for _ in range(12):  # not inside anybody
        if np.linalg.norm(points - eye, axis=1).min() > 0.9:
            break
        eye = middle + (eye - middle) * 1.12
    axes = looking(eye, middle)
    if rng.random() < 0.5:
        roll = DEGREE * (u(-180, 180) if above else u(-12, 12))
        cos, sin = np.cos(roll), np.sin(roll)
        axes = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) @ axes
    return _framed(rng, axes, eye, points, side, cut)


def _framed(rng, axes, eye, points, side: int, cut: bool) -> Camera:
    u = rng.uniform
    seen = (points - eye) @ axes.T
    across, up = (seen[:, k] / np.maximum(seen[:, 2], 0.3) for k in (0, 1))
    aspect = 1.0 if rng.random() < 0.4 else u(0.5625, 0.8)  # of a wide picture made square
    share = u(0.28, 1.1) if rng.random() < 0.82 else u(0.14, 0.3)
    span = max(np.ptp(up), np.ptp(across) * aspect, 0.05)
    fy = float(np.clip(share * side / span, 0.35 * side, 5 * side))
    fx = fy * aspect
    cx = side / 2 - fx * (across.max() + across.min()) / 2
    cy = side / 2 + fy * (up.max() + up.min()) / 2
    off = u(0, 0.45) if rng.random() < 0.3 else u(0, 0.2)
    room = max(0, 1 - share) / 2 + off * (1 if share > 0.5 else 0.5)
    cx, cy = cx + side * u(-1, 1) * room, cy + side * u(-1, 1) * room
    if cut and rng.random() < 0.5:
        outside = fy * np.ptp(up) * u(0.1, 0.6)
        lower = rng.random() < 0.5
        cy = side + outside + fy * up.min() if lower else fy * up.max() - outside
    return Camera(axes, -axes @ eye, eye, fx, fy, cx, cy)


def barrel(rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Maps for cv2.remap: a wide lens bends straight lines outwards."""
    strength = rng.uniform(0.05, 0.3)
    grid = (np.arange(side) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(grid, grid)
    bent = 1 + strength * (x * x + y * y - 1)
    return tuple(((k * bent + 1) / 2 * side - 0.5).astype(np.float32) for k in (x, y))


def remap(picture: np.ndarray, maps) -> np.ndarray:
    return cv2.remap(picture, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
