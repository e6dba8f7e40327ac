"""Genome-wide colocalisation against the single functions on the same numbers, and what may not change it."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from coloc.genome_study import GENES, N_GWAS, N_PEOPLE, GenomeStudy, P, alleles, make_study, name, place

from postgwas.coloc import Dataset, abf, susie
from postgwas.coloc.genome_settings import GenomeSettings, GwasInput, QtlInput, SentinelChoice, SmrSettings
from postgwas.coloc.run_genomewide import GenomeColoc, genomewide
from postgwas.finemap import susie_rss

KEYS = ["phenotype_id", "METHOD", "CS_GWAS", "CS_QTL"]
PP = [f"PP.H{number}" for number in range(5)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GenomeStudy:
    return make_study(tmp_path_factory.mktemp("genome"))


def run(made: GenomeStudy, *, gwas: Path | None = None, qtl: Path | None = None, **more) -> GenomeColoc:
    inputs = GwasInput(gwas or made.gwas, "height"), QtlInput(qtl or made.qtl)
    return genomewide(
        *inputs, **{"genotypes": made.bed, "settings": GenomeSettings(smr=SmrSettings()), **more}
    )


@pytest.fixture(scope="module")
def found(made: GenomeStudy) -> GenomeColoc:
    return run(made)


def rows_of(gene: str) -> np.ndarray:
    region = GENES[gene][0]
    return np.arange(region * P, (region + 1) * P)


def test_truth_is_found(found: GenomeColoc) -> None:
    genes = found.summary()
    marks = dict(genes.select("phenotype_id", "MARK").iter_rows())
    assert marks == {
        "SHARED": "strong", "SECOND": "strong", "BOTH": "strong", "FAR": "strong", "DISTINCT": None,
        "NONE": None,
    }  # fmt: skip
    assert genes["PP.H4"].to_list() == sorted(genes["PP.H4"].to_list(), reverse=True)
    pairs = found.pairs().filter(pl.col("METHOD") == "susie")
    both = pairs.filter((pl.col("phenotype_id") == "BOTH") & (pl.col("MARK") == "strong"))
    assert set(both["TOP_VARIANT"]) == {name(P + 30), name(P + 75)}
    assert genes.filter(pl.col("phenotype_id") == "BOTH")["N_STRONG"].item() == 2


@pytest.mark.parametrize("gene", GENES)
def test_one_causal_variant_as_abf_has_it(made: GenomeStudy, found: GenomeColoc, gene: str) -> None:
    """To 1e-9: the file's numbers are those of the arrays but for the last digits."""
    rows = rows_of(gene)
    maf = made.calls[rows].mean(axis=1) / 2
    ids = [name(row) for row in rows]
    se = 1 / np.sqrt(2 * maf * (1 - maf) * N_GWAS)
    one = Dataset(snp=ids, beta=made.z[rows] * se, se=se, maf=maf, n=N_GWAS, type="quant")
    two = Dataset(snp=ids, beta=made.slope[gene], se=made.slope_se[gene], maf=maf, n=N_PEOPLE, type="quant")
    expected = abf(one, two)
    got = found.pairs().filter((pl.col("phenotype_id") == gene) & (pl.col("METHOD") == "abf"))
    np.testing.assert_allclose(got.select(PP).row(0), expected.pp, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(got["CLPP"].item(), expected.clpp.sum(), rtol=1e-7)
    np.testing.assert_allclose(got.select([f"PRIOR.H{h}" for h in range(5)]).row(0), expected.prior)


@pytest.mark.parametrize("gene", ["SHARED", "DISTINCT", "SECOND", "BOTH"])
def test_pairs_of_credible_sets_as_susie_has_them(made: GenomeStudy, found: GenomeColoc, gene: str) -> None:
    """LD of the panel is kept in single precision: Bayes factors of 1e15 then differ in the fourth digit."""
    rows = rows_of(gene)
    ld = np.corrcoef(made.calls[rows])
    ids = [name(row) for row in rows]
    fits = [
        susie_rss(z, ld, n)
        for z, n in ((made.z[rows], N_GWAS), (made.slope[gene] / made.slope_se[gene], N_PEOPLE))
    ]
    expected = susie(*fits, ids, ids).table().sort("hit1", "hit2")
    got = found.pairs().filter((pl.col("phenotype_id") == gene) & (pl.col("METHOD") == "susie"))
    got = got.sort("HIT_GWAS", "HIT_QTL")
    assert got.select("HIT_GWAS", "HIT_QTL").rows() == expected.select("hit1", "hit2").rows()
    np.testing.assert_allclose(got.select(PP).to_numpy(), expected.select(PP).to_numpy(), atol=1e-6)
    sets = {row["SIDE"]: row for _, _, one in found.results for row in one.sets
            if row["phenotype_id"] in (None, gene) and row["REGION"] == got["REGION"][0]}  # fmt: skip
    assert all(row["COVERAGE"] >= 0.95 and row["SHARE_SHARED"] == 1 for row in sets.values())


def lines_of(path: Path) -> list[str]:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode().splitlines()


def same(one: GenomeColoc, two: GenomeColoc) -> None:
    assert one.pairs().equals(two.pairs(), null_equal=True)
    assert one.summary().equals(two.summary(), null_equal=True)


def test_workers_and_the_order_of_rows_change_no_bit(
    made: GenomeStudy, found: GenomeColoc, tmp_path: Path
) -> None:
    same(found, run(made, cores=2))
    rng = np.random.default_rng(1)
    shuffled = []
    for path in (made.gwas, made.qtl):
        header, *lines = lines_of(path)
        shuffled.append(tmp_path / path.name.removesuffix(".gz"))
        order = rng.permutation(len(lines))
        shuffled[-1].write_text("\n".join([header, *(lines[at] for at in order)]) + "\n")
    same(found, run(made, gwas=shuffled[0], qtl=shuffled[1]))


def test_swapped_alleles_change_nothing(made: GenomeStudy, found: GenomeColoc, tmp_path: Path) -> None:
    lines = made.gwas.read_text().splitlines()
    out = [lines[0]]
    for line in lines[1:]:
        cells = line.split("\t")
        cells[3], cells[4] = cells[4], cells[3]
        cells[5], cells[6] = str(1 - float(cells[5])), str(-float(cells[6]))
        out.append("\t".join(cells))
    path = tmp_path / "swapped.tsv"
    path.write_text("\n".join(out) + "\n")
    again = run(made, gwas=path)
    for column in (*PP, "CLPP", "TOP_PP"):
        one, two = (f.pairs().sort(*KEYS)[column].to_numpy() for f in (found, again))
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)
    for column in ("SMR_B", "SMR_SE", "WALD_RATIO"):
        one, two = (f.summary().sort("phenotype_id")[column].to_numpy() for f in (found, again))
        np.testing.assert_allclose(one, two, rtol=1e-9)


