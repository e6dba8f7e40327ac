"""Where big matrix products run: on the CPU, or on a GPU through torch or cupy."""

from __future__ import annotations

import importlib
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import EngineError, UsageError

DeviceName = Literal["cpu", "cuda"]
Singles = NDArray[np.float32]
Places = NDArray[np.int64]


class Device(Protocol):
    """Products of float32 matrices with one that stays where it is."""

    def hold(self, matrix: Singles) -> Any:
        """Bring a matrix of shape (columns, n) to the device once."""

    def beyond(self, block: Singles, held: Any, least: Singles) -> tuple[Places, Places]:
        """Rows and columns, in row-major order, at which the product's size is `least` (a row) or more."""

    def beyond_sum(self, block: Singles, other: Singles, held: Any, least: Singles) -> tuple[Places, Places]:
        """The same for the sum of the squared products of two blocks."""


def device_named(name: str) -> Device:
    """The CPU or a GPU.

    Parameters
    ----------
    name : {"cpu", "cuda"}
        ``cuda`` takes torch if it is installed, else cupy; neither comes with postgwas.

    Raises
    ------
    UsageError
        If there is no such device.
    EngineError
        If neither library is installed, or they find no GPU.

    Examples
    --------
    >>> cpu = device_named("cpu")
    >>> held = cpu.hold(np.array([[1.0, 0.0], [1.0, 1.0]], np.float32))
    >>> cpu.beyond(np.array([[-3.0, 1.0]], np.float32), held, np.array([2.5], np.float32))
    (array([0]), array([0]))
    """
    if name == "cpu":
        return ArrayDevice(np)
    if name != "cuda":
        raise UsageError(f"--device {name}: expected cpu or cuda")
    torch = _installed("torch")
    if torch is not None and torch.cuda.is_available():
        return TorchDevice(torch)
    cupy = _installed("cupy")
    if cupy is not None and _cupy_sees_gpu(cupy):
        return ArrayDevice(cupy)
    if torch is None and cupy is None:
        raise EngineError(
            "--device cuda needs torch or cupy, and neither is installed",
            hint="pip install torch, or pip install cupy-cuda12x; --device cpu needs neither",
        )
    found = "torch" if torch is not None else "cupy"
    raise EngineError(f"--device cuda: {found} is installed but finds no GPU", hint="--device cpu")


def _installed(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _cupy_sees_gpu(cupy: Any) -> bool:
    try:
        return bool(cupy.cuda.runtime.getDeviceCount())
    except Exception:
        return False  # a driver that is missing raises errors of cupy's own


class ArrayDevice:
    """NumPy, or cupy, which has the same functions."""

    def __init__(self, library: Any) -> None:
        self._xp = library
        self._space: dict[tuple[int, int], tuple[Any, Any]] = {}

    def hold(self, matrix: Singles) -> Any:
        return self._xp.asarray(matrix)

    def beyond(self, block: Singles, held: Any, least: Singles) -> tuple[Places, Places]:
        product = self._product(block, held, 0)
        # Two quick sweeps tell the few rows that have any.
        largest = self._xp.maximum(product.max(axis=1), -product.min(axis=1))
        return self._places(self._xp.abs, product, largest, least)

    def beyond_sum(self, block: Singles, other: Singles, held: Any, least: Singles) -> tuple[Places, Places]:
        total, second = self._product(block, held, 0), self._product(other, held, 1)
        total *= total
        second *= second
        total += second
        return self._places(self._xp.asarray, total, total.max(axis=1), least)

    def _product(self, block: Singles, held: Any, number: int) -> Any:
        """Into memory that is used again: fresh memory for each block would cost as much as the sweeps."""
        xp, shape = self._xp, (len(block), len(held))
        if shape not in self._space:
            self._space = {shape: (xp.empty(shape, xp.float32), xp.empty(shape, xp.float32))}
        return xp.matmul(xp.asarray(block), held.T, out=self._space[shape][number])

    def _places(self, size: Any, values: Any, largest: Any, least: Singles) -> tuple[Places, Places]:
        limits = self._xp.asarray(least)
        rows = self._xp.flatnonzero(largest >= limits)
        at, columns = self._xp.nonzero(size(values[rows]) >= limits[rows, None])
        return self._back(rows[at]), self._back(columns)

    def _back(self, array: Any) -> Any:
        return array if self._xp is np else self._xp.asnumpy(array)


class TorchDevice:
    """A GPU through torch."""

    def __init__(self, torch: Any, where: str = "cuda") -> None:
        self._torch, self._where = torch, where

    def hold(self, matrix: Singles) -> Any:
        return self._torch.from_numpy(np.ascontiguousarray(matrix)).to(self._where)

    def beyond(self, block: Singles, held: Any, least: Singles) -> tuple[Places, Places]:
        return self._places((self.hold(block) @ held.T).abs(), least)

    def beyond_sum(self, block: Singles, other: Singles, held: Any, least: Singles) -> tuple[Places, Places]:
        return self._places((self.hold(block) @ held.T) ** 2 + (self.hold(other) @ held.T) ** 2, least)

    def _places(self, values: Any, least: Singles) -> tuple[Places, Places]:
        places = self._torch.nonzero(values >= self.hold(least)[:, None]).cpu().numpy()
        return places[:, 0], places[:, 1]
