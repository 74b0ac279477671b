"""The comparison as a table for people."""

import statistics

PROGRAMS = ("natural", "tuned", "edged")

# edged's goals. Those in milliseconds and seconds were set on a CPU where one Invoke of the starter took 0.72 ms.
GOALS = {
    "starter": {"window": "≤ 2.4×", "packing": "≤ 3× memcpy", "video": "≤ 0.013", "memory": "≤ 35 MB",
                "latency": "≤ 2.5 / 4 ms"},
    "full": {"window": "≤ 1.05×", "packing": "≤ 3× memcpy", "memory": "≤ 110 MB"},
}  # fmt: skip


def markdown(report):
    lines = [
        f"{report['cpu']}, Invoke on {report['threads']} thread(s); medians of {report['rounds']} interleaved"
        f" rounds of {report['seconds']:g} s.",
        "",
        "| | natural Python | tuned Python | edged | edged : tuned | goal |",
        "|---|---|---|---|---|---|",
    ]
    for name, results in report["models"].items():
        lines += _rows(name, results)
    lines += ["", _disturbance(report)]
    return "\n".join(lines)


def _rows(name, results):
    goal = GOALS.get(name, {})

    def row(title, cell, ratio=None, key=None):
        cells = [cell(results[program]) for program in PROGRAMS]
        compared = f"{_paired(results, ratio):.2f}" if ratio else ""
        return f"| {title} | {' | '.join(cells)} | {compared} | {goal.get(key, '')} |"

    def ms(of):
        return lambda runs: f"{_median(runs, of) / 1e3:.2f} ms"

    return [
        row(f"**{name}**: bare Invoke, CPU", ms(_value("invoke_cpu_us")), _value("invoke_cpu_us")),
        row(
            "CPU per window (× Invoke)",
            lambda runs: f"{ms(_value('cpu_per_window_us'))(runs)} ({_median(runs, _value('overhead')):.2f}×)",
            _value("cpu_per_window_us"),
            "window",
        ),
        row("… on top of Invoke", ms(_on_top), _on_top),
        row(
            "window packing (× memcpy of the tensor)",
            lambda runs: f"{_median(runs, _value('squeeze_us')) / 1e3:.3f} ms ({_median(runs, _packing):.1f}×)",
            _value("squeeze_us"),
            "packing",
        ),
        row(
            "CPU seconds per second of video",
            lambda runs: f"{_median(runs, _value('cpu_per_second')):.4f}",
            _value("cpu_per_second"),
            "video",
        ),
        row("windows per second", lambda runs: f"{_median(runs, _rate):.2f}"),
        row(
            "peak RSS",
            lambda runs: f"{_median(runs, _value('peak_rss_bytes')) / 1e6:.0f} MB",
            _value("peak_rss_bytes"),
            "memory",
        ),
        row(
            "newest frame → subscriber, p50 / p99",
            lambda runs: " / ".join(f"{_median(runs, _value(f'latency_p{p}_ms')):.1f}" for p in (50, 99)) + " ms",
            _value("latency_p50_ms"),
            "latency",
        ),
    ]


def _value(key):
    return lambda run: run[key]


def _on_top(run):
    return run["cpu_per_window_us"] - run["invoke_cpu_us"]


def _packing(run):
    return run["squeeze_us"] / run["memcpy_us"]


def _rate(run):
    return run["windows"] / run["seconds"]


def _median(runs, of):
    return statistics.median(of(run) for run in runs)


def _paired(results, of):
    """edged's part of tuned's, round by round: what slows a whole round cancels out."""
    return statistics.median(
        of(edged) / of(tuned) for edged, tuned in zip(results["edged"], results["tuned"], strict=True)
    )


def _disturbance(report):
    runs = [run for results in report["models"].values() for runs in results.values() for run in runs]
    cores = [run["other_cores"] for run in runs]
    return (
        f"While a program ran, everything else on the machine, broker and subscriber included, kept"
        f" {statistics.median(cores):.2f} cores busy (median; at most {max(cores):.2f})."
    )
