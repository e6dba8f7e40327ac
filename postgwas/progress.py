"""Progress of anything that takes more than two seconds.

On a terminal a rich bar, elsewhere one plain log line every ten seconds, and
nothing at all for what is over sooner.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from postgwas.runlog import get_logger, quiet_terminal

QUIET_SECONDS = 2.0
LINE_EVERY_SECONDS = 10.0


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Report progress while the block runs.

    Parameters
    ----------
    label : str
        What is going on, for instance ``"Reading traits"``.
    total : int, optional
        How many steps there are; None when nobody knows.

    Yields
    ------
    advance : callable
        ``advance(n)`` says that n more steps are done.

    Examples
    --------
    >>> with progress("Counting", total=3) as advance:
    ...     for _ in range(3):
    ...         advance(1)
    """
    meter = _Meter(label, total)
    meter.start()
    try:
        yield meter.advance
    finally:
        meter.finish()


class _Meter:
    """Counts steps; a thread shows the count, because the work itself may not come by for minutes."""

    def __init__(self, label: str, total: int | None) -> None:
        self.label = label
        self.total = total
        self.done = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def advance(self, steps: int = 1) -> None:
        with self._lock:
            self.done += steps

    def finish(self) -> None:
        self._over.set()
        self._thread.join()

    def _show(self) -> None:
        if self._over.wait(QUIET_SECONDS) or quiet_terminal():
            return
        if sys.stderr.isatty():
            self._show_bar()
        else:
            self._show_lines()

    def _show_lines(self) -> None:
        log = get_logger(__name__)
        wait = LINE_EVERY_SECONDS - QUIET_SECONDS
        while not self._over.wait(wait):
            log.info(self.text())
            wait = LINE_EVERY_SECONDS

    def _show_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        # Transient: a bar that is over leaves the log lines alone on the screen.
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(self.label, total=self.total, completed=self.done)
            while not self._over.wait(0.2):
                bar.update(task, completed=self.done)

    def text(self) -> str:
        """The plain line.

        Examples
        --------
        >>> meter = _Meter("Reading traits", 4)
        >>> meter.advance(1)
        >>> meter.text().rsplit(",", 1)[0]
        'Reading traits: 1 of 4 (25 %)'
        """
        count = f"{self.done:,}" if self.total is None else f"{self.done:,} of {self.total:,}"
        share = f" ({100 * self.done // self.total} %)" if self.total else ""
        return f"{self.label}: {count}{share}, {time.monotonic() - self._began:.0f} s"
