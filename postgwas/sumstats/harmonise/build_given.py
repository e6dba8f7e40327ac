"""Tell a file's build by the reference or sequence, where no known SNP does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from postgwas.sumstats.harmonise.build import (
    MIN_COMPARED,
    MIN_KNOWN,
    BuildCall,
    BuildVotes,
    votes_from_reference,
)
from postgwas.sumstats.harmonise.candidates import fit_snvs, pair_up, variants_of
from postgwas.sumstats.harmonise.fasta import Fasta
from postgwas.sumstats.harmonise.reading import Spilled
from postgwas.sumstats.harmonise.reference import Reference
from postgwas.sumstats.harmonise.row_alleles import SNV, row_alleles
from postgwas.sumstats.harmonise.row_checks import tidy_alleles
from postgwas.sumstats.harmonise.spill import NOWHERE, read_spilled

MIN_FOUND = 0.5
"""Least share of SNVs that a reference of their build must have: of another build it has those
that meet by chance, under 0.15 even of a reference with a variant at each fourth base."""


def call_by_given(
    spilled: Spilled, *, reference: Reference | None, fasta: str | None, build: str | None
) -> BuildCall:
    """The build, from known SNPs or, where these are too few, from what the run was given.

    Parameters
    ----------
    spilled : Spilled
        All rows are compared, so that their order changes nothing.
    reference : Reference, optional
        Asked first: position and both alleles must be one of its variants.
    fasta : str, optional
        One of the alleles must be the sequence's, on its strand.
    build : str, optional
        Build of the reference and the sequence.

    Returns
    -------
    BuildCall
        `build`, or none: that rows do not fit it tells no other.
    """
    call = spilled.call
    if build is None or call.build is not None or call.n_known >= MIN_KNOWN or not spilled.has_positions:
        return call
    reasons = [call.reason]
    if reference is not None:
        found, compared = _in_reference(spilled, reference)
        reasons.append(f"of {compared:,} SNVs {found:,} are variants of the {build} reference")
        if compared >= MIN_COMPARED and found >= MIN_FOUND * compared:
            return replace(call, build=build, reason="; ".join(reasons))
    if fasta is not None:
        votes = BuildVotes()
        votes.add_reference(build, *_in_sequence(spilled, Fasta(fasta)))
        by_sequence = votes.call()
        reasons.append(by_sequence.reason)
        if by_sequence.build is not None:
            return replace(call, build=by_sequence.build, reason="; ".join(reasons))
    return replace(call, reason="; ".join(reasons))


def _rows(spilled: Spilled, chromosome: int) -> pl.DataFrame:
    schema = {name: spilled.schema[name] for name in ("POS", "EA", "NEA")}
    return tidy_alleles(read_spilled(spilled.files[chromosome], schema), numbered=spilled.numbered)


def _in_reference(spilled: Spilled, reference: Reference) -> tuple[int, int]:
    found = compared = 0
    for chromosome in sorted(set(spilled.files) & set(reference.chromosomes) - {NOWHERE}):
        frame = _rows(spilled, chromosome)
        alleles = row_alleles(frame["POS"], frame["EA"], frame["NEA"])
        rows = np.flatnonzero((alleles.kind == SNV) & (alleles.pos > 0))
        variants = variants_of(reference.frame(chromosome))
        pairs, _ = pair_up(alleles.pos[rows], rows, variants)
        fits = fit_snvs(pairs, alleles, variants) > 0
        found += int(np.unique(pairs.row[fits]).size)
        compared += int(rows.size)
    return found, compared


def _in_sequence(spilled: Spilled, fasta: Fasta) -> tuple[int, int]:
    fits = compared = 0
    for chromosome in sorted(set(spilled.files) & set(fasta.chromosomes) - {NOWHERE}):
        frame = _rows(spilled, chromosome)
        more, of = votes_from_reference(frame["POS"], frame["EA"], frame["NEA"], fasta.sequence(chromosome))
        fits, compared = fits + more, compared + of
    return fits, compared
