"""Small simulated studies for `postgwas meta`, as tables of text, and its results read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

N_VARIANTS = 400
LETTERS = np.array(list("ACGT"))
Table = dict[str, np.ndarray]
Combined = Callable[..., Path]


def studies(n_studies: int = 3, *, seed: int = 5, n_variants: int = N_VARIANTS) -> list[Table]:
    """Tables of studies of one trait; a third of the rows have their alleles swapped."""
    rng = np.random.default_rng(seed)
    chr = np.sort(rng.integers(1, 23, n_variants))
    pos = rng.choice(np.arange(1_000_000, 90_000_000), n_variants, replace=False)
    first = rng.integers(0, 4, n_variants)
    second = (first + rng.integers(1, 4, n_variants)) % 4
    freq = rng.uniform(0.05, 0.95, n_variants)
    made = []
    for at in range(n_studies):
        n = 10_000 * (at + 1)
        se = 1 / np.sqrt(2 * n * freq * (1 - freq))
        beta = rng.normal(0, 1, n_variants) * se
        swap = rng.random(n_variants) < 1 / 3
        made.append(
            {
                "SNP": np.array([f"v{row}" for row in range(n_variants)]),
                "CHR": chr, "BP": pos,
                "EA": LETTERS[np.where(swap, second, first)], "NEA": LETTERS[np.where(swap, first, second)],
                "EAF": np.where(swap, 1 - freq, freq).round(4), "BETA": np.where(swap, -beta, beta).round(6),
                "SE": se.round(6), "N": np.full(n_variants, n),
            }
        )  # fmt: skip
    return made


def write(path: Path, table: Table) -> Path:
    """As tab-separated text."""
    rows = zip(*(column.tolist() for column in table.values()))
    lines = ["\t".join(table), *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def tsv(prefix: Path) -> pl.DataFrame:
    """Results."""
    return pl.read_csv(f"{prefix}.tsv.gz", separator="\t", null_values="NA", infer_schema_length=None)


def account(prefix: Path) -> pl.DataFrame:
    """What became of each study."""
    return pl.read_csv(f"{prefix}.studies.tsv", separator="\t", null_values="NA")
