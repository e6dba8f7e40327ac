"""Quality control: counts in loops, one copy of X in men, groups, the account, same bits everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes import QcSettings, Selection, hwe_exact, open_genotypes, qc, qc_sweeps
from postgwas.genotypes.heterozygosity import expected_homozygosity, homozygosity
from postgwas.genotypes.qc_result import QcResult
from postgwas.genotypes.sex_check import SexLimits

N = 40
CHROMOSOMES = ["1"] * 30 + ["X"] * 30 + ["Y"] * 5 + ["MT"] * 5 + ["GL000220.1"] * 2


def study(
    folder: Path, *, sexes: NDArray[np.int64] | None = None, seed: int = 1
) -> tuple[Path, NDArray[np.int8]]:
    """Forty people, men odd; X from 3 Mb on; men have one X, apart from five calls."""
    rng = np.random.default_rng(seed)
    calls = random_calls(seed, len(CHROMOSOMES), N, missing=0.05, keep=0.3)
    men = np.arange(N) % 2 == 1
    x = slice(30, 60)
    calls[x, men] = np.where(calls[x, men] == 1, 2 * rng.integers(0, 2, (30, N // 2)), calls[x, men])
    calls[31:36, 1] = 1
    calls[60:65, ~men] = -9
    calls[60:65][calls[60:65] == 1] = 0
    calls[65:70][calls[65:70] == 1] = 2
    positions = [3_000_000 + 1000 * i for i in range(len(CHROMOSOMES))]
    prefix = write_plink1(folder / "study", calls, chromosomes=CHROMOSOMES, positions=positions)
    codes = np.where(men, 1, 2) if sexes is None else sexes
    lines = [f"F{i} I{i} 0 0 {sex} -9\n" for i, sex in enumerate(codes.tolist())]
    prefix.with_suffix(".fam").write_text("".join(lines))
    return prefix, calls


def test_every_count_in_loops(tmp_path: Path) -> None:
    prefix, calls = study(tmp_path)
    table = qc(prefix).variant_table()
    for row, (name, variant) in enumerate(zip(CHROMOSOMES, calls.tolist())):
        copies = both = missing = people = impossible = 0
        genotypes = [0, 0, 0]
        for person, call in enumerate(variant):
            man = person % 2 == 1
            single = name in ("Y", "MT") or (name == "X" and man)
            if name == "Y" and not man:
                continue
            people += 1
            missing += call < 0
            if call < 0:
                continue
            if single and call == 1:
                impossible += 1
                continue
            copies += call // 2 if single else call
            both += 1 if single else 2
            if not single:
                genotypes[call] += 1
        shown = table.row(row, named=True)
        assert (shown["N"], shown["N_MISSING"]) == (people, missing)
        assert (shown["A1_COUNT"], shown["N_ALLELES"]) == (copies, both)
        assert shown["MAC"] == min(copies, both - copies) and shown["N_IMPOSSIBLE"] == impossible
        assert [shown["HOM_A2"], shown["HET"], shown["HOM_A1"]] == genotypes
        if name in ("Y", "MT"):
            assert np.isnan(shown["HWE_MLOG10P"])
        else:
            assert shown["HWE_P"] == hwe_exact(*([one] for one in genotypes)).p[0]


def test_samples_in_loops(tmp_path: Path) -> None:
    prefix, calls = study(tmp_path)
    result = qc(prefix)
    variants, samples = result.variant_table(), result.sample_table()
    frequency = variants["A1_FREQ"].to_numpy()
    for person in range(N):
        man = person % 2 == 1
        mine = calls[:, person]
        counted = [row for row, name in enumerate(CHROMOSOMES) if name != "Y" or man]
        shown = samples.row(person, named=True)
        assert shown["N_VARIANTS"] == len(counted)
        assert shown["N_MISSING"] == sum(mine[row] < 0 for row in counted)
        for name, f, number in (("1", "F", "N_CALLS"), ("X", "X_F", "X_CALLS")):
            rows = [
                row for row in range(len(mine))
                if CHROMOSOMES[row] == name and mine[row] >= 0 and 0 < frequency[row] < 1
            ]  # fmt: skip
            seen = sum(mine[row] != 1 for row in rows)
            expected = sum(1 - 2 * frequency[row] * (1 - frequency[row]) for row in rows)
            assert shown[number] == len(rows)
            assert shown[f] == pytest.approx((seen - expected) / (len(rows) - expected), rel=1e-12)


def account_adds_up(result: QcResult) -> None:
    account = result.account()
    for of, mask in (("samples", result.people.mask), ("variants", result.sites.mask)):
        steps = account.filter(pl.col("OF") == of)
        assert (steps["ROWS_IN"] - steps["DROPPED"] == steps["ROWS_OUT"]).all()
        assert steps["ROWS_OUT"][:-1].to_list() == steps["ROWS_IN"][1:].to_list()
        assert steps["ROWS_OUT"][-1] == int(mask.sum())
    table = result.variant_table()
    for reason, number in table["FILTER"].value_counts().iter_rows():
        if reason != "PASS":
            assert account.filter(pl.col("FILTER") == reason)["DROPPED"].sum() >= number


def test_the_account_adds_up_and_samples_go_first(tmp_path: Path) -> None:
    prefix, calls = study(tmp_path)
    calls[3], calls[5] = -9, 0
    calls[:, 4], calls[:20, 7] = -9, -9
    write_plink1(prefix, calls, chromosomes=CHROMOSOMES, positions=list(range(1, 73)))
    prefix.with_suffix(".fam").write_text("".join(f"f I{i} 0 0 {2 - i % 2} -9\n" for i in range(N)))
    limits = QcSettings(
        max_missing_samples=0.2, max_missing=0.1, maf_min=0.02, mac_min=2, hwe=0.01, het_sd=2.0,
        sex_check="remove", relatives="remove",
    )  # fmt: skip
    result = qc(prefix, settings=limits, selection=Selection(remove=["I9"], exclude=["rs8"]))
    account_adds_up(result)
    dropped = dict(result.account().select("FILTER", "DROPPED").iter_rows())
    assert dropped["missing calls > 0.2"] == 1 and dropped["in --exclude"] == 1
    assert result.sample_table().filter(pl.col("IID") == "I4")["FILTER"].item() == "no call"
    table = result.variant_table()
    assert table.filter(pl.col("SNPID") == "rs3")["FILTER"].item() == "no call"
    assert table.filter(pl.col("SNPID") == "rs5")["FILTER"].item() == "minor allele frequency < 0.02"
    # Variants are counted in the samples that the first filter leaves.
    assert table.filter(pl.col("SNPID") == "rs0")["N"].item() == N - 3
    assert result.passing.n_variants == (table["FILTER"] == "PASS").sum()


def test_a_limit_that_is_just_met_passes(tmp_path: Path) -> None:
    calls = np.zeros((4, 20), np.int8)
    calls[:, 0] = 1
    calls[0, :2] = 1
    calls[1, 19] = -9
    calls[2, 18:] = -9
    prefix = write_plink1(tmp_path / "x", calls)
    assert qc(prefix, settings=QcSettings(max_missing=0.05)).sites.mask.tolist() == [True, True, False, True]
    found = qc(prefix, settings=QcSettings(maf_min=0.05)).sites.mask
    assert found.tolist() == [True, False, False, False]  # 2/40, 1/38, 1/36, 1/40
    assert qc(prefix, settings=QcSettings(mac_min=1)).sites.mask.all()


def test_groups_any_and_all(tmp_path: Path) -> None:
    """rs0 fails where the groups are mixed, rs1 in one of them, rs2 in both."""
    calls = np.zeros((4, 80), np.int8)
    calls[0, :40], calls[0, 40:] = 0, 2
    calls[1, :40] = np.tile([0, 2], 20)
    calls[1, 40:] = np.tile([0, 1, 1, 2], 10)
    calls[2] = np.tile([0, 2], 40)
    calls[3] = np.tile([0, 1, 1, 2], 20)
    prefix = write_plink1(tmp_path / "g", calls)
    labels = ["one"] * 40 + ["two"] * 40

    def passing(groups: list[str] | None, how: str = "any") -> list[bool]:
        limits = QcSettings(hwe=1e-4, hwe_groups=how)  # type: ignore[arg-type]
        return qc(prefix, settings=limits, groups=groups).sites.mask.tolist()

    assert passing(None) == [False, False, False, True]
    assert passing(labels) == [True, False, False, True]
    assert passing(labels, "all") == [True, True, False, True]
    table = qc(prefix, groups=labels).variant_table()
    assert table["HWE_MLOG10P_one"].to_list()[1] == table["HWE_MLOG10P_two"].to_list()[2]


def test_groups_that_are_small_or_partial(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    prefix = write_plink1(tmp_path / "g", random_calls(1, 20, 30))
    file = tmp_path / "groups.txt"
    file.write_text("#IID GROUP\n" + "".join(f"I{i} big\n" for i in range(20)) + "I21 small\n")
    result = qc(prefix, groups=file)
    assert result.groups is not None and result.groups.names == ("big",)
    assert "no group for 9 of 30 samples (I20, I22, I23, ...)" in caplog.text
    assert "fewer than 10 samples are not tested: small" in caplog.text
    with pytest.raises(InputError, match="none of 2 groups has 25 samples"):
        qc(prefix, groups=file, settings=QcSettings(hwe_least=25))
    file.write_text("#IID GROUP\nnobody x\n")
    with pytest.raises(InputError, match="gives a group to none of the 30 samples"):
        qc(prefix, groups=file)


def test_sex_is_checked(tmp_path: Path) -> None:
    told = np.where(np.arange(N) % 2 == 1, 1, 2)
    told[[0, 3]] = 3 - told[[0, 3]]
    told[5] = 0
    prefix, _ = study(tmp_path, sexes=told)
    status = dict(qc(prefix, build="GRCh38").sex_problems().select("IID", "SEX_STATUS").iter_rows())
    assert {"I0": "mismatch", "I3": "mismatch", "I5": "not in file"}.items() <= status.items()
    removed = qc(prefix, settings=QcSettings(sex_check="remove"))
    assert removed.account()["DROPPED"][-1] == 2
    strict = qc(prefix, settings=QcSettings(sex_limits=SexLimits(0.2, 0.8, 0, 4)))
    assert strict.sex_table().filter(pl.col("Y_CALLS") < 4).filter(pl.col("SEX_GENOTYPES") == 1).is_empty()


def test_no_x_no_sex_check(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    prefix = write_plink1(tmp_path / "a", random_calls(1, 20, 30))
    with caplog.at_level("INFO", logger="postgwas"):
        result = qc(prefix)
    assert "No varying variant on X passes: sexes are not checked" in caplog.text
    assert result.sex_problems().is_empty() and result.sample_table()["SEX_STATUS"].null_count() == 30
    with pytest.raises(InputError, match="sexes cannot be checked"):
        qc(prefix, settings=QcSettings(sex_check="remove"))


def test_pieces_workers_and_order_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix, _ = study(tmp_path)
    limits = QcSettings(max_missing=0.2, hwe=1e-3, het_sd=3.0)
    one = qc(prefix, settings=limits)
    monkeypatch.setattr(qc_sweeps, "_PIECE_VALUES", 7 * N)
    monkeypatch.setattr(qc_sweeps, "_BLOCK_VALUES", 3 * N)
    two = qc(prefix, settings=limits)
    assert one.variant_table().equals(two.variant_table())
    assert one.sample_table().equals(two.sample_table())


@pytest.mark.slow
def test_workers_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix, _ = study(tmp_path)
    monkeypatch.setattr(qc_sweeps, "_PIECE_VALUES", 7 * N)
    one, two = qc(prefix), qc(prefix, cores=2)
    assert one.variant_table().equals(two.variant_table())
    assert one.sample_table().equals(two.sample_table())


@given(st.integers(0, 1000))
def test_order_and_alleles_change_no_bit_of_homozygosity(seed: int) -> None:
    rng = np.random.default_rng(seed)
    calls = random_calls(seed, 50, 12)
    expected = expected_homozygosity(rng.uniform(0, 1, 50))
    one = homozygosity([(calls, expected)], 12)
    rows, people = rng.permutation(50), rng.permutation(12)
    swapped = np.where(calls < 0, calls, 2 - calls).astype(np.int8)
    shuffled = swapped[rows][:, people]
    two = homozygosity([(shuffled[:20], expected[rows[:20]]), (shuffled[20:], expected[rows[20:]])], 12)
    assert np.array_equal(one.inbreeding[people], two.inbreeding)


def test_nobody_and_nothing_left(tmp_path: Path) -> None:
    calls = random_calls(1, 10, 6, missing=0.0)
    whole = write_plink1(tmp_path / "whole", calls)
    with pytest.raises(NoVariantsError, match=r"none of 10 variants passes \(10 minor allele count < 100\)"):
        qc(whole, settings=QcSettings(mac_min=100))
    empty = write_plink1(tmp_path / "empty", np.full((10, 6), -9, np.int8))
    with pytest.raises(InputError, match=r"none of 6 samples passes \(6 no call\)"):
        qc(empty)


def test_one_sample(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    result = qc(
        write_plink1(tmp_path / "one", random_calls(1, 20, 1, missing=0.0)),
        settings=QcSettings(relatives="remove", het_sd=1.0),
    )
    assert result.people.mask.tolist() == [True] and result.kinship is None
    assert "kinship needs at least two samples, 1 is left" in caplog.text


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (QcSettings(maf_min=0.6), "--maf_min 0.6: expected 0 to 0.5"),
        (QcSettings(max_missing=-0.1), "--max_missing"),
        (QcSettings(max_missing_samples=2), "--max_missing_samples 2"),
        (QcSettings(hwe=1.1), "--hwe 1.1"),
        (QcSettings(mac_min=-1), "--mac_min -1"),
        (QcSettings(het_sd=0), "--het_sd 0"),
        (QcSettings(max_kinship=0.7), "--max_kinship 0.7"),
        (QcSettings(sex_limits=SexLimits(0.9, 0.8)), "--female_max_f 0.9 is above"),
        (QcSettings(sex_limits=SexLimits(0.2, 0.8, 3)), "must be given together"),
        (QcSettings(sex_limits=SexLimits(0.2, 0.8, 3, 2)), "--female_max_y 3"),
    ],
)
def test_settings_out_of_range(tmp_path: Path, chosen: QcSettings, told: str) -> None:
    prefix = write_plink1(tmp_path / "x", random_calls(1, 4, 10))
    with pytest.raises(UsageError, match=told):
        qc(open_genotypes(prefix), settings=chosen)
