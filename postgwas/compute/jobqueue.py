"""A Dask cluster whose workers are jobs of a queue (Slurm, PBS, LSF, SGE)."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from postgwas.compute.dask_backend import MEMORY_RULES, DaskBackend, connected, quiet_dask
from postgwas.compute.memory import LEAST_MEMORY, parse_memory
from postgwas.compute.threads import WORKER_ENVIRONMENT
from postgwas.errors import EngineError, UsageError
from postgwas.runlog import get_logger

CLUSTERS = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
MEMORY_PER_JOB = "4GB"
#: What queues take as a time: minutes or seconds, 02:00:00, Slurm's 1-12:00; LSF's may name a host.
TIME = re.compile(r"(\d+-)?\d+(:\d{1,2}){0,3}(\.\d+)?(/\S+)?", re.ASCII)
ENDLESS = {"slurm": ("unlimited", "infinite"), "sge": ("infinity",)}
#: Options that dask-jobqueue takes as lists.
LISTS = {"job_extra_directives", "job_directives_skip", "job_script_prologue", "worker_extra_args"}


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
    """The dask-jobqueue cluster, by default with one core a job; each process has one thread.

    Parameters
    ----------
    queue : {"slurm", "pbs", "lsf", "sge"}
    options : mapping
        Arguments of dask-jobqueue's class (queue, account, memory, walltime, ...), as text or as their own
        types; lists (job_extra_directives, job_script_prologue) as text with semicolons between entries.
        With ``cores`` a job has that many processes of one thread.

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
    given = job_options(queue, options)
    cores = given["cores"]
    environment = {**WORKER_ENVIRONMENT, **{_variable(name): rule for name, rule in MEMORY_RULES.items()}}
    prologue = [f"export {name}={value}" for name, value in environment.items()]
    settings = {
        "processes": cores,
        "memory": MEMORY_PER_JOB,
        **given,
        "job_script_prologue": [*prologue, *given.get("job_script_prologue", [])],
        "scheduler_options": {"dashboard_address": ":0", **given.get("scheduler_options", {})},
    }
    try:
        return getattr(dask_jobqueue, CLUSTERS[queue])(**settings)
    except (TypeError, ValueError) as error:
        told = str(error).split(". ")[0]  # the rest is dask-jobqueue's view of all arguments
        raise UsageError(f"{queue}: {told}", hint="--dask_jobqueue_options") from error


def job_options(queue: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a queue's jobs with their own types, and ``cores``, looked through before a job is sent.

    Raises
    ------
    UsageError
        If a time is none, or processes are not one a core.
    """
    given = {name: _typed(name, value) for name, value in options.items()}
    walltime = str(given.get("walltime", "1"))
    if not TIME.fullmatch(walltime) and walltime.lower() not in ENDLESS.get(queue, ()):
        raise UsageError(
            f"{queue}: walltime={walltime}: expected a time such as 02:00:00", hint="--dask_jobqueue_options"
        )
    cores = given.setdefault("cores", 1)
    processes = given.get("processes", cores)
    if not isinstance(cores, int) or cores < 1 or processes != cores:
        raise UsageError(
            f"{queue}: cores={cores}, processes={processes}: expected a whole number of cores, each with a "
            "process of its own",
            hint="--dask_jobqueue_options cores=N",
        )
    return given


def _typed(name: str, value: Any) -> Any:
    """Options from the command line are text; counts are whole numbers, some are lists."""
    if not isinstance(value, str):
        return value
    if "\n" in value or "\r" in value:
        raise UsageError(f"{name}: expected one line", hint="--dask_jobqueue_options")
    if name in LISTS:
        return [part.strip() for part in value.split(";") if part.strip()]
    if name == "memory":
        if parse_memory(value, f"{name}={value}") < LEAST_MEMORY:
            raise UsageError(
                f"{name}={value}: a worker needs at least {LEAST_MEMORY:,} bytes", hint="memory=4GB"
            )
        return value
    return int(value) if value.isdecimal() else value


def _variable(name: str) -> str:
    """The environment variable by which Dask takes a setting."""
    return "DASK_" + name.upper().replace("-", "_").replace(".", "__")
