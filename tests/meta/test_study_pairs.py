"""A study that is counted twice, and one whose alleles are exchanged, are told of; others are not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main

M = 600


def study(path: Path, seed: int, *, exchanged: bool = False) -> Path:
    """Own effects, frequencies near those of the others."""
    rng = np.random.default_rng(seed)
    common = np.random.default_rng(0).uniform(0.02, 0.98, M)
    frequency = np.clip(common + rng.normal(0, 0.03, M), 0.01, 0.99)
    se = 1 / np.sqrt(2 * 10_000 * frequency * (1 - frequency))
    alleles = ("G", "A") if exchanged else ("A", "G")
    pl.DataFrame(
        {
            "SNP": [f"rs{i}x" for i in range(M)], "CHR": [1] * M, "BP": np.arange(M) * 1000 + 1,
            "EA": [alleles[0]] * M, "NEA": [alleles[1]] * M, "EAF": frequency,
            "BETA": rng.normal(size=M) * se, "SE": se, "N": [10_000] * M,
        }
    ).write_csv(path, separator="\t")  # fmt: skip
    return path


@pytest.fixture
def told(tmp_path, capsys):
    def run(*files: Path) -> list[str]:
        names = ",".join("ABCDEFGH"[: len(files)])
        argv = ["meta", "--sumstats", ",".join(map(str, files)), "--names", names]
        assert main([*argv, "--out", str(tmp_path / "out"), "--overwrite"]) == 0
        return [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]

    return run


def test_the_same_study_twice(tmp_path, told):
    one, other = study(tmp_path / "one.tsv", 1), study(tmp_path / "other.tsv", 2)
    assert told(one, other, one) == [
        "warning: A and C have the same Z in 600 of 600 variants: is it one study, counted twice?"
    ]


def test_of_many_studies_the_counts_say_of_what_they_are(tmp_path, told):
    """An eighth is looked at, though all positions are one more than a multiple of eight."""
    five = [study(tmp_path / f"{seed}.tsv", seed) for seed in range(1, 6)]
    (line,) = told(*five, five[0])
    same, shared = re.fullmatch(
        r"warning: A and F have the same Z in (\d+) of (\d+) variants looked at: is it one study, counted "
        r"twice\?", line,
    ).groups()  # fmt: skip
    assert same == shared and abs(int(same) - M / 8) < 10


def test_alleles_that_are_exchanged_in_one_study(tmp_path, told):
    turned = study(tmp_path / "turned.tsv", 3, exchanged=True)
    found = told(study(tmp_path / "one.tsv", 1), study(tmp_path / "other.tsv", 2), turned)
    assert [line.split(":")[1] for line in found] == [" A and C", " B and C"]
    assert all("are effect and other allele exchanged in one of them" in line for line in found)


def test_other_studies_are_no_reason_for_doubt(tmp_path, told):
    assert told(*(study(tmp_path / f"{seed}.tsv", seed) for seed in range(1, 7))) == []
