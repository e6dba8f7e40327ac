"""`postgwas coloc genomewide` from files to files: tables, store, and what it refuses."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from coloc.genome_study import GENES, GenomeStudy, P, make_study, name

from postgwas.cli.main import main
from postgwas.store.study import Study

Run = Callable[..., str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GenomeStudy:
    return make_study(tmp_path_factory.mktemp("genome"))


@pytest.fixture
def done(made: GenomeStudy, out: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; gives the log."""

    def run(*arguments: object, gwas: Path | None = None, qtl: Path | None = None) -> str:
        argv = ["coloc", "genomewide", gwas or made.gwas, "--qtl", qtl or made.qtl, *arguments, "--out", out,
                "--quiet"]  # fmt: skip
        assert main([str(one) for one in argv]) == 0, capsys.readouterr().err
        return Path(f"{out}.log").read_text()

    return run


@pytest.fixture
def refuses(made: GenomeStudy, out: Path, refusal: Run) -> Run:
    """Run the command on what must fail; gives the one line."""

    def run(*arguments: object, gwas: Path | None = None, qtl: Path | None = None) -> str:
        files = ["coloc", "genomewide", gwas or made.gwas, "--qtl", qtl or made.qtl]
        return refusal(*files, *arguments, "--out", out, "--quiet")

    return run


def read(out: Path, ending: str) -> pl.DataFrame:
    return pl.read_csv(f"{out}.{ending}", separator="\t", null_values="NA")


def edited(source: Path, target: Path, change: Callable[[list[str]], list[str]]) -> Path:
    """A table with each line's cells changed."""
    content = source.read_bytes()
    header, *lines = (gzip.decompress(content) if source.suffix == ".gz" else content).decode().splitlines()
    target.write_text("\n".join([header, *("\t".join(change(line.split("\t"))) for line in lines)]) + "\n")
    return target


def test_tables_and_the_store(made: GenomeStudy, done: Run, out: Path) -> None:
    store = out.parent / "study.h5"
    log = done("--genotypes", made.bed, "--smr", "--store", store)
    genes, pairs = read(out, "coloc.genes.tsv.gz"), read(out, "coloc.pairs.tsv.gz")
    sets, sentinels = read(out, "coloc.sets.tsv.gz"), read(out, "sentinels.tsv")
    assert set(genes["phenotype_id"]) == set(GENES) and genes["PP.H4"].is_sorted(descending=True)
    assert pairs["PP.H4"].is_sorted(descending=True) and set(pairs["METHOD"]) == {"abf", "susie"}
    assert sentinels["SENTINEL"].to_list() == ["rs50", "rs175", "rs260"]
    assert sentinels["N_SHARED"].to_list() == [P] * 3 and sentinels["N_TURNED"].sum() > 0
    assert set(sets["SIDE"]) == {"gwas", "qtl"}
    assert (pairs.select(pl.sum_horizontal("^PRIOR.*$")).to_series() - 1).abs().max() < 1e-12
    assert {"SMR_P", "HEIDI_P", "WALD_RATIO"} <= set(genes.columns)
    assert "priors of H4 are" in log and "100 of 100 QTL variants in the GWAS" in log
    study = Study.open(store)
    keys = {entry.key for entry in study.ls()}
    assert {f"coloc/{what}/run" for what in ("pairs", "genes", "sets", "sentinels", "log_bf")} <= keys
    kept = study.read_polars("coloc/log_bf/run")
    assert kept.group_by("TRAIT", "REGION", "SIDE", "phenotype_id", "CS").len()["len"].unique().to_list() == [
        P
    ]
    assert study.provenance("coloc/pairs/run").parameters["p12_susie"] == 5e-6
    assert not [path for path in out.parent.iterdir() if "checkpoint" in path.name]


def test_results_are_not_overwritten(made: GenomeStudy, done: Run, out: Path, capsys) -> None:
    done()
    argv = ["coloc", "genomewide", str(made.gwas), "--qtl", str(made.qtl), "--out", str(out), "--quiet"]
    assert main(argv) == 2
    assert "run.coloc.pairs.tsv.gz and 4 more exist already" in capsys.readouterr().err


