"""F_ST against loops over the papers' formulae, and what must not change it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from genotypes.plink1_files import write_plink1
from genotypes.structured import structured_calls
from hypothesis import given, settings
from hypothesis import strategies as st

from postgwas.errors import InputError, UsageError
from postgwas.genotypes import FstSettings, Genotypes, fst, open_genotypes
from postgwas.genotypes.fst_estimators import hudson, ratio_of_sums, weir_cockerham
from postgwas.genotypes.group_counts import group_counts

Parts = tuple[float, float]


def naive_wc(groups: list[np.ndarray]) -> Parts:
    """Weir and Cockerham 1984, equations 2 to 4, one variant, one sample after the other."""
    groups = [[int(c) for c in calls if c >= 0] for calls in groups]
    if any(not calls for calls in groups):
        return 0.0, 0.0
    r = len(groups)
    n = [len(calls) for calls in groups]
    p = [sum(calls) / (2 * len(calls)) for calls in groups]
    h = [sum(c == 1 for c in calls) / len(calls) for calls in groups]
    n_bar = sum(n) / r
    n_c = (r * n_bar - sum(x * x for x in n) / (r * n_bar)) / (r - 1)
    p_bar = sum(x * y for x, y in zip(n, p)) / (r * n_bar)
    if p_bar in (0.0, 1.0):
        return 0.0, 0.0
    s2 = sum(x * (y - p_bar) ** 2 for x, y in zip(n, p)) / ((r - 1) * n_bar)
    h_bar = sum(x * y for x, y in zip(n, h)) / (r * n_bar)
    a = n_bar / n_c * (s2 - 1 / (n_bar - 1) * (p_bar * (1 - p_bar) - (r - 1) / r * s2 - h_bar / 4))
    b = n_bar / (n_bar - 1) * (p_bar * (1 - p_bar) - (r - 1) / r * s2 - (2 * n_bar - 1) / (4 * n_bar) * h_bar)
    return a, a + b + h_bar / 2


def naive_hudson(one: np.ndarray, other: np.ndarray) -> Parts:
    """Bhatia et al. 2013, equation 10."""
    one, other = one[one >= 0], other[other >= 0]
    if not len(one) or not len(other):
        return 0.0, 0.0
    p1, p2, n1, n2 = one.sum() / (2 * len(one)), other.sum() / (2 * len(other)), 2 * len(one), 2 * len(other)
    top = (p1 - p2) ** 2 - p1 * (1 - p1) / (n1 - 1) - p2 * (1 - p2) / (n2 - 1)
    return top, p1 * (1 - p2) + p2 * (1 - p1)


@pytest.mark.parametrize("sizes", [(6, 5), (6, 5, 4, 9)])
def test_estimators_against_loops(sizes: tuple[int, ...]) -> None:
    calls, codes = structured_calls(3, 60, sizes, missing=0.2)
    calls[0], calls[1], calls[2, codes == 0] = 2, -9, -9
    counts = group_counts(calls, codes, len(sizes))
    wc, hud = weir_cockerham(counts), hudson(counts)
    for v in range(60):
        parts = [calls[v, codes == g] for g in range(len(sizes))]
        assert (wc.numerator[v], wc.denominator[v]) == pytest.approx(naive_wc(parts), abs=1e-12)
        if all((part >= 0).any() for part in parts):
            pairs = [naive_hudson(a, b) for i, a in enumerate(parts) for b in parts[i + 1 :]]
            known = sum(bottom for _, bottom in pairs) > 0
            assert hud.numerator[v] == pytest.approx(sum(top for top, _ in pairs) * known, abs=1e-12)
    assert np.isnan(wc.by_variant[:3]).all() and np.isnan(hud.by_variant[:3]).all()


def test_jackknife_against_loops() -> None:
    rng = np.random.default_rng(5)
    top, bottom = rng.uniform(0, 1, (7, 2)), rng.uniform(1, 2, (7, 2))
    found = ratio_of_sums(top, bottom)
    for c in range(2):
        without = [np.delete(top[:, c], b).sum() / np.delete(bottom[:, c], b).sum() for b in range(7)]
        spread = sum((one - np.mean(without)) ** 2 for one in without)
        assert found.se[c] == pytest.approx(np.sqrt(6 / 7 * spread), rel=1e-12)


@pytest.fixture
def genotypes(tmp_path: Path) -> tuple[Genotypes, list[str]]:
    calls, codes = structured_calls(7, 400, (20, 15, 10))
    return open_genotypes(write_plink1(tmp_path / "sim", calls)), [f"G{code}" for code in codes]


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_other_alleles_and_other_orders_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    calls, codes = structured_calls(seed, 30, (8, 7, 5), missing=0.1)
    order = rng.permutation(20)
    swapped = np.where(calls >= 0, 2 - calls, calls).astype(np.int8)
    for estimator in (hudson, weir_cockerham):
        before = estimator(group_counts(calls, codes, 3))
        after = estimator(group_counts(swapped[:, order], codes[order], 3))
        assert np.allclose(before.numerator, after.numerator, atol=1e-13)
        assert np.allclose(before.denominator, after.denominator, atol=1e-13)


def test_tables_are_ratios_of_sums(genotypes: tuple[Genotypes, list[str]]) -> None:
    data, labels = genotypes
    found = fst(data, labels, by_variant=True)
    calls, codes = data.block(0, 400), np.array([int(label[1]) for label in labels])
    expected = {}
    for g in range(3):
        rest = [naive_hudson(calls[v, codes == g], calls[v, codes != g]) for v in range(400)]
        expected[f"G{g}:rest"] = sum(a for a, _ in rest) / sum(b for _, b in rest)
    got = dict(zip(found.names(), found.table["FST"].to_list()))
    assert {name: got[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    assert list(got) == ["all", "G0:G1", "G0:G2", "G1:G2", "G0:rest", "G1:rest", "G2:rest"]
    assert found.table["N2"].to_list() == [None, 15, 10, 10, 25, 30, 35]
    assert 0.05 < got["all"] < 0.15  # simulated at 0.1


def test_same_bits_for_any_number_of_workers(
    genotypes: tuple[Genotypes, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, labels = genotypes
    one, two = fst(data, labels), fst(data, labels, cores=2)
    assert one.table.equals(two.table)
    monkeypatch.setattr("postgwas.genotypes.sweeps.PIECE", 512)
    assert np.allclose(fst(data, labels).table["FST"], one.table["FST"], rtol=1e-12)


def test_groups_that_are_small_or_alone(
    genotypes: tuple[Genotypes, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    data, labels = genotypes
    single = ["alone", *labels[1:]]
    with caplog.at_level("WARNING", "postgwas"):
        found = fst(data, single)
    assert "1 groups have fewer than 2 samples and are left out: alone" in caplog.text
    assert "alone" not in found.groups.names and found.table["N1"][0] == 44
    kept = fst(data, single, settings=FstSettings(least_samples=1))
    assert np.isfinite(kept.table["FST"].to_numpy()).all()
    with pytest.raises(UsageError, match="found only 'G0'"):
        fst(data, ["G0"] * 45)
    with pytest.raises(InputError, match="44 group labels for 45 samples"):
        fst(data, labels[1:])


def test_dosages_have_no_heterozygotes(tmp_path: Path) -> None:
    sites = [f"1\t{i + 1}\tv{i}\tA\tC\t.\t.\t.\tDS" for i in range(3)]
    names = "\t".join(f"s{i}" for i in range(4))
    rows = [
        site + "\t" + "\t".join(f"{(i + j) % 3 * 0.9:.1f}" for j in range(4)) for i, site in enumerate(sites)
    ]
    head = '##fileformat=VCFv4.2\n##contig=<ID=1>\n##FORMAT=<ID=DS,Number=1,Type=Float,Description="d">\n'
    path = tmp_path / "d.vcf"
    path.write_text(
        head + f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{names}\n" + "\n".join(rows) + "\n"
    )
    groups = ["a", "a", "b", "b"]
    assert np.isfinite(fst(path, groups, dosage=True).table["FST"][0])
    with pytest.raises(UsageError, match="hard calls"):
        fst(path, groups, dosage=True, settings=FstSettings(method="wc"))


def test_two_groups_are_one_pair(genotypes: tuple[Genotypes, list[str]]) -> None:
    data, labels = genotypes
    found = fst(data, [label if label != "G2" else None for label in labels])
    assert found.names() == ["G0:G1"]


def test_equal_groups_have_no_differentiation() -> None:
    """Unbiased: the mean over many variants of groups from one population is 0."""
    calls, codes = structured_calls(11, 4000, (30, 20), fst=1e-9, missing=0.0)
    counts = group_counts(calls, codes, 2)
    for estimator in (hudson, weir_cockerham):
        found = estimator(counts)
        total = ratio_of_sums(
            found.numerator.reshape(40, 100).sum(axis=1)[:, None],
            found.denominator.reshape(40, 100).sum(axis=1)[:, None],
        )
        assert abs(total.values[0]) < 4 * total.se[0] < 0.01
