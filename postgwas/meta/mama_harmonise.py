"""Populations and LD scores brought to the same SNPs and the same effect allele."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import NoVariantsError

if TYPE_CHECKING:
    import polars as pl

Bools = NDArray[np.bool_]

#: Codes such that the complement of c is 3 - c.
_CODES = {"A": 0, "C": 1, "G": 2, "T": 3}


@dataclass(frozen=True)
class Harmonised:
    """The same SNPs in all populations, sorted by id, effects of the first one's A1.

    Attributes
    ----------
    frames : list of polars.DataFrame
        One a population.
    scores : polars.DataFrame
        LD scores.
    n_common : int
        SNPs in all sources before alleles were compared.
    n_flipped : list of int
        SNPs of each population whose effect was turned round.
    mismatched : list of polars.DataFrame
        ROW, SNPID, REASON of each population's SNPs whose alleles are not those of the first.
    n_mismatched : int
    n_palindromic_turned : int
        A/T and C/G SNPs whose alleles stand the other way round in another population.
    n_moved : int
        SNPs at other positions in the LD scores than in the first population.
    """

    frames: list[pl.DataFrame]
    scores: pl.DataFrame
    n_common: int
    n_flipped: list[int]
    mismatched: list[pl.DataFrame]
    n_mismatched: int
    n_palindromic_turned: int
    n_moved: int


def harmonise(
    frames: Sequence[pl.DataFrame],
    names: Sequence[str],
    scores: pl.DataFrame,
    *,
    snp_list: pl.Series | None = None,
    mama_compat: bool = False,
) -> Harmonised:
    """Bring populations and LD scores to the same SNPs and alleles.

    Alleles match as they are, or, but for A/T and C/G, on the other strand.

    Parameters
    ----------
    frames : sequence of polars.DataFrame
        SNP (each once), A1, A2, BETA, FREQ and more.
    names : sequence of str
        Of the populations, for messages.
    scores : polars.DataFrame
        SNP (each once), scores, BP perhaps.
    snp_list : polars.Series, optional
        Ids to keep.
    mama_compat : bool
        Turn every A/T and C/G SNP round in every population, as mama.py does: those whose
        alleles stand the other way round in one of them keep opposite signs.

    Raises
    ------
    NoVariantsError
        If nothing is in all sources.
    """
    import polars as pl

    common = scores.select("SNP")
    for frame in frames:
        common = common.join(frame.select("SNP"), on="SNP", how="semi")
    if snp_list is not None:
        common = common.filter(pl.col("SNP").is_in(snp_list.implode()))
    common = common.sort("SNP")
    if not common.height:
        raise NoVariantsError(_nothing_shared(frames, names, scores, snp_list))
    aligned = [common.join(frame, on="SNP", how="left", maintain_order="left") for frame in frames]
    kept_scores = common.join(scores, on="SNP", how="left", maintain_order="left")
    alleles = [_alleles(frame) for frame in aligned]
    matches = [_match(one, alleles[0], mama_compat=mama_compat) for one in alleles]
    keep = np.logical_and.reduce([fits for fits, _ in matches])
    palindromic = alleles[0][0] == 3 - alleles[0][1]
    turned = np.logical_or.reduce([one[0] != alleles[0][0] for one in alleles]) & palindromic & keep
    moved = 0
    if "BP" in scores.columns:
        moved = int((kept_scores["BP"] != aligned[0]["BP"]).fill_null(False).sum())
    mask = pl.Series(keep)
    bad = [
        frame.filter(pl.Series(~fits)).select(
            "ROW", pl.col("SNP").alias("SNPID"), pl.lit("alleles_differ").alias("REASON")
        )
        for frame, (fits, _) in zip(aligned, matches)
    ]  # fmt: skip
    return Harmonised(
        frames=[
            _turned(frame, flip).filter(mask) for frame, (_, flip) in zip(aligned, matches)
        ],
        scores=kept_scores.filter(mask),
        n_common=common.height,
        n_flipped=[int((flip & keep).sum()) for _, flip in matches],
        mismatched=bad,
        n_mismatched=int((~keep).sum()),
        n_palindromic_turned=int(turned.sum()),
        n_moved=moved,
    )  # fmt: skip


def _alleles(frame: pl.DataFrame) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    import polars as pl

    one, two = (frame[name].replace_strict(_CODES, return_dtype=pl.Int8).to_numpy() for name in ("A1", "A2"))
    return one, two


def _match(
    alleles: tuple[NDArray[np.int8], NDArray[np.int8]],
    reference: tuple[NDArray[np.int8], NDArray[np.int8]],
    *,
    mama_compat: bool,
) -> tuple[Bools, Bools]:
    """Whether alleles are the reference's, and whether the other way round."""
    (a1, a2), (r1, r2) = alleles, reference
    same, turned = (a1 == r1) & (a2 == r2), (a1 == r2) & (a2 == r1)
    strand_same = (a1 == 3 - r1) & (a2 == 3 - r2)
    strand_turned = (a1 == 3 - r2) & (a2 == 3 - r1)
    fits = same | turned | strand_same | strand_turned
    flip = turned | strand_turned
    if not mama_compat:
        flip &= ~same
    return fits, flip


def _turned(frame: pl.DataFrame, flip: Bools) -> pl.DataFrame:
    import polars as pl

    if not flip.any():
        return frame
    where = pl.lit(pl.Series(flip))
    return frame.with_columns(
        pl.when(where).then(pl.col("A2")).otherwise(pl.col("A1")).alias("A1"),
        pl.when(where).then(pl.col("A1")).otherwise(pl.col("A2")).alias("A2"),
        pl.when(where).then(-pl.col("BETA")).otherwise(pl.col("BETA")).alias("BETA"),
        pl.when(where).then(1 - pl.col("FREQ")).otherwise(pl.col("FREQ")).alias("FREQ"),
    )


def _nothing_shared(
    frames: Sequence[pl.DataFrame], names: Sequence[str], scores: pl.DataFrame, snp_list: pl.Series | None
) -> str:
    """What the ids look like where no source shares any."""
    sources = [(name, frame["SNP"]) for name, frame in zip(names, frames)]
    sources.append(("LD scores", scores["SNP"]))
    if snp_list is not None:
        sources.append(("SNP list", snp_list))
    shown = "; ".join(f"{name}: {len(ids):,}, such as {ids[0] if len(ids) else '-'}" for name, ids in sources)
    return f"no SNP id is in all sources ({shown}); expected the same ids everywhere"