def test_ld_of_another_build(made: GenomeStudy, refuses: Run, tmp_path: Path) -> None:
    bed = tmp_path / "moved.bed"
    bed.write_bytes(made.bed.with_suffix(".bed").read_bytes())
    (tmp_path / "moved.fam").write_bytes(made.bed.with_suffix(".fam").read_bytes())
    lines = [line.split("\t") for line in made.bed.with_suffix(".bim").read_text().splitlines()]
    moved = ["\t".join([*cells[:3], str(int(cells[3]) + 777), *cells[4:]]) for cells in lines]
    bim = bed.with_suffix(".bim")
    bim.write_text("\n".join(moved) + "\n")
    told = refuses("--genotypes", bed)
    assert "LD is of another build or other chromosomes: only 0 of" in told and "--genotypes of" in told
    # The same places, as another build's may be, but other alleles there.
    bim.write_text("\n".join("\t".join([*cells[:4], "A", "AT"]) for cells in lines) + "\n")
    assert "LD is of another build" in refuses("--genotypes", bed)


def test_gwas_and_qtls_on_different_builds(made: GenomeStudy, refuses: Run, tmp_path: Path) -> None:
    rs = tmp_path / "rs.tsv"
    lines = gzip.decompress(made.qtl.read_bytes()).decode().splitlines()
    made_lines = ["gene_id\tchromosome\tposition\tref\talt\trsid\tbeta\tse\ttss_distance\tn"]
    for number, line in enumerate(lines[1:]):
        cells = line.split("\t")
        code, position, ref, alt = cells[1].removeprefix("chr").split("_")[:4]
        row = next(row for row in range(3 * P) if name(row) == cells[1])
        moved = str(int(position) + (40 if number else 0))
        made_lines.append(
            "\t".join((cells[0], code, moved, ref, alt, f"rs{row}", *cells[7:9], cells[2], "400"))
        )
    rs.write_text("\n".join(made_lines) + "\n")
    told = refuses(qtl=rs)
    assert "are on different builds: 299 of" in told and "rs numbers that both have are at other" in told
    assert "harmonise" in told

    def indel(cells: list[str]) -> list[str]:
        return [cells[0], "_".join([*cells[1].split("_")[:2], "A", "AT", "b38"]), *cells[2:]]

    alleles = edited(made.qtl, tmp_path / "alleles.tsv", indel)
    assert "300 of 300 variants at the same place have other alleles" in refuses(qtl=alleles)


def test_signs_that_do_not_fit_ld_are_told_of(made: GenomeStudy, done: Run, tmp_path: Path) -> None:
    """Every other variant with the wrong sign, as files have that count REF here and ALT there."""

    def scramble(cells: list[str]) -> list[str]:
        sign = -1 if int(cells[0][2:]) % 2 else 1
        return [*cells[:6], str(sign * float(cells[6])), *cells[7:]]

    wrong = edited(made.gwas, tmp_path / "wrong.tsv", scramble)
    log = done("--genotypes", made.bed, gwas=wrong)
    assert "signs of z-scores and LD agree in" in log and "alleles may not be aligned" in log


