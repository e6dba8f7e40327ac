"""MR-MEGA against its two re-implementations (no compiled MR-MEGA could be had), on 8 simulated cohorts.

gwaslab 4.2.2's ``extension/mrmega`` follows MR-MEGA's source in that the first marker of the input is never
used for the axes; left out by hand, all of its numbers come out to 1e-8, axes included. env.MRmega (R,
324a9db) uses it, and rounds each 1/SE^2 to a whole number, as is done here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.meta.ancestry_axes import axis_markers, classical_scaling, frequency_distances
from postgwas.meta.genomic_control import inflation
from postgwas.meta.meta_regression import meta_regression
from postgwas.meta.mrmega import mrmega

DATA = Path(__file__).parent / "data"


def _table(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, separator="\t", infer_schema_length=None, null_values=["NA", ""])


class Cohorts:
    """The 8 cohorts, arrays of (cohorts, variants)."""

    def __init__(self) -> None:
        table = _table(DATA / "wide.tsv.gz")
        self.names = table["SNPID"].to_list()
        self.chrom, self.pos = table["CHR"].to_numpy(), table["POS"].to_numpy()
        self.beta, self.se, self.eaf = (
            np.array(
                [table[f"{name}_{i}"].cast(pl.Float64).fill_null(np.nan).to_numpy() for i in range(1, 9)]
            )
            for name in ("BETA", "SE", "EAF")
        )

    def rows(self, told: pl.DataFrame, column: str) -> np.ndarray:
        place = {name: i for i, name in enumerate(self.names)}
        return np.array([place[name] for name in told[column]])

    def axes(self, n: int, min_maf: float, *, skip_first: bool) -> np.ndarray:
        chosen = axis_markers(self.chrom, self.pos, self.eaf, min_maf=min_maf)
        chosen = chosen[chosen != 0] if skip_first else chosen
        return classical_scaling(frequency_distances(self.eaf[:, chosen]), n)


@pytest.fixture(scope="module")
def cohorts() -> Cohorts:
    return Cohorts()


def _close(found: np.ndarray, told: pl.Series, rtol: float = 1e-8) -> None:
    expected = told.cast(pl.Float64).fill_null(np.nan).to_numpy()
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-9, err_msg=told.name)


@pytest.mark.parametrize(
    ("name", "n", "min_maf"), [("pc2", 2, 0.01), ("pc4", 4, 0.01), ("minmaf0.05_pc2", 2, 0.05)]
)
def test_gwaslab(cohorts: Cohorts, name: str, n: int, min_maf: float) -> None:
    told = _table(DATA / f"gwaslab_{name}.tsv.gz")
    rows = cohorts.rows(told, "SNPID")
    axes = cohorts.axes(n, min_maf, skip_first=True)
    found = mrmega(cohorts.beta[:, rows], cohorts.se[:, rows], axes)
    for column, test in (
        ("association", found.association), ("ancestry_het", found.ancestry), ("residual_het", found.residual)
    ):  # fmt: skip
        _close(test.chisq, told[f"chisq_{column}"])
        _close(test.df, told[f"ndf_{column}"])
        _close(10.0**-test.mlog10p, told[f"P-value_{column}"], rtol=1e-7)
    _close(found.ln_bf, told["lnBF"])
    for i in range(n + 1):
        sign = np.sign(
            np.nansum(found.coefficients[i] * told[f"beta_{i}"].cast(pl.Float64).fill_null(0).to_numpy())
        )
        _close(sign * found.coefficients[i], told[f"beta_{i}"], rtol=1e-7)
        _close(found.scaled_errors[i], told[f"se_{i}"], rtol=1e-7)
    np.testing.assert_array_equal(
        found.small_cohort_count, told["Comments"].fill_null("").to_numpy() == "SmallCohortCount"
    )
    assert found.small_cohort_count.any()


def test_gwaslab_with_both_genomic_controls(cohorts: Cohorts) -> None:
    told = _table(DATA / "gwaslab_pc2_gc_gco.tsv.gz")
    rows = cohorts.rows(told, "SNPID")
    scale = np.sqrt(np.maximum([inflation(one) for one in (cohorts.beta / cohorts.se) ** 2], 1.0))[:, None]
    found = mrmega(cohorts.beta, cohorts.se * scale, cohorts.axes(2, 0.01, skip_first=True))
    # The peer divides even by a lambda below 1; the program does not (docs/methods/mrmega.md).
    _close(
        (found.association.chisq / inflation(found.association.chisq, 3))[rows],
        told["chisq_association"],
        1e-6,
    )
    _close(found.ancestry.chisq[rows], told["chisq_ancestry_het"], 1e-6)
    _close(found.ln_bf[rows], told["lnBF"], 1e-4)


def test_env_mrmega_axes_and_regression(cohorts: Cohorts) -> None:
    axes = np.loadtxt(DATA / "envMRmega_R_pcs_pc2.tsv", skiprows=1)
    own = cohorts.axes(2, 0.05, skip_first=False)
    np.testing.assert_allclose(np.abs(own), np.abs(axes), atol=1e-13)
    told = _table(DATA / "envMRmega_pc2.tsv.gz")
    rows = cohorts.rows(told, "MARKERNAME")
    rounded = 1.0 / np.sqrt(np.round(1.0 / cohorts.se[:, rows] ** 2))
    found = mrmega(cohorts.beta[:, rows], rounded, axes)
    for column, value in (
        ("chisq_association", found.association.chisq), ("chisq_heter", found.ancestry.chisq),
        ("chisq_residual", found.residual.chisq), ("pvalue_association", 10.0**-found.association.mlog10p),
        ("beta0", found.coefficients[0]), ("se0", found.scaled_errors[0]), ("beta2", found.coefficients[2]),
    ):  # fmt: skip
        _close(value, told[column], rtol=1e-7)


def test_metafor_meta_regression() -> None:
    """``rma(yi, sei=, mods = ~ x1 + x2, method = "FE")`` of metafor 3.8-1, 100 simulated rows."""
    table = _table(DATA.parents[1] / "metafor/data/metaregression_FE.tsv.gz")
    for (_,), row in table.group_by("row", maintain_order=True):
        columns = np.column_stack([np.ones(row.height), row["x1"].to_numpy(), row["x2"].to_numpy()])
        found = meta_regression(row["beta"].to_numpy()[:, None], row["se"].to_numpy()[:, None], columns)
        told = row.row(0, named=True)
        np.testing.assert_allclose(found.coefficients[:, 0], [told[f"b{i}"] for i in range(3)], rtol=1e-8)
        np.testing.assert_allclose(found.errors[:, 0], [told[f"se{i}"] for i in range(3)], rtol=1e-8)
        np.testing.assert_allclose(found.residual, told["QE"], rtol=1e-8)
