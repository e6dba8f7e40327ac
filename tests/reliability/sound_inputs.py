"""Sound files of many kinds, to be spoilt."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import zstandard
from reliability.damage import lines

BYTES = ("byte", "cut", "stretch", "repeat", "swap")
"""For what is not text."""
IDS = tuple(f"rs{i}" for i in range(20))
SUMSTATS = lines(
    "SNP\tCHR\tBP\tA1\tA2\tFRQ\tBETA\tSE\tP\tN",
    *(
        f"{name}\t1\t{1000 + i}\tA\tG\t0.{10 + i}\t0.0{i + 1}\t0.01\t0.{11 + i}\t1000"
        for i, name in enumerate(IDS)
    ),
)
SCORES = lines("CHR\tSNP\tBP\tL2", *(f"1\t{name}\t{1000 + i}\t{1 + i / 10}" for i, name in enumerate(IDS)))
GWAS_VCF = lines(
    "##fileformat=VCFv4.2", "##contig=<ID=1,length=249250621,assembly=GRCh37>",
    *(f'##FORMAT=<ID={key},Number=A,Type=Float,Description="x">' for key in ("ES", "SE", "LP", "AF", "SS")),
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ttrait",
    *(
        f"1\t{100 + i}\t{name}\tA\tG\t.\tPASS\t.\tES:SE:LP:AF:SS\t{0.1 if i % 2 else -0.1}:0.0{i + 1}:5:0.2:9"
        for i, name in enumerate(IDS)
    ),
)  # fmt: skip
SSF = lines(
    "chromosome\tbase_pair_location\teffect_allele\tother_allele\tbeta\tstandard_error\t"
    "effect_allele_frequency\tp_value\trsid\tn",
    *(f"1\t{100 + i}\tA\tG\t0.1\t0.0{i + 1}\t0.3\t0.5\t{name}\t1000" for i, name in enumerate(IDS)),
)
BIM = lines(*(f"1\t{name}\t0\t{100 + i}\tA\tG" for i, name in enumerate(IDS)))
SITES = lines(
    "##fileformat=VCFv4.2", "##contig=<ID=1,length=249250621>",
    '##INFO=<ID=AF,Number=A,Type=Float,Description="x">', "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    *(f"1\t{100 + i}\t{name}\tA\tG\t.\t.\tAF=0.{i + 10}" for i, name in enumerate(IDS)),
)  # fmt: skip
METAL = lines(
    "MARKER SNP", "ALLELE A1 A2", "EFFECT BETA", "PVALUE P", "WEIGHT N", "SCHEME SAMPLESIZE",
    "PROCESS a.tsv", "PROCESS b.tsv", "ANALYZE HETEROGENEITY", "QUIT",
)  # fmt: skip
STUDY = lines(
    "study: {name: tiny, build: GRCh38, seed: 4}", "ancestries:", "  EUR: {genotypes: g.bed}", "gwas:",
    "  - {trait: LDL, ancestry: EUR, file: a.tsv, n_cases: 10, n_controls: 90}", "steps:",
    "  h2: {n_blocks: 12}",
    "  rg: false", "  mtag: &x {n_blocks: 12}", "  harmonise: {no_report: true}",
)  # fmt: skip
DIALECT = lines(
    "dialects:", "  - name: mine",
    "    columns: {SNPID: SNP, CHR: CHR, POS: BP, EA: A1, NEA: A2, P: P, BETA: BETA}",
    "    requires: [SNP, CHR, BP]",
)  # fmt: skip
SALMON = lines(
    "Name\tLength\tEffectiveLength\tTPM\tNumReads", *(f"T{i}\t900\t700.5\t1.{i}\t{i}" for i in range(9))
)
STAR = lines("N_unmapped\t1\t1\t1", "N_multimapping\t1\t1\t1", "N_noFeature\t1\t1\t1", "N_ambiguous\t1\t1\t1",
             *(f"G{i}\t{i}\t{i}\t{i}" for i in range(9)))  # fmt: skip
FEATURECOUNTS = lines(
    "# Program:featureCounts v2.0.1", "Geneid\tChr\tStart\tEnd\tStrand\tLength\ta.bam\tb.bam",
    *(f"G{i}\t1;1\t{i + 1};9\t{i + 5};20\t+;+\t90\t{i}\t{i + 1}" for i in range(9)),
)  # fmt: skip
LEAFCUTTER = lines(
    "chrom s1 s2 s3", *(f"chr1:{10 * i}:{10 * i + 5}:clu_{i // 3}_+ {i}/9 1/9 0/0" for i in range(9))
)
EGENES = lines(
    "phenotype_id\tvariant_id\trank\tqval\tpval_nominal\tslope\tslope_se",
    *(f"G{i}\t{name}\t1\t0.0{i}\t0.001\t0.2\t0.05" for i, name in enumerate(IDS[:9])),
)

TRIOS = lines("variant_id\tmediator_id\tphenotype_id", "rs1\tG1\tG2", "rs2\tG1\tG3")
FITS = lines(
    "phenotype_id\tSNPID\tCHR\tPOS\tEA\tNEA\tpip\tcs\tlbf_1\tlbf_2",
    *(f"G{i % 2}\t{name}\t1\t{100 + i}\tA\tG\t0.1\t1\t{i}.5\t-0.1" for i, name in enumerate(IDS)),
)


def parquet(data: bytes) -> bytes:
    out = io.BytesIO()
    pl.read_csv(data, separator="\t").write_parquet(out)
    return out.getvalue()


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.tsv", data)
    return out.getvalue()


def numbers(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def zipped_numbers(array: Any) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, array)
    return out.getvalue()


def pack(name: str, data: bytes) -> bytes:
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gz": lambda text: gzip.compress(text, mtime=0), "bz2": bz2.compress, "xz": lzma.compress,
        "zst": zstandard.compress, "zip": zipped, "parquet": parquet,
    }  # fmt: skip
    return packers[name](data)
