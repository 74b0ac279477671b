import os
import signal
import subprocess
import sys

import pytest

from squeezetime import workers


def double(number):
    return 2 * number


def killed(number):
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_results_come_in_order():
    assert list(workers.each(double, range(9), 2, chunk=2)) == [2 * n for n in range(9)]


def test_a_killed_process_is_an_error_and_no_wait():
    with pytest.raises(OSError, match="a process was killed"):
        list(workers.each(killed, range(4), 1))


ENDLESS = """
import os, sys, time
from squeezetime import workers
def wait(_):
    print(os.getpid(), flush=True)
    time.sleep(600)
if __name__ == "__main__":
    list(workers.each(wait, [0], 1))
"""


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT], ids=["kill", "interrupt"])
def test_no_process_outlives_the_one_that_began_it(tmp_path, by):
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    begun = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert begun.stdout.readline()
    begun.send_signal(by)
    assert begun.stdout.read() == b""  # its end: no process holds the pipe any longer
    assert begun.wait() != 0