def test_a_run_that_died_goes_on(made: GenomeStudy, found: GenomeColoc, tmp_path: Path) -> None:
    kept, scratch = tmp_path / "kept", tmp_path / "scratch"
    run(made, checkpoint=kept, scratch=scratch)
    tasks = sorted(kept.glob("*.task"))
    assert len(tasks) == 3
    tasks[1].unlink()
    times = [path.stat().st_mtime_ns for path in (tasks[0], tasks[2])]
    same(found, run(made, checkpoint=kept, scratch=scratch))
    assert sorted(kept.glob("*.task")) == tasks
    assert [path.stat().st_mtime_ns for path in (tasks[0], tasks[2])] == times


def test_a_gene_that_fails_leaves_the_others(made: GenomeStudy, found: GenomeColoc, tmp_path: Path) -> None:
    """One gene without errors, one of significant pairs only: each has its reason."""
    lines = lines_of(made.qtl)
    out = [lines[0]]
    for line in lines[1:]:
        cells = line.split("\t")
        if cells[0] == "FAR":
            cells[8] = "NA"
        if cells[0] == "SHARED" and abs(float(cells[7]) / float(cells[8])) < 2:
            continue
        out.append("\t".join(cells))
    path = tmp_path / "qtl.tsv"
    path.write_text("\n".join(out) + "\n")
    again = run(made, qtl=path)
    genes = {row["phenotype_id"]: row for row in again.summary().iter_rows(named=True)}
    assert "FAR" not in genes and again.empty == (("height", "2:4620000-5620000"),)
    assert genes["SHARED"]["STATUS"] == "only_significant_pairs" and genes["SHARED"]["PP.H4"] is None
    assert again.spool.rejected == {"no_effect": P}
    before = {row["phenotype_id"]: row for row in found.summary().iter_rows(named=True)}
    for gene in ("SECOND", "BOTH", "DISTINCT", "NONE"):
        assert genes[gene]["PP.H4"] == before[gene]["PP.H4"]


def test_other_panels_for_the_two_sides_and_none(made: GenomeStudy, found: GenomeColoc) -> None:
    same(found, run(made, qtl_genotypes=made.bed))
    plain = run(made, genotypes=None)
    assert set(plain.pairs()["METHOD"]) == {"abf"}
    columns = ["phenotype_id", *PP]
    abf_only = found.pairs().filter(pl.col("METHOD") == "abf").select(columns)
    assert plain.pairs().select(columns).equals(abf_only)


