"""Whether a Dask scheduler answers, found out in bounded time."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

from postgwas.errors import EngineError


def refuse_silent(address: str, seconds: float) -> None:
    """Refuse an address where nothing speaks as a Dask scheduler does.

    Dask's client waits for ever where a connection is taken and nothing is said: a process that hangs, a
    tunnel whose far end is gone, a port of something else.

    Parameters
    ----------
    address : str
        ``tcp://host:port``, or ``host:port``.
    seconds : float
        How long to wait.

    Raises
    ------
    EngineError
        It does not answer.
    """
    problem: list[BaseException] = []

    def ask() -> None:
        try:
            asyncio.run(_greet(address, seconds))
        except Exception as error:  # whatever a stranger's port makes of it
            problem.append(error)

    # A thread of its own, since in a notebook this one has a running event loop already.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds + 1)
    if asking.is_alive() or problem:
        raise EngineError(f"no Dask scheduler answers at '{address}'", hint="--dask_scheduler")


async def _greet(address: str, seconds: float) -> None:
    from distributed.comm import connect
    from distributed.security import Security

    security = Security().get_connection_args("client")
    comm = await asyncio.wait_for(connect(address, timeout=seconds, **security), seconds)
    with suppress(Exception):
        comm.abort()
