"""Phenotype BED and Parquet: what is written is what is read; what peers wrote is read."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.errors import InputError, OutputError, UsageError
from postgwas.expression import (
    ExpressionMatrix,
    gene_table,
    read_bed,
    read_expression,
    read_parquet,
    write_bed,
    write_parquet,
)
from postgwas.expression.bgzf import bgzip_blocks
from postgwas.sumstats.compression import BGZF_EOF


def some_matrix(seed: int, n_genes: int = 7, n_samples: int = 3) -> ExpressionMatrix:
    rng = np.random.default_rng(seed)
    tss = rng.integers(1, 1000, n_genes)
    genes = gene_table(
        [f"g{i}" for i in range(n_genes)],
        {"CHROM": rng.choice(["chr2", "chr10", "chrX"], n_genes), "TSS": tss, "START": tss, "END": tss},
    )
    values = rng.normal(size=(n_genes, n_samples)) * 10.0 ** rng.integers(-9, 9, (n_genes, n_samples))
    return ExpressionMatrix(values, genes, tuple(f"s{i}" for i in range(n_samples)), "normalised")


@given(st.integers(0, 10_000))
def test_bed_and_parquet_read_as_written(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.mktemp("bed")
    before = some_matrix(seed)
    after = read_bed(write_bed(before, folder / "a.bed.gz"), unit="normalised")
    assert sorted(after.gene_ids) == sorted(before.gene_ids)
    again = before.select(genes=after.gene_ids)
    assert np.array_equal(after.values, again.values) and after.samples == before.samples
    assert after.genes.equals(again.genes)
    kept = read_parquet(write_parquet(before, folder / "a.parquet"))
    assert np.array_equal(kept.values, before.values) and kept.genes.equals(before.genes)
    assert (kept.unit, kept.samples) == (before.unit, before.samples)


def test_bed_is_sorted_by_chromosome_and_place_and_indexed(tmp_path: Path) -> None:
    m = some_matrix(1, n_genes=30)
    path = write_bed(m, tmp_path / "a.bed.gz")
    rows = [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    assert rows[0][:5] == ["#chr", "start", "end", "phenotype_id", "s0"]
    order = {"chr2": 2, "chr10": 10, "chrX": 23}
    places = [(order[row[0]], int(row[1])) for row in rows[1:]]
    assert places == sorted(places)
    assert all(int(row[2]) - int(row[1]) == 1 for row in rows[1:])
    tss = dict(zip(m.genes["GENE_ID"], m.genes["TSS"]))
    with pysam.TabixFile(str(path)) as indexed:
        found = [line.split("\t")[3] for line in indexed.fetch("chrX", 0, 500)]
    chromosome = dict(zip(m.genes["GENE_ID"], m.genes["CHROM"]))
    assert sorted(found) == sorted(g for g in tss if chromosome[g] == "chrX" and tss[g] <= 500)


def test_qtltools_columns_give_strand_group_and_place(tmp_path: Path) -> None:
    (tmp_path / "q.bed").write_text(
        "#Chr\tstart\tend\tpid\tgid\tstrand\ta\tb\n"
        "1\t99\t200\tt1\tG1\t+\t0.5\tNA\n1\t99\t200\tt2\tG1\t-\t1\t2\n"
    )
    m = read_bed(tmp_path / "q.bed")
    assert m.genes["TSS"].to_list() == [100, 200]
    assert m.genes["STRAND"].to_list() == ["+", "-"]
    assert m.genes["GROUP_ID"].to_list() == ["G1", "G1"]
    assert np.array_equal(m.values, [[0.5, np.nan], [1, 2]], equal_nan=True)


def test_genes_without_place_are_refused_by_name_or_dropped(tmp_path: Path) -> None:
    m = some_matrix(2)
    genes = m.genes.with_columns(TSS=m.genes["TSS"].scatter([0, 3], None))
    lost = ExpressionMatrix(m.values, genes, m.samples, m.unit)
    with pytest.raises(InputError, match="2 of 7 genes have no known place: g0, g3"):
        write_bed(lost, tmp_path / "a.bed.gz")
    assert not list(tmp_path.iterdir())
    assert read_bed(write_bed(lost, tmp_path / "a.bed.gz", unplaced="drop")).n_genes == 5


def test_files_are_not_replaced_unasked(tmp_path: Path) -> None:
    write_bed(some_matrix(1), tmp_path / "a.bed.gz")
    before = (tmp_path / "a.bed.gz").read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        write_bed(some_matrix(2), tmp_path / "a.bed.gz")
    assert (tmp_path / "a.bed.gz").read_bytes() == before
    write_bed(some_matrix(2), tmp_path / "a.bed.gz", overwrite=True)
    assert (tmp_path / "a.bed.gz").read_bytes() != before
    with pytest.raises(UsageError, match=r"must end in \.bed\.gz"):
        write_bed(some_matrix(1), tmp_path / "a.bed")


@pytest.mark.parametrize("line, said", [
    ("1\t9\t10\tg\t1", "line 3: 5 columns found, expected 6"),
    ("1\t9\t10\tg\t1\t2\t3", "line 3: 7 columns found, expected 6"),
    ("1\t9\t10\tg\tlow\t2", "line 3, column a: 'low' is not a number"),
    ("1\tx\t10\tg\t1\t2", "phenotype g: start x and end 10 are not a BED interval"),
    ("1\t-9\t10\tg\t1\t2", "phenotype g: start -9 and end 10 are not a BED interval"),
    ("1\t9\t10\tf\t1\t2", "1 gene ids occur more than once: f"),
])  # fmt: skip
def test_bad_lines(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "b.bed").write_text(f"#chr\tstart\tend\tid\ta\tb\n1\t4\t5\tf\t1\t2\n{line}\n")
    with pytest.raises(InputError, match=said):
        read_bed(tmp_path / "b.bed")


def test_truncated_gzip(tmp_path: Path) -> None:
    path = write_bed(some_matrix(1, n_genes=200), tmp_path / "a.bed.gz")
    (tmp_path / "cut.bed.gz").write_bytes(path.read_bytes()[:-400])
    with pytest.raises(InputError, match="truncated"):
        read_bed(tmp_path / "cut.bed.gz")


@pytest.mark.requires_shared
def test_real_bed_comes_in_as_it_is(shared: Path) -> None:
    path = shared / "realdata" / "fastqtl_geuvadis373" / "phenotypes.bed.gz"
    m = read_expression(path)
    first = gzip.decompress(path.read_bytes()).decode().splitlines()[1].split("\t")
    assert (m.n_genes, m.n_samples) == (364, 373)
    assert m.values[0].tolist() == [float(cell) for cell in first[4:]]
    assert m.genes.row(0, named=True)["TSS"] == int(first[2])


@given(st.integers(0, 200_000), st.sampled_from(["random", "same", "text"]), st.integers(0, 99))
def test_bgzip_blocks_are_read_by_htslib(
    tmp_path_factory: pytest.TempPathFactory, size: int, kind: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    text = {"random": rng.bytes(size), "same": b"A" * size, "text": b"chr1\t123\t0.5\n" * (size // 12)}[kind]
    path = tmp_path_factory.mktemp("bgzip") / "x.gz"
    path.write_bytes(b"".join(bgzip_blocks(text)))
    assert path.read_bytes().endswith(BGZF_EOF)
    with pysam.BGZFile(str(path), "rb") as stream:
        assert stream.read() == text
    assert gzip.decompress(path.read_bytes()) == text
