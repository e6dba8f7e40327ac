"""Genes are not placed in one build where the genotypes' header states another."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from postgwas.pipeline.study_builds import build_problems
from postgwas.pipeline.study_file import StudyFileError, read_study

GENCODE38 = (
    "##description: evidence-based annotation of the human genome (GRCh38), version 44\n##provider: GENCODE\n"
)
ENSEMBL37 = "#!genome-build GRCh37.p13\n#!genome-version GRCh37\n"
#: How GENCODE's lifted files say where they come from: two builds, so none for certain.
LIFTED = "##description: human genome (GRCh37), version 44, mapped from GRCh38 with gencode-backmap\n"
GENE = 'chr22\tX\tgene\t17000000\t17001000\t.\t+\t.\tgene_id "g";\n'
BARE = "#CHROM\tPOS\tID\tREF\tALT\n22\t17000000\ta\tA\tC\n"
VCF37 = "##fileformat=VCFv4.2\n##contig=<ID=22,length=51304566>\n" + BARE
VCF38 = VCF37.replace("51304566", "50818468")


def study(folder: Path, gtf: str, genotypes: str, *, about: str = "name: a", more: str = "") -> Path:
    (folder / "genes.gtf.gz").write_bytes(gzip.compress((gtf + GENE).encode()))
    (folder / "p.vcf.gz").write_bytes(gzip.compress(genotypes.encode()))
    (folder / "counts.tsv").write_text("x\n")
    path = folder / "study.yaml"
    path.write_text(
        f"study: {{{about}}}\nreference: {{gtf: genes.gtf.gz{more}}}\n"
        "expression:\n  lcl:\n    counts: counts.tsv\n    genotypes: p.vcf.gz\n"
    )
    return path


@pytest.mark.parametrize(("gtf", "genotypes"), [(GENCODE38, VCF37), (ENSEMBL37, VCF38)])
def test_genotypes_of_another_build_than_the_genes_are_refused_by_line(tmp_path, gtf, genotypes):
    with pytest.raises(StudyFileError) as caught:
        read_study(study(tmp_path, gtf, genotypes))
    ours, theirs = ("GRCh37", "GRCh38") if genotypes is VCF37 else ("GRCh38", "GRCh37")
    told = (
        f"line 6: expression.lcl.genotypes: their header says {ours}, and that of reference.gtf, where genes"
    )
    assert told in str(caught.value) and str(caught.value).endswith(theirs)


@pytest.mark.parametrize(
    ("gtf", "genotypes"),
    [(GENCODE38, VCF38), (ENSEMBL37, VCF37), (GENCODE38, BARE), ("", VCF37), (LIFTED, VCF37)],
)
def test_the_same_build_or_none_is_taken(tmp_path, gtf, genotypes):
    assert read_study(study(tmp_path, gtf, genotypes)).content.study.name == "a"


def test_genes_of_another_build_than_the_study_are_refused_unless_the_gwas_are_lifted(tmp_path):
    with pytest.raises(
        StudyFileError, match=r"line 2: reference\.gtf: its header says GRCh38, and study\.build"
    ):
        read_study(study(tmp_path, GENCODE38, BARE, about="name: a, build: GRCh37"))
    (tmp_path / "c.chain").write_text("x\n")
    read_study(study(tmp_path, GENCODE38, BARE, about="name: a, build: GRCh37", more=", chain: c.chain"))


@pytest.mark.parametrize("ending", [".pvar", ".pvar.zst", ".bcf"])
def test_variants_beside_pgen_and_bcf_state_their_build_too(tmp_path, ending):
    import zstandard

    study(tmp_path, GENCODE38, VCF38)
    (tmp_path / "q.pgen").write_bytes(b"x")
    text = VCF37.encode()
    if ending == ".bcf":
        text = gzip.compress(b"BCF\2\2" + len(text).to_bytes(4, "little") + text)
    elif ending == ".pvar.zst":
        text = zstandard.compress(text)
    (tmp_path / f"q{ending}").write_bytes(text)
    name = "q.bcf" if ending == ".bcf" else "q.pgen"
    data = {
        "reference": {"gtf": "genes.gtf.gz"},
        "expression": {"lcl": {"counts": "counts.tsv", "genotypes": name}},
    }
    [(place, told)] = build_problems(data, tmp_path)
    assert place == ("expression", "lcl", "genotypes") and "says GRCh37" in told


def test_damaged_files_are_left_to_the_step_that_reads_them(tmp_path):
    study(tmp_path, GENCODE38, VCF38)
    (tmp_path / "p.vcf.gz").write_bytes(gzip.compress(VCF37.encode())[:-12])
    data = {
        "reference": {"gtf": "genes.gtf.gz"},
        "expression": {"lcl": {"counts": "c", "genotypes": "p.vcf.gz"}, "x": 5, "y": {"counts": 3}},
    }
    assert list(build_problems(data, tmp_path)) == []
