"""The one object that runs partitions of an analysis, wherever that may be.

In process, in local processes, on an existing Dask cluster or on one started
through a job queue: the results are the same bits in the same order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from postgwas.compute.threads import one_blas_thread
from postgwas.errors import EngineError, UsageError
from postgwas.progress import progress
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    from postgwas.compute.checkpoint import Checkpoint

log = get_logger("compute")

Task = TypeVar("Task")
Result = TypeVar("Result")
Numbered = Iterator[tuple[int, Any]]


class Backend(Protocol):
    """Where tasks run."""

    def run(self, function: Callable[[Any], Any], tasks: Sequence[tuple[int, Any]], label: str) -> Numbered:
        """Yield (index, result) as tasks finish, in any order; raise the first error in task order."""

    def workers(self) -> int:
        """How many tasks may run at once."""


class InProcess:
    """Tasks one after the other in this process; needs no Dask."""

    def run(self, function: Callable[[Any], Any], tasks: Sequence[tuple[int, Any]], label: str) -> Numbered:
        for index, task in tasks:
            with one_blas_thread():
                result = function(task)
            yield index, result

    def workers(self) -> int:
        return 1


class Engine:
    """Runs tasks on one backend; made by :func:`engine`."""

    def __init__(self, cores: int, backend: Backend, stack: ExitStack) -> None:
        self._cores = cores
        self._backend = backend
        self._stack = stack

    @property
    def cores(self) -> int:
        """How many tasks may run at once."""
        return max(self._cores, self._backend.workers())

    def map(
        self,
        function: Callable[[Task], Result],
        tasks: Iterable[Task],
        *,
        label: str = "Working",
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> list[Result]:
        """Call ``function`` on each task; results in the order of the tasks.

        Parameters
        ----------
        function : callable
            A module-level function (workers import it by name) whose result depends
            on its task alone.
        tasks : iterable
            Small picklable objects, such as paths and slices; never big arrays,
            because each travels to its worker.
        label : str
            What goes on, for the progress display and error messages.
        checkpoint : path, optional
            Folder where each finished result is kept, so that a run that was cut
            short goes on from there. Results are reused only for the same function,
            task, input files and version of postgwas. The caller removes the folder
            once its own results are safe (:func:`postgwas.compute.checkpoint.clear`).

        Raises
        ------
        PostgwasError
            What a task raised, as itself; if several fail, the first in task order,
            whatever finished first.
        EngineError
            If a task's worker died again and again, or the cluster is gone.
        """
        numbered = list(enumerate(tasks))
        kept = None if checkpoint is None else _kept(checkpoint, function)
        results: dict[int, Result] = {}
        if kept is not None:
            for index, task in numbered:
                found, result = kept.load(index, task)
                if found:
                    results[index] = result
        todo = [(index, task) for index, task in numbered if index not in results]
        by_index = dict(todo)
        backend = self._backend_for(len(todo))
        with progress(label, total=len(numbered)) as advance:
            advance(len(results))
            for index, result in backend.run(function, todo, label):
                if kept is not None:
                    kept.save(index, by_index[index], result)
                results[index] = result
                advance(1)
        return [results[index] for index, _ in numbered]

    def _backend_for(self, n_tasks: int) -> Backend:
        """Local processes are started for the first map that has work for two."""
        if self._cores > 1 and n_tasks > 1 and isinstance(self._backend, InProcess):
            from postgwas.compute.dask_backend import local_processes

            self._backend = self._stack.enter_context(local_processes(self._cores))
            log.info("Running on %d worker processes of this machine", self._cores)
        return self._backend


def _kept(folder: str | os.PathLike[str], function: Callable[..., Any]) -> Checkpoint:
    from postgwas.compute.checkpoint import Checkpoint

    return Checkpoint(folder, function)


@contextmanager
def engine(
    cores: int = 1,
    *,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> Iterator[Engine]:
    """Open the engine for the duration of a block; what it started is gone afterwards.

    Parameters
    ----------
    cores : int
        1: in process, Dask is not even imported. More: that many local processes
        with one thread each, or that many jobs with ``jobqueue``.
    scheduler : str or path, optional
        Address (``tcp://host:port``) or scheduler file of a Dask cluster that runs
        already; it is left running.
    jobqueue : {"slurm", "pbs", "lsf", "sge"}, optional
        Start a cluster as jobs of this queue (needs dask-jobqueue).
    jobqueue_options : mapping, optional
        For dask-jobqueue's cluster class, such as queue, memory, walltime.

    Raises
    ------
    UsageError
        If the arguments contradict each other.
    EngineError
        If no workers can be had.

    Examples
    --------
    >>> with engine(cores=1) as eng:
    ...     eng.map(abs, [-2, 3])
    [2, 3]
    """
    if cores < 1:
        raise UsageError(f"cores is {cores}: expected at least 1", hint="--cores")
    if scheduler is not None and jobqueue is not None:
        raise UsageError("an existing scheduler and a job queue exclude each other", hint="--dask_scheduler")
    with ExitStack() as stack:
        backend: Backend = InProcess()
        if scheduler is not None:
            from postgwas.compute.dask_backend import existing_cluster

            cores, backend = 1, stack.enter_context(existing_cluster(scheduler))
            log.info("Running on the Dask cluster of %s (workers now: %d)", scheduler, backend.workers())
        elif jobqueue is not None:
            from postgwas.compute.jobqueue import jobs

            backend = stack.enter_context(jobs(jobqueue, cores, dict(jobqueue_options or {})))
        elif jobqueue_options:
            raise EngineError("options for a job queue without a job queue", hint="--dask_jobqueue")
        yield Engine(cores, backend, stack)
