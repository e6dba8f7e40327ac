"""Figures of a run and the tables behind them into files, all or none."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..destination import Destination, refuse_existing
from ..errors import UsageError
from ..runlog import get_logger
from .saving import save_figure

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

log = get_logger("plot")

FORMATS = ("png", "svg", "pdf")


def check_formats(formats: Sequence[str], *, some: bool = False) -> None:
    """Refuse formats that are none; with `some` an empty list too.

    Raises
    ------
    UsageError
    """
    wrong = [one for one in formats if one not in FORMATS]
    if wrong or (some and not formats):
        raise UsageError(f"--figure_format {', '.join(wrong)}: expected png, svg or pdf")


def refuse_figures(out: str, name: str) -> None:
    """Refuse before a run where figures OUT.<name>.* are there already; not called with ``--overwrite``.

    Raises
    ------
    OutputError
    """
    prefix = Path(out)
    begins = f"{prefix.name}.{name}."
    refuse_existing(sorted(one for one in prefix.parent.iterdir() if one.name.startswith(begins)))


def save_figures(
    made: Mapping[str, tuple[Figure, pl.DataFrame]],
    out: str,
    formats: Sequence[str],
    *,
    overwrite: bool,
    room: str,
) -> list[Path]:
    """Write OUT.<name>.<format> of each figure and OUT.<name>.tsv of its table; log their names.

    Raises
    ------
    OutputError
        If one is there already and may not be replaced.
    """
    from ..sumstats.write import write_delimited

    endings = tuple(f".{name}.{form}" for name in made for form in (*formats, "tsv"))
    target = Destination(out, endings, room=room, overwrite=overwrite)
    if not overwrite:
        refuse_existing(map(target.path, endings))
    with target.together() as aside:
        for name, (figure, table) in made.items():
            for form in formats:
                save_figure(figure, aside.path(f".{name}.{form}"))
            write_delimited(table, aside.path(f".{name}.tsv"))
    written = [target.path(ending) for ending in endings]
    log.info("Wrote %s", ", ".join(map(os.fspath, written)))
    return written
