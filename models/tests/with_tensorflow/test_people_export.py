import pytest

from squeezetime.own.begin import STARTER_WEIGHTS
from squeezetime.people import export


def test_weights_of_other_labels_are_refused(tmp_path):
    """Otherwise the file would have a classifier that was never trained."""
    with pytest.raises(ValueError, match=r"weights\.npz: has no classifier of 14 labels"):
        export.export(STARTER_WEIGHTS, "nano", tmp_path / "out.tflite")
    assert list(tmp_path.iterdir()) == []
