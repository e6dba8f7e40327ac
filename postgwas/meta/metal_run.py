"""Run a METAL command file: ``postgwas meta --metal_script FILE``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from postgwas.columns.texts import texts_of_list
from postgwas.destination import refuse_existing
from postgwas.errors import InputError, OutputError
from postgwas.meta.metal_alleles import PairBook
from postgwas.meta.metal_commands import Line, apply, command_of, left_over
from postgwas.meta.metal_markers import Markers
from postgwas.meta.metal_output import info_lines, write_tbl
from postgwas.meta.metal_process import Processed, process_file
from postgwas.meta.metal_rows import MetalFile
from postgwas.meta.metal_settings import MetalSettings
from postgwas.meta.metal_sums import Sums
from postgwas.runlog import get_logger, log_step, run_log
from postgwas.staging import appear_together
from postgwas.sumstats.write import compressor

log = get_logger("meta")

_DEEPEST = 20


@dataclass
class MetalState:
    """A script's settings and what its files have added up to.

    Attributes
    ----------
    with_alleles : bool, optional
        Whether the files name alleles; None before the first.
    outputs : list of Path
        Tables written.
    """

    overwrite: bool = False
    settings: MetalSettings = field(default_factory=MetalSettings)
    markers: Markers = field(default_factory=Markers)
    book: PairBook = field(default_factory=PairBook)
    sums: Sums | None = None
    files: list[str] = field(default_factory=list)
    done: list[Processed] = field(default_factory=list)
    with_alleles: bool | None = None
    outputs: list[Path] = field(default_factory=list)

    @property
    def in_progress(self) -> bool:
        """Whether a file was processed, or there are markers already."""
        return self.sums is not None or len(self.markers) > 0

    def clear(self) -> None:
        """``CLEAR``: forget data, custom variables and filters."""
        self.markers, self.book, self.sums = Markers(), PairBook(), None
        self.files, self.done, self.with_alleles = [], [], None
        self.settings.custom.clear()
        self.settings.filters.clear()


def run_metal_script(
    path: str | os.PathLike[str], *, overwrite: bool = False, quiet: bool = False
) -> list[Path]:
    """Run the commands of a METAL script.

    Writes what the script's OUTFILE names, its ``.info``, ``<table>.rejected.tsv.gz`` with every row that was
    not used and why, and the log beside the first.

    Parameters
    ----------
    path : path-like
        Paths in it are relative to the working directory, as in METAL; a file that is there only as
        ``<name>.gz`` is taken.
    overwrite : bool
        Replace tables that exist.
    quiet : bool

    Returns
    -------
    list of Path
        The tables.

    Raises
    ------
    InputError
        A command is unknown or means nothing, or a file is missing; the script's line is named.
    OutputError
        A table exists already or cannot be written.
    """
    state = MetalState(overwrite=overwrite)
    with run_log(_log_path(path), quiet=quiet):
        run_lines(os.fspath(path), state)
        if not state.outputs:
            log.warning("%s: no ANALYZE: nothing is written", path)
    return state.outputs


def _log_path(path: str | os.PathLike[str]) -> str:
    """Beside the tables of the script's first OUTFILE."""
    prefix = "METAANALYSIS"
    for line in script_lines(os.fspath(path)):
        if command_of(line) == "OUTFILE":
            prefix = line.words[1]
            break
    return f"{prefix.rstrip('_.-') or prefix}.log" if not prefix.endswith("/") else f"{prefix}meta.log"