def test_several_gwas_are_each_as_alone(made: GenomeStudy, found: GenomeColoc) -> None:
    two = [GwasInput(made.gwas, "height"), GwasInput(made.gwas, "weight", kind="cc")]
    both = genomewide(two, QtlInput(made.qtl), genotypes=made.bed, settings=GenomeSettings(smr=SmrSettings()))
    alone = both.pairs().filter(pl.col("TRAIT") == "height")
    assert alone.equals(found.pairs())
    other = both.pairs().filter((pl.col("TRAIT") == "weight") & (pl.col("METHOD") == "abf"))
    one, two = (frame.sort("phenotype_id")["PP.H0"] for frame in (other, alone.filter(METHOD="abf")))
    assert not np.allclose(one, two, rtol=1e-3, atol=0)


def test_sentinels_by_clumping_and_from_a_file(made: GenomeStudy, tmp_path: Path) -> None:
    """Region 2 has two signals 90 kb apart: one window, two clumps."""
    chosen = tmp_path / "leads.txt"
    chosen.write_text(f"rs50\nchr2:{place(2 * P + 60)[1]}\n")
    windows, clumps, listed = (
        [r.lead for r in run(made, sentinels=SentinelChoice(how)).traits[0].regions]
        for how in ("windows", "clump", str(chosen))
    )
    assert windows == ["rs50", "rs175", "rs260"]
    assert set(windows) < set(clumps) and "rs130" in clumps
    assert listed == ["rs50", "rs260"]
    r2 = np.corrcoef(made.calls) ** 2
    at = [int(lead[2:]) for lead in clumps]
    same_chromosome = [(a, b) for a in at for b in at if a < b and a // P == b // P]
    assert same_chromosome and all(r2[a, b] <= 0.1 for a, b in same_chromosome)


def test_stored_fits_are_used_as_they_are(made: GenomeStudy, tmp_path: Path) -> None:
    """Log Bayes factors of the eQTL Catalogue's layout, of fits with L = 3: bf_bf on the same numbers."""
    from postgwas.coloc import bf_bf

    lines, fits = [], {}
    for gene in GENES:
        rows = rows_of(gene)
        z = made.slope[gene] / made.slope_se[gene]
        fits[gene] = fit = susie_rss(z, np.corrcoef(made.calls[rows]), N_PEOPLE, L=3)
        for at, row in enumerate(rows):
            code, position = place(row)
            cells = (gene, f"chr{code}:1-9", name(row).removesuffix("_b38"), code, position,
                     *(f"{value:.17g}" for value in fit.lbf_variable[:, at]))  # fmt: skip
            lines.append("\t".join(map(str, cells)))
    header = "molecular_trait_id\tregion\tvariant\tchromosome\tposition\t" + "\t".join(
        f"lbf_variable{number}" for number in (1, 2, 3)
    )
    path = tmp_path / "fits.lbf_variable.txt"
    path.write_text("\n".join([header, *lines]) + "\n")
    again = genomewide(
        GwasInput(made.gwas, "height"), replace(QtlInput(made.qtl), fits=path), genotypes=made.bed
    )
    for gene in ("SHARED", "BOTH"):
        rows = rows_of(gene)
        ids = [name(row) for row in rows]
        gwas = susie_rss(made.z[rows], np.corrcoef(made.calls[rows]), N_GWAS)
        effects = [one.effect for one in gwas.credible_sets]
        there = [row for row in range(3) if fits[gene].V[row] > 0]
        expected = bf_bf(gwas.lbf_variable[effects], fits[gene].lbf_variable[there], ids, ids)
        got = again.pairs().filter((pl.col("phenotype_id") == gene) & (pl.col("METHOD") == "susie"))
        assert got.height == expected.pp[..., 4].size
        np.testing.assert_allclose(
            np.sort(got["PP.H4"].to_numpy()), np.sort(expected.pp[..., 4].ravel()), atol=1e-6
        )
    assert alleles(0) == ("A", "G")


def test_a_pair_without_posterior_is_not_the_best(found: GenomeColoc) -> None:
    """Where signals hardly lie at shared variants, a gene is judged by one causal variant a trait."""

    def without(row: dict) -> dict:
        blank = {"MARK": None, **dict.fromkeys(PP, float("nan"))}
        return row | blank if row["METHOD"] == "susie" and row["phenotype_id"] == "SHARED" else row

    results = tuple(
        (trait, region, replace(one, pairs=[without(row) for row in one.pairs]))
        for trait, region, one in found.results
    )
    spoilt = replace(found, results=results)
    assert spoilt.pairs().filter(pl.col("PP.H4").is_nan()).is_empty()
    assert spoilt.pairs()["PP.H4"].is_null().to_list() == sorted(spoilt.pairs()["PP.H4"].is_null().to_list())
    gene = spoilt.summary().filter(pl.col("phenotype_id") == "SHARED")
    assert gene.select("METHOD", "N_STRONG", "N_MODERATE").row(0) == ("abf", 0, 0)
    assert gene["PP.H4"].item() == gene["PP.H4.abf"].item()
