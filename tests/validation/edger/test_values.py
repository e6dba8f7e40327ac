"""CPM, RPKM, filterByExpr of edgeR 3.40.2, and the transforms that R computed on the same counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import postgwas.expression as expression

DATA = Path(__file__).parent / "data"


def table(name: str) -> pl.DataFrame:
    return pl.read_csv(DATA / f"{name}.tsv.gz", separator="\t", infer_schema_length=None)


@pytest.fixture(scope="module")
def counts() -> pl.DataFrame:
    return table("counts")


@pytest.fixture(scope="module")
def matrix(counts: pl.DataFrame) -> np.ndarray:
    return counts[:, 1:].to_numpy().astype(np.float64)


@pytest.fixture(scope="module")
def factors(matrix: np.ndarray) -> np.ndarray:
    return expression.tmm(matrix)


def of(theirs: pl.DataFrame, counts: pl.DataFrame, ours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Our values of their genes and samples, and theirs."""
    rows = [counts["gene"].to_list().index(gene) for gene in theirs["gene"]]
    columns = [counts.columns.index(name) - 1 for name in theirs.columns[1:]]
    return ours[np.ix_(rows, columns)], theirs[:, 1:].to_numpy()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cpm_TMM", {}),
        ("logcpm_TMM_prior2", {"log": True}),
        ("logcpm_TMM_prior0.5", {"log": True, "prior_count": 0.5}),
    ],
)
def test_cpm(
    counts: pl.DataFrame, matrix: np.ndarray, factors: np.ndarray, name: str, options: dict[str, Any]
) -> None:
    """cpm(y, ...) after calcNormFactors; 12 digits are stored."""
    values = expression.cpm(matrix, norm_factors=factors, **options)
    np.testing.assert_allclose(*of(table(name), counts, values), rtol=6e-12, atol=6e-11)


def test_rpkm(counts: pl.DataFrame, matrix: np.ndarray, factors: np.ndarray) -> None:
    """rpkm(y, gene.length) after calcNormFactors; 12 digits are stored."""
    lengths = table("lengths")["length"].to_numpy()
    values = expression.rpkm(matrix, lengths, norm_factors=factors)
    np.testing.assert_allclose(*of(table("rpkm_TMM"), counts, values), rtol=6e-12)


@pytest.mark.parametrize(
    ("column", "options"),
    [
        ("default_nogroup", {"group": None}),
        ("group", {}),
        ("design", {"group": None, "design": np.column_stack([np.ones(60), np.arange(60) >= 30])}),
        ("min.count5", {"min_count": 5}),
        ("min.total30", {"min_total_count": 30}),
        ("large.n5", {"large_n": 5, "min_prop": 0.9}),  # the call had both
    ],
)
def test_filter_by_expression(
    matrix: np.ndarray, factors: np.ndarray, column: str, options: dict[str, Any]
) -> None:
    """filterByExpr on the DGEList with its TMM factors, samples 1-30 against 31-60: the same genes."""
    options = {"group": np.repeat([1, 2], 30), **options}
    found = expression.filter_by_expression(matrix, norm_factors=factors, **options)
    np.testing.assert_array_equal(found, table("filterByExpr")[column].to_numpy() == 1)


def test_gtex_mask(matrix: np.ndarray) -> None:
    """TPM > 0.1 and counts >= 6 in at least 20 % of samples, by R."""
    tpm = expression.tpm(matrix, table("lengths")["length"].to_numpy())
    wanted = table("gtex_mask")["gtex_mask"].to_numpy() == 1
    np.testing.assert_array_equal(expression.gtex_filter(matrix, tpm), wanted)
    np.testing.assert_array_equal(expression.mage_filter(matrix, tpm), wanted)  # no TPM is 0.1 itself


@pytest.mark.parametrize(("name", "offset"), [("int_gtex_rn1", 0.0), ("int_blom", "blom")])
def test_inverse_normal(
    counts: pl.DataFrame, matrix: np.ndarray, factors: np.ndarray, name: str, offset: Any
) -> None:
    """qnorm(rank / (n + 1)) and Blom's of rows of TMM CPM; 14 digits are stored."""
    values = expression.inverse_normal(expression.cpm(matrix, norm_factors=factors), offset=offset)
    np.testing.assert_allclose(*of(table(name), counts, values), rtol=0, atol=6e-14)


@pytest.mark.parametrize(
    ("name", "offset", "ties"),
    [
        ("gtex_average", 0.0, "average"),
        ("blom_average", "blom", "average"),
        ("gtex_first", 0.0, "first"),
        ("gtex_min", 0.0, "min"),
    ],
)
def test_ties(name: str, offset: Any, ties: Any) -> None:
    """R's rank(ties.method) and qnorm; 15 digits are stored."""
    case = json.loads((DATA / "int_ties_small.json").read_text())
    found = expression.inverse_normal(case["x"], offset=offset, ties=ties)
    np.testing.assert_allclose(found, case[name], rtol=0, atol=5e-15)
