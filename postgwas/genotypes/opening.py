"""One door for every genotype file: the kind is told by the name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes.alleles import Multiallelic
from postgwas.genotypes.genotypes import Genotypes
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    from postgwas.store.position import Region

log = get_logger("genotypes")

_VCF = (".vcf", ".vcf.gz", ".vcf.bgz", ".bcf")
_ENDINGS = (".pgen", ".bed", ".bgen", *_VCF)
_CHROMOSOMES = {n: (str(n),) for n in range(1, 23)} | {
    23: ("X", "23"),
    24: ("Y", "24"),
    25: ("MT", "M", "26"),
}
"""What may stand for @, by the chromosome's code."""


def open_genotypes(
    path: str | os.PathLike[str],
    *,
    dosage: bool = False,
    region: str | Sequence[str] | None = None,
    multiallelic: Multiallelic = "split",
    scratch: str | os.PathLike[str] | None = None,
) -> Genotypes:
    """Open PLINK 1, PLINK 2, VCF, BCF or BGEN genotypes.

    Parameters
    ----------
    path : path-like
        A .bed, .pgen, .vcf, .vcf.gz, .bcf or .bgen file, or such a file's name without ending: then a
        .pgen goes before others, with a warning. With
        ``@`` in it: the files of chromosomes 1 to 22, X, Y and MT that exist, as one.
    dosage : bool
        Dosages rather than hard calls (.pgen, .bgen, VCF's DS field); PLINK 1 has none.
    region : str or sequence of str, optional
        Only variants of these regions or chromosomes (``7:100-200``, ``chrX``; 1-based, both
        ends included; names in any style). Of an indexed VCF, BCF or BGEN file nothing else
        is read.
    multiallelic : {"split", "skip"}
        What becomes of variants with several ALT alleles (VCF, BCF, BGEN, .pgen): one variant for
        each, with ids ID:REF:ALT, in which the other ALTs count as not-A1; or left out.
    scratch : path-like, optional
        Folder for the temporary file that a VCF needs.

    Returns
    -------
    Genotypes
        Its A1, the allele that is counted, is PLINK 1's A1, and ALT elsewhere.

    Raises
    ------
    InputError
        If there are no such files, or they are damaged or do not belong together, or have
        none of the chromosomes.
    NoVariantsError
        If no variant lies in the regions.
    UsageError
        If several kinds have this name, or a region cannot be read.
    """
    regions = None if region is None else _regions(region)
    if "@" in os.fspath(path) and not Path(path).exists():
        return _of_chromosomes(
            os.fspath(path), dosage=dosage, regions=regions, multiallelic=multiallelic, scratch=scratch
        )
    return _open(
        _named(os.fspath(path)), dosage=dosage, regions=regions, multiallelic=multiallelic, scratch=scratch
    )


def _regions(region: str | Sequence[str]) -> list[Region]:
    from postgwas.genotypes.regions import regions_of

    return regions_of(region)


def _open(
    name: str,
    *,
    dosage: bool,
    regions: list[Region] | None,
    multiallelic: Multiallelic,
    scratch: str | os.PathLike[str] | None,
) -> Genotypes:
    if name.endswith(_VCF):
        from postgwas.genotypes.vcf import open_vcf

        return open_vcf(name, dosage=dosage, regions=regions, multiallelic=multiallelic, scratch=scratch)
    if name.endswith(".bgen"):
        from postgwas.genotypes.bgen import open_bgen

        return open_bgen(name, dosage=dosage, regions=regions, multiallelic=multiallelic)
    if name.endswith(".bed"):
        from postgwas.genotypes.plink1 import open_plink1

        if dosage:
            raise UsageError(f"{name}: PLINK 1 files hold no dosages", hint="without --dosage")
        whole = open_plink1(name)
    else:
        from postgwas.genotypes.plink2 import open_plink2

        whole = open_plink2(name, dosage=dosage, multiallelic=multiallelic)
    return whole if regions is None else _inside(whole, regions)


