"""One cluster for many commands: started once, known by its address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from postgwas.errors import UsageError
from postgwas.runlog import get_logger

#: Below this a worker cannot hold what postgwas and its libraries need.
LEAST_MEMORY = 1 << 30

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
          "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}  # fmt: skip


def parse_memory(text: str) -> int:
    """Bytes that a text such as 8GB or 512MiB stands for.

    Raises
    ------
    UsageError
        It is no size.

    Examples
    --------
    >>> parse_memory("8GB"), parse_memory("1.5 GiB")
    (8000000000, 1610612736)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    if match is None or match[2].upper() not in _UNITS:
        raise UsageError(f"--memory {text}: expected a size such as 8GB", hint="--memory 8GB")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def workers_within(cores: int, memory: int | None) -> tuple[int, int]:
    """How many workers fit into the memory, and the bytes of each (0: no limit).

    Partitions are of one size whatever the machine, so that results are the same bits; a small memory means
    fewer workers at once.

    Raises
    ------
    UsageError
        Not even one fits.

    Examples
    --------
    >>> workers_within(8, 4 << 30)
    (4, 1073741824)
    """
    if memory is None:
        return cores, 0
    fit = min(cores, memory // LEAST_MEMORY)
    if fit < 1:
        raise UsageError(
            f"--memory {memory:,} bytes: a worker needs at least {LEAST_MEMORY:,}", hint="--memory 2GB"
        )
    return fit, memory // fit


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
    log = get_logger("compute")
    if jobqueue is not None:
        from postgwas.compute.jobqueue import jobs

        options = dict(jobqueue_options or {})
        if memory is not None:
            options.setdefault("memory", f"{memory}B")
        with jobs(jobqueue, cores, options) as backend:
            yield backend.address
        return
    from postgwas.compute.dask_backend import local_processes

    count, each = workers_within(cores, memory)
    if count < cores:
        log.warning("%d workers instead of %d fit into the memory", count, cores)
    with local_processes(count, memory=each) as backend:
        yield backend.address
