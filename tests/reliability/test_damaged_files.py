"""Every reader on damaged files: an error of ours or an answer, never anything else.

Readers of genotypes, expression, LD scores and stores; test_damaged_inputs.py has the others.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from genotypes.vcf_files import random_rows, vcf_text
from hypothesis import given
from hypothesis import strategies as st
from reliability.damage import FUZZ, Reader, lay, lines, read_damaged, simple

from postgwas.store import Provenance, Study, read_columns_frame, write_columns


def _genotypes(name: str) -> Callable[[Path], Any]:
    def read(folder: Path) -> Any:
        from postgwas.genotypes.opening import open_genotypes

        genotypes = open_genotypes(folder / name)
        for start in range(0, genotypes.n_variants, 7):
            genotypes.block(start, min(start + 7, genotypes.n_variants))

    return read


def _plink1(folder: Path) -> dict[str, bytes]:
    write_plink1(folder / "x", random_calls(3, 20, 9))
    return {f"x{ending}": (folder / f"x{ending}").read_bytes() for ending in (".bed", ".bim", ".fam")}


def _plink2(folder: Path) -> dict[str, bytes]:
    from pgenlib import PgenWriter

    with PgenWriter(str(folder / "y.pgen").encode(), 9, variant_ct=20, nonref_flags=False) as writer:
        for calls in random_calls(3, 20, 9):
            writer.append_biallelic(np.asarray(calls, np.int8))
    pvar = lines("#CHROM\tPOS\tID\tREF\tALT", *(f"1\t{100 + i}\trs{i}\tA\tC" for i in range(20)))
    psam = lines("#IID\tSEX", *(f"P{i}\t{1 + i % 2}" for i in range(9)))
    return {"y.pgen": (folder / "y.pgen").read_bytes(), "y.pvar": pvar, "y.psam": psam}


def _store(folder: Path) -> dict[str, bytes]:
    study = Study.open(folder / "s.h5", create=True)
    table = pl.DataFrame(
        {"CHR": [1, 1, 2], "POS": [5, 9, 4], "SNPID": ["a", "b", "c"], "Z": [0.5, 1.0, -2.0]}
    )
    study.write_table("mtag/height", table, kind="mtag-results", provenance=Provenance.collect())
    parts = {f"s.parts/{one.name}": one.read_bytes() for one in (folder / "s.parts").iterdir()}
    return {"s.h5": (folder / "s.h5").read_bytes()} | parts


def _columns(folder: Path) -> dict[str, bytes]:
    write_columns(folder / "c.h5", {"SNPID": ["rs1", None], "L2": np.array([1.5, 2.5])}, {"m": 10})
    return {"c.h5": (folder / "c.h5").read_bytes()}


def _read_store(folder: Path) -> Any:
    study = Study.open(folder / "s.h5")
    for one in study.ls():
        study.read_polars(one.key)
    study.verify()
    study.query("1:1-100")


SUMSTATS = lines(
    "SNP\tCHR\tBP\tA1\tA2\tFRQ\tBETA\tSE\tP\tN",
    *(
        f"rs{i}\t{1 + i % 22}\t{1000 + i}\tA\tG\t0.{10 + i}\t0.0{i}\t0.01\t0.{11 + i}\t1000"
        for i in range(25)
    ),
)
GTF = lines(
    "##description: test",
    *(
        f"chr1\tX\t{kind}\t{1000 * i}\t{1000 * i + 500}\t.\t+\t.\t"
        f'gene_id "G{i}"; transcript_id "T{i}"; gene_name "N{i}";'
        for i in range(1, 5)
        for kind in ("gene", "transcript", "exon")
    ),
)
MATRIX = lines("gene\tS1\tS2\tS3", *(f"G{i}\t{i}\t{2 * i}\t{i + 5}" for i in range(10)))
BED_EXPRESSION = lines(
    "#chr\tstart\tend\tgene_id\tS1\tS2\tS3",
    *(f"1\t{100 * i}\t{100 * i + 1}\tG{i}\t0.1\t-0.{i}\t1.5" for i in range(8)),
)
GCT = lines(
    "#1.2", "8\t3", "Name\tDescription\tS1\tS2\tS3", *(f"G{i}\tN{i}\t{i}\t{i * 3}\t7" for i in range(8))
)
COVARIATES = lines("id\tS1\tS2\tS3\tS4", "sex\t1\t2\t1\t2", "age\t30\t40\t50\t60")
CHAIN = lines("chain 100 chr1 1000 + 0 950 chr1 1100 + 100 1050 1", "400 0 50", "450 50 0", "50", "")
MAP = lines(
    "chr position COMBINED_rate(cM/Mb) Genetic_Map(cM)", "1 100 1.0 0.0", "1 200 1.5 0.1", "1 300 2.0 0.3"
)
QTL = lines(
    "phenotype_id\tvariant_id\ttss_distance\tmaf\tpval_nominal\tslope\tslope_se",
    *(f"G{i}\tchr1_{100 + i}_A_C_b38\t{i}\t0.2\t0.0{i + 1}\t0.3\t0.1" for i in range(9)),
)
BED = lines(*(f"chr1\t{100 * i}\t{100 * i + 50}\tr{i}" for i in range(8)))


def _readers(folder: Path) -> dict[str, Reader]:
    """All of them, with sound files written under `folder` where a library must write them."""
    from postgwas.expression.covariate_files import read_covariates
    from postgwas.expression.gtf import read_gtf
    from postgwas.expression.reading import read_expression
    from postgwas.expression.sample_sheet import read_sheet
    from postgwas.expression.tx2gene import read_tx2gene
    from postgwas.genotypes.genetic_map import read_genetic_map
    from postgwas.ld.interval_files import read_bed
    from postgwas.ld.panel import read_without_cache
    from postgwas.ldsc.munged import read_munged
    from postgwas.mtag.matrix_file import read_matrix
    from postgwas.qtl.crossmap import read_crossmap
    from postgwas.qtl.qtl_table import read_qtl_table
    from postgwas.sumstats.harmonise.chain_file import read_chain
    from postgwas.sumstats.run import read_sumstats

    scores = lines("CHR\tSNP\tBP\tL2", *(f"1\trs{i}\t{1000 + i}\t{1 + i / 10}" for i in range(20)))
    vcf = vcf_text(random_rows(2, 12, 5), 5).encode()
    munged = lines("SNP\tA1\tA2\tN\tZ", *(f"rs{i}\tA\tG\t1000\t0.{i}" for i in range(20)))
    return {
        "summary statistics": simple("a.tsv", SUMSTATS, read_sumstats),
        "summary statistics, gzip": simple("a.tsv.gz", gzip.compress(SUMSTATS, mtime=0), read_sumstats),
        "PLINK 1": Reader(_plink1(folder), _genotypes("x.bed")),
        "PLINK 2": Reader(_plink2(folder), _genotypes("y.pgen")),
        "VCF": Reader({"z.vcf": vcf}, _genotypes("z.vcf")),
        "VCF, gzip": Reader({"z.vcf.gz": gzip.compress(vcf, mtime=0)}, _genotypes("z.vcf.gz")),
        "expression, matrix": simple("m.tsv", MATRIX, read_expression),
        "expression, BED": simple("m.bed", BED_EXPRESSION, read_expression),
        "expression, GCT": simple("m.gct", GCT, read_expression),
        "GTF": simple("g.gtf", GTF, lambda path: read_gtf(path, cache=False)),
        "covariates": simple("c.txt", COVARIATES, read_covariates),
        "sample sheet": simple("s.tsv", lines("sample\tfile", "S1\ta", "S2\tb"), read_sheet),
        "tx2gene": simple("t.tsv", lines("tx\tgene", "T1\tG1", "T2\tG1"), read_tx2gene),
        "genetic map": simple("map.txt", MAP, read_genetic_map),
        "intervals": simple("i.bed", BED, read_bed),
        "LD scores": Reader(
            {"p/1.l2.ldscore": scores, "p/1.l2.M_5_50": b"20\n", "p/1.l2.M": b"25\n"},
            lambda where: read_without_cache(where / "p"),
        ),
        "munged": simple("m.sumstats", munged, lambda path: read_munged(path, alleles=True)),
        "matrix of traits": simple(
            "o.txt", b"1 0.5\n0.5 1\n", lambda path: read_matrix(str(path), 2, name="Omega")
        ),
        "cross-mapping": simple("x.txt", lines("G1\tG2\t5", "G2\tG3\t1.5"), read_crossmap),
        "QTL table": simple("q.tsv", QTL, read_qtl_table),
        "chain": simple("c.chain", CHAIN, read_chain),
        "store": Reader(_store(folder), _read_store),
        "columns of a cache": Reader(_columns(folder), lambda where: read_columns_frame(where / "c.h5")),
    }


NAMES = (
    "summary statistics", "summary statistics, gzip", "PLINK 1", "PLINK 2", "VCF", "VCF, gzip",
    "expression, matrix", "expression, BED", "expression, GCT", "GTF", "covariates", "sample sheet",
    "tx2gene", "genetic map", "intervals", "LD scores", "munged", "matrix of traits", "cross-mapping",
    "QTL table", "chain", "store", "columns of a cache",
)  # fmt: skip


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    found = _readers(tmp_path_factory.mktemp("sound"))
    assert tuple(found) == NAMES
    return found


@pytest.mark.parametrize("name", NAMES)
def test_sound_files_are_read(name: str, readers: dict[str, Reader], tmp_path: Path) -> None:
    lay(tmp_path, readers[name].files)
    readers[name].read(tmp_path)


@pytest.mark.parametrize("name", NAMES)
@FUZZ
@given(data=st.data())
def test_damaged_files_end_in_our_errors(
    name: str, readers: dict[str, Reader], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    read_damaged(readers[name], tmp_path_factory.mktemp("damaged"), data)