def test_significant_pairs_only(made: GenomeStudy, refuses: Run, tmp_path: Path) -> None:
    content = gzip.decompress(made.qtl.read_bytes()).decode().splitlines()
    kept = [line for line in content[1:] if float(line.split("\t")[6]) < 0.01 and not line.startswith("NONE")]
    path = tmp_path / "signif_pairs.tsv"
    path.write_text("\n".join([content[0], *kept]) + "\n")
    told = refuses(qtl=path)
    assert "these are the significant pairs only" in told and "--qtl with the nominal pass" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--p_max", "1e-300"], "no variant has a P of 1e-300 or less; the smallest is"),
        (["--p_max", "2"], "--p_max 2: expected a P-value above 0 and up to 1"),
        (["--window", "0"], "--window 0: expected base pairs above 0"),
        (["--sentinels", "clump"], "--sentinels clump needs genotypes for LD"),
        (["--sentinels", "nearest"], "--sentinels nearest: expected windows, clump or a file"),
        (["--clump_r2", "0"], "--clump_r2 0: expected a number above 0"),
        (["--p12", "0"], "--p12 0: expected a probability between 0 and 1"),
        (["--palindromic_maf", "0.7"], "--palindromic_maf 0.7: expected 0 to below 0.5"),
        (["--fdr", "0"], "--fdr 0: expected a number above 0"),
        (["--qtl_n", "1"], "--qtl_n 1: expected more than 3 samples"),
        (["--names", "a", "b"], "--names: 2 names for 1 GWAS"),
        (["--sd_y", "1", "2"], "--sd_y: 2 values for 1 GWAS"),
        (["--sd_y", "-1"], "--sd_y -1: expected a number above 0"),
        (["--case_fraction", "1.5"], "--case_fraction 1.5: expected a share between 0 and 1"),
        (["--covariates", "x.txt"], "covariates need genotypes"),
        (["--smr", "--smr_p", "0"], "--smr_p 0: expected a P-value above 0"),
        (["--smr", "--heidi_r2", "0.9", "0.1"], "--heidi_r2 0.9 0.1: expected 0 <= smallest < largest"),
        (["--smr", "--heidi_n", "5", "2"], "--heidi_n 5 2: expected 1 <= fewest <= most"),
        (["--L", "0"], "L"),
        (["--coverage", "1"], "coverage"),
    ],
)  # fmt: skip
def test_flags_out_of_range(refuses: Run, arguments: list[str], told: str) -> None:
    assert told in refuses(*arguments)


def test_files_that_cannot_be_used(made: GenomeStudy, refuses: Run, tmp_path: Path) -> None:
    leads = tmp_path / "leads.txt"
    leads.write_text("rs50\nrsNone\n")
    assert "variant 'rsNone' is not in" in refuses("--sentinels", leads)
    no_size = edited(made.qtl, tmp_path / "size.tsv", lambda cells: [*cells[:4], "NA", *cells[5:]])
    assert "does not tell how many samples there were (--qtl_n N)" in refuses(qtl=no_size)
    elsewhere = edited(
        made.qtl, tmp_path / "chr.tsv", lambda cells: [cells[0], cells[1].replace("chr", "chr1"), *cells[2:]]
    )
    told = refuses(qtl=elsewhere)
    assert "nothing to colocalise in 3 regions: 0 genes begin in them" in told and "builds" in told
    rs = edited(made.qtl, tmp_path / "ids.tsv", lambda cells: [cells[0], "rs1", *cells[2:]])
    assert "ids such as 'rs1' do not tell where variants are" in refuses(qtl=rs)


def test_egenes_that_begin_nowhere_near_a_hit_are_no_mistake(refuses: Run, tmp_path: Path) -> None:
    """A study goes on then; where no gene is on a region's chromosome, other builds or names are likelier."""
    leads = tmp_path / "egenes.tsv"
    rows = ["phenotype_id\tqval", *(f"{gene}\t0.001" for gene in list(GENES)[1:])]
    leads.write_text("\n".join(rows) + "\n")
    told = refuses("--egenes", leads, "--window", "10")
    assert "none of" in told and "significant genes begins in any of" in told


