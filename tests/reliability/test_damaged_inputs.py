"""Readers of summary statistics, references, genotypes, expression and LD scores, on damaged files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from genotypes.vcf_files import binary, random_rows, vcf_text
from hypothesis import given
from hypothesis import strategies as st
from reliability.damage import FUZZ, Reader, lay, lines, read_damaged, simple
from reliability.sound_inputs import (
    BIM,
    BYTES,
    DIALECT,
    FEATURECOUNTS,
    GWAS_VCF,
    IDS,
    LEAFCUTTER,
    SALMON,
    SCORES,
    SITES,
    SSF,
    STAR,
    SUMSTATS,
    pack,
    parquet,
)


def _sumstats() -> dict[str, Reader]:
    from postgwas.finemap.region_stats import load_stats
    from postgwas.qtl.score_variants import read_weights
    from postgwas.sumstats.munge.run import munge
    from postgwas.sumstats.run import read_sumstats

    found = {
        f"sumstats, {kind}": simple(f"a.tsv.{kind}", pack(kind, SUMSTATS), read_sumstats)
        for kind in ("bz2", "xz", "zst", "zip")
    }
    return found | {
        "GWAS-VCF": simple("a.vcf", GWAS_VCF, read_sumstats),
        "GWAS-SSF": simple("a.tsv", SSF, read_sumstats),
        "own dialect": Reader(
            {"a.tsv": SUMSTATS, "d.yaml": DIALECT},
            lambda folder: read_sumstats(folder / "a.tsv", dialect_files=[folder / "d.yaml"]),
        ),
        "munge": simple("a.tsv", SUMSTATS, munge),
        "munge, as ldsc": simple("a.tsv", SUMSTATS, lambda path: munge(path, ldsc_compat=True)),
        "munge, VCF": simple("a.vcf", GWAS_VCF, munge),
        "merge_alleles": Reader(
            {"a.tsv": SUMSTATS, "hm3": lines("SNP\tA1\tA2", *(f"{name}\tA\tG" for name in IDS))},
            lambda folder: munge(folder / "a.tsv", merge_alleles=folder / "hm3"),
        ),
        "finemap's": simple("a.tsv", SUMSTATS, load_stats),
        "score weights": simple("a.tsv", SUMSTATS, read_weights),
    }  # fmt: skip


def _references(folder: Path) -> dict[str, Reader]:
    from postgwas.sumstats.harmonise.fasta import Fasta
    from postgwas.sumstats.harmonise.reference import open_reference

    def fasta(path: Path) -> Any:
        sequence = Fasta(path)
        return [sequence.sequence(chromosome) for chromosome in sequence.chromosomes]

    def reference(path: Path) -> Any:
        opened = open_reference(path, cache=False)
        opened.locate(pl.Series(["rs3", "."]))
        return [opened.frame(chromosome) for chromosome in opened.chromosomes]

    (folder / "r.vcf").write_text(vcf_text(random_rows(2, 12, 3), 3))
    bcf = binary(folder / "r.vcf", index=False).read_bytes()
    return {
        "reference, VCF": simple("r.vcf", SITES, reference),
        "reference, VCF, gzip": simple("r.vcf.gz", pack("gz", SITES), reference),
        "reference, BCF": Reader({"r.bcf": bcf}, lambda folder: reference(folder / "r.bcf"), BYTES),
        "reference, bim": simple("r.bim", BIM, reference),
        "FASTA": simple("r.fa", lines(">1", *["ACGTACGTAC" * 5] * 8, ">2", "ACGT"), fasta),
    }


def _genotypes(folder: Path) -> dict[str, Reader]:
    from postgwas.genotypes.loadings_files import read_loadings
    from postgwas.genotypes.opening import open_genotypes
    from postgwas.genotypes.plain_plink1 import open_plain
    from postgwas.genotypes.samples import read_sample_file, read_sexes
    from postgwas.genotypes.score_files import read_scores

    def calls(name: str) -> Callable[[Path], Any]:
        def read(where: Path) -> None:
            opened = open_genotypes(where / name)
            for start in range(0, opened.n_variants, 5):
                opened.block(start, min(start + 5, opened.n_variants))

        return read

    (folder / "z.vcf").write_text(vcf_text(random_rows(2, 12, 5), 5))
    loadings = lines(
        "##postgwas_loadings=1", "##eigenvalues=3.5,1.25", "##n_samples=40",
        "CHROM\tPOS\tSNPID\tA1\tA2\tMEAN\tSD\tPC1\tPC2",
        *(f"1\t{i + 1}\t{name}\tA\tG\t0.5\t0.7\t0.1\t-0.{i}" for i, name in enumerate(IDS)),
    )  # fmt: skip
    plain = {"x.bed": bytes((0x6C, 0x1B, 1)) + bytes(range(20)), "x.bim": BIM,
             "x.fam": lines(*(f"F{i} I{i} 0 0 1 -9" for i in range(4)))}  # fmt: skip
    found = {
        "BCF": Reader({"z.bcf": binary(folder / "z.vcf", index=False).read_bytes()}, calls("z.bcf"), BYTES),
        "PLINK 1, plainly": Reader(plain, lambda where: open_plain(str(where / "x.bed"))),
        "Oxford's samples": simple(
            "a.sample",
            lines("ID_1 ID_2 missing sex", "0 0 0 D", *(f"{i} {i} 0 1" for i in range(9))),
            read_sample_file,
        ),
        "sexes": simple("sex.txt", lines("#IID\tSEX", "a\t1", "b\tF"), read_sexes),
        "scores": simple(
            "s.txt", lines("#FID\tIID\tPC1\tPC2", "a\tb\t0.1\t0.2", "c\td\tNA\t1e-3"), read_scores
        ),
        "loadings": simple("l.tsv", loadings, read_loadings),
    }
    try:
        import bgen
    except ImportError:
        return found
    with bgen.BgenWriter(folder / "g.bgen", 4, samples=list("abcd"), compression="zlib") as out:
        for i, name in enumerate(IDS):
            out.add_variant(name, name, "01", 10 + i, ["A", "C"], np.eye(3)[[0, 1, 2, i % 3]])
    files = {"g.bgen": (folder / "g.bgen").read_bytes()}
    return found | {"BGEN": Reader(files, calls("g.bgen"), BYTES)}


def _expression() -> dict[str, Reader]:
    from postgwas.expression.per_sample import read_sample_file
    from postgwas.expression.reading import read_expression
    from postgwas.expression.run_discovery import read_discoveries

    bed = lines(
        "#chr\tstart\tend\tgene_id\tS1\tS2",
        *(f"1\t{10 * i}\t{10 * i + 1}\tG{i}\t0.1\t-0.{i}" for i in range(8)),
    )
    return {
        "salmon": simple("quant.sf", SALMON, read_sample_file),
        "STAR": simple("ReadsPerGene.out.tab", STAR, read_sample_file),
        "htseq": simple(
            "c.txt", lines(*(f"G{i}\t{i}" for i in range(9)), "__no_feature\t5"), read_sample_file
        ),
        "featureCounts": simple("f.txt", FEATURECOUNTS, read_expression),
        "leafcutter": simple("l.txt", LEAFCUTTER, read_expression),
        "expression, Parquet": Reader(
            {"e.parquet": parquet(bed)}, lambda where: read_expression(where / "e.parquet"), BYTES
        ),
        "expression, gzip": simple("e.bed.gz", pack("gz", bed), read_expression),
        "discoveries": simple(
            "d.txt", lines("n_factors\tn_discoveries", "5\t20", "10\t30"), read_discoveries
        ),
    }


def _scores() -> dict[str, Reader]:
    from postgwas.ld.annotations import read_annotations
    from postgwas.ld.continuous import read_bins, read_variable
    from postgwas.ld.interval_files import read_gene_set
    from postgwas.ld.panel import load_panel
    from postgwas.ldsc.cts import read_cell_types

    variants = pl.DataFrame(
        {"SNPID": IDS, "CHR": [1] * 20, "POS": [1000 + i for i in range(20)]},
        schema_overrides={"CHR": pl.Int8},
    )
    annot = lines(
        "CHR\tBP\tSNP\tCM\tbase\tx", *(f"1\t{1000 + i}\t{name}\t0\t1\t{i % 2}" for i, name in enumerate(IDS))
    )
    values = lines(*(f"{name}\t0.{i}" for i, name in enumerate(IDS)))
    genes = {
        "set.txt": lines("G1", "G2"),
        "genes.txt": lines("GENE\tCHR\tSTART\tEND", "G1\t1\t5\t9", "G2\tX\t7\t70"),
    }

    def panel(ending: str) -> Reader:
        packed = SCORES if not ending else pack(ending, SCORES)
        name = f"p/1.l2.ldscore{ending and '.'}{ending}"
        return Reader(
            {name: packed, "p/1.l2.M_5_50": b"20\n"}, lambda where: load_panel(where / "p", cache=False)
        )

    kept = Reader(
        {"p/1.l2.ldscore": SCORES, "p/1.l2.M_5_50": b"20\n"},
        lambda where: (load_panel(where / "p"), load_panel(where / "p")),
    )
    return {f"LD scores, {kind}": panel(kind) for kind in ("gz", "bz2", "xz", "zst", "parquet")} | {
        "LD scores, kept": kept,
        "annotations": Reader(
            {"a.annot": annot}, lambda where: read_annotations(where / "a.annot", variants)
        ),
        "annotations, gzip": Reader(
            {"a.annot.gz": pack("gz", annot)}, lambda where: read_annotations(where / "a.annot.gz", variants)
        ),
        "continuous": Reader({"v": values}, lambda where: read_variable(where / "v", variants["SNPID"])),
        "bins": Reader(
            {"v": values}, lambda where: read_bins([where / "v"], [[0.25, 0.5]], variants["SNPID"])
        ),
        "gene set": Reader(genes, lambda where: read_gene_set(where / "set.txt", where / "genes.txt")),
        "cell types": simple(
            "c.ldcts", lines("liver\tp/liver.,p/control.", "skin\tp/skin."), read_cell_types
        ),
    }


def _readers(folder: Path) -> dict[str, Reader]:
    return {
        **_sumstats(),
        **_references(folder),
        **_genotypes(folder),
        **_expression(),
        **_scores(),
    }


NAMES = (
    "sumstats, bz2", "sumstats, xz", "sumstats, zst", "sumstats, zip", "GWAS-VCF", "GWAS-SSF",
    "own dialect", "munge", "munge, as ldsc", "munge, VCF", "merge_alleles", "finemap's", "score weights",
    "reference, VCF", "reference, VCF, gzip", "reference, BCF", "reference, bim", "FASTA", "BCF",
    "PLINK 1, plainly", "Oxford's samples", "sexes", "scores", "loadings", "BGEN", "salmon", "STAR",
    "htseq", "featureCounts", "leafcutter", "expression, Parquet", "expression, gzip", "discoveries",
    "LD scores, gz", "LD scores, bz2", "LD scores, xz", "LD scores, zst", "LD scores, parquet",
    "LD scores, kept", "annotations", "annotations, gzip", "continuous", "bins", "gene set", "cell types",
)  # fmt: skip


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Reader]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        found = _readers(tmp_path_factory.mktemp("sound"))
        assert {*found, "BGEN"} == set(NAMES)
        yield found


@pytest.mark.parametrize("name", NAMES)
def test_sound_inputs_are_read(name: str, readers: dict[str, Reader], tmp_path: Path) -> None:
    if name not in readers:
        pytest.skip("no bgen here")
    lay(tmp_path, readers[name].files)
    readers[name].read(tmp_path)


@pytest.mark.parametrize("name", NAMES)
@FUZZ
@given(data=st.data())
def test_damaged_inputs_end_in_our_errors(
    name: str, readers: dict[str, Reader], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    if name not in readers:
        pytest.skip("no bgen here")
    read_damaged(readers[name], tmp_path_factory.mktemp("damaged"), data)
