"""What can be refused before anything large is read: paths, matrices, the panel, the store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from postgwas import destination
from postgwas.errors import InputError
from postgwas.mtag.matrix_file import read_matrix
from postgwas.mtag.options import MtagOptions


def check_inputs(sources: Sequence[Any], names: Sequence[str], options: MtagOptions) -> None:
    """Refuse inputs that are missing or useless, so that no one waits an hour to hear of a typing error.

    Raises
    ------
    InputError, MatrixError, PanelError
    """
    _check_sources(sources, options)
    for flag, paths in (("--include", options.include), ("--exclude", options.exclude)):
        for path in paths:
            _check_file(f"{flag} {path}", path)
    for flag, given in (("--gencov_path", options.gencov_path), ("--residcov_path", options.residcov_path)):
        if given is not None:
            read_matrix(given, len(names), name=flag)
    if options.fdr and options.grid_file is not None:
        from postgwas.mtag.run_fdr import read_grid

        read_grid(options.grid_file, len(names))
    if options.residcov_path is None and options.ld_ref_panel is not None:
        from postgwas.ld.panel import locate_panel

        locate_panel(options.ld_ref_panel)


def matrix_key(what: str, name: str | None) -> str:
    """Key in the store of ``covariances`` or ``maxfdr``: a store of several runs needs a name for each."""
    return f"mtag/{what}" if name is None else f"mtag/{what}/{name}"


def check_store(
    path: Path | None, names: Sequence[str], *, overwrite: bool, fdr: bool, name: str | None = None
) -> None:
    """Refuse a store that cannot be written to, or that holds this run's results already.

    Raises
    ------
    StoreError, OutputError
    """
    keys = [f"mtag/{trait}" for trait in names] + [matrix_key("covariances", name)]
    keys += [matrix_key("maxfdr", name)] * fdr
    destination.check_store(path, keys, overwrite=overwrite)


def _check_sources(sources: Sequence[Any], options: MtagOptions) -> None:
    seen: dict[str, int] = {}
    for number, source in enumerate(sources, 1):
        if not isinstance(source, (str, os.PathLike)):
            continue
        _check_file(os.fspath(source), source)
        place = os.path.realpath(source)
        if place in seen and not (options.force or options.compat):
            raise InputError(
                f"{os.fspath(source)} is given twice, as trait {seen[place]} and as trait {number}",
                hint="give each trait once in --sumstats; --force goes on",
            )
        seen[place] = number


def _check_file(what: str, path: str | os.PathLike[str]) -> None:
    if Path(path).is_dir():
        raise InputError(f"{what}: is a folder; expected a file")
    if not Path(path).exists():
        raise InputError(f"{what}: no such file")
