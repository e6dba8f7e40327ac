"""Polygenic scores and eQTS: matching, clumping, sums, associations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from hypothesis import given, settings
from hypothesis import strategies as st
from qtl.trans_study import N_SAMPLES, TransStudy, imputed, make_study, ols

from postgwas.errors import ColumnError, InputError, NoVariantsError, UsageError
from postgwas.qtl import QtlInputOptions, ScoreSettings, eqts, score
from postgwas.qtl.clumping import clump


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> TransStudy:
    return make_study(tmp_path_factory.mktemp("scores"))


def weights_file(path: Path, rows: list[tuple[object, ...]], header: str) -> Path:
    path.write_text("\n".join([header, *("\t".join(map(str, row)) for row in rows)]) + "\n")
    return path


HEADER = "SNPID\tCHR\tPOS\tEA\tNEA\tBETA\tP"


def rows_of(study: TransStudy, seed: int = 1) -> list[tuple[object, ...]]:
    """All variants but for every seventh; A1 is A and A2 is C there, turned in every third row."""
    rng = np.random.default_rng(seed)
    rows = []
    for j in range(80):
        if j % 7 == 6:
            continue
        alleles = ("C", "A") if j % 3 == 0 else ("A", "C")
        beta, p = rng.normal(), 10.0 ** -rng.uniform(0, 8)
        rows.append((f"rs{j}", study.chromosomes[j], study.positions[j], *alleles, f"{beta:.6g}", f"{p:.4g}"))
    return rows


def plain_score(study: TransStudy, rows: list[tuple[object, ...]]) -> np.ndarray:
    dosage = imputed(study.calls)
    total = np.zeros(N_SAMPLES)
    for name, _, _, effect, _, beta, _ in rows:
        copies = dosage[int(str(name)[2:])]
        total += float(str(beta)) * (copies if effect == "A" else 2 - copies)
    return total


def test_weights_as_given_are_a_plain_sum(study: TransStudy, tmp_path: Path) -> None:
    rows = rows_of(study)
    found = score(study.genotypes, weights_file(tmp_path / "trait.txt", rows, HEADER))
    assert found.names == ("trait",) and found.n_variants.tolist() == [len(rows)]
    np.testing.assert_allclose(found.values[0], plain_score(study, rows), rtol=1e-10, atol=1e-10)
    assert found.outcomes["trait"] == {
        "alleles as in the reference": sum(row[3] == "A" for row in rows),
        "effect and other allele exchanged": sum(row[3] == "C" for row in rows),
    }
    told = found.variants.row(0, named=True)
    assert (told["variant_id"], told["effect_allele"]) == (rows[0][0], rows[0][3])
    assert told["weight"] == float(str(rows[0][5]))


def test_ids_where_there_are_no_places(study: TransStudy, tmp_path: Path) -> None:
    rows = rows_of(study)
    short = [(row[0], *row[3:6]) for row in rows] + [("rs999", "A", "C", 1)]
    one = score(study.genotypes, weights_file(tmp_path / "trait.txt", short, "SNPID\tEA\tNEA\tBETA"))
    np.testing.assert_allclose(one.values[0], plain_score(study, rows), rtol=1e-10, atol=1e-10)
    assert one.outcomes["trait"]["no position, and the reference has no such SNPID"] == 1


def test_limits_on_p_make_nested_scores(study: TransStudy, tmp_path: Path) -> None:
    rows = rows_of(study)
    path = weights_file(tmp_path / "trait.txt", rows, HEADER)
    found = score(study.genotypes, path, settings=ScoreSettings(pval=(1e-4, 1.0)))
    assert found.names == ("trait_p0.0001", "trait_p1")
    few = [row for row in rows if float(str(row[6])) <= 1e-4]
    assert found.n_variants.tolist() == [len(few), len(rows)]
    np.testing.assert_allclose(found.values[0], plain_score(study, few), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found.values[1], plain_score(study, rows), rtol=1e-10, atol=1e-10)


def test_a_clumped_score_is_that_of_its_index_variants(study: TransStudy, tmp_path: Path) -> None:
    rows = rows_of(study)
    path = weights_file(tmp_path / "trait.txt", rows, HEADER)
    limits = ScoreSettings(pval=(1e-3, 1.0), clump_r2=0.2, clump_window=60_000)
    found = score(study.genotypes, path, settings=limits)
    index = set(found.variants["variant_id"])
    assert 10 < len(index) < len(rows)
    for column, limit in enumerate((1e-3, 1.0)):
        chosen = [row for row in rows if row[0] in index and float(str(row[6])) <= limit]
        assert found.n_variants[column] == len(chosen)
        np.testing.assert_allclose(found.values[column], plain_score(study, chosen), rtol=1e-9, atol=1e-9)
    alone = score(study.genotypes, path, settings=ScoreSettings((1e-3,), 0.2, 60_000))
    np.testing.assert_allclose(alone.values[0], found.values[0], rtol=1e-12)


@settings(max_examples=40)
@given(st.integers(0, 1000), st.sampled_from([0.0, 0.1, 0.3, 0.8, 1.0]), st.sampled_from([0, 3000, 9000]))
def test_clumping_is_that_of_a_plain_loop(seed: int, r2: float, window: int) -> None:
    calls = random_calls(seed, 25, 30, keep=0.8)
    calls[4] = 1
    positions = np.sort(np.random.default_rng(seed).integers(0, 25_000, 25))
    mlog10p = np.round(np.random.default_rng(seed + 1).uniform(0, 4, 25), 1)  # ties
    found = clump(lambda rows: calls[rows], positions, mlog10p, r2=r2, window=window)
    dosage = imputed(calls)
    gone, index = set(), set()
    for at in sorted(range(25), key=lambda row: (-mlog10p[row], row)):
        if at in gone:
            continue
        index.add(at)
        for other in range(25):
            if other in index or abs(positions[other] - positions[at]) > window:
                continue
            a, b = dosage[at] - dosage[at].mean(), dosage[other] - dosage[other].mean()
            size = (a @ a) * (b @ b)
            if size > 1e-12 and (a @ b) ** 2 > r2 * (1 + 1e-6) * size:
                gone.add(other)
    assert set(np.flatnonzero(found).tolist()) == index


def test_alleles_that_do_not_fit_and_palindromic_ones(tmp_path: Path) -> None:
    alleles = [("A", "C"), ("A", "T"), ("A", "T"), ("G", "T"), ("A", "C"), ("A", "C"), ("A", "C")]
    calls = random_calls(4, 7, 50, missing=0.0)
    calls[1] = np.tile([2, 1, 0, 0, 0], 10)  # A at 0.3
    calls[2] = np.tile([1, 1], 25)  # A at 0.5
    write_plink1(tmp_path / "geno", calls, alleles=alleles, positions=list(range(100, 800, 100)))
    rows = [
        ("v0", 1, 100, "T", "G", 0.3, 1.0, 0.5),  # other strand
        ("v1", 1, 200, "A", "T", 0.7, 2.0, 0.5),  # palindromic, other strand by frequency
        ("v2", 1, 300, "A", "T", 0.5, 4.0, 0.5),  # palindromic, frequency too near 1/2
        ("v3", 1, 400, "G", "C", 0.5, 8.0, 0.5),  # other alleles
        ("v4", 1, 550, "A", "C", 0.5, 16.0, 0.5),  # no such place
        ("v5", 1, 600, "A", "C", 0.5, "NA", 0.5),  # no effect
        ("v6", 1, 700, "A", "C", 0.5, 32.0, 0.5),
        ("v6b", 1, 700, "C", "A", 0.5, 64.0, 0.01),  # the same variant, smaller P
    ]
    path = weights_file(tmp_path / "trait.txt", rows, "SNPID\tCHR\tPOS\tEA\tNEA\tEAF\tBETA\tP")
    found = score(tmp_path / "geno.bed", path)
    x = calls.astype(float)
    # On the other strand the file's A of v1 is the genotypes' T.
    expected = 1.0 * x[0] + 2.0 * (2 - x[1]) + 64.0 * (2 - x[6])
    np.testing.assert_allclose(found.values[0], expected, rtol=1e-12)
    assert {why: n for why, n in found.outcomes["trait"].items() if "as in" not in why} == {
        "alleles complemented: other strand": 1,
        "palindromic, reverse strand inferred from the frequencies": 1,
        "palindromic, minor allele frequency above the limit": 1,
        "alleles differ from the reference's at this position": 1,
        "no variant at this position in the reference": 1,
        "effect, standard error or P missing or out of range": 1,
        "effect and other allele exchanged": 1,
        "duplicate of another row of the same variant": 1,
    }
    dropped = score(tmp_path / "geno.bed", path, settings=ScoreSettings(palindromic="drop"))
    np.testing.assert_allclose(dropped.values[0], expected - 2.0 * (2 - x[1]), rtol=1e-12)


def test_associations_are_those_of_least_squares(study: TransStudy, tmp_path: Path) -> None:
    rows = rows_of(study)
    paths = [weights_file(tmp_path / "one.txt", rows, HEADER),
             weights_file(tmp_path / "two.txt.", rows_of(study, 9)[:10], HEADER)]  # fmt: skip
    found = eqts(*study.files, sumstats=paths, settings=ScoreSettings(pval=(1.0, 1e-9)))
    assert found.untested == {"one_p1e-09": "no_variants", "two.txt._p1e-09": "no_variants"}
    assert found.table.height == 8
    values = dict(zip(found.scores.names, found.scores.values))
    for row in found.table.iter_rows(named=True):
        x = values[row["score"]]
        b, se, p = ols(study.y[int(row["phenotype_id"][1:])], x / x.std(ddof=1), *study.z)
        np.testing.assert_allclose([row["b"], row["b_se"], row["pval"]], [b[0], se[0], p[0]], rtol=1e-8)
    p = found.table["pval"].sort().to_numpy()
    adjusted = np.minimum.accumulate((p * 8 / np.arange(1, 9))[::-1])[::-1]
    np.testing.assert_allclose(found.table["pval_adj_bh"].sort(), np.minimum(adjusted, 1), rtol=1e-9)


def test_the_same_bits_for_any_workers_and_order_of_rows(
    study: TransStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postgwas.qtl.run_score.TASK", 16)
    rows, limits = rows_of(study), ScoreSettings((0.5, 0.01), 0.5, 100_000)
    one = score(study.genotypes, weights_file(tmp_path / "trait.txt", rows, HEADER), settings=limits)
    turned = weights_file(tmp_path / "trait.txt", rows[::-1], HEADER)
    two = score(study.genotypes, turned, settings=limits, cores=2)
    np.testing.assert_array_equal(one.values, two.values)
    assert one.variants.equals(two.variants)


def test_limits_of_frequency(study: TransStudy, tmp_path: Path) -> None:
    rows = rows_of(study)
    path = weights_file(tmp_path / "trait.txt", rows, HEADER)
    frequency = imputed(study.calls).mean(axis=1) / 2
    common = [row for row in rows if min(f := frequency[int(str(row[0])[2:])], 1 - f) >= 0.3]
    found = eqts(*study.files, sumstats=path, options=QtlInputOptions(maf_min=0.3))
    assert 0 < len(common) < len(rows) and found.scores.n_variants.tolist() == [len(common)]


def test_what_cannot_be_scored(study: TransStudy, tmp_path: Path) -> None:
    path = tmp_path / "trait.txt"
    weights_file(path, [("rs1", 1, 77, "A", "C", 0.1, 0.5)], HEADER)
    with pytest.raises(NoVariantsError, match=r"none of its variants is one of .*1 no variant at this pos"):
        score(study.genotypes, path)
    weights_file(path, [("rs1", "A", "C", 0.1)], "SNPID\tEA\tNEA\tBETA")
    with pytest.raises(InputError, match="no P to choose variants by"):
        score(study.genotypes, path, settings=ScoreSettings(clump_r2=0.1))
    weights_file(path, rows_of(study), HEADER)
    with pytest.raises(NoVariantsError, match="shared variants has a P of 1e-20 or less"):
        score(study.genotypes, path, settings=ScoreSettings((1e-20,)))
    weights_file(path, [("rs1", "A", "C", 0.1)], "SNPID\tEA\tNEA\tP")
    with pytest.raises(ColumnError, match="no effects to weigh with"):
        score(study.genotypes, path)
    with pytest.raises(UsageError, match="two files of summary statistics have one name"):
        score(study.genotypes, [path, path])
    for bad in (ScoreSettings((0.0,)), ScoreSettings((0.1, 0.1)), ScoreSettings((), 1.5)):
        with pytest.raises(UsageError):
            score(study.genotypes, path, settings=bad)