def test_a_gwas_without_signs_is_not_held_against_ld(
    made: GenomeStudy, done: Run, refuses: Run, out: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "p_only.tsv"
    table = pl.read_csv(made.gwas, separator="\t", infer_schema=False)
    table.drop("BETA", "SE").write_csv(plain, separator="\t")
    said = "p_only.tsv: no z-scores"
    assert said in refuses("--genotypes", made.bed, gwas=plain)
    assert said in refuses("--genotypes", made.bed, "--smr", gwas=plain)
    done(gwas=plain)
    assert set(read(out, "coloc.pairs.tsv.gz")["METHOD"]) == {"abf"}


def test_a_gwas_without_frequencies_is_named(made: GenomeStudy, refuses: Run, tmp_path: Path) -> None:
    """Where the QTLs have none to lend; with --sd_y they are not needed."""
    bare, qtl = tmp_path / "bare.tsv", tmp_path / "qtl.tsv"
    pl.read_csv(made.gwas, separator="\t", infer_schema=False).drop("FRQ", "EAF", strict=False).write_csv(
        bare, separator="\t"
    )
    table = pl.read_csv(made.qtl, separator="\t", infer_schema=False)
    table.drop("af", "maf", strict=False).write_csv(qtl, separator="\t")
    flags = ("--qtl_n", 300, "--qtl_sd_y", 1)
    told = refuses(*flags, gwas=bare, qtl=qtl)
    assert "bare.tsv: no allele frequencies" in told and "--eaf_name COLUMN, or --sd_y SD" in told
    argv = [
        "coloc",
        "genomewide",
        bare,
        "--qtl",
        qtl,
        *flags,
        "--sd_y",
        1,
        "--out",
        tmp_path / "run",
        "--quiet",
    ]
    assert main([str(one) for one in argv]) == 0


def test_two_sentinels_at_one_place_are_one_region(
    made: GenomeStudy, done: Run, out: Path, tmp_path: Path
) -> None:
    """Of three alleles; a row a gene, not one a gene and sentinel."""
    lines = made.gwas.read_text().splitlines()
    third = next(line for line in lines if line.startswith("rs50\t")).split("\t")
    third[0], third[3:5] = "third", ["AT", "A"]
    gwas = tmp_path / "three.tsv"
    gwas.write_text("\n".join([*lines, "\t".join(third)]) + "\n")
    leads = tmp_path / "leads.txt"
    leads.write_text("rs50\nthird\n")
    assert "1 sentinels are at the place of a stronger one" in done("--sentinels", leads, gwas=gwas)
    genes = read(out, "coloc.genes.tsv.gz")
    assert genes.height == genes["phenotype_id"].n_unique() > 0
    assert read(out, "sentinels.tsv").height == 1


def test_two_gwas_of_one_name(made: GenomeStudy, out: Path, capsys) -> None:
    argv = ["coloc", "genomewide", made.gwas, made.gwas, "--qtl", made.qtl, "--out", out, "--quiet"]
    assert main([str(one) for one in argv]) == 2
    assert "two GWAS are called height" in capsys.readouterr().err


def test_palindromic_snps_and_strands_through_the_command(
    made: GenomeStudy, done: Run, out: Path, tmp_path: Path
) -> None:
    """The GWAS on the other strand gives the same posteriors; the log counts."""
    done("--genotypes", made.bed)
    before = read(out, "coloc.pairs.tsv.gz")
    other = str.maketrans("ACGT", "TGCA")

    def flip(cells: list[str]) -> list[str]:
        return [*cells[:3], cells[3].translate(other), cells[4].translate(other), *cells[5:]]

    flipped = edited(made.gwas, tmp_path / "height.tsv", flip)
    done("--genotypes", made.bed, "--overwrite", gwas=flipped)
    after = read(out, "coloc.pairs.tsv.gz")
    keys = ["phenotype_id", "METHOD", "CS_GWAS", "CS_QTL"]
    for column in ("PP.H3", "PP.H4", "CLPP"):
        np.testing.assert_allclose(before.sort(keys)[column], after.sort(keys)[column], rtol=1e-9, atol=1e-12)


@pytest.mark.requires_shared
def test_furin_is_the_gene_of_the_schizophrenia_hit(shared: Path, out: Path, tmp_path: Path) -> None:
    """PP.H4 of FURIN is 0.9999 (moloc's vignette has the locus), half of its SNPs with swapped alleles."""
    places = tmp_path / "genes.tsv"
    places.write_text("gene_id\tchr\ttss\nENSG00000140564\t15\t91411885\nENSG00000182511\t15\t91427665\n")
    folder = shared / "realdata/coloc_moloc_FURIN"
    argv = ["coloc", "genomewide", folder / "gwas.tsv.gz", "--type", "cc", "--qtl", folder / "eqtl.tsv.gz",
            "--genes", places, "--out", out, "--quiet"]  # fmt: skip
    assert main([str(one) for one in argv]) == 0
    genes = read(out, "coloc.genes.tsv.gz")
    assert genes["phenotype_id"][0] == "ENSG00000140564"
    assert genes["PP.H4"][0] == pytest.approx(0.9999, abs=5e-5)
    assert genes["MARK"].to_list() == ["strong", "strong"]
