"""What the plan says of work that is still to be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from postgwas.pipeline.estimate import _COST, in_words, seconds_of, sizes_of
from postgwas.pipeline.kinds import KINDS
from postgwas.pipeline.markers import Marker
from postgwas.pipeline.step import Step


def step(
    root: Path, name: str, reads: tuple[str, ...] = (), after: tuple[str, ...] = (), **more: bool
) -> Step:
    files = tuple(str(root / one) for one in reads)
    return Step(name, name.partition("/")[0], ("x",), files, after, root / "results" / name, "", **more)


@pytest.fixture
def steps(tmp_path: Path) -> list[Step]:
    (tmp_path / "a.gz").write_bytes(bytes(4_000_000))
    (tmp_path / "b.gz").write_bytes(bytes(2_000_000))
    return [
        step(tmp_path, "harmonise/A", ("a.gz",)),
        step(tmp_path, "harmonise/B", ("b.gz",)),
        step(tmp_path, "meta/T_fixed", ("results/harmonise/A/A.gz", "results/harmonise/B/B.gz")),
        step(tmp_path, "coloc/T", ("results/meta/T_fixed/T.tbl", "b.gz")),
        step(tmp_path, "report", after=("harmonise/A", "harmonise/B"), uses_store=True),
    ]


def test_what_is_still_to_be_made_counts_as_what_it_is_made_of(steps, tmp_path):
    assert list(sizes_of(steps).values()) == [4_000_000, 2_000_000, 6_000_000, 8_000_000, 6_000_000]
    (tmp_path / "results" / "harmonise" / "A").mkdir(parents=True)
    (tmp_path / "results" / "harmonise" / "A" / "A.gz").write_bytes(bytes(1_000_000))
    assert sizes_of(steps)["meta/T_fixed"] == 3_000_000


def test_a_step_that_was_run_takes_what_it_took_and_others_are_told_by_it(steps):
    sizes = sizes_of(steps)
    guess = seconds_of(steps, sizes, {})
    assert all(value > 0 for value in guess.values()) and guess["harmonise/A"] > guess["harmonise/B"]
    slow = {"harmonise/A": Marker("harmonise/A", "key", seconds=10 * guess["harmonise/A"])}
    told = seconds_of(steps, sizes, slow)
    assert told["harmonise/A"] == slow["harmonise/A"].seconds
    for name in ("harmonise/B", "meta/T_fixed", "report"):
        assert told[name] == pytest.approx(10 * guess[name])
    # A step that found nothing to do says nothing of how long it takes.
    nothing = {"harmonise/A": Marker("harmonise/A", "key", seconds=0.1, note="no signal")}
    assert seconds_of(steps, sizes, nothing) == guess


def test_all_kinds_can_be_estimated(tmp_path):
    every = [step(tmp_path, f"{kind}/x") for kind in KINDS]
    assert all(value > 0 for value in seconds_of(every, sizes_of(every), {}).values())


@pytest.mark.parametrize(("seconds", "words"), [(0, "1 s"), (9.6, "10 s"), (94, "2 min"), (5400, "1.5 h")])
def test_words(seconds, words):
    assert in_words(seconds) == words


def test_each_kind_of_step_has_a_cost():
    assert _COST.keys() == KINDS.keys()
