"""The simulated traits: munge_sumstats.py 1.0.1 --merge-alleles merge.snplist --ignore beta,se."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from validation.munge.peer import column_lines, content, result_lines

from postgwas.cli.main import main

HERE = Path(__file__).parent / "data"
INPUT = Path(__file__).parents[1] / "mtag/data/input"
EXPECTED = Path(__file__).parents[1] / "ldsc/data"


@pytest.mark.parametrize("trait", ["trait1", "trait2", "trait3"])
def test_compat(trait, tmp_path):
    flags = ["--ldsc_compat", "--chunksize", "500000", "--ignore", "beta,se", "--quiet"]
    files = ["--sumstats", str(INPUT / f"{trait}.txt.gz"), "--merge-alleles", str(HERE / "merge.snplist.gz")]
    assert main(["munge", *files, *flags, "--out", str(tmp_path / "run")]) == 0
    assert content(tmp_path / "run.sumstats.gz") == content(EXPECTED / f"{trait}.sumstats.gz")
    log, expected = (tmp_path / "run.log").read_text(), (HERE / f"{trait}.log").read_text()
    assert result_lines(log) == result_lines(expected)
    assert column_lines(log) == column_lines(expected)


def test_default(tmp_path):
    """The dialect tells that freq is the frequency, and that z and beta go together: no --ignore."""
    files = ["--sumstats", str(INPUT / "trait1.txt.gz"), "--merge-alleles", str(HERE / "merge.snplist.gz")]
    out = tmp_path / "run"
    assert main(["munge", *files, "--maf_min", "-1", "--quiet", "--out", str(out)]) == 0
    ours = pl.read_csv(f"{out}.sumstats.gz", separator="\t")
    theirs = pl.read_csv(EXPECTED / "trait1.sumstats.gz", separator="\t").drop_nulls()
    both = theirs.join(ours, on="SNP", suffix="_ours", maintain_order="left")
    missing = both.filter(pl.col("Z_ours").is_null())
    assert ours["Z"].null_count() == 0
    # Rows without a frequency are rows with a missing value here.
    assert missing.height < 0.05 * theirs.height
    assert (both["Z"] - both["Z_ours"]).abs().max() <= 0.000501
