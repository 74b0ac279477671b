"""Work for several processes: the results in order, and an error where one of them is killed."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool


def each(
    function: Callable,
    jobs: Sequence,
    processes: int,
    prepare: Callable | None = None,
    *of,
    chunk: int = 1,
) -> Iterator:
    """Yields function(job) for each job, in order; every process calls prepare(*of) first.

    multiprocessing.Pool waits for ever when one of its processes is killed, by a lack of memory for
    example. This raises OSError then. When it ends, also by an interrupt, no process is left.
    """
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(processes, context, _begin, (prepare, of))
    try:
        yield from _results(executor.map(function, jobs, chunksize=chunk))
    finally:
        for child in set(multiprocessing.active_children()) - others:
            child.kill()
        executor.shutdown(cancel_futures=True)


def _results(results: Iterator) -> Iterator:
    try:
        yield from results
    except BrokenProcessPool as error:
        raise OSError(
            "a process was killed in the middle of its work, perhaps for lack of memory; start the "
            "command again"
        ) from error


def _begin(prepare: Callable | None, of: tuple) -> None:
    """Interrupts are for the process that began this one, and this one ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    if prepare is not None:
        prepare(*of)


def _end_with_the_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
