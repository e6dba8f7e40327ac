"""Running tasks on a Dask cluster: local processes, or one that runs already."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.compute.answering import refuse_silent
from postgwas.compute.threads import WORKER_ENVIRONMENT, hold_one_blas_thread
from postgwas.compute.waiting import PATIENCE_SECONDS, as_they_end
from postgwas.errors import EngineError

if TYPE_CHECKING:
    from distributed import Client, Future

#: How often a task may lose its worker before the run is given up.
ALLOWED_DEATHS = 3
CONNECT_SECONDS = 15
#: A worker that takes more than its memory is ended; nothing is spilled, for tasks keep nothing on workers.
#: Were it paused instead, as Dask does from 80 % on, the run would wait for ever: what fills a worker is
#: memory of its task or of its libraries, and does not go while it waits.
MEMORY_RULES: dict[str, Any] = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
}
SCRIPT_HINT = "in a script of your own, call postgwas below: if __name__ == '__main__':"


class DaskBackend:
    """Tasks on the workers of a Dask client.

    Parameters
    ----------
    client : Client
    patience : float
        Seconds without any worker after which a run is given up.
    """

    def __init__(self, client: Client, *, patience: float = math.inf) -> None:
        self._client = client
        self._patience = patience

    @property
    def address(self) -> str:
        """Where other clients find the scheduler."""
        return str(self._client.scheduler.address)

    def workers(self) -> int:
        return sum(self._client.nthreads().values())

    def wait_for_worker(self) -> None:
        """Come back when there is one, however long a queue takes."""
        self._client.wait_for_workers(1)

    def run(
        self, function: Callable[[Any], Any], tasks: Sequence[tuple[int, Any]], label: str
    ) -> Iterator[tuple[int, Any]]:
        run = os.urandom(4).hex()
        futures = {
            self._client.submit(_call, function, task, pure=False, key=f"{label}-{run}-{index}"): index
            for index, task in tasks
        }
        failed: dict[int, BaseException] = {}
        try:
            for future in as_they_end(self._client, list(futures), label, self._patience):
                index = futures.pop(future)
                error = _error_of(future, label)
                if error is None:
                    yield index, future.result()
                    continue
                failed[index] = error
                # The first error in task order is raised, so only earlier tasks are still waited for.
                late = [f for f, i in futures.items() if i > min(failed)]
                self._client.cancel(late, force=True)
                if not any(i < min(failed) for i in futures.values()):
                    break
        finally:
            if futures:
                with suppress(Exception):
                    self._client.cancel(list(futures), force=True)
        if failed:
            raise failed[min(failed)]


def _call(function: Callable[[Any], Any], task: Any) -> Any:
    hold_one_blas_thread()
    return function(task)


def _error_of(future: Future, label: str) -> BaseException | None:
    from distributed import KilledWorker

    if future.status == "finished":
        return None
    if future.status != "error":
        return EngineError(
            f"{label}: the Dask scheduler is gone, or lost a task ({future.status})", hint="run it again"
        )
    error = future.exception()
    if isinstance(error, KilledWorker):
        return EngineError(
            f"{label}: a worker died {error.allowed_failures + 1} times on the same task, "
            "perhaps because memory ran out",
            hint="fewer --cores, or more --memory, leave more to each",
        )
    if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("postgwas"):
        return EngineError("the cluster's workers have no postgwas", hint="install the same version there")
    return error if error is not None else EngineError(f"{label}: a task failed without an error")


@contextmanager
def local_processes(cores: int, *, memory: int = 0) -> Iterator[DaskBackend]:
    """A cluster of ``cores`` processes with one thread each, gone after the block.

    With `memory`, bytes of each, a worker that takes more is ended and its tasks are run again.
    """
    import dask
    from distributed import LocalCluster

    # Scratch files belong in the temporary folder, not where the user stands.
    scratch = tempfile.mkdtemp(prefix="postgwas-dask-")
    settings = {
        "distributed.nanny.pre-spawn-environ": {
            **WORKER_ENVIRONMENT,
            "DASK_LOGGING__DISTRIBUTED": "critical",
        },
        "distributed.scheduler.allowed-failures": ALLOWED_DEATHS,
        **MEMORY_RULES,
        "temporary-directory": scratch,
    }
    try:
        with quiet_dask(), dask.config.set(settings):
            try:
                with _deaf_to_interrupts():
                    cluster = LocalCluster(
                        n_workers=cores,
                        threads_per_worker=1,
                        processes=True,
                        host="127.0.0.1",
                        # Any free port, seen from this machine alone: None would mean 8787, taken or not.
                        dashboard_address="127.0.0.1:0",
                        local_directory=scratch,
                        # Dask would divide the machine's memory by its cores, and kill workers at that.
                        memory_limit=memory,
                        silence_logs=logging.CRITICAL,
                    )
            except (RuntimeError, OSError) as error:
                raise EngineError(
                    f"cannot start {cores} worker processes: {error}", hint=SCRIPT_HINT
                ) from error
            with cluster, connected(cluster) as client:
                yield DaskBackend(client)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Threads and processes begun in the block never see Ctrl-C; this process gets it afterwards.

    A terminal sends Ctrl-C to workers too; they would all print tracebacks, though this process
    ends them in good order.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Started before, for starting it lets interrupts through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def existing_cluster(scheduler: str | os.PathLike[str]) -> Iterator[DaskBackend]:
    """A cluster that runs already, by address or by scheduler file; left running."""
    address = os.fspath(scheduler)
    with quiet_dask():
        if "://" in address or re.fullmatch(r"[\w.\-]+:\d+", address):
            opening = connected(address)
        elif Path(address).is_file():
            opening = connected(_address_in(Path(address)))
        else:
            raise EngineError(
                f"'{address}' is neither an address like tcp://host:8786 nor an existing scheduler file",
                hint="--dask_scheduler",
            )
        with opening as client:
            try:
                client.wait_for_workers(1, timeout=CONNECT_SECONDS)
            except TimeoutError:
                raise EngineError(f"the Dask scheduler at '{address}' has no workers") from None
            yield DaskBackend(client, patience=PATIENCE_SECONDS)


def _address_in(scheduler_file: Path) -> str:
    try:
        return str(json.loads(scheduler_file.read_text())["address"])
    except (OSError, ValueError, KeyError, TypeError):
        raise EngineError(
            f"'{scheduler_file}' is no Dask scheduler file: expected JSON with an address",
            hint="--dask_scheduler",
        ) from None


@contextmanager
def connected(target: Any) -> Iterator[Client]:
    """A client that is closed after the block."""
    from distributed import Client

    if isinstance(target, str):
        refuse_silent(target, CONNECT_SECONDS)
    try:
        client = Client(target, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise EngineError(f"no Dask scheduler answers at '{target}'", hint="--dask_scheduler") from error
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=5)


@contextmanager
def quiet_dask() -> Iterator[None]:
    """Dask's own log is for Dask's developers; what matters to users becomes an EngineError."""
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado", "asyncio", "bokeh")]
    before = [logger.level for logger in loggers]
    import distributed  # noqa: F401  sets its loggers' levels when imported

    children = [
        logger
        for name, logger in logging.root.manager.loggerDict.items()
        if name.startswith("distributed.") and isinstance(logger, logging.Logger)
    ]
    loggers += children
    before += [logger.level for logger in children]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before):
            logger.setLevel(level)
