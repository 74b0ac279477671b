from paths import STARTER
from squeezetime import latency


def test_models_take_turns_and_the_first_invoke_of_each_turn_does_not_count(monkeypatch):
    """On a clock on which what follows another model takes 100 ms, and all else 3."""
    now, last = [0.0], [None]

    class Timed:
        def __init__(self, data, threads):
            self.interpreter, self.name = self, (data, threads)

        def invoke(self):
            now[0] += 0.1 if last[0] != self.name else 0.003
            last[0] = self.name

    monkeypatch.setattr(latency, "Model", Timed)
    monkeypatch.setattr(latency, "TIMED", 1)
    monkeypatch.setattr(latency.time, "perf_counter", lambda: now[0])
    found = latency.interleaved({"a": b"a", "b": b"b"}, (1, 2), rounds=3)
    assert {key: round(ms, 6) for key, ms in found.items()} == {
        ("a", 1): 3,
        ("a", 2): 3,
        ("b", 1): 3,
        ("b", 2): 3,
    }


def test_the_starter_takes_some_time():
    assert latency.interleaved({"": STARTER}, (1,), rounds=1)["", 1] > 0.1
