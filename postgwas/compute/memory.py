"""How much memory there is, and how many workers fit into it."""

from __future__ import annotations

import re

from postgwas.errors import UsageError

#: Below this a worker cannot hold what postgwas and its libraries need.
LEAST_MEMORY = 10**9

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
          "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}  # fmt: skip


def parse_memory(text: str, given: str | None = None) -> int:
    """Bytes that a text such as 8GB or 512MiB stands for.

    Parameters
    ----------
    text : str
    given : str, optional
        What was given, for the message; default: ``--memory`` and the text.

    Raises
    ------
    UsageError
        It is no size.

    Examples
    --------
    >>> parse_memory("8GB"), parse_memory("1.5 GiB")
    (8000000000, 1610612736)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    if match is None or match[2].upper() not in _UNITS:
        raise UsageError(f"{given or f'--memory {text}'}: expected a size such as 8GB")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def workers_within(cores: int, memory: int | None) -> tuple[int, int]:
    """How many workers fit into the memory, and the bytes of each (0: no limit).

    Partitions are of one size whatever the machine, so that results are the same bits; a small memory means
    fewer workers at once.

    Raises
    ------
    UsageError
        Not even one fits.

    Examples
    --------
    >>> workers_within(8, 4 << 30)
    (4, 1073741824)
    """
    if memory is None:
        return cores, 0
    fit = min(cores, memory // LEAST_MEMORY)
    if fit < 1:
        raise UsageError(
            f"--memory {memory:,} bytes: a worker needs at least {LEAST_MEMORY:,}", hint="--memory 2GB"
        )
    return fit, memory // fit
