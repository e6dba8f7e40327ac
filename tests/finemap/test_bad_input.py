"""What fine-mapping refuses, and the one line that it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from finemap.simulated import simulate

from postgwas.errors import InputError, MatrixError, PostgwasError, UsageError
from postgwas.finemap import (
    log_abf,
    log_abf_from_p,
    log_abf_from_z,
    single_causal,
    susie,
    susie_rss,
    susie_suff_stat,
)
from postgwas.finemap.ld_sources import read_numbers

ONE = simulate(4, n=100, p=6, causal=(2,))
CONTRADICTION = np.array([[1.0, 0.95, -0.95], [0.95, 1.0, 0.95], [-0.95, 0.95, 1.0]])
NAMES = ["rs1", "rs2", "rs3", "rs4", "rs5", "rs6"]


def changed(values: np.ndarray, at: Any, value: float) -> np.ndarray:
    copy = values.copy()
    copy[at] = value
    return copy


def both(values: np.ndarray, row: int, column: int, value: float) -> np.ndarray:
    return changed(changed(values, (row, column), value), (column, row), value)


Case = tuple[type[PostgwasError], str, Callable[[], Any]]
RSS: dict[str, Case] = {
    "missing z": (
        InputError,
        r"z: nan at variant 2 \('rs3'\); 1 of 6 are missing or infinite",
        lambda: susie_rss(changed(ONE.z, 2, np.nan), ONE.r, 100, variants=NAMES),
    ),
    "z of another size": (
        MatrixError,
        "LD: 6 variants, but 5 z-scores",
        lambda: susie_rss(ONE.z[:5], ONE.r, 100),
    ),
    "not square": (
        MatrixError,
        r"LD: not square, found shape \(5, 6\)",
        lambda: susie_rss(ONE.z, ONE.r[:5], 100),
    ),
    "not symmetric": (
        MatrixError,
        r"LD: not symmetric: 0\.9 between variant 1 \('rs2'\) and variant 4 \('rs5'\), but .* the other way",
        lambda: susie_rss(ONE.z, changed(ONE.r, (1, 4), 0.9), 100, variants=NAMES),
    ),
    "missing LD": (
        MatrixError,
        "LD: nan between variant 0 and variant 3; 2 variants have missing values",
        lambda: susie_rss(ONE.z, both(ONE.r, 0, 3, np.nan), 100),
    ),
    "covariance": (
        MatrixError,
        r"LD: 2 on the diagonal at variant 0, expected 1",
        lambda: susie_rss(ONE.z, 2 * ONE.r, 100),
    ),
    "beyond 1": (
        MatrixError,
        "LD: -1.4 between variant 0 and variant 3, expected correlations from -1 to 1",
        lambda: susie_rss(ONE.z, both(ONE.r, 0, 3, -1.4), 100),
    ),
    "names in another order": (
        InputError,
        "variant 0 is 'rs1' but 'rs6' in the LD matrix",
        lambda: susie_rss(ONE.z, ONE.r, 100, variants=NAMES, ld_variants=NAMES[::-1]),
    ),
    "names of others": (
        InputError,
        "variant 'rs6' is not in the LD matrix; 1 of 6 are not",
        lambda: susie_rss(ONE.z, ONE.r, 100, variants=NAMES, ld_variants=[*NAMES[:5], "rs7"]),
    ),
    "a name twice": (
        InputError,
        "variant 'rs1' occurs twice",
        lambda: susie_rss(ONE.z, ONE.r, 100, variants=[*NAMES[:5], "rs1"]),
    ),
    "no n": (UsageError, "n, the sample size, is missing", lambda: susie_rss(ONE.z, ONE.r)),
    "n of 2": (UsageError, "n = 2: expected more than 2", lambda: susie_rss(ONE.z, ONE.r, 2)),
    "se of 0": (
        InputError,
        "se: 0 at variant 0, expected numbers above 0; 1 of 6 are not",
        lambda: susie_rss(None, ONE.r, 100, beta=ONE.z, se=changed(np.ones(6), 0, 0.0)),
    ),
    "negative se": (
        InputError,
        "se: -1 at variant 5, expected numbers above 0",
        lambda: susie_rss(None, ONE.r, 100, beta=ONE.z, se=changed(np.ones(6), 5, -1.0)),
    ),
    "beta without se": (
        UsageError,
        "beta and se belong together",
        lambda: susie_rss(None, ONE.r, 100, beta=ONE.z),
    ),
    "z and beta": (
        UsageError,
        "z-scores, or else beta and se",
        lambda: susie_rss(ONE.z, ONE.r, 100, beta=ONE.z, se=np.ones(6)),
    ),
    "LD of other variants": (
        InputError,
        r"effect 2 at variant 1 grew to a prior variance of .*: z-scores and LD contradict each other",
        lambda: susie_rss([10.0, -9.0, 10.0], CONTRADICTION, 1000),
    ),
    "residual variance": (
        InputError,
        "the residual variance comes out negative: z-scores and LD contradict each other",
        lambda: susie_rss([10.0, -9.0, 10.0], CONTRADICTION, 1000, estimate_residual_variance=True),
    ),
    "weights": (
        UsageError,
        "prior_weights: -1 at variant 1",
        lambda: susie_rss(ONE.z, ONE.r, 100, prior_weights=[1, -1, 1, 1, 1, 1]),
    ),
    "no weight": (
        UsageError,
        "prior_weights: all are 0",
        lambda: susie_rss(ONE.z, ONE.r, 100, prior_weights=np.zeros(6)),
    ),
    "L of 0": (UsageError, "L = 0: expected at least one effect", lambda: susie_rss(ONE.z, ONE.r, 100, L=0)),
    "coverage": (
        UsageError,
        r"coverage = 95: expected a share",
        lambda: susie_rss(ONE.z, ONE.r, 100, coverage=95),
    ),
    "purity": (UsageError, "min_abs_corr = 2", lambda: susie_rss(ONE.z, ONE.r, 100, min_abs_corr=2)),
    "method": (
        UsageError,
        "estimate_prior_method = 'uniroot'",
        lambda: susie_rss(ONE.z, ONE.r, 100, estimate_prior_method="uniroot"),  # type: ignore[arg-type]
    ),
}
OTHERS: dict[str, Case] = {
    "missing genotype": (
        InputError,
        r"X: missing or infinite values at variant 1 \('rs2'\); 1 of 6",
        lambda: susie(changed(ONE.x, (3, 1), np.nan), ONE.y, variants=NAMES),
    ),
    "samples": (UsageError, "X has 99 samples, y 100", lambda: susie(ONE.x[:99], ONE.y)),
    "constant y": (InputError, "y does not vary: 1 for all 100 samples", lambda: susie(ONE.x, np.ones(100))),
    "constant X": (InputError, "none of the 6 variants varies", lambda: susie(np.ones((100, 6)), ONE.y)),
    "yty": (InputError, "yty = 0", lambda: susie_suff_stat(ONE.r, ONE.z, 0.0, 100)),
    "negative diagonal": (
        InputError,
        "XtX: -1 on the diagonal at variant 2",
        lambda: susie_suff_stat(changed(ONE.r, (2, 2), -1.0), ONE.z, 99.0, 100),
    ),
    "p of 0": (InputError, "p: 0 at variant 1", lambda: log_abf_from_p([0.5, 0.0], 0.3, 100)),
    "p above 1": (InputError, "p: 1.5 at variant 0", lambda: log_abf_from_p([1.5], [0.3], 100)),
    "maf of 0": (InputError, "maf: 0 at variant 1", lambda: log_abf_from_z([1.0, 2.0], [0.2, 0.0], 100)),
    "n of 0": (InputError, "n: 0 at variant 0", lambda: log_abf_from_z([1.0], [0.2], 0)),
    "no share of cases": (
        UsageError,
        "the share of cases is needed",
        lambda: log_abf_from_z([1.0], [0.2], 100, kind="cc"),
    ),
    "share of cases": (
        InputError,
        "case_fraction: 33 at variant 0",
        lambda: log_abf_from_z([1.0], [0.2], 100, kind="cc", case_fraction=33),
    ),
    "sd_y": (InputError, "sd_y = -1: expected", lambda: log_abf([1.0], [0.1], sd_y=-1.0)),
    "kind": (UsageError, "kind = 'ordinal'", lambda: log_abf([1.0], [0.1], kind="ordinal")),  # type: ignore[arg-type]
    "lengths": (UsageError, "se: 2 values, expected 1", lambda: log_abf([1.0], [0.1, 0.2])),
    "an empty region": (UsageError, "none empty", lambda: single_causal([1.0, 2.0], starts=[0, 1, 1])),
    "missing factor": (
        InputError,
        "log Bayes factors: nan at variant 1",
        lambda: single_causal([1.0, np.nan]),
    ),
}


@pytest.mark.parametrize("name", [*RSS, *OTHERS])
def test_refused(name: str) -> None:
    kind, message, call = (RSS | OTHERS)[name]
    with pytest.raises(kind, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"1 0.5\n0.5 x;y\n", r"line 2: 'x;y' is no number; expected numbers alone$"),
        ("1 0.5\n0.5 1\n".encode("utf-16"), r"text in UTF-16; expected UTF-8"),
        (b"\x89PNG\0\0\n\x1a\n", "binary data"),
    ],
)
def test_a_matrix_of_ld_that_is_none(tmp_path: Path, content: bytes, told: str) -> None:
    """Named in plain words, without Python's b'...' or bytes for the terminal."""
    path = tmp_path / "gwas.ld"
    path.write_bytes(content)
    with pytest.raises(InputError, match=told):
        read_numbers(path)
