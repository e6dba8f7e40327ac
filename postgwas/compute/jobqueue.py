"""A Dask cluster whose workers are jobs of a queue (Slurm, PBS, LSF, SGE)."""

from __future__ import annotations

import shlex
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from postgwas.compute.dask_backend import DaskBackend, connected, quiet_dask
from postgwas.compute.threads import WORKER_ENVIRONMENT
from postgwas.errors import EngineError, UsageError
from postgwas.runlog import get_logger

CLUSTERS = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
MEMORY_PER_JOB = "4GB"


@contextmanager
def jobs(queue: str, count: int, options: Mapping[str, Any]) -> Iterator[DaskBackend]:
    """Submit ``count`` one-core jobs; tasks start as soon as the first of them runs."""
    with quiet_dask(), job_cluster(queue, options) as cluster:
        _submit(cluster, queue, count)
        get_logger(__name__).info(f"{count} jobs submitted to {queue}; work begins when the first one runs")
        with connected(cluster) as client:
            yield DaskBackend(client)


def _submit(cluster: Any, queue: str, count: int) -> None:
    program = shlex.split(cluster._dummy_job.submit_command)[0]
    if shutil.which(program) is None:
        raise EngineError(
            f"this machine has no {program}, so jobs cannot be submitted to {queue} from here",
            hint="--dask_jobqueue",
        )
    try:
        # What scale() does, but it submits in the background, where a refusal is only logged.
        while len(cluster.worker_spec) < count:
            cluster.worker_spec.update(cluster.new_worker_spec())
        cluster.sync(cluster._correct_state)
    except (OSError, RuntimeError) as error:
        # close() waits for every job that it knows, also for those that never were.
        for name, job in list(cluster.workers.items()):
            if job.status.name == "created":
                del cluster.workers[name]
                cluster.worker_spec.pop(name, None)
        for job in list(cluster._created):
            if job.status.name == "created":
                cluster._created.discard(job)
        reason = str(error).strip().splitlines()
        message = f"{queue} refused the jobs: {' '.join(reason[-3:])}"
        raise EngineError(message, hint="--dask_jobqueue_options") from error


@contextmanager
def _own_ctrl_c() -> Iterator[None]:
    """Keep this process's Ctrl-C: importing dask-jobqueue makes it end in silence, with status 0."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is not before:
            signal.signal(signal.SIGINT, before)


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
        with _own_ctrl_c():
            import dask_jobqueue
    except ModuleNotFoundError:
        raise EngineError(
            f"--dask_jobqueue {queue} needs dask-jobqueue", hint="pip install 'postgwas[jobqueue]'"
        ) from None
    given = {name: _typed(value) for name, value in options.items()}
    prologue = [f"export {name}={value}" for name, value in WORKER_ENVIRONMENT.items()]
    settings = {
        "cores": 1,
        "processes": 1,
        "memory": MEMORY_PER_JOB,
        **given,
        "job_script_prologue": [*prologue, *given.get("job_script_prologue", [])],
        "scheduler_options": {"dashboard_address": ":0", **given.get("scheduler_options", {})},
    }
    try:
        return getattr(dask_jobqueue, CLUSTERS[queue])(**settings)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{queue}: {error}", hint="--dask_jobqueue_options") from error


def _typed(value: Any) -> Any:
    """Options from the command line are text; counts are whole numbers."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value
