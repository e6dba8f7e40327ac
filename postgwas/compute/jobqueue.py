"""A Dask cluster whose workers are jobs of a queue (Slurm, PBS, LSF, SGE)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from postgwas.compute.dask_backend import DaskBackend, connected, quiet_dask
from postgwas.compute.threads import ONE_THREAD
from postgwas.errors import EngineError, UsageError

CLUSTERS = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
MEMORY_PER_JOB = "4GB"


@contextmanager
def jobs(queue: str, count: int, options: Mapping[str, Any]) -> Iterator[DaskBackend]:
    """Submit ``count`` one-core jobs; tasks start as soon as the first of them runs."""
    with quiet_dask():
        cluster = job_cluster(queue, options)
        with cluster:
            try:
                cluster.scale(jobs=count)
            except (OSError, RuntimeError) as error:
                raise EngineError(
                    f"cannot submit jobs to {queue}: {error}", hint="--dask_jobqueue"
                ) from error
            with connected(cluster) as client:
                yield DaskBackend(client)


def job_cluster(queue: str, options: Mapping[str, Any]) -> Any:
    """The dask-jobqueue cluster with one core, one process and one BLAS thread a job.

    Parameters
    ----------
    queue : {"slurm", "pbs", "lsf", "sge"}
    options : mapping
        Arguments of dask-jobqueue's class (queue, account, memory, walltime, ...),
        as text or as their own types.

    Raises
    ------
    UsageError
        If the queue or an option is unknown.
    EngineError
        If dask-jobqueue is not installed.
    """
    if queue not in CLUSTERS:
        raise UsageError(f"unknown job queue '{queue}'; expected one of {', '.join(CLUSTERS)}")
    try:
        import dask_jobqueue
    except ModuleNotFoundError:
        raise EngineError(
            f"--dask_jobqueue {queue} needs dask-jobqueue", hint="pip install 'postgwas[jobqueue]'"
        ) from None
    given = {name: _typed(value) for name, value in options.items()}
    prologue = [f"export {name}={value}" for name, value in ONE_THREAD.items()]
    settings = {
        "cores": 1,
        "processes": 1,
        "memory": MEMORY_PER_JOB,
        **given,
        "job_script_prologue": [*prologue, *given.get("job_script_prologue", [])],
        "scheduler_options": {"dashboard_address": None, **given.get("scheduler_options", {})},
    }
    try:
        return getattr(dask_jobqueue, CLUSTERS[queue])(**settings)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{queue}: {error}", hint="--dask_jobqueue_options") from error


def _typed(value: Any) -> Any:
    """Options from the command line are text; counts are whole numbers."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value
