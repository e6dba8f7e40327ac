"""What a page of a study is made of: sections with facts, tables and figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure


#: Of a table, on the page.
MOST_ROWS = 2000


@dataclass(frozen=True)
class Place:
    """A stretch of the genome that answers searches for regions: name, first and last base."""

    chromosome: str
    start: int
    end: int


@dataclass(frozen=True)
class PageTable:
    """A table of the page; the search box filters its rows.

    Attributes
    ----------
    title : str
    table : polars.DataFrame
        Most telling rows first. Columns CHR with START and END or with POS, REGION or a variant's id with its
        position answer searches for regions.
    note : str
        A sentence below the table.
    n_all : int, optional
        How many rows there are where `table` holds the first of them.
    """

    title: str
    table: pl.DataFrame
    note: str = ""
    n_all: int | None = None

    @property
    def slug(self) -> str:
        """The title as part of a file's name."""
        return slug(self.title)


@dataclass(frozen=True)
class PageFigure:
    """A figure of the page, with the numbers behind it.

    Attributes
    ----------
    title : str
    figure : matplotlib.figure.Figure
    caption : str
    table : polars.DataFrame, optional
        The numbers drawn, or the most telling of them.
    wide : bool
        Whether it takes the page's whole width.
    place : Place, optional
        Where it lies, if it shows one place.
    """

    title: str
    figure: Figure
    caption: str = ""
    table: pl.DataFrame | None = None
    wide: bool = False
    place: Place | None = None

    @property
    def slug(self) -> str:
        """The title as part of a file's name."""
        return slug(self.title)


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes
    ----------
    title : str
    facts : sequence of (str, str)
        Numbers shown large: value, and what it is.
    text : sequence of str
        Paragraphs.
    figures : sequence of PageFigure
    tables : sequence of PageTable
    methods : sequence of str
        Names of the methods used, keys of :data:`postgwas.report.methods_text.METHODS`.
    warnings : sequence of str
    """

    title: str
    facts: Sequence[tuple[str, str]] = ()
    text: Sequence[str] = ()
    figures: Sequence[PageFigure] = ()
    tables: Sequence[PageTable] = ()
    methods: Sequence[str] = ()
    warnings: Sequence[str] = field(default=())

    @property
    def slug(self) -> str:
        """The title as an anchor."""
        return slug(self.title)


def first_rows(table: pl.DataFrame, by: str, title: str, note: str = "") -> PageTable:
    """The rows with the largest of a column, missing ones last."""
    table = table.fill_nan(None)
    if by in table.columns:
        table = table.sort(by, descending=True, nulls_last=True, maintain_order=True)
    return PageTable(title, table.head(MOST_ROWS), note, n_all=table.height)


def told_warnings(of: Iterable[tuple[str, Iterable[str]]]) -> list[str]:
    """Each warning once, with whose it is.

    Examples
    --------
    >>> told_warnings([("LDL", ["few variants"]), ("TG", ["few variants", "no N"])])
    ['LDL, TG: few variants', 'TG: no N']
    """
    whose: dict[str, list[str]] = {}
    for name, texts in of:
        for text in texts:
            whose.setdefault(text, []).append(name)
    return [f"{', '.join(names)}: {text}" for text, names in whose.items()]


def slug(text: str) -> str:
    """Letters, digits and underscores of a text, for anchors and names of files.

    Examples
    --------
    >>> slug("Loci of <script>, P < 5e-8")
    'loci_of_script_p_5e_8'
    """
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:80] or "section"
