"""Writes VCF and BCF files from text, with or without an index, and reads them naively."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pysam
import pysam.bcftools
from numpy.typing import NDArray

HEADER = """##fileformat=VCFv4.2
##contig=<ID=chr1>
##contig=<ID=chr2>
##contig=<ID=chrX>
##ALT=<ID=DEL,Description="Deletion">
##ALT=<ID=NON_REF,Description="Any other allele">
##INFO=<ID=END,Number=1,Type=Integer,Description="End">
##FILTER=<ID=q,Description="Some">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">
"""
ALTS = ("C", "C,G", "C,*", "<DEL>", "AT,C,G", "<NON_REF>", ".")


def vcf_text(rows: Sequence[str], n_samples: int) -> str:
    names = [f"I{i}" for i in range(n_samples)]
    columns = "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *names])
    return HEADER + columns + "\n" + "".join(row.replace(" ", "\t") + "\n" for row in rows)


def random_rows(seed: int, n_records: int, n_samples: int, *, odd: bool = True) -> list[str]:
    """Records in order, some with several ALTs, haploid, half-missing or phased calls, further fields."""
    rng = np.random.default_rng(seed)
    places = sorted(
        (str(rng.choice(["chr1", "chr2", "chrX"])), int(rng.integers(1, 5000))) for _ in range(n_records)
    )
    rows = []
    for number, (contig, position) in enumerate(places):
        alt = str(rng.choice(ALTS)) if odd and rng.random() < 0.4 else "C"
        n_alleles = 1 if alt == "." else 2 + alt.count(",")
        further = odd and rng.random() < 0.3
        calls = []
        for _ in range(n_samples):
            alleles = ["." if rng.random() < 0.03 else str(rng.integers(n_alleles)) for _ in range(2)]
            call = str(rng.choice(["/", "|"])).join(alleles[: 1 if odd and rng.random() < 0.05 else 2])
            calls.append(f"{call}:{','.join(['0.5'] * max(n_alleles - 1, 1))}" if further else call)
        name = "." if rng.random() < 0.2 else f"rs{number}"
        format_ = "GT:DS" if further else "GT"
        rows.append(f"{contig} {position} {name} A {alt} . PASS . {format_} {' '.join(calls)}")
    return rows


def naive(rows: Sequence[str]) -> tuple[list[tuple[str, int, str, str, str]], NDArray[np.int8]]:
    """(contig, position, id, ALT, REF) and calls of every ALT that is an allele, one call at a time."""
    sites, calls = [], []
    for row in rows:
        contig, position, name, ref, alts, *_, samples = [*row.split(" ")[:5], row.split(" ")[9:]]
        real = [
            (number, alt)
            for number, alt in enumerate(alts.split(","), start=1)
            if alt not in (".", "*", "<NON_REF>")
        ]
        for number, alt in real:
            if name == ".":
                shown = f"{contig}:{position}:{ref}:{alt}"
            else:
                shown = f"{name}:{ref}:{alt}" if len(real) > 1 else name
            sites.append((contig, int(position), shown, alt, ref))
            copies = []
            for sample in samples:
                alleles = re.split(r"[/|]", sample.split(":")[0])
                two = alleles * 2 if len(alleles) == 1 else alleles
                copies.append(-9 if "." in two else two.count(str(number)))
            calls.append(copies)
    return sites, np.array(calls, np.int8)


def compressed(path: Path, *, index: bool = True) -> Path:
    """The VCF as bgzip, with its .tbi."""
    target = Path(f"{path}.gz")
    pysam.tabix_compress(str(path), str(target), force=True)
    if index:
        pysam.tabix_index(str(target), preset="vcf", force=True)
    return target


def binary(path: Path, *, index: bool = True) -> Path:
    """The VCF as BCF, with its .csi."""
    target = path.with_suffix(".bcf")
    with pysam.VariantFile(str(path)) as source, pysam.VariantFile(
        str(target), "wb", header=source.header
    ) as out:  # fmt: skip
        for record in source:
            out.write(record)
    if index:
        pysam.bcftools.index("-f", str(target))
    return target
