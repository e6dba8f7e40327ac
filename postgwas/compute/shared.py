"""One cluster for many commands: started once, known by its address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from postgwas.compute.memory import workers_within


def check_cluster(scheduler: str) -> None:
    """Refuse a cluster that runs elsewhere where it does not answer or has no workers.

    Parameters
    ----------
    scheduler : str
        Address or scheduler file.

    Raises
    ------
    EngineError
    """
    from postgwas.compute.dask_backend import existing_cluster

    with existing_cluster(scheduler):
        pass


@contextmanager
def shared_cluster(
    cores: int,
    *,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
    memory: int | None = None,
) -> Iterator[str]:
    """Start workers for the duration of a block, and give the address that commands connect to.

    Parameters
    ----------
    cores : int
        Worker processes, or jobs.
    jobqueue : {"slurm", "pbs", "lsf", "sge"}, optional
        Start them as jobs of this queue.
    jobqueue_options : mapping, optional
    memory : int, optional
        Bytes for all local workers together; of one job with `jobqueue`.

    Raises
    ------
    UsageError, EngineError
    """
    if jobqueue is not None:
        from postgwas.compute.jobqueue import jobs

        options = dict(jobqueue_options or {})
        if memory is not None:
            options.setdefault("memory", f"{memory}B")
        with jobs(jobqueue, cores, options) as backend:
            backend.wait_for_worker()
            yield backend.address
        return
    from postgwas.compute.dask_backend import local_processes

    count, each = workers_within(cores, memory)
    with local_processes(count, memory=each) as backend:
        yield backend.address
