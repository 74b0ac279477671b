#!/usr/bin/env python3
"""Runs edged and its Python peers in turn, on the same footage, model and broker, and prints what each costs.

Rounds are interleaved (edged, tuned, natural, edged, ...), so that a disturbance of the machine hits all alike;
every number is the median of the rounds, every ratio is taken within a round first.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import markdown

PEERS = Path(__file__).parent / "peer"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edged", type=Path, required=True, help="the program")
    parser.add_argument("--source", type=Path, required=True, help="footage: concatenated JPEGs")
    parser.add_argument("--model", action="append", required=True, metavar="NAME=FILE")
    parser.add_argument("--seconds", type=float, default=20, help="measured time of each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="of each Invoke")
    parser.add_argument(
        "--calm", type=float, default=0, help="wait up to so many seconds for an idle machine before each run"
    )
    parser.add_argument("--json", type=Path, help="also write every run's numbers to this file")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and so on to the broker's end

    report = {"seconds": args.seconds, "rounds": args.rounds, "threads": args.threads, "cpu": cpu_name()}
    report["models"] = {}
    with broker() as port:
        for name, file in (model.split("=", 1) for model in args.model):
            report["models"][name] = compare(args, name, file, port)
    print(markdown(report))
    if args.json:
        args.json.write_text(json.dumps(report, indent=1) + "\n")


def compare(args, name, model, port):
    """{program: [result of each round]}"""
    common = ["--model", model, "--source", args.source, "--seconds", args.seconds, "--threads", args.threads]
    peer = [*common, "--port", port]
    commands = {
        "edged": [args.edged, "bench", "--json", *common, "--broker", f"tcp://127.0.0.1:{port}"],
        "tuned": [sys.executable, PEERS / "tuned.py", *peer],
        "natural": [sys.executable, PEERS / "natural.py", *peer],
    }
    results = {program: [] for program in commands}
    for number in range(1, args.rounds + 1):
        for program, command in commands.items():
            wait_for_calm(args.calm)
            result = run([str(word) for word in command], port)
            results[program].append(result)
            print(
                f"{name} {number}/{args.rounds} {program}: {result['cpu_per_window_us'] / 1e3:.2f} ms a window,"
                f" {result['overhead']:.2f} x Invoke; others used {result['other_cores']:.2f} cores",
                file=sys.stderr,
            )
    return results


def run(command, port):
    """The program's own result with the subscriber's latencies and how busy everything else was."""
    with subscriber(port) as latencies_ms:
        before = time.monotonic(), busy_seconds()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        output, errors = process.communicate()
        elapsed, busy = time.monotonic() - before[0], busy_seconds() - before[1]
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}\n{errors}")
    result = json.loads(output)
    if not latencies_ms:
        raise SystemExit(f"{' '.join(command)}: no window reached the subscriber\n{errors}")
    percentiles = statistics.quantiles(latencies_ms, n=100, method="inclusive")
    result["latency_p50_ms"], result["latency_p99_ms"] = percentiles[49], percentiles[98]
    result["other_cores"] = max(0.0, busy / elapsed)
    return result


def wait_for_calm(seconds, window=2, cores=0.2):
    """Returns once everything else has used less than `cores` for `window` seconds, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        began, busy = time.monotonic(), busy_seconds()
        time.sleep(window)
        if (busy_seconds() - busy) / (time.monotonic() - began) < cores:
            return


def busy_seconds():
    """CPU time of everything on this machine that is not a finished child of this program."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    children = os.times()
    total = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    return total - children.children_user - children.children_system


@contextlib.contextmanager
def subscriber(port):
    """A subscriber in a process of its own; the list it yields has the latencies once it has ended."""
    process = subprocess.Popen(
        [sys.executable, str(PEERS / "subscriber.py"), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    latencies_ms = []
    try:
        if process.stdout.readline() != "ready\n":
            raise SystemExit("the subscriber did not start")
        yield latencies_ms
    finally:
        output, _ = process.communicate()
    latencies_ms.extend(json.loads(output))


@contextlib.contextmanager
def broker():
    """A mosquitto of its own on a free loopback port, which it yields."""
    mosquitto = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "mosquitto.conf")
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_type error\n")
        process = subprocess.Popen([mosquitto, "-c", str(config)])
        try:
            wait_for_port(port)
            yield port
        finally:
            process.terminate()
            process.wait()


def wait_for_port(port, seconds=10):
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit(f"mosquitto does not listen on port {port}") from None
            time.sleep(0.02)


def cpu_name():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return "unknown CPU"


if __name__ == "__main__":
    main()
