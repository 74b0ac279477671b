"""Files that the tests read."""

from pathlib import Path

TESTS = Path(__file__).parent
STARTER = TESTS.parent / "starter.tflite"
SAMPLER = TESTS.parents[1] / "capture" / "testdata" / "sampler.json"  # edged's own sampler
