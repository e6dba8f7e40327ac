"""GTF: places, TSS by strand, union lengths, collapsed models against base-by-base counting."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.errors import InputError
from postgwas.expression import collapse_genes, genes_of_gtf, read_gtf
from postgwas.expression.gtf import transcripts_of_gtf


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def line(feature: str, start: int, end: int, strand: str = "+", chrom: str = "chr1", **about: str) -> str:
    attributes = " ".join(f'{key} "{value}";' for key, value in about.items())
    return f"{chrom}\tx\t{feature}\t{start}\t{end}\t.\t{strand}\t.\t{attributes}\n"


GENCODE = "##description: x\n" + "".join(
    [
        line("gene", 100, 500, gene_id="G1.2", gene_type="protein_coding", gene_name="A"),
        line(
            "transcript", 100, 500, gene_id="G1.2", transcript_id="T1.1", gene_name="A", transcript_type="x"
        ),
        line("exon", 100, 200, gene_id="G1.2", transcript_id="T1.1", transcript_type="x"),
        line("exon", 150, 250, gene_id="G1.2", transcript_id="T2.1", transcript_type="x"),
        line("exon", 401, 500, gene_id="G1.2", transcript_id="T1.1", transcript_type="x"),
        line("CDS", 401, 450, gene_id="G1.2", transcript_id="T1.1", transcript_type="x"),
        line("gene", 700, 900, "-", "chrX", gene_id="G2.1", gene_biotype="lncRNA"),
        line("exon", 700, 900, "-", "chrX", gene_id="G2.1", transcript_id="T3.1"),
    ]
)


def test_genes_of_gencode(tmp_path: Path) -> None:
    (tmp_path / "g.gtf.gz").write_bytes(gzip.compress(GENCODE.encode()))
    for _ in range(2):  # the second time from the cache
        genes = genes_of_gtf(read_gtf(tmp_path / "g.gtf.gz"))
        assert genes["GENE_ID"].to_list() == ["G1.2", "G2.1"]
        assert genes["TSS"].to_list() == [100, 900]
        assert genes["LENGTH"].to_list() == [251.0, 201.0]
        assert genes["CHR"].to_list() == [1, 23]
        assert genes["GENE_NAME"].to_list() == ["A", None]
        assert genes["GENE_TYPE"].to_list() == ["protein_coding", "lncRNA"]


def test_genes_are_made_of_exons_where_there_are_no_lines_of_genes(tmp_path: Path) -> None:
    exons = "".join(one for one in GENCODE.splitlines(keepends=True) if "\texon\t" in one)
    (tmp_path / "g.gtf").write_text(exons)
    genes = genes_of_gtf(read_gtf(tmp_path / "g.gtf"))
    assert genes.select("GENE_ID", "START", "END", "TSS", "LENGTH").rows() == [
        ("G1.2", 100, 500, 100, 251.0),
        ("G2.1", 700, 900, 900, 201.0),
    ]
    transcripts = transcripts_of_gtf(read_gtf(tmp_path / "g.gtf"))
    assert transcripts.select("TRANSCRIPT_ID", "GENE_ID", "LENGTH").rows() == [
        ("T1.1", "G1.2", 201.0), ("T2.1", "G1.2", 101.0), ("T3.1", "G2.1", 201.0),
    ]  # fmt: skip


@pytest.mark.parametrize("with_genes", [True, False])
def test_a_gene_on_two_chromosomes_has_the_first_place_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, with_genes: bool
) -> None:
    lines = [
        one for chrom, start in (("chrX", 1000), ("chrY", 50))
        for one in (
            line("gene", start, start + 99, chrom=chrom, gene_id="PAR"),
            line("exon", start, start + 99, chrom=chrom, gene_id="PAR", transcript_id="T"),
        )
    ]  # fmt: skip
    text = GENCODE + "".join(lines)
    if not with_genes:
        text = "".join(one for one in text.splitlines(keepends=True) if "\tgene\t" not in one)
    (tmp_path / "g.gtf").write_text(text)
    genes = genes_of_gtf(read_gtf(tmp_path / "g.gtf"))
    row = genes.filter(genes["GENE_ID"] == "PAR").select("CHROM", "START", "END", "TSS", "LENGTH").rows()
    assert row == [("chrX", 1000, 1099, 1000, 100.0)]
    assert "1 gene ids on more than one chromosome, of which the first is used: PAR" in caplog.text


def test_a_changed_file_is_parsed_again(tmp_path: Path) -> None:
    path = tmp_path / "g.gtf"
    path.write_text(GENCODE)
    read_gtf(path)
    path.write_text(GENCODE.replace("G2.1", "G3.1"))
    assert genes_of_gtf(read_gtf(path))["GENE_ID"].to_list() == ["G1.2", "G3.1"]


@pytest.mark.parametrize("text, said", [
    ("##gff-version 3\nchr1\tx\tgene\t1\t2\t.\t+\t.\tID=a\n", "GFF3 is not read"),
    ("chr1\tx\tgene\t1\t2\t.\t+\t.\n", "line 1: 8 columns found, a GTF has 9"),
    ("#a\nchr1\tx\tgene\tone\t2\t.\t+\t.\tgene_id \"a\";\n", "line 2: start and end are not whole numbers"),
    ("# nothing\n", "no lines of genes, transcripts or exons"),
    ("chr1\tx\texon\t1\t2\t.\t+\t.\tnote \"a\";\n", "1 lines have no gene_id"),
    ("", "the file is empty"),
])  # fmt: skip
def test_files_that_are_no_gtf(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "b.gtf").write_text(text)
    with pytest.raises(InputError, match=said):
        read_gtf(tmp_path / "b.gtf")


def random_features(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for gene in range(6):
        chrom, strand = rng.choice(["chr1", "chr2"]), rng.choice(["+", "-"])
        for transcript in range(rng.integers(1, 4)):
            kind = rng.choice(["protein_coding", "retained_intron", "lncRNA"], p=[0.6, 0.2, 0.2])
            through = bool(rng.random() < 0.15)
            for _ in range(rng.integers(1, 4)):
                start = int(rng.integers(1, 80))
                end = start + int(rng.integers(0, 15))
                name = f"T{gene}{transcript}"
                rows.append(("exon", chrom, start, end, strand, f"G{gene}", name, None, None, kind, through))
    names = [
        "FEATURE",
        "CHROM",
        "START",
        "END",
        "STRAND",
        "GENE_ID",
        "TRANSCRIPT_ID",
        "GENE_NAME",
        "GENE_TYPE",
    ]
    return pl.DataFrame(rows, schema=[*names, "TRANSCRIPT_TYPE", "READTHROUGH"], orient="row")


def naive_bases(features: pl.DataFrame, *, collapse_only: bool, stranded: bool) -> set[tuple[str, str, int]]:
    """Each gene's bases, one by one."""
    covered: dict[tuple[str, ...], set[str]] = {}
    bases = set()
    for row in features.iter_rows(named=True):
        if row["TRANSCRIPT_TYPE"] == "retained_intron" or row["READTHROUGH"]:
            continue
        for at in range(row["START"], row["END"] + 1):
            key = (row["CHROM"], str(at), row["STRAND"] if stranded else "")
            covered.setdefault(key, set()).add(row["GENE_ID"])
            bases.add((row["GENE_ID"], row["CHROM"], at, row["STRAND"]))
    return {
        (gene, chrom, at)
        for gene, chrom, at, strand in bases
        if collapse_only or len(covered[(chrom, str(at), strand if stranded else "")]) == 1
    }


@given(st.integers(0, 10_000), st.booleans(), st.booleans())
def test_collapsed_models_hold_the_bases_that_one_by_one_counting_leaves(
    seed: int, collapse_only: bool, stranded: bool
) -> None:
    features = random_features(seed)
    got = collapse_genes(features, collapse_only=collapse_only, stranded=stranded)
    bases = [
        (row["GENE_ID"], row["CHROM"], at)
        for row in got.iter_rows(named=True)
        for at in range(row["START"], row["END"] + 1)
    ]
    assert len(bases) == len(set(bases))
    assert set(bases) == naive_bases(features, collapse_only=collapse_only, stranded=stranded)


@given(st.integers(0, 10_000))
def test_union_lengths_count_each_base_once(seed: int) -> None:
    features = random_features(seed)
    genes = genes_of_gtf(features)
    for gene, length in genes.select("GENE_ID", "LENGTH").rows():
        exons = features.filter(pl.col("GENE_ID") == gene)
        bases = {at for s, e in exons.select("START", "END").rows() for at in range(s, e + 1)}
        assert length == len(bases)
