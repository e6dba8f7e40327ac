"""Write a figure so that a killed run leaves the whole file or none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Formats a figure can be written in, by suffix.
SUFFIXES = (".png", ".pdf", ".svg")


def save_figure(
    figure: Figure, path: str | os.PathLike[str], *, dpi: int = 160, overwrite: bool = True
) -> Path:
    """Write `figure` to `path`; the suffix (.png, .pdf, .svg) decides the format.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
    dpi : int
        Resolution of PNG files and of the rasterised points in PDF and SVG files.
    overwrite : bool
        Replace a file that is there.

    Returns
    -------
    Path

    Raises
    ------
    UsageError
        Another suffix.
    OutputError
        The folder is missing or not writable, or the file exists and `overwrite` is false.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"{path}: a figure's name must end in one of {', '.join(SUFFIXES)}")
    import matplotlib

    from ..sumstats.write import atomic_file
    from .literal import mend_formulas
    from .signs import all_signs

    mend_formulas(figure)
    # No time stamps, and no random ids in SVG: the same figure is the same bytes.
    metadata = {".png": {"Software": None}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
    named = matplotlib.rc_context({"svg.hashsalt": "postgwas"})
    with named, all_signs(figure), atomic_file(path, overwrite=overwrite) as stream:
        figure.savefig(stream, format=suffix[1:], dpi=dpi, metadata=metadata[suffix])
    return path


def lay_out(figure: Figure, *, dpi: int = 160) -> None:
    """Do a figure's layout once, for a resolution; otherwise each format draws twice to find it."""
    found = figure.get_layout_engine()
    if found is None:
        return
    from .signs import all_signs

    before = figure.dpi
    figure.set_dpi(dpi)
    with all_signs(figure):
        found.execute(figure)
    figure.set_layout_engine(None)
    figure.set_dpi(before)
