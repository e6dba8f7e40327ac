"""PP.H4 that rests on one variant, or on variants other than a trait's strongest, is said to do so."""

from __future__ import annotations

from pathlib import Path

import pytest

from postgwas.cli.main import main

POSITIONS = range(1_000_000, 1_000_060)


def write(path: Path, z: dict[int, float], positions: list[int]) -> Path:
    """A trait of variance one in 10,000 people; Z is 0.3 where not given."""
    lines = ["SNP\tCHR\tPOS\tEA\tNEA\tEAF\tBETA\tSE\tN"]
    for at in positions:
        value = z.get(at, 0.3)
        lines.append(f"rs{at}\t2\t{at}\tA\tG\t0.3\t{value * 0.0154:.6f}\t0.0154\t10000")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def told(tmp_path, capsys):
    def run(first: list[int], second: list[int]) -> str:
        one = write(tmp_path / "one.txt", {1_000_010: 8.0, 1_000_011: 6.5}, first)
        two = write(tmp_path / "two.txt", {1_000_010: 8.0, 1_000_011: 6.5}, second)
        files = [str(one), str(two), "--region", "2:999000-1001000", "--type", "quant"]
        assert main(["coloc", "abf", *files, "--out", str(tmp_path / "out")]) == 0
        return capsys.readouterr().err

    return run


def test_one_shared_variant(told):
    assert "PP.H4 1 rests on 1 shared variant: two causes cannot be told from one" in told(
        list(POSITIONS), [1_000_010]
    )


def test_the_strongest_variant_is_not_shared(told):
    without = [at for at in POSITIONS if at != 1_000_010]
    message = told(list(POSITIONS), without)
    assert "but variants that are not shared hold 100 % of the association with one" in message
    assert "association with two" not in message


def test_nothing_is_said_where_all_is_shared(told):
    assert "PP.H4" not in "".join(line for line in told(list(POSITIONS), list(POSITIONS)).splitlines()
                                  if line.startswith("warning"))  # fmt: skip
