"""Networks so small that a test can build and train them."""

from squeezetime.presets import Preset

TINY = Preset(frames=4, size=32, planes=(8, 8, 12, 16), depths=(1, 2, 1, 1), expansion=2)
# With all that an official checkpoint's network has.
SMALL = Preset(
    frames=16, size=64, planes=(8, 12, 16, 20), depths=(2, 1, 2, 1), expansion=4, symmetric=True
)
