import os
import subprocess
import sys

from squeezetime import cli


def test_a_gpu_is_left_alone():
    told = """
import torch
torch.cuda.is_available = lambda: True
from squeezetime import cli
cli._to_train()
import keras
print(keras.ops.zeros(1).device)
"""
    done = subprocess.run(
        [sys.executable, "-c", told],
        env={**os.environ, "GLIBC_TUNABLES": cli.tuned("")},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "cpu\n", done.stderr
