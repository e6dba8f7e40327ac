"""Normalisation factors of edgeR 3.40.2 and size factors of DESeq2 1.38.3, on simulated counts."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import postgwas.expression as expression
from postgwas.errors import InputError

DATA = Path(__file__).parent / "data"

#: Sums are taken in another order; edgeR's are long doubles. What we see is 5e-15.
TOLERANCE = 1e-12

#: Column of norm_factors.tsv (calcNormFactors's options) -> our call. The column called Acutoff0
#: was made with Acutoff = -12: A is a log2 share, so a cutoff at 0 leaves no gene.
CALLS: dict[str, Callable[[Any], Any]] = {
    "TMM": expression.tmm,
    "TMMwsp": expression.tmmwsp,
    "RLE": expression.rle,
    "upperquartile": expression.upper_quartile,
    "upperquartile_p0.9": lambda x: expression.upper_quartile(x, p=0.9),
    "TMM_refS03": lambda x: expression.tmm(x, ref_column=2),
    "TMM_logratioTrim0.1_sumTrim0.2": lambda x: expression.tmm(x, logratio_trim=0.1, sum_trim=0.2),
    "TMM_noweight": lambda x: expression.tmm(x, do_weighting=False),
    "TMM_Acutoff0": lambda x: expression.tmm(x, acutoff=-12),
}


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    """2,000 genes x 60 samples, negative binomial; 20 genes all zero, one count of 4e6."""
    return (
        pl.read_csv(DATA / "counts.tsv.gz", separator="\t", infer_schema_length=None)[:, 1:]
        .to_numpy()
        .astype(np.float64)
    )


@pytest.mark.parametrize("column", CALLS)
def test_60_samples(counts: np.ndarray, column: str) -> None:
    theirs = pl.read_csv(DATA / "norm_factors.tsv", separator="\t")[column].to_numpy()
    np.testing.assert_allclose(CALLS[column](counts), theirs, rtol=TOLERANCE)


def test_the_reference_sample(counts: np.ndarray) -> None:
    """calcNormFactors took S19."""
    assert expression.tmm_reference(counts) == 18


@pytest.mark.parametrize("kind", ["ratio", "poscounts"])
def test_deseq2(counts: np.ndarray, kind: Any) -> None:
    """estimateSizeFactors(dds, type = ...)."""
    table = pl.read_csv(DATA.parent.parent / "deseq2" / "data" / "size_factors.tsv", separator="\t")
    found = expression.size_factors(counts, type=kind)
    np.testing.assert_allclose(found, table[kind].to_numpy(), rtol=TOLERANCE)


#: On small matrices: calcNormFactors(y, ...), estimateSizeFactors(dds, type), filterByExpr(y, ...), with
#: g = 1 2 1 2 ..., design (1, sample number); the first row of cpm(y, log = TRUE, prior.count = 3).
SMALL: dict[str, Callable[[np.ndarray], Any]] = {
    "TMM": expression.tmm,
    "TMM_trims": lambda x: expression.tmm(x, logratio_trim=0.1, sum_trim=0.2),
    "TMM_noweight": lambda x: expression.tmm(x, do_weighting=False),
    "TMM_acutoff": lambda x: expression.tmm(x, acutoff=-10),
    "TMM_lib": lambda x: expression.tmm(x, lib_size=[2 * math.fsum(sample) + 10 for sample in x.T]),
    "TMMwsp": expression.tmmwsp,
    "TMMwsp_ref1_noweight": lambda x: expression.tmmwsp(
        x, ref_column=0, do_weighting=False, logratio_trim=0.2, sum_trim=0.1
    ),
    "RLE": expression.rle,
    "upperquartile": expression.upper_quartile,
    "upperquartile_p0.9": lambda x: expression.upper_quartile(x, p=0.9),
    "ratio": expression.size_factors,
    "poscounts": lambda x: expression.size_factors(x, type="poscounts"),
    "filter": expression.filter_by_expression,
    "filter_group": lambda x: expression.filter_by_expression(
        x, group=np.arange(x.shape[1]) % 2, min_count=5, min_total_count=10, large_n=2, min_prop=0.6
    ),
    "filter_design": lambda x: expression.filter_by_expression(
        x, design=np.column_stack([np.ones(x.shape[1]), np.arange(1, x.shape[1] + 1)]), min_count=3
    ),
    "logcpm_row1": lambda x: expression.cpm(x, log=True, prior_count=3)[0],
}


def _small() -> dict[str, Any]:
    with gzip.open(DATA / "small_matrices.json.gz") as stream:
        cases: dict[str, Any] = json.load(stream)["cases"]
    return cases


CASES = _small()


@pytest.mark.parametrize("case", CASES)
def test_small_matrices(case: str) -> None:
    """Random, zero-heavy, tied, one sample, one gene, identical samples, fractions ...: 28 matrices.

    Where the peer fails or gives NaN or Inf, we refuse.
    """
    counts = np.array(CASES[case]["counts"], dtype=np.float64)
    for name, call in SMALL.items():
        theirs = CASES[case]["peer"][name]
        if case.startswith("fractions") and name == "poscounts":
            continue  # DESeq2 takes whole numbers only
        failed = isinstance(theirs, dict) or (isinstance(theirs, list) and "NA" in map(str, theirs))
        if failed or (isinstance(theirs, list) and {"Inf", "NaN"} & set(map(str, theirs))):
            with pytest.raises(InputError):
                call(counts)
            continue
        found = np.asarray(call(counts), dtype=np.float64)
        wanted = np.atleast_1d(np.array(theirs, dtype=np.float64))
        np.testing.assert_allclose(found, wanted, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)
