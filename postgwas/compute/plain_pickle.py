"""Results from a file, built of plain data, arrays and our own records: a file of a stranger runs no code."""

from __future__ import annotations

import dataclasses
import enum
import io
import pickle
from collections.abc import Callable
from typing import Any

#: What NumPy's arrays, types and scalars are rebuilt by, in versions 1 and 2.
_NUMPY = {
    (module, name)
    for package in ("numpy.core", "numpy._core")
    for module, name in (
        (f"{package}.multiarray", "_reconstruct"),
        (f"{package}.multiarray", "scalar"),
        (f"{package}.numeric", "_frombuffer"),
    )
} | {("numpy", "ndarray"), ("numpy", "dtype")}
_PLAIN = {
    ("builtins", name)
    for name in ("set", "frozenset", "slice", "range", "complex", "bytearray", "tuple", "list", "dict")
} | {("collections", "OrderedDict")}


def loads(body: bytes) -> Any:
    """What :func:`pickle.dumps` made of results.

    Raises
    ------
    pickle.UnpicklingError
        Something else is in it than plain data, arrays, and dataclasses, named tuples and enumerations of
        postgwas: nothing is imported or called then.

    Examples
    --------
    >>> loads(pickle.dumps({"a": [1, (2.5, None)]}))
    {'a': [1, (2.5, None)]}
    >>> loads(pickle.dumps(print))
    Traceback (most recent call last):
        ...
    _pickle.UnpicklingError: builtins.print is no plain data
    """
    return _Plain(io.BytesIO(body)).load()


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if (module, name) in _NUMPY | _PLAIN:
            return super().find_class(module, name)
        if module.startswith("postgwas.") and name.isidentifier():
            found = super().find_class(module, name)
            record = dataclasses.is_dataclass(found) or (
                isinstance(found, type) and (issubclass(found, enum.Enum) or hasattr(found, "_fields"))
            )
            if isinstance(found, type) and record:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data")
