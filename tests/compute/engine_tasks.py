"""Functions that worker processes import by name."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from postgwas.errors import InputError


def square(x: int) -> int:
    return x * x


def float_work(seed: int) -> np.ndarray:
    """Sums whose last bits depend on how BLAS splits them."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((301, 4000))
    return np.linalg.solve(a @ a.T, a @ a[0])


def process_and_threads(_: int) -> tuple[int, list[int]]:
    from threadpoolctl import threadpool_info

    time.sleep(0.2)  # long enough for the other worker to take its share
    return os.getpid(), [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def die_once(marker: str) -> str:
    """Ends its own process the first time that it sees this marker."""
    if marker and not Path(marker).exists():
        Path(marker).touch()
        os._exit(1)
    return f"survived {Path(marker).name}"


def die_always(_: int) -> None:
    os._exit(1)


def fail_in_order(task: tuple[str, float]) -> str:
    name, seconds = task
    time.sleep(seconds)
    if name.startswith("bad"):
        raise InputError(f"{name} is empty", hint="--sumstats")
    return name


def counted(task: tuple[str, int]) -> int:
    """Writes down each call; task 3 fails until a file says otherwise."""
    folder, number = Path(task[0]), task[1]
    with open(folder / "calls", "a") as calls:
        calls.write(f"{number}\n")
    if number == 3 and not (folder / "mended").exists():
        raise InputError("number 3")
    return number * 10


def slow(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


HELD: list[np.ndarray] = []


def fill(share_and_limit: tuple[float, int]) -> int:
    """Takes memory until the process has this share of the limit, and keeps it after the task."""
    import psutil

    share, limit = share_and_limit
    wanted = int(share * limit) - psutil.Process().memory_info().rss
    HELD.append(np.ones(max(wanted, 0) // 8))
    time.sleep(1.0)  # long enough for Dask to look
    return os.getpid()
