"""Waiting for tasks of a Dask cluster, but not for ever where all its workers are gone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from postgwas.errors import EngineError
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    from distributed import Client, Future

#: How often workers are counted while no task ends, in seconds.
LOOK_SECONDS = 10.0
#: How long a cluster of someone else may be without workers.
PATIENCE_SECONDS = 600.0


def as_they_end(client: Client, futures: Sequence[Future], label: str, patience: float) -> Iterator[Future]:
    """Futures in the order in which they end.

    Parameters
    ----------
    client : Client
    futures : sequence of Future
    label : str
        For messages.
    patience : float
        Seconds without any worker after which the run is given up; infinity for a job queue, whose next
        job may begin at any time.

    Raises
    ------
    EngineError
        The scheduler has had no workers for as long as that.
    """
    from distributed import as_completed

    ending = as_completed(list(futures), loop=client.loop)
    looked = alone = time.monotonic()
    told = False
    while not ending.is_empty():
        if ending.has_ready():
            yield from ending.next_batch(block=False)
            looked = alone = time.monotonic()
            continue
        with ending.thread_condition:
            ending.thread_condition.wait(timeout=0.1)
        now = time.monotonic()
        if now - looked < min(LOOK_SECONDS, patience):
            continue
        looked = now
        if client.status != "running" or client.nthreads():
            alone = now
        elif now - alone >= patience:
            raise EngineError(
                f"{label}: the Dask cluster has had no workers for {now - alone:.0f} seconds",
                hint="start workers, and run it again",
            )
        elif not told:
            get_logger(__name__).warning("%s: no workers are left on the cluster; waiting for one", label)
            told = True