def _inside(genotypes: Genotypes, regions: list[Region]) -> Genotypes:
    from postgwas.genotypes.regions import in_regions, no_chromosome

    rows = np.flatnonzero(in_regions(genotypes.variants, regions))
    if not len(rows):
        present = genotypes.variants["CHR"].unique().to_list()
        if not any(region.chromosome in present for region in regions):
            contigs = genotypes.variants["CHROM"].unique(maintain_order=True).to_list()
            raise no_chromosome(genotypes.path, regions, contigs)
        raise NoVariantsError(f"{genotypes.path}: no variant lies in the region")
    return genotypes if len(rows) == genotypes.n_variants else genotypes.select(variants=rows)


def _of_chromosomes(
    pattern: str,
    *,
    dosage: bool,
    regions: list[Region] | None,
    multiallelic: Multiallelic,
    scratch: str | os.PathLike[str] | None,
) -> Genotypes:
    from postgwas.genotypes.joined import join_genotypes
    from postgwas.genotypes.regions import no_chromosome

    names = {code: [pattern.replace("@", text) for text in texts] for code, texts in _CHROMOSOMES.items()}
    found = {
        code: one
        for code, several in names.items()
        for one in several
        if any(Path(one + ending).is_file() for ending in ("", *_ENDINGS))
    }
    if not found:
        raise InputError(f"{pattern}: no genotypes found of any chromosome, such as {names[1][0]}")
    parts = []
    for code, name in found.items():
        here = None if regions is None else [one for one in regions if one.chromosome == code]
        if here is None or here:
            parts.append(
                _open(_named(name), dosage=dosage, regions=here, multiallelic=multiallelic, scratch=scratch)
            )
    if not parts:
        raise no_chromosome(pattern, regions or [], [_CHROMOSOMES[code][0] for code in found])
    return join_genotypes(parts, pattern)


def _named(name: str, *, tell: bool = True) -> str:
    if name.endswith(_ENDINGS):
        return name
    found = [name + ending for ending in _ENDINGS if Path(name + ending).is_file()]
    if not found:
        raise InputError(
            f"{name}: no genotypes found; expected the name or prefix of PLINK 1 (.bed), PLINK 2 (.pgen), "
            "VCF, BCF or BGEN"
        )
    if len(found) > 1 and found[0].endswith(".pgen"):
        if tell:
            log.warning("%s could be %s: %s is used", name, ", ".join(found), found[0])
    elif len(found) > 1:
        raise UsageError(f"{name} could be {', '.join(found)}", hint="give the whole name of one")
    return found[0]


def only_bed(path: str | os.PathLike[str]) -> str | None:
    """The .bed file that :func:`open_genotypes` opens; None where it opens another kind, or has a warning."""
    name = os.fspath(path)
    if name.endswith(_ENDINGS):
        return name if name.endswith(".bed") else None
    found = [ending for ending in _ENDINGS if Path(name + ending).is_file()]
    return name + ".bed" if found == [".bed"] and not Path(name).exists() else None


def reads_by_region(path: str | os.PathLike[str]) -> bool:
    """Whether a region spares reading: of VCF, BCF and BGEN, and of files of single chromosomes."""
    name = os.fspath(path)
    if "@" in name and not Path(name).exists():
        return True
    return _named(name, tell=False).endswith((*_VCF, ".bgen"))


def genotype_files(genotypes: Genotypes | str | os.PathLike[str]) -> list[str]:
    """The files behind genotypes, open ones or a name that could be opened: that and what belongs to it."""
    path = genotypes if isinstance(genotypes, str | os.PathLike) else genotypes.path
    path = os.fspath(path)
    if "@" not in path or Path(path).exists():
        names = [_named(path)]
    else:
        names = [path.replace("@", text) for texts in _CHROMOSOMES.values() for text in texts]
        names = [name + ending for name in names for ending in ("", *_ENDINGS)]
    beside = {".bed": (".bim", ".fam"), ".pgen": (".pvar", ".psam", ".bim", ".fam"), ".bgen": (".sample",)}
    found = []
    for name in names:
        stem, ending = os.path.splitext(name)
        others = [stem + one + packed for one in beside.get(ending, ()) for packed in ("", ".gz", ".zst")]
        found += [file for file in (name, *others) if Path(file).is_file()]
    return found
