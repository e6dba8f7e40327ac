"""Harmonise the rows of one chromosome: a task of the engine, from spilled rows to a finished part."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.sumstats.complete import derive_columns
from postgwas.sumstats.derive import p_from_mlog10p
from postgwas.sumstats.harmonise.consistency import ConsistencySummary, check_consistency
from postgwas.sumstats.harmonise.duplicates import duplicated, sort_variants
from postgwas.sumstats.harmonise.fasta import Fasta
from postgwas.sumstats.harmonise.frequency import FrequencySummary
from postgwas.sumstats.harmonise.lifting import LIFT_SCHEMA
from postgwas.sumstats.harmonise.outcomes import Outcome, Remark
from postgwas.sumstats.harmonise.picture import Picture, picture_of
from postgwas.sumstats.harmonise.reference import Reference
from postgwas.sumstats.harmonise.row_checks import row_outcomes, tidy_alleles
from postgwas.sumstats.harmonise.spill import NOWHERE, read_spilled
from postgwas.sumstats.harmonise.strand import AlleleRules, compare_rows
from postgwas.sumstats.table import CANONICAL, REJECTED_SCHEMA

PART_SCHEMA: dict[str, pl.DataType] = {
    **CANONICAL,
    "OUTCOME": pl.UInt8(),
    "REMARK": pl.UInt8(),
    "EFFECT_IS_ALT": pl.Boolean(),
    "SNPID_GIVEN": pl.String(),
    "REF_AF": pl.Float32(),
}
"""Columns of a finished part."""

STATISTICS = ("BETA", "SE", "Z", "P", "MLOG10P")


@dataclass(frozen=True, eq=False)
class ChromosomeTask:
    """What one chromosome's task needs; small enough to travel.

    Attributes
    ----------
    chromosome : int
        0 for rows without one.
    files, moved : tuple of str
        Spilled rows; those that a liftover brought from other chromosomes.
    lift : str, optional
        Where the spilled rows were lifted to.
    schema : mapping
        Columns of the spilled rows.
    columns : mapping
        Field -> column of the file.
    rules : AlleleRules
    reference : Reference, optional
    fasta : str, optional
    positions : bool
        Rows must have a position.
    by_id : bool
        Positions come from the reference, by SNPID.
    numbered : bool
        Alleles are 1, 2, 3, 4.
    effect_is_alt : bool, optional
        True where the file says that effects are of ALT.
    out : str
        The part to write (Arrow).
    """

    chromosome: int
    files: tuple[str, ...]
    moved: tuple[str, ...]
    lift: str | None
    schema: Mapping[str, pl.DataType]
    columns: Mapping[str, str]
    rules: AlleleRules
    reference: Reference | None
    fasta: str | None
    positions: bool
    by_id: bool
    numbered: bool
    effect_is_alt: bool | None
    out: str


@dataclass(frozen=True, eq=False)
class ChromosomeResult:
    """What became of one chromosome's rows.

    Attributes
    ----------
    chromosome : int
    part, rejected : str
        Arrow files: kept rows (:data:`PART_SCHEMA`); ROW, SNPID, OUTCOME of the others, by ROW.
    n_rows : int
        Rows that came in.
    outcomes : mapping of int to int
        Outcome code -> rows.
    remarks : mapping of int to int
        Bit of ``Remark`` -> kept rows.
    known : frozenset of str
        Columns with a value in some kept row.
    tiny : bool
        Some P is too small for a double to hold well.
    derived : tuple of str
    n_normalised : int
    frequencies : FrequencySummary
    consistency : ConsistencySummary
    picture : Picture
    """

    chromosome: int
    part: str
    rejected: str
    n_rows: int
    outcomes: Mapping[int, int]
    remarks: Mapping[int, int]
    known: frozenset[str]
    tiny: bool
    derived: tuple[str, ...]
    n_normalised: int
    frequencies: FrequencySummary
    consistency: ConsistencySummary
    picture: Picture


def harmonise_chromosome(task: ChromosomeTask) -> ChromosomeResult:
    """From spilled rows to a part on the forward strand, sorted, one row a variant."""
    frame, outcome = _gather(task)
    frame = tidy_alleles(frame, numbered=task.numbered)
    reverse = frame["REVERSE"] if "REVERSE" in frame.columns else None
    frame, mended = _without_empty_n(frame)
    frame, derived = derive_columns(frame, CANONICAL, task.columns)
    derived = [*mended, *derived]
    if reverse is not None and reverse.any():
        frame = frame.with_columns(reverse)
    known = frozenset(name for name in STATISTICS if name in task.schema)
    checked = row_outcomes(
        frame, positions=task.positions and not task.by_id, codes=task.reference is not None, given=known
    )
    outcome = np.where(checked != Outcome.PENDING, checked, outcome)
    usable = np.flatnonzero(outcome == Outcome.PENDING)
    rows = frame if usable.size == frame.height else frame[usable]
    if "BETA" in task.schema:
        rows = rows.with_columns(rows["BETA"].alias(_BETA_GIVEN))
    compared = compare_rows(
        rows,
        rules=task.rules,
        reference=task.reference.frame(task.chromosome) if task.reference is not None else None,
        ref_known=task.reference.ref_known if task.reference is not None else True,
        sequence=_sequence(task.fasta, task.chromosome),
        by_id=task.by_id,
        effect_is_alt=task.effect_is_alt,
    )
    outcome[usable] = compared.outcome
    kept = compared.frame
    if task.chromosome != NOWHERE:
        kept = sort_variants(kept)
        twice = duplicated(kept)
        if twice.any():
            # Rows are found again by their lines, which are sorted within neither frame.
            lines = kept.filter(twice)["ROW"]
            outcome[frame["ROW"].is_in(lines.implode()).to_numpy()] = Outcome.DUPLICATE
            kept = kept.filter(~twice)
    kept, consistency = _with_consistency(kept, task.schema)
    kept = _without_zero_p(kept)
    kept = _as_part(kept, task.chromosome)
    kept.write_ipc(task.out)
    rejected = f"{task.out}.rejected"
    _write_rejected(frame, outcome, rejected)
    codes, counts = np.unique(outcome, return_counts=True)
    return ChromosomeResult(
        chromosome=task.chromosome,
        part=task.out,
        rejected=rejected,
        n_rows=frame.height,
        outcomes={int(c): int(k) for c, k in zip(codes, counts)},
        remarks=_count_remarks(kept["REMARK"].to_numpy()),
        known=frozenset(name for name in PART_SCHEMA if kept[name].null_count() < kept.height),
        tiny=bool((kept["P"] < 1e-307).any()),
        derived=tuple(derived),
        n_normalised=compared.n_normalised,
        frequencies=compared.frequencies,
        consistency=consistency,
        picture=picture_of(kept),
    )


def _gather(task: ChromosomeTask) -> tuple[pl.DataFrame, npt.NDArray[np.uint8]]:
    """All rows of the chromosome, and what the liftover said of them."""
    own = read_spilled(task.files, task.schema)
    if task.lift is None:
        return own, np.zeros(own.height, dtype=np.uint8)
    with open(task.lift, "rb") as stream:
        lifted = pl.read_ipc(stream)
    lost = lifted["OUTCOME"] != Outcome.PENDING
    own = own.with_columns(
        pl.when(lost).then(own["POS"]).otherwise(lifted["POS"]).alias("POS"), lifted["REVERSE"]
    )
    stays = lost | (lifted["CHR"] == task.chromosome)
    outcome = lifted["OUTCOME"].filter(stays).to_numpy().copy()
    own = own.filter(stays)
    if not task.moved:
        return own, outcome
    came = read_spilled(task.moved, {**task.schema, "REVERSE": LIFT_SCHEMA["REVERSE"]})
    return pl.concat([own, came]), np.concatenate([outcome, np.zeros(came.height, dtype=np.uint8)])


def _without_empty_n(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """N of 0 or less is none; says so."""
    if "N" not in frame.columns or not (frame["N"] <= 0).any():
        return frame, []
    return frame.with_columns(N=pl.when(pl.col("N") > 0).then("N")), ["N of 0 or less is read as missing"]


def _with_consistency(
    frame: pl.DataFrame, schema: Mapping[str, pl.DataType]
) -> tuple[pl.DataFrame, ConsistencySummary]:
    """Flag rows whose P or Z disagrees, with BETA as the file has it: not its negative.

    An odds ratio taken for BETA, and the SE of one, are not known again with their sign changed.
    """
    if not {"BETA", "SE"} <= set(schema):
        return frame, ConsistencySummary()

    def read(name: str) -> npt.NDArray[np.float64] | None:
        return frame[name].fill_null(np.nan).to_numpy() if name in schema else None

    beta, se, z = frame[_BETA_GIVEN].fill_null(np.nan).to_numpy(), read("SE"), read("Z")
    assert se is not None
    if z is not None:
        turned = read("BETA")
        assert turned is not None
        z = np.where(turned == -beta, -z, z)
    found = check_consistency(beta, se, z=z, p=read("P"), mlog10p=_size_of_p(frame, schema), n=read("N"))
    remark = frame["REMARK"].to_numpy().copy()
    remark[found.p_differs] |= np.uint8(Remark.P_DISAGREES)
    remark[found.z_differs] |= np.uint8(Remark.Z_DISAGREES)
    return frame.with_columns(pl.Series("REMARK", remark)), found.summary


def _size_of_p(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> npt.NDArray[np.float64] | None:
    """-log10 P as read: a column of the file, or the text of P-values that a double cannot hold."""
    if "MLOG10P" in schema:
        return frame["MLOG10P"].fill_null(np.nan).to_numpy()
    if "MLOG10P_TEXT" not in schema:
        return None
    size = frame["MLOG10P"].fill_null(np.nan).to_numpy()
    # Text is looked at below 1e-300 only: a larger P in place of 0 was made of the Z that it is held against.
    return np.where((frame["P"].fill_null(np.nan).to_numpy() == 0) & (size < 300), np.nan, size)


def _without_zero_p(frame: pl.DataFrame) -> pl.DataFrame:
    """P printed as 0 has the size that -log10 P says, where a double can hold it."""
    if not {"P", "MLOG10P"} <= set(frame.columns) or not (frame["P"] == 0).any():
        return frame
    lost = (pl.col("P") == 0) & pl.col("MLOG10P").is_not_null()
    size = pl.Series(p_from_mlog10p(frame["MLOG10P"].fill_null(np.nan).to_numpy())).fill_nan(None)
    return frame.with_columns(P=pl.when(lost).then(size).otherwise("P"))


def _as_part(frame: pl.DataFrame, chromosome: int) -> pl.DataFrame:
    code = pl.lit(chromosome if chromosome != NOWHERE else None, pl.Int8).alias("CHR")
    return frame.select(
        code
        if name == "CHR"
        else pl.col(name).cast(kind)
        if name in frame.columns
        else pl.lit(None, kind).alias(name)
        for name, kind in PART_SCHEMA.items()
    )


def _write_rejected(frame: pl.DataFrame, outcome: npt.NDArray[np.uint8], path: str) -> None:
    lost = np.flatnonzero(~np.isin(outcome, _KEPT))
    part = frame[lost]
    ids = part["SNPID"] if "SNPID" in part.columns else pl.lit(None, pl.String).alias("SNPID")
    part.select(pl.col("ROW").cast(REJECTED_SCHEMA["ROW"]), ids, pl.Series("OUTCOME", outcome[lost])).sort(
        "ROW"
    ).write_ipc(path)


def _count_remarks(remarks: npt.NDArray[np.uint8]) -> dict[int, int]:
    counts = np.bincount(remarks, minlength=256)
    codes = np.arange(256)
    return {int(bit): int(counts[(codes & int(bit)) != 0].sum()) for bit in Remark if bit}


@functools.lru_cache(maxsize=1)
def _fasta(path: str) -> Fasta:
    return Fasta(path)


def _sequence(path: str | None, chromosome: int) -> npt.NDArray[np.uint8] | None:
    if path is None or chromosome == NOWHERE:
        return None
    fasta = _fasta(path)
    if chromosome not in fasta.chromosomes:
        return np.empty(0, dtype=np.uint8)
    return fasta.sequence(chromosome)


_BETA_GIVEN = "BETA_GIVEN"
"""BETA before any allele was exchanged."""

_KEPT = np.array([outcome for outcome in Outcome if outcome.kept], dtype=np.uint8)
