"""BLAS holds one thread a process: processes x threads = cores, and the same bits for any count."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

#: Read by BLAS libraries when they are loaded.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}

#: What a worker process starts with: one thread for everything, polars included.
WORKER_ENVIRONMENT = {**ONE_THREAD, "POLARS_MAX_THREADS": "1"}


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread in this process, libraries first loaded inside the block included."""
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        with threadpool_limits(limits=1, user_api="blas"):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def hold_one_blas_thread() -> None:
    """The same for the rest of a worker's life: its threads must not undo each other's limit."""
    from threadpoolctl import threadpool_limits

    os.environ.update(ONE_THREAD)
    threadpool_limits(limits=1, user_api="blas")
