"""Clusters that fall silent, lose their scheduler, their workers or their memory: an end in bounded time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import engine_tasks as tasks
import pytest

from postgwas.compute import dask_backend
from postgwas.compute.dask_backend import local_processes
from postgwas.compute.engine import engine
from postgwas.errors import EngineError

LIMIT = 600 << 20


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler, and two programs: scheduler and its worker. Tests end them in turn."""
    folder = tmp_path_factory.mktemp("cluster")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    dask = [sys.executable, "-m", "dask"]
    words = [
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        [*dask, "worker", address, "--no-nanny", "--nthreads", "1", "--local-directory", str(folder)],
    ]
    programs = [
        subprocess.Popen(line, cwd=folder, env=environment, stderr=subprocess.DEVNULL) for line in words
    ]
    yield address, programs
    for program in programs:
        program.kill()
        program.wait()


@pytest.fixture(params=["silent", "chatty"])
def stranger(request: pytest.FixtureRequest) -> Iterator[str]:
    """A port that takes connections and says nothing, or something that is not Dask's."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        taken = []

        def greet() -> None:
            try:
                while True:
                    taken.append(listening.accept()[0])
                    if request.param == "chatty":
                        taken[-1].sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
            except OSError:
                return

        threading.Thread(target=greet, daemon=True).start()
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        for connection in taken:
            connection.close()


def test_a_port_where_no_scheduler_speaks(stranger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_backend, "CONNECT_SECONDS", 1)
    began = time.monotonic()
    with pytest.raises(EngineError, match="no Dask scheduler answers"), engine(scheduler=stranger):
        pass
    assert time.monotonic() - began < 20


def test_workers_and_then_the_scheduler_go(parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this order, since a worker that is gone is told by a scheduler that is there."""
    address, (scheduler, worker) = parts
    with engine(scheduler=address) as eng:
        assert eng.map(tasks.square, [2, 3]) == [4, 9]
    monkeypatch.setattr(dask_backend, "PATIENCE_SECONDS", 1.0)
    with engine(scheduler=address) as eng:
        threading.Timer(0.5, worker.kill).start()
        with pytest.raises(EngineError, match=r"Pairs: the Dask cluster has had no workers for \d seconds"):
            eng.map(tasks.slow, [60.0, 60.0], label="Pairs")
        threading.Timer(0.5, scheduler.kill).start()
        with pytest.raises(EngineError, match="Pairs: the Dask scheduler is gone"):
            eng.map(tasks.slow, [60.0, 60.0], label="Pairs")


def test_a_full_worker_goes_on_and_one_that_takes_too_much_ends_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Dask would pause a worker at 80 % of its memory: for ever, where its libraries keep what they took."""
    monkeypatch.setattr(dask_backend, "ALLOWED_DEATHS", 1)
    with local_processes(1, memory=LIMIT) as backend:
        (_, full), *_ = backend.run(tasks.fill, [(0, (0.87, LIMIT))], "Filling")
        seen = {process for _, (process, _) in backend.run(tasks.process_and_threads, [(0, 0)], "Going on")}
        assert seen == {full}
        with pytest.raises(EngineError, match=r"Overflowing: a worker died 2 times .* memory") as caught:
            list(backend.run(tasks.fill, [(0, (1.2, LIMIT))], "Overflowing"))
        assert "--memory" in (caught.value.hint or "")
