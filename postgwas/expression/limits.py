"""Limits on metrics of samples: ``RIN>6``, ``mapped_reads>10M``, ``unique>70%``; names in any spelling."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError

FloatArray = NDArray[np.float64]

#: What programs and projects call the same thing; letters and digits in lower case.
ALIASES: dict[str, tuple[str, ...]] = {
    "RIN": ("rin", "smrin", "rnaintegritynumber", "rqn", "rinscore"),
    "mapped_reads": ("mappedreads", "mapped", "readsmapped", "totalmapped", "totalmappedreads", "smmppd"),
    "unique": (
        "unique", "uniquelymapped", "uniquelymappedreads", "uniquelymappedpercent", "pctunique",
        "uniquefraction", "uniquerate", "uniquelymappedfraction", "smunmprt",
    ),
    "mapped": ("mappedfraction", "mappingrate", "mappedpercent", "pctmapped", "smmaprt"),
    "rRNA": ("rrna", "rrnarate", "smrrnart", "rrnafraction"),
}  # fmt: skip

#: Metrics that are shares: percent and fractions are the same to them.
SHARES = ("unique", "mapped", "rRNA")

#: The cut-offs used where a table of metrics has such columns.
USUAL = ("RIN>6", "mapped_reads>10M", "unique>70%")

_LIMIT = re.compile(r"^\s*(.+?)\s*(>=|<=|>|<)\s*([0-9.]+(?:[eE][+-]?\d+)?)\s*([kKmMgG%]?)\s*$")
_SCALE = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "%": 0.01}


@dataclass(frozen=True)
class Limit:
    """One limit: samples pass where ``metric sign value`` holds."""

    metric: str
    sign: str
    value: float
    percent: bool = False

    @property
    def text(self) -> str:
        """As it was written, in one spelling."""
        shown = f"{self.value * 100:g}%" if self.percent else f"{self.value:g}"
        return f"{self.metric}{self.sign}{shown}"

    def holds(self, values: FloatArray) -> NDArray[np.bool_]:
        """Which values pass; NaN passes, because nothing is known against it."""
        compare = {">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal}[self.sign]
        good: NDArray[np.bool_] = compare(values, self.value) | np.isnan(values)
        return good


def parse_limit(text: str) -> Limit:
    """A limit as it is written.

    Raises
    ------
    UsageError
        If it is not ``NAME`` ``>``, ``>=``, ``<`` or ``<=`` ``NUMBER``, which may end in k, M, G or %.

    Examples
    --------
    >>> parse_limit("mapped_reads > 10M")
    Limit(metric='mapped_reads', sign='>', value=10000000.0, percent=False)
    >>> parse_limit("unique>=70%").text
    'unique>=70%'
    """
    found = _LIMIT.match(text)
    if not found:
        raise UsageError(f"--limit '{text}': expected such as 'RIN>6', 'mapped_reads>10M' or 'unique>70%'")
    name, sign, number, unit = found.groups()
    return Limit(name, sign, float(number) * _SCALE[unit.lower()], unit == "%")


def find_metric(name: str, columns: Sequence[str]) -> str | None:
    """The column of a metric: by its name, in any spelling, or by another name for the same thing.

    Examples
    --------
    >>> find_metric("RIN", ["sample", "SMRIN"]), find_metric("unique", ["Uniquely mapped reads %"])
    ('SMRIN', 'Uniquely mapped reads %')
    """
    plain = {_plain(column): column for column in reversed(columns)}
    wanted = _plain(name)
    if wanted in plain:
        return plain[wanted]
    kind = kind_of_metric(name)
    return next((plain[alias] for alias in ALIASES.get(kind or "", ()) if alias in plain), None)


def kind_of_metric(name: str) -> str | None:
    """The metric that a name stands for, of :data:`ALIASES`."""
    exact = next((kind for kind in ALIASES if _plain(kind) == _plain(name)), None)
    return exact or next((kind for kind, names in ALIASES.items() if _plain(name) in names), None)


def metric_numbers(cells: Sequence[str | None], *, share: bool) -> tuple[FloatArray, list[str]]:
    """Numbers of a column of text, and the cells that are none.

    Parameters
    ----------
    cells : sequence of str
        ``92.5%`` is a number, ``1,234`` too; empty, NA and . are missing (NaN).
    share : bool
        Give fractions: a column that goes beyond 1 holds percent.

    Examples
    --------
    >>> metric_numbers(["92.5%", "88%", None], share=True)[0]
    array([0.925, 0.88 ,   nan])
    """
    numbers = np.full(len(cells), np.nan)
    bad = []
    percent = False
    for at, cell in enumerate(cells):
        text = (cell or "").strip()
        if text in ("", "NA", "NaN", "nan", "."):
            continue
        percent |= text.endswith("%")
        try:
            numbers[at] = float(text.rstrip("%").replace(",", ""))
        except ValueError:
            bad.append(text)
    if share and (percent or (np.nan_to_num(numbers) > 1.0).any()):
        numbers = numbers / 100.0
    return numbers, bad


def of_share(limit: Limit) -> Limit:
    """A limit on a share as a fraction: 70 and 70% and 0.7 are the same."""
    value = limit.value / 100.0 if not limit.percent and limit.value > 1.0 else limit.value
    return Limit(limit.metric, limit.sign, value, percent=True)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
