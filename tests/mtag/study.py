"""A small study to run MTAG on: traits, panel and truth, simulated once a session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import ndtr

OMEGA = np.array([[8e-6, 4e-6, 3e-6], [4e-6, 7e-6, 2e-6], [3e-6, 2e-6, 6e-6]])
SIGMA = np.array([[1.02, 0.2, 0.1], [0.2, 1.01, 0.15], [0.1, 0.15, 1.03]])
N = np.array([150_000.0, 100_000.0, 80_000.0])


@dataclass(frozen=True)
class SmallStudy:
    """Frames with mtag's default column names, files of them, and a panel folder."""

    frames: list[pl.DataFrame]
    paths: list[Path]
    panel: Path


def write(frame: pl.DataFrame, path: Path) -> Path:
    """Tab-separated text with NA for nulls."""
    frame.write_csv(path, separator="\t", null_value="NA")
    return path


def small_study(folder: Path, *, n_variants: int = 4000, seed: int = 1) -> SmallStudy:
    """Three clean traits on one set of variants, effect alleles alike."""
    rng = np.random.default_rng(seed)
    chromosome = np.sort(rng.integers(1, 23, n_variants))
    position = np.empty(n_variants, dtype=np.int64)
    for c in range(1, 23):
        here = chromosome == c
        position[here] = np.sort(rng.choice(10_000_000, here.sum(), replace=False)) + 1
    l2 = np.exp(rng.normal(0, 0.6, n_variants))
    ids = np.array([f"rs{i}" for i in rng.permutation(n_variants) + 1])
    pairs = np.array(["AG", "GA", "CT", "TC", "AC", "CA", "GT", "TG"])[rng.integers(0, 8, n_variants)]
    eaf = np.round(rng.uniform(0.05, 0.95, n_variants), 4)
    effects = rng.multivariate_normal(np.zeros(3), OMEGA, n_variants) * np.sqrt(l2)[:, None]
    z = effects * np.sqrt(N) + rng.multivariate_normal(np.zeros(3), SIGMA, n_variants)
    z = np.round(z, 5)
    panel = folder / "panel"
    panel.mkdir(parents=True, exist_ok=True)
    for c in range(1, 23):
        here = chromosome == c
        pl.DataFrame(
            {"CHR": chromosome[here], "SNP": ids[here], "BP": position[here], "L2": l2[here]}
        ).write_csv(panel / f"{c}.l2.ldscore", separator="\t")
        (panel / f"{c}.l2.M_5_50").write_text(f"{here.sum()}\n")
    frames, paths = [], []
    for t in range(3):
        frame = pl.DataFrame(
            {
                "snpid": ids,
                "chr": chromosome,
                "bpos": position,
                "a1": [p[0] for p in pairs],
                "a2": [p[1] for p in pairs],
                "freq": eaf,
                "z": z[:, t],
                "n": np.full(n_variants, N[t]),
                "pval": 2 * ndtr(-np.abs(z[:, t])),
            }
        )
        frames.append(frame)
        paths.append(write(frame, folder / f"trait{t + 1}.txt"))
    return SmallStudy(frames, paths, panel)
