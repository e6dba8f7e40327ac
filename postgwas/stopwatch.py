"""Where the time of a run goes."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Adds up wall and CPU seconds by step; CPU includes finished child processes.

    Examples
    --------
    >>> watch = Stopwatch()
    >>> with watch("reading"):
    ...     pass
    >>> list(watch.seconds)
    ['reading']
    """

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}
        self.peak: dict[str, float] = {}
        self.began = time.perf_counter()

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), _cpu_seconds()
        try:
            yield
        finally:
            before = self.seconds.get(step, (0.0, 0.0))
            self.seconds[step] = (
                before[0] + time.perf_counter() - wall,
                before[1] + _cpu_seconds() - cpu,
            )
            self.peak[step] = peak_memory_gb()

    def wall(self) -> float:
        """Seconds since the watch was made."""
        return time.perf_counter() - self.began

    def lines(self) -> list[str]:
        """One line a step: name, wall seconds, CPU seconds, largest memory of the process so far."""
        return [
            f"{step:<24}{wall:>8.2f} s wall {cpu:>8.2f} s CPU {self.peak[step]:>7.2f} GB peak"
            for step, (wall, cpu) in self.seconds.items()
        ]


def _cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak_memory_gb() -> float:
    """Largest resident size of this process so far, in GB (10^9 bytes)."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 1e9 if sys.platform == "darwin" else size * 1024 / 1e9
