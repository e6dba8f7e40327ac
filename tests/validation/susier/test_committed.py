"""susieR 0.12.35 (R 4.2.2) on two simulated regions; R's own figures to 15 digits.

r06: two causal variants, 600 people, genotypes at hand. r07: three causal variants, LD from another
panel of 500 people. LD is rounded to 5 decimals, for the peer too.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from validation.susier.peer import CALLS, Region, agree

DATA = Path(__file__).parent / "data"


@cache
def load(case: str) -> tuple[Region, dict[str, Any], dict[str, np.ndarray]]:
    told = json.loads((DATA / f"{case}.json").read_text())
    with np.load(DATA / f"{case}.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    with np.load(DATA / f"{case}_ld.npz") as archive:
        upper = archive["upper_1e5"] / 1e5
    size = arrays["beta1"].size
    r = np.zeros((size, size))
    r[np.triu_indices(size)] = upper
    r = np.triu(r) + np.triu(r, 1).T
    region = Region(
        r, arrays["beta1"], arrays["se1"], arrays["beta2"], arrays["se2"], told["n1"], told["n2"],
        told["sdY1"], arrays["weight1"], arrays.get("geno1"), arrays.get("y1"),
    )  # fmt: skip
    return region, told["fits"], arrays


CASES = [
    (path.stem, name) for path in sorted(DATA.glob("*.json")) for name in json.loads(path.read_text())["fits"]
]


@pytest.mark.parametrize(("case", "name"), CASES)
def test_susier(case: str, name: str) -> None:
    region, fits, arrays = load(case)
    agree(CALLS[name](region), fits[name], arrays[f"pip:{name}"])


def test_all_calls_are_compared() -> None:
    assert {name for _, name in CASES} == set(CALLS)


def test_purity() -> None:
    """Over all pairs of a set; the peer's too for sets of up to 100 variants."""
    region, fits, _ = load("r06")
    expected = fits["rss_default"]
    found = CALLS["rss_default"](region).credible_sets
    assert [one.effect + 1 for one in found] == list(expected["cs_index"])
    purity = expected["purity"]
    for number, one in enumerate(found):
        assert one.purity.min == pytest.approx(purity["min.abs.corr"][number], abs=1e-12)
        assert one.purity.mean == pytest.approx(purity["mean.abs.corr"][number], abs=1e-12)
        assert one.purity.median == pytest.approx(purity["median.abs.corr"][number], abs=1e-12)
