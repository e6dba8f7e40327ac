"""Put inputs together as ldsc.py 1.0.1 does: merge, filter, align."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from postgwas.ld import LDScorePanel, load_panel
from postgwas.ldsc.regression import h2, rg

COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}
REGULAR = [a + b for a in "ACGT" for b in "ACGT" if a != b and COMPLEMENT[a] != b]


def read_munged(path: Path) -> pl.DataFrame:
    """A .sumstats file without its empty rows."""
    frame = pl.read_csv(path, separator="\t", null_values=["NA", ""], infer_schema=False)
    return frame.with_columns(pl.col("N", "Z").cast(pl.Float64)).drop_nulls()


def matching_alleles() -> pl.DataFrame:
    """For every pair of allele pairs that fit, whether the second must change its sign."""
    rows = []
    for first in REGULAR:
        for strand in (first, "".join(COMPLEMENT[a] for a in first)):
            rows.append((first + strand, 1.0))
            rows.append((first + strand[::-1], -1.0))
    return pl.DataFrame(rows, schema=["pair", "sign"], orient="row")


def merged(panel: LDScorePanel, weights: LDScorePanel, stats: pl.DataFrame) -> pl.DataFrame:
    """Summary statistics on the panel, in its order, with the rows of panel and weights."""
    renamed = weights.index().rename({"PANEL_ROW": "W_ROW"})
    return (
        panel.index()
        .join(stats.rename({"SNP": "SNPID"}), on="SNPID", how="inner", maintain_order="left")
        .join(renamed, on="SNPID", how="inner", maintain_order="left")
    )


def arguments(frame: pl.DataFrame, panel: LDScorePanel, weights: LDScorePanel) -> tuple[Any, Any]:
    return panel.l2[frame["PANEL_ROW"].to_numpy()], weights.l2[frame["W_ROW"].to_numpy(), 0]


def two_traits(first: pl.DataFrame, other: pl.DataFrame, *, check_alleles: bool = True) -> pl.DataFrame:
    """Two traits on the first one's rows, the second for the first one's effect allele."""
    frame = first.join(
        other.select(SNPID="SNP", B1="A1", B2="A2", Z2="Z", N2="N"),
        on="SNPID",
        how="inner",
        maintain_order="left",
    )
    if check_alleles:
        pair = pl.concat_str("A1", "A2", "B1", "B2").alias("pair")
        frame = frame.with_columns(pair).join(
            matching_alleles(), on="pair", how="inner", maintain_order="left"
        )
        frame = frame.with_columns(pl.col("Z2") * pl.col("sign"))
    return frame


def parsed(args: list[str]) -> dict[str, str]:
    """ldsc.py's arguments by name; flags have the value ""."""
    out, name = {}, ""
    for arg in args:
        if arg.startswith("--"):
            name = arg
            out[name] = ""
        else:
            out[name] = arg
    return out


def joined_panels(folder: Path, names: str, counts: Any) -> LDScorePanel:
    """--ref-ld-chr with several prefixes: their columns side by side."""
    parts = [load_panel(str(folder / name), cache=False, counts=counts) for name in names.split(",")]
    if len(parts) == 1:
        return parts[0]
    assert all(part.snpid.equals(parts[0].snpid) for part in parts)
    return LDScorePanel(
        parts[0].ids,
        parts[0].chr,
        parts[0].pos,
        np.hstack([part.l2 for part in parts]),
        np.concatenate([part.m for part in parts]),
        tuple(name for part in parts for name in part.annotations),
        names,
        names,
    )


def ldsc_run(folder: Path, args: list[str]) -> list[Any]:
    """What ldsc.py would fit with these arguments in this folder."""
    given = parsed(args)
    counts = "M" if "--not-M-5-50" in given else "M_5_50"
    panel = joined_panels(folder, given["--ref-ld-chr"], counts)
    weights = load_panel(str(folder / given["--w-ld-chr"]), cache=False, counts="none")
    m = np.array([float(given["--M"])]) if "--M" in given else panel.m
    n_blocks = int(given.get("--n-blocks", 200))
    two_step = float(given["--two-step"]) if "--two-step" in given else None
    chisq_max = float(given["--chisq-max"]) if "--chisq-max" in given else None

    def fixed(name: str, count: int, null: float) -> list[float | None]:
        if "--no-intercept" in given:
            return [null] * count
        return [float(x) for x in given[name].split(",")] if name in given else [None] * count

    if "--h2" in given:
        frame = merged(panel, weights, read_munged(folder / given["--h2"]))
        partitioned = m.size > 1
        return [
            h2(
                frame["Z"].to_numpy() ** 2,
                *arguments(frame, panel, weights),
                frame["N"].to_numpy(),
                m,
                n_blocks=n_blocks,
                intercept=fixed("--intercept-h2", 1, 1.0)[0],
                two_step=two_step or "auto",
                chisq_max=chisq_max or "auto",
                fixed_weights=partitioned,
            )
        ]
    files = given["--rg"].split(",")
    own, shared = fixed("--intercept-h2", len(files), 1.0), fixed("--intercept-gencov", len(files), 0.0)
    first = merged(panel, weights, read_munged(folder / files[0]))
    fits = []
    for i, file in enumerate(files[1:], 1):
        frame = two_traits(
            first,
            read_munged(folder / file),
            check_alleles="--no-check-alleles" not in given,
        )
        fits.append(
            rg(
                frame["Z"].to_numpy(),
                frame["Z2"].to_numpy(),
                *arguments(frame, panel, weights),
                frame["N"].to_numpy(),
                frame["N2"].to_numpy(),
                m,
                n_blocks=n_blocks,
                intercept_h2=(own[0], own[i]),
                intercept_gencov=shared[i],
                two_step=two_step,
                chisq_max=chisq_max,
            )
        )
    return fits


@pytest.fixture
def run_ldsc() -> Callable[[Path, list[str]], list[Any]]:
    return ldsc_run
