"""ldsc.py 1.0.1 on a simulated panel that lies with the tests: all that it printed, to its last digit.

``data/expected.json`` has the peer, its arguments and the numbers of its log
(rounded there to 4 decimals, P to 5 significant digits).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text())
PANEL = ["--ref-ld-chr", "sim_w_ld_chr/", "--w-ld-chr", "sim_w_ld_chr/"]


def check(fit: Any, printed: dict[str, list[float]], where: str) -> int:
    for name, values in printed.items():
        ours = [getattr(fit, name)]
        if len(values) == 2:
            ours.append(getattr(fit, "se" if name == "rg" else f"{name}_se"))
        for mine, theirs in zip(ours, values, strict=True):
            rounded = float(f"{mine:.4e}") if name == "p" else round(mine, 4)
            assert rounded == theirs, (where, name, mine, theirs)
    return len(printed)


@pytest.mark.parametrize("run", EXPECTED["runs"])
def test_prints_the_same(run: str, run_ldsc: Any) -> None:
    expected = EXPECTED["runs"][run]
    fits = run_ldsc(DATA, expected["args"] + PANEL)
    assert len(fits) == len(expected["fits"])
    for fit, printed in zip(fits, expected["fits"]):
        compared = 0
        if "h2" in printed:
            assert fit.n_variants == expected["variants"]
            compared += check(fit, printed["h2"], run)
        else:
            assert fit.gencov.n_variants == printed["variants"]
            for part in ("hsq1", "hsq2", "gencov"):
                compared += check(getattr(fit, part), printed.get(part, {}), f"{run} {part}")
            compared += check(fit, printed["rg"], run)
        assert compared >= 3


def test_negative_ratio_is_given_though_ldsc_prints_words(run_ldsc: Any) -> None:
    """ldsc prints "Ratio < 0 (usually indicates GC correction)"; the number is the same formula's."""
    fit = run_ldsc(DATA, EXPECTED["runs"]["rg_123"]["args"] + PANEL)[0].hsq1
    assert round(fit.intercept, 4) == 0.94
    assert fit.ratio == pytest.approx((fit.intercept - 1) / (fit.mean_chisq - 1), rel=1e-15)
    assert fit.ratio < 0
