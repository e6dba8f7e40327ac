"""From which build to which, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from postgwas.errors import InputError, UsageError
from postgwas.sumstats.harmonise.build import BuildCall
from postgwas.sumstats.harmonise.build_plan import BuildPlan, plan_build


@dataclass
class FakeChain:
    source_build: str
    target_build: str
    name: str = "over.chain"


UP, DOWN = FakeChain("GRCh37", "GRCh38"), FakeChain("GRCh38", "GRCh37")


def plan(called: str | None = "GRCh37", **changes: Any) -> BuildPlan:
    settings: dict[str, Any] = {
        "given": "auto", "call": BuildCall(called, 9, 9, 0, 0, "the evidence"), "has_positions": True,
        "target": None, "chain": None, "reference_build": None, "needs_build": None, **changes,
    }  # fmt: skip
    return plan_build("a.txt", **settings)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("GRCh37", "GRCh37", False)),
        ({"target": "GRCh38", "chain": UP}, ("GRCh37", "GRCh38", True)),
        ({"reference_build": "GRCh38", "chain": UP}, ("GRCh37", "GRCh38", True)),
        ({"chain": UP}, ("GRCh37", "GRCh38", True)),
        ({"target": "GRCh37", "chain": DOWN}, ("GRCh37", "GRCh37", False)),
        ({"called": None}, (None, None, False)),
        ({"called": None, "given": "GRCh38", "needs_build": "--fasta"}, ("GRCh38", "GRCh38", False)),
        ({"has_positions": False, "reference_build": "GRCh38"}, (None, "GRCh38", False)),
    ],
)
def test_plans(changes: dict[str, Any], expected: tuple[str | None, str | None, bool]) -> None:
    found = plan(**changes)
    assert (found.source, found.target, found.lift) == expected


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"given": "GRCh38"},
            InputError,
            r"positions are not GRCh38: the evidence \(--build GRCh37, or auto\)",
        ),
        ({"called": None, "needs_build": "--reference"}, InputError, "not known, which --reference needs"),
        ({"called": None, "chain": UP}, InputError, "not known, which a liftover needs"),
        ({"target": "GRCh38"}, UsageError, r"must become GRCh38.*--chain.*hg19ToHg38"),
        ({"called": "GRCh38", "target": "GRCh37"}, UsageError, "hg38ToHg19"),
        ({"chain": DOWN}, InputError, "the positions are GRCh37: it is the chain for the other direction"),
        ({"target": "GRCh38", "chain": DOWN}, InputError, "from GRCh38 to GRCh37, but the positions"),
        ({"target": "GRCh37", "reference_build": "GRCh38"}, UsageError, "the reference is GRCh38, but"),
    ],
)
def test_refusals(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        plan(**changes)
