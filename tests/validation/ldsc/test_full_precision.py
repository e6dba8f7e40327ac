"""Every h2 and rg fit of ldsc.py 1.0.1 (commit aa33296, Python 2.7, numpy 1.16.6, scipy 0.18.1).

The figures are attributes of the objects that ldsc.py returned, at full
precision. What is left is the order of additions and, for the jackknife, the
solution of normal equations: 1e-11 relative is 20 times the largest difference
found (in the standard error of a ratio and in p, which multiplies a difference
in z by z squared).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RUNS = [
    "h2_trait1", "h2_trait2", "h2_trait3", "h2_no_intercept", "h2_intercept_1.05", "h2_two_step_20",
    "h2_two_step_5", "h2_chisq_max_40", "h2_liab", "h2_n_blocks_100", "h2_M", "h2_print_cov", "h2_part",
    "h2_part_coef", "h2_part_overlap", "h2_part_overlap_notM550", "h2_part_chisq_max",
    "h2_part_no_intercept", "h2_part_delete", "h2_two_refs", "rg_unmerged_no_check_alleles", "rg_all",
    "rg_213", "rg_no_intercept", "rg_intercepts", "rg_intercept_h2_only", "rg_intercept_gencov_only",
    "rg_two_step_20", "rg_chisq_max_30", "rg_liab", "rg_liab_mixed", "rg_no_check_alleles", "rg_print_cov",
    "rg_n_blocks_50", "rg_part", "rg_part_overlap", "rg_self",
]  # fmt: skip
RENAMED = {"M_prop": "m_prop", "rg_ratio": "rg", "rg_se": "se"}
NESTED = ("hsq1", "hsq2", "gencov")


def differences(fit: Any, expected: dict[str, Any], where: str, noisy: tuple[str, ...]) -> dict[str, float]:
    """Largest relative difference of each attribute."""
    found: dict[str, float] = {}
    for key, value in expected.items():
        name = f"{where}{key}"
        if key in NESTED:
            found |= differences(getattr(fit, key), value, f"{name}.", noisy)
        elif key == "n_annot":
            assert fit.coef.size == value
        elif key == "_negative_hsq" or name in noisy:
            continue
        elif key == "prop_se" and expected["n_annot"] == 1:
            # The share of the only annotation is 1: ldsc's SE is rounding error.
            assert np.all(fit.prop_se < 1e-12)
        elif value in ("NA", None):
            assert np.isnan(getattr(fit, RENAMED.get(key, key))), name
        else:
            ours, theirs = np.ravel(getattr(fit, RENAMED.get(key, key))), np.ravel(value).astype(float)
            scale = np.where(theirs == 0, 1, np.abs(theirs))
            found[name] = float(np.max(np.abs(ours - theirs) / scale))
    return found


@pytest.mark.requires_shared
@pytest.mark.parametrize("run", RUNS)
def test_same_numbers(run: str, shared: Path, run_ldsc: Any) -> None:
    folder = shared / "oracle/mtag/ldsc_reg"
    args = json.loads((folder / "expected/runs.json").read_text())[run]["args"]
    expected = json.loads((folder / f"expected/{run}/{run}.json").read_text())
    fits = run_ldsc(folder / "input", args)
    expected = expected if isinstance(expected, list) else [expected]
    assert len(fits) == len(expected)
    # A trait against itself: the ratio is 1 in every block, its SE rounding error.
    noisy = ("rg_se", "z", "p") if run == "rg_self" else ()
    compared = 0
    for fit, figures in zip(fits, expected):
        found = differences(fit, figures, "", noisy)
        compared += len(found)
        worst = max(found, key=lambda name: found[name])
        assert found[worst] < 1e-11, (worst, found[worst])
    assert compared > 10


@pytest.mark.requires_shared
def test_delete_values_and_covariances(shared: Path, run_ldsc: Any) -> None:
    folder = shared / "oracle/mtag/ldsc_reg"
    runs = json.loads((folder / "expected/runs.json").read_text())
    (part,) = run_ldsc(folder / "input", runs["h2_part_delete"]["args"])
    there = folder / "expected/h2_part_delete/h2_part_delete"
    np.testing.assert_allclose(part.tot_delete_values, np.loadtxt(f"{there}.delete"), rtol=1e-11)
    np.testing.assert_allclose(part.part_delete_values, np.loadtxt(f"{there}.part_delete"), rtol=1e-9)
    np.testing.assert_allclose(part.coef_cov, np.loadtxt(f"{there}.cov"), rtol=1e-10)
    (fit,) = run_ldsc(folder / "input", runs["rg_print_cov"]["args"])
    there = folder / "expected/rg_print_cov/"
    for name, regression in (("hsq1", fit.hsq1), ("hsq2", fit.hsq2), ("gencov", fit.gencov)):
        (file,) = there.glob(f"*.{name}.delete")
        np.testing.assert_allclose(regression.tot_delete_values, np.loadtxt(file), rtol=1e-11)
        (file,) = there.glob(f"*.{name}.cov")
        np.testing.assert_allclose(np.ravel(regression.coef_cov), np.ravel(np.loadtxt(file)), rtol=1e-11)


@pytest.mark.requires_shared
def test_cell_type_coefficients(shared: Path, run_ldsc: Any) -> None:
    """--h2-cts: the coefficient of one more annotation in front of the baseline's."""
    folder = shared / "oracle/mtag/ldsc_reg"
    lines = (folder / "expected/h2_cts/h2_cts.cell_type_results.txt").read_text().splitlines()[1:]
    printed = {name: [float(x) for x in rest] for name, *rest in (line.split() for line in lines)}
    prefixes = dict(line.split() for line in (folder / "input/cts.ldcts").read_text().splitlines())
    assert printed.keys() == prefixes.keys()
    for name, (coefficient, se, p) in printed.items():
        panels = f"{prefixes[name].split(',')[0]},annot/part."
        args = ["--h2", "trait1.sumstats.gz", "--ref-ld-chr", panels, "--w-ld-chr", "eur_w_ld_chr/"]
        (fit,) = run_ldsc(folder / "input", args)
        np.testing.assert_allclose([fit.coef[0], fit.coef_se[0]], [coefficient, se], rtol=1e-10)
        np.testing.assert_allclose(0.5 * math.erfc(fit.coef[0] / fit.coef_se[0] / math.sqrt(2)), p, rtol=1e-9)
