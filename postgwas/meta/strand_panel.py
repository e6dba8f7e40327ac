"""Frequencies of a reference for ``--palindromic infer --reference``, cut by place as the studies are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.errors import InputError, UsageError
from postgwas.meta.allele_pairs import letter_pairs
from postgwas.meta.spool import partition_of
from postgwas.runlog import get_logger
from postgwas.sumstats.munge.filters import allele_codes

if TYPE_CHECKING:
    from postgwas.meta.read_study import ReadStudy
    from postgwas.meta.settings import MetaSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
log = get_logger("meta")


def panel_file(folder: Path, partition: int) -> Path:
    """Where the reference's frequencies of a partition are."""
    return folder / f"panel.{partition}.npz"


def spool_panel(
    chosen: MetaSettings, read: Sequence[ReadStudy], folder: Path, partitions: Collection[int]
) -> None:
    """Write the reference's SNPs of these partitions: position, pair, frequency of the pair's first allele.

    Raises
    ------
    UsageError, InputError
        If it has no frequencies or is of another build than the studies.
    """
    from postgwas.sumstats.harmonise.reference import open_reference

    assert chosen.reference is not None
    panel = open_reference(chosen.reference, af_field=chosen.af_field)
    for line in panel.warnings:
        log.warning("%s", line)
    if not panel.has_af:
        raise UsageError(
            f"--reference {chosen.reference} has no frequencies to infer strands from", hint="--af_field NAME"
        )
    builds = {chosen.target_build} if chosen.target_build else {study.build.build for study in read}
    known = sorted(str(one) for one in builds - {None, panel.build})
    if known and panel.build is not None and not chosen.any_build:
        raise InputError(
            f"--reference {chosen.reference} is on {panel.build}, the studies are on {' and '.join(known)}",
            hint=f"--target_build {panel.build} --chain FILE lifts the studies",
        )
    for chr in sorted({one >> 8 for one in partitions}):
        frame = panel.frame(chr)
        if not frame.height:
            continue
        pairs = letter_pairs(allele_codes(frame["ALT"]), allele_codes(frame["REF"]))
        pos, af = frame["POS"].to_numpy(), frame["AF"].cast(float).fill_null(np.nan).to_numpy()
        af = np.where(pairs.sign < 0, 1.0 - af, af)
        part = partition_of(np.full(pos.size, chr, np.int8), pos.astype(np.int32), None)
        good = (pairs.key > 0) & np.isfinite(af)
        for one in np.unique(part[good]).tolist():
            if one in partitions:
                rows = np.flatnonzero(good & (part == one))
                np.savez(panel_file(folder, one), pos=pos[rows], key=pairs.key[rows], af=af[rows])


def panel_frequencies(folder: Path, partition: int, pos: Ints, key: Ints) -> Floats:
    """The reference's frequencies of the first alleles of SNPs; NaN where it has none, or two."""
    found = np.full(pos.size, np.nan)
    path = panel_file(folder, partition)
    if not path.exists():
        return found
    with np.load(path) as panel:
        theirs = (panel["pos"].astype(np.int64) << 4) | panel["key"].astype(np.int64)
        af = panel["af"]
    theirs, first, count = np.unique(theirs, return_index=True, return_counts=True)
    mine = (pos << 4) | key
    at = np.minimum(np.searchsorted(theirs, mine), theirs.size - 1)
    same = (theirs[at] == mine) & (count[at] == 1) & (key < 16)
    return np.where(same, af[first[at]], np.nan)
