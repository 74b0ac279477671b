"""What a training tells: lines, and how far it is."""

import sys
import time

EVERY = 60  # seconds, where there is no terminal


class Progress:
    """How far it is stands in one line of a terminal, the last; elsewhere it is a line a minute."""

    def __init__(self):
        self.terminal, self.shown = sys.stdout.isatty(), time.monotonic()

    def show(self, text: str) -> None:
        if self.terminal:
            print(f"\r{text}\x1b[K", end="", flush=True)
        elif time.monotonic() >= self.shown + EVERY:
            self.shown = time.monotonic()
            print(text, flush=True)

    def say(self, line: str) -> None:
        print(f"\r{line}\x1b[K" if self.terminal else line, flush=True)

    def warn(self, line: str) -> None:
        if self.terminal:
            print("\r\x1b[K", end="", flush=True)
        print(f"squeezetime: {line}", file=sys.stderr, flush=True)