def script_lines(path: str) -> Iterator[Line]:
    """Lines with a command.

    Raises
    ------
    InputError
        If the script cannot be read.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    for number, line in enumerate(text.splitlines(), 1):
        words = tuple(line.split())
        if words and not words[0].startswith("#"):
            yield Line(path, number, words)


def run_lines(path: str, state: MetalState, *, depth: int = 0) -> bool:
    """Run a script; false where it ended with QUIT."""
    for line in script_lines(path):
        name = command_of(line)
        if rest := left_over(name, line):
            if name == "PROCESSFILE":
                raise line.error("a command names one file", hint="a line for each")
            log.warning("%s: line %d: %r after %s is not looked at", path, line.number, rest, name)
        if name in ("ANALYZE", "ANALYSE"):
            wanted = len(line.words) > 1 and "HETEROGENEITY".startswith(line.words[1].upper())
            if len(line.words) > 1 and not wanted:
                raise line.error("expected HETEROGENEITY or nothing")
            analyse(state, line, heterogeneity=wanted)
        elif name == "CLEAR":
            state.clear()
        elif name == "REMOVEFILTERS":
            state.settings.filters.clear()
        elif name == "FLIP":
            state.settings.flip = not state.settings.flip
        elif name in ("QUIT", "EXIT"):
            return False
        elif name == "RETURN":
            return True
        elif name == "SOURCE":
            if depth >= _DEEPEST:
                raise line.error("scripts call each other without end")
            if not run_lines(line.words[1], state, depth=depth + 1):
                return False
        elif name == "PROCESSFILE":
            process(state, line)
        elif name != "HELP":
            apply(name, line, state.settings, in_progress=state.in_progress)
            if name == "GENOMICCONTROL" and state.settings.gc_list is not None:
                _name_listed(state, line)
    return True


def process(state: MetalState, line: Line) -> None:
    """``PROCESSFILE``."""
    path = line.words[1]
    try:
        file = MetalFile(path, state.settings, state.book)
    except InputError as error:
        raise line.error(error.message) from None
    with closing(file):
        for note in file.notes:
            log.warning("%s: %s", path, note)
        if file.missing:
            log.warning(
                "%s: NOT USED, as METAL would not: no column %s; columns found: %s", path,
                ", ".join(file.missing), ", ".join(file.layout.names),
            )  # fmt: skip
            return
        _check_alleles(state, file, line)
        if state.sums is None:
            state.sums = Sums(state.settings.by_stderr)
        for name in state.settings.custom:
            state.sums.custom.setdefault(name, np.zeros(len(state.markers)))
        done = process_file(file, state.markers, state.sums, state.settings)
    said = state.sums.add(done.figures, state.settings, _listed(state))
    state.files.append(path)
    state.done.append(done)
    _tell(path, file, done, said, state.settings)


def _check_alleles(state: MetalState, file: MetalFile, line: Line) -> None:
    """Effects of files without alleles cannot be turned to those of files with them."""
    named = "allele1" in file.places
    if state.with_alleles not in (None, named):
        has, others = ("", "do not") if named else ("no ", "have")
        raise line.error(
            f"has {has}columns of alleles, and files before {others}: their effects cannot be aligned",
            hint="ALLELELABELS names the columns",
        )
    state.with_alleles = named


def _tell(path: str, file: MetalFile, done: Processed, said: list[str], settings: MetalSettings) -> None:
    dropped = {
        **{f"by the filter {rule}": count for rule, count in file.filtered.items()},
        "with another number of fields than the header": 0 if not settings.strict else file.n_wrong_width,
        "with too few fields": file.n_short,
        **done.dropped,
    }
    rows_in = done.n_rows + sum(file.filtered.values()) + file.n_short
    rows_in += file.n_wrong_width if settings.strict else 0
    log_step(log, path, rows_in=rows_in, rows_out=done.figures.marker.size, dropped=dropped, unit="rows")
    for _, marker, why in done.rejected[: settings.max_warnings]:
        log.debug("%s: marker %s: %s", path, marker, why)
    for what, count in file.odd.items():
        sign = not settings.by_stderr and what.lower() == settings.effect.lower()
        taken = "taken to be positive" if sign else "the number that they begin with is taken, or 0"
        log.warning("%s: %s fields of %s are no numbers: as METAL does, %s", path, f"{count:,}", what, taken)
    if done.n_weightless:
        log.warning("%s: %s rows have no weight above 0 and add nothing", path, f"{done.n_weightless:,}")
    for text in said:
        log.info("%s: %s", path, text)


def analyse(state: MetalState, line: Line, *, heterogeneity: bool) -> None:
    """``ANALYZE``: write the table, its description, and the rows that were not used."""
    settings = state.settings
    target = Path(f"{settings.out_prefix}{settings.out_round}{settings.out_suffix}")
    info, rejected = Path(f"{target}.info"), Path(f"{target}.rejected.tsv.gz")
    settings.out_round += 1
    if not target.parent.is_dir():
        raise OutputError(f"{target}: the folder {target.parent} does not exist", hint="create it first")
    if not state.overwrite:
        refuse_existing([target, info], elsewhere="name another OUTFILE")
    if state.sums is None:
        raise line.error("no file was processed, so there is nothing to analyse")
    if heterogeneity and not all(file.two_alleles for file in state.sums.files):
        log.warning("Heterogeneity needs both alleles in all files: left out, as METAL does")
        heterogeneity = False
    with appear_together(target.parent) as aside:
        found = write_tbl(
            aside / target.name, state.markers, state.sums, state.book, settings, heterogeneity=heterogeneity
        )
        described = info_lines(
            str(target), state.files, settings, by_stderr=state.sums.by_stderr, heterogeneity=heterogeneity
        )
        (aside / info.name).write_text("\n".join(described) + "\n")
        _write_rejected(aside / rejected.name, state)
    state.outputs.append(target)
    log.info("%s: %s markers", target, f"{found.n_markers:,}")
    if found.n_below_weight:
        log.info("%s markers below MINWEIGHT %g left out", f"{found.n_below_weight:,}", settings.min_weight)
    if found.smallest[1]:
        log.info("Smallest P-value %s at %s", *found.smallest)


def _write_rejected(path: Path, state: MetalState) -> None:
    """FILE, LINE, SNPID, REASON of rows that were not used; as ``write_rejected``, without a frame."""
    with open(path, "wb") as raw, compressor(raw, ".gz") as stream:
        stream.write(b"FILE\tLINE\tSNPID\tREASON\n")
        for name, done in zip(state.files, state.done):
            lines = (f"{name}\t{line}\t{marker}\t{why}\n" for line, marker, why in sorted(done.rejected))
            stream.write("".join(lines).encode())


def _name_listed(state: MetalState, line: Line) -> None:
    """``GENOMICCONTROL LIST``: its markers get their numbers."""
    assert state.settings.gc_list is not None
    try:
        text = Path(state.settings.gc_list).read_text()
    except OSError as error:
        raise line.error(f"cannot be read: {error.strerror or error}") from None
    names = [name.strip() for name in text.splitlines() if name.strip()]
    if not names:
        raise line.error("the list is empty")
    found = texts_of_list([name.encode() for name in names], state.markers.keeper)
    state.markers.numbers(found, add=True)


def _listed(state: MetalState) -> np.ndarray | None:
    """Which markers genomic control is told from; None: all."""
    if not state.settings.genomic_control or state.settings.gc_list is None:
        return None
    names = [name.strip() for name in Path(state.settings.gc_list).read_text().splitlines() if name.strip()]
    numbers = state.markers.numbers(
        texts_of_list([name.encode() for name in names], state.markers.keeper), add=False
    )
    inside = np.zeros(len(state.markers), np.bool_)
    inside[numbers[numbers >= 0]] = True
    return inside
