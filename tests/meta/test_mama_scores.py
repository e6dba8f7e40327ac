"""LD scores for MAMA: parts of tables, pairs in any order, units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from meta.mama_study import scores

from postgwas.errors import UsageError
from postgwas.meta.mama_scores import read_scores, score_array


def test_chromosomes_in_files_of_their_own(tmp_path: Path) -> None:
    table = scores(300)
    for code in (1, 2):
        table.filter(pl.col("CHR") == code).write_csv(tmp_path / f"{code}.l2.ldscore", separator="\t")
    found, files, repeated = read_scores([f"{tmp_path}/*.l2.ldscore"], ["EAS", "EUR", "EAS"])
    assert (found.height, len(files), repeated) == (300, 2, 0)
    array = score_array(found, ["EAS", "EUR", "EAS"])
    np.testing.assert_array_equal(array[:, 0, 1], table["EUR_EAS"].to_numpy())
    np.testing.assert_array_equal(array[:, 0, 2], table["EAS_EAS"].to_numpy())
    np.testing.assert_array_equal(array, array.transpose(0, 2, 1))


def test_repeated_snps_are_used_once(tmp_path: Path) -> None:
    table = scores(30)
    pl.concat([table, table[:3]]).write_csv(tmp_path / "a.ldscore", separator="\t")
    found, _, repeated = read_scores([f"{tmp_path}/a.ldscore"], ["EUR"])
    assert (found.height, repeated) == (30, 3)


def cross_file(folder: Path, weighed: bool) -> str:
    table = scores(50)
    frequency = np.linspace(0.1, 0.5, 50)
    own = frequency * (1 - frequency)
    pair = table.select("CHR", "SNP", "BP").with_columns(
        pl.lit("A").alias("A1"), pl.lit("C").alias("A2"), pl.Series("FRQ_1", frequency),
        pl.Series("FRQ_2", frequency[::-1].copy()), table["EUR_EUR"].alias("L2_1"),
        table["EAS_EAS"].alias("L2_2"), table["EUR_EAS"].alias("L2_CROSS"),
    )  # fmt: skip
    file = folder / "pair.cross.ldscore.gz"
    pair.write_csv(file, separator="\t", compression="gzip")
    sums = [own.sum(), own.sum(), np.sqrt(own * own[::-1]).sum()] if weighed else [50, 50, 50]
    (folder / "pair.cross.M").write_text("\t".join(str(value) for value in sums))
    return f"EUR,EAS={file}"


def test_weighed_scores_become_those_of_allele_counts(tmp_path: Path) -> None:
    place = cross_file(tmp_path, weighed=True)
    found, _, _ = read_scores([place], ["EUR", "EAS"])
    table, f = scores(50), np.linspace(0.1, 0.5, 50)
    np.testing.assert_allclose(found["EUR_EUR"], table["EUR_EUR"].to_numpy() / (f * (1 - f)))
    cross = table["EUR_EAS"].to_numpy() / np.sqrt(f * (1 - f) * (f * (1 - f))[::-1])
    np.testing.assert_allclose(found["EUR_EAS"], cross)
    with pytest.raises(UsageError, match=r"weighed by p\(1-p\)"):
        read_scores([place], ["EUR", "EAS"], standardized=True)


def test_standardised_scores_need_standardised_effects(tmp_path: Path) -> None:
    place = cross_file(tmp_path, weighed=False)
    with pytest.raises(UsageError, match="standardised genotypes") as refusal:
        read_scores([place], ["EUR", "EAS"])
    assert "--use_standardized_units" in str(refusal.value)
    found, _, _ = read_scores([place], ["EUR", "EAS"], standardized=True)
    np.testing.assert_array_equal(found["EUR_EUR"].to_numpy(), scores(50)["EUR_EUR"].to_numpy())


@pytest.mark.requires_shared
def test_from_genotypes_to_allele_count_units(shared: Path, tmp_path: Path) -> None:
    """``postgwas ldsc --l2 --bfile2 --per_allele`` and this are ``cross_ld_scores(allele_counts=True)``."""
    from postgwas.cli.main import main
    from postgwas.ld.run_cross import cross_ld_scores

    folder = shared / "oracle" / "rpeers" / "popcorn"
    files = [str(folder / "ref_EUR"), str(folder / "ref_EAS")]
    out = tmp_path / "pair"
    window = ["--ld_wind_kb", "100", "--maf", "0.05", "--per_allele", "--out", str(out), "--quiet"]
    assert main(["ldsc", "--l2", "--bfile", files[0], "--bfile2", files[1], *window]) == 0
    found, _, _ = read_scores([f"EUR,EAS={out}.cross.ldscore.gz"], ["EUR", "EAS"])
    expected = cross_ld_scores(*files, window=100, unit="kb", maf=0.05, allele_counts=True, double=True)
    for name, values in (
        ("EUR_EUR", expected.l2_1),
        ("EAS_EAS", expected.l2_2),
        ("EUR_EAS", expected.l2_cross),
    ):
        np.testing.assert_allclose(found[name].to_numpy(), values, rtol=2e-4, atol=2e-3)
