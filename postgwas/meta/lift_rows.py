"""Studies of another build carried over to the target's, as they are read."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from postgwas.errors import InputError
from postgwas.meta.allele_pairs import FIRST_TEXT, PALINDROMIC
from postgwas.meta.known_places import BuildCounter
from postgwas.meta.studies import StudySpec
from postgwas.meta.study_rows import RowReader, Rows
from postgwas.runlog import get_logger
from postgwas.sumstats.harmonise.build import BuildCall
from postgwas.sumstats.harmonise.chain import LIFT_OK, Chain
from postgwas.sumstats.harmonise.chain_file import check_direction, read_chain
from postgwas.sumstats.stream import iter_sumstats

log = get_logger("meta")

LOST = -1
"""Chromosome of rows that could not be lifted."""
_ENOUGH = 200
"""Known SNPs after which a file is read no further to tell its build."""


def plan_lifts(
    studies: Sequence[StudySpec], target: str, chain: str | None, folder: Path
) -> list[str | None]:
    """For each study the pickled chain that lifts it, None where it is on the target build already.

    Raises
    ------
    InputError
        A study's build cannot be told, no chain is given for one that needs it, or it goes another way.
    """
    made: str | None = None
    plans: list[str | None] = []
    for study in studies:
        call = build_of(study)
        if call.build is None:
            raise InputError(
                f"{study.path}: its build cannot be told: {call.reason}",
                hint="postgwas harmonise --build says it, and writes the file on the target build",
            )
        if call.build == target:
            plans.append(None)
            continue
        if chain is None:
            raise InputError(
                f"{study.path}: is on {call.build}, not on {target}: {call.reason}",
                hint="--chain FILE lifts it",
            )
        if made is None:
            read = read_chain(chain)
            check_direction(read, source=call.build, target=target)
            path = folder / "chain.pickle"
            path.write_bytes(pickle.dumps(read, protocol=5))
            made = str(path)
        log.info("%s: lifted from %s to %s: %s", study.name, call.build, target, call.reason)
        plans.append(made)
    return plans


def build_of(study: StudySpec) -> BuildCall:
    """The build that a study's first rows tell."""
    votes = BuildCounter(sample=False)
    with iter_sumstats(
        study.path, columns=study.columns or None, header=study.header,
        wanted=["SNPID", "CHR", "POS", "EA", "NEA"],
        require=("CHR", "POS"),
    ) as stream:  # fmt: skip
        for rows in RowReader(stream):
            votes.add(rows.snpid, rows.chr, rows.pos)
            call = votes.call()
            if call.n_known >= _ENOUGH:
                return call
    return votes.call()


def row_lifter(path: str) -> Callable[[Rows], Rows]:
    """A function that lifts rows by a pickled chain.

    Rows that no one block carries get the chromosome :data:`LOST`; so do indels, A/T and C/G of blocks that
    are reversed, whose alleles on the other strand cannot be told from what is written.
    """
    chain = pickle.loads(Path(path).read_bytes())
    assert isinstance(chain, Chain)

    def lift(rows: Rows) -> Rows:
        lifted = chain.lift(rows.chr, rows.pos)
        lost = lifted.status != LIFT_OK
        turned = lifted.reverse & ~lost
        lost |= turned & ((rows.pairs.key >= FIRST_TEXT) | np.isin(rows.pairs.key, PALINDROMIC))
        known = (rows.chr > 0) & (rows.pos > 0)
        strand = rows.pairs.other_strand ^ (turned & ~lost)
        return replace(
            rows,
            chr=np.where(known, np.where(lost, LOST, lifted.chr), rows.chr).astype(np.int8),
            pos=np.where(lost, 0, lifted.pos).astype(np.int32),
            pairs=replace(rows.pairs, other_strand=strand),
        )

    return lift
