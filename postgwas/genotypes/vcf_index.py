"""The index of a VCF or BCF file: whether there is a usable one, and where regions lie in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postgwas.errors import InputError
from postgwas.genotypes.regions import no_chromosome
from postgwas.runlog import get_logger
from postgwas.store.position import Region

log = get_logger("genotypes")

_LAST = 2**31 - 2
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


@dataclass(frozen=True)
class Stretch:
    """A region by the name that the file has for its chromosome; both ends included."""

    contig: str
    start: int
    stop: int

    def __str__(self) -> str:
        return f"{self.contig}:{self.start}-{self.stop}"


def usable_index(path: str) -> bool:
    """Whether regions can be read by an index; a warning names why not."""
    found = [path + ending for ending in (".tbi", ".csi") if Path(path + ending).is_file()]
    make = f"bcftools index{'' if path.endswith('.bcf') else ' -t'} {Path(path).name}"
    if not found:
        log.warning("%s: no index (.tbi or .csi): the whole file is read for the region; %s", path, make)
        return False
    if os.path.getmtime(found[0]) < os.path.getmtime(path):
        log.warning("%s: older than its file and not used: the whole file is read; %s -f", found[0], make)
        return False
    return True


def tabix_file(name: str) -> Any:
    """The file open for regions.

    Raises
    ------
    InputError
        If its index is damaged.
    """
    import pysam

    verbosity = pysam.set_verbosity(0)  # htslib writes its own lines to stderr
    try:
        return pysam.TabixFile(name, encoding="utf-8")
    except Exception as error:
        raise InputError(
            f"{name}: its index cannot be read ({error})", hint="make it again: bcftools index -f"
        ) from None
    finally:
        pysam.set_verbosity(verbosity)


def stretches(path: str, regions: Sequence[Region], contigs: Sequence[str]) -> list[Stretch]:
    """Regions under the file's names, in its order, those that overlap as one.

    Raises
    ------
    InputError
        If the file has none of the chromosomes.
    """
    from postgwas.sumstats.values import chromosome_code

    found = []
    for contig in contigs:
        code = chromosome_code(contig)
        here = sorted(
            (r.start, r.stop or _LAST) for r in regions if r.chromosome == (25 if code == 26 else code)
        )
        merged: list[tuple[int, int]] = []
        for start, stop in here:
            if merged and start <= merged[-1][1] + 1:
                merged[-1] = merged[-1][0], max(stop, merged[-1][1])
            else:
                merged.append((max(start, 1), stop))
        found += [Stretch(contig, *one) for one in merged]
    if not found:
        raise no_chromosome(path, regions, contigs)
    return found


def refuse_truncated(name: str) -> None:
    """Cut at a block's border, a bgzip file looks complete to htslib.

    Raises
    ------
    InputError
        If the file is missing, empty or lacks bgzip's last block.
    """
    try:
        with open(name, "rb") as file:
            first = file.read(18)
            size = file.seek(0, os.SEEK_END)
            file.seek(-min(28, size), os.SEEK_END)
            tail = file.read()
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None
    if not first:
        raise InputError(f"{name}: the file is empty")
    if first[:2] == b"\x1f\x8b" and first[12:14] == b"BC" and tail != _BGZF_END:
        raise InputError(
            f"{name}: truncated: the bgzip file lacks its end-of-file block", hint="copy or download it again"
        )
