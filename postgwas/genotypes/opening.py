"""One door for every genotype file: the kind is told by the name."""

from __future__ import annotations

import os
from pathlib import Path

from postgwas.errors import InputError, UsageError
from postgwas.genotypes.genotypes import Genotypes

_VCF = (".vcf", ".vcf.gz", ".vcf.bgz", ".bcf")
_ENDINGS = (".bed", ".pgen", *_VCF)
_CHROMOSOMES = (*range(1, 23), "X")


def open_genotypes(
    path: str | os.PathLike[str], *, dosage: bool = False, scratch: str | os.PathLike[str] | None = None
) -> Genotypes:
    """Open PLINK 1, PLINK 2, VCF or BCF genotypes.

    Parameters
    ----------
    path : path-like
        A .bed, .pgen, .vcf, .vcf.gz or .bcf file, or such a file's name without ending. With
        ``@`` in it: the files of chromosomes 1 to 22 and X that exist, as one.
    dosage : bool
        Dosages rather than hard calls (.pgen, VCF's DS field); PLINK 1 has none.
    scratch : path-like, optional
        Folder for the temporary file that a VCF needs.

    Returns
    -------
    Genotypes
        Its A1, the allele that is counted, is PLINK 1's A1, and ALT elsewhere.

    Raises
    ------
    InputError
        If there are no such files, or they are damaged or do not belong together.
    UsageError
        If several kinds have this name.
    """
    if "@" in os.fspath(path) and not Path(path).exists():
        return _of_chromosomes(os.fspath(path), dosage=dosage, scratch=scratch)
    name = _named(os.fspath(path))
    if name.endswith(".bed"):
        from postgwas.genotypes.plink1 import open_plink1

        if dosage:
            raise UsageError(f"{name}: PLINK 1 files hold no dosages")
        return open_plink1(name)
    if name.endswith(".pgen"):
        from postgwas.genotypes.plink2 import open_plink2

        return open_plink2(name, dosage=dosage)
    from postgwas.genotypes.vcf import open_vcf

    return open_vcf(name, dosage=dosage, scratch=scratch)


def _of_chromosomes(pattern: str, *, dosage: bool, scratch: str | os.PathLike[str] | None) -> Genotypes:
    from postgwas.genotypes.joined import join_genotypes

    names = [pattern.replace("@", str(chromosome)) for chromosome in _CHROMOSOMES]
    found = [name for name in names if any(Path(name + ending).is_file() for ending in ("", *_ENDINGS))]
    if not found:
        raise InputError(f"{pattern}: no genotypes found of any chromosome, such as {names[0]}")
    parts = [open_genotypes(name, dosage=dosage, scratch=scratch) for name in found]
    return join_genotypes(parts, pattern)


def _named(name: str) -> str:
    if name.endswith(_ENDINGS):
        return name
    found = [name + ending for ending in _ENDINGS if Path(name + ending).is_file()]
    if not found:
        raise InputError(
            f"{name}: no genotypes found; expected the name or prefix of PLINK 1 (.bed), PLINK 2 (.pgen), "
            "VCF or BCF"
        )
    if len(found) > 1:
        raise UsageError(f"{name} could be {', '.join(found)}", hint="give the whole name of one")
    return found[0]
