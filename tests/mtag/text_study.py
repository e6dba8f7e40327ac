"""A small simulated study as plain text files, for tests that spoil them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

COLUMNS = ("snpid", "chr", "bpos", "a1", "a2", "freq", "z", "pval", "n")
N_VARIANTS = 2000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8

Table = dict[str, np.ndarray]
Refused = Callable[..., str]
Accepted = Callable[..., str]
Spoilt = Callable[..., Path]


@dataclass(frozen=True)
class TextStudy:
    """Three traits on one LD score panel; `tables` are what the files hold, for tests to spoil."""

    folder: Path
    panel: Path
    a: Path
    b: Path
    c: Path
    tables: tuple[Table, Table, Table]


def write_table(
    path: Path, table: Table, *, separator: str = "\t", header: bool = True, newline: str = "\n"
) -> Path:
    """Write columns as text; a name may end in blanks, so that a table can hold two of one name."""
    lines = [separator.join(name.strip() for name in table)] if header else []
    lines += [separator.join(map(str, row)) for row in zip(*table.values())]
    data = (newline.join(lines) + newline).encode()
    path.write_bytes(gzip.compress(data, 1, mtime=0) if path.suffix == ".gz" else data)
    return path


def simulate(folder: Path, *, seed: int, n_variants: int) -> TextStudy:
    """Z with E[Z Z'] = l_j N omega + Sigma, alleles never strand-ambiguous."""
    from scipy.special import ndtr

    rng = np.random.default_rng(seed)
    l2 = np.round(np.exp(rng.normal(2.5, 0.6, n_variants)), 4)
    chrom = np.repeat([1, 2], [n_variants // 2, n_variants - n_variants // 2])
    snpid = np.char.add("rs", (np.arange(n_variants) + 1001).astype(str))
    pos = 10_000 + 500 * np.arange(n_variants)
    alleles = np.array([["A", "G"], ["C", "T"], ["G", "T"], ["C", "A"]])[rng.integers(0, 4, n_variants)]
    freq = np.round(rng.uniform(0.05, 0.95, n_variants), 4)
    genetic = np.array([[1.0, 0.7, 0.5], [0.7, 1.0, 0.4], [0.5, 0.4, 1.0]])
    noise = np.array([[1.0, 0.2, 0.1], [0.2, 1.0, 0.1], [0.1, 0.1, 1.0]])
    effects = rng.standard_normal((n_variants, 3)) @ np.linalg.cholesky(genetic).T
    errors = rng.standard_normal((n_variants, 3)) @ np.linalg.cholesky(noise).T
    z = np.round(effects * np.sqrt(0.06 * l2)[:, None] + errors, 5)
    panel = folder / "panel"
    panel.mkdir(parents=True)
    for number in (1, 2):
        here = chrom == number
        table = {"CHR": chrom[here], "SNP": snpid[here], "BP": pos[here], "L2": l2[here]}
        write_table(panel / f"{number}.l2.ldscore.gz", table)
        (panel / f"{number}.l2.M_5_50").write_text(f"{here.sum()}\n")
    tables = []
    for t, size in enumerate((100_000, 80_000, 60_000)):
        columns = (snpid, chrom, pos, alleles[:, 0], alleles[:, 1], freq, z[:, t], 2 * ndtr(-np.abs(z[:, t])))
        tables.append(dict(zip(COLUMNS, (*columns, np.full(n_variants, size)))))
    first, second, third = (write_table(folder / f"{name}.txt", t) for name, t in zip("abc", tables))
    return TextStudy(folder, panel, first, second, third, (tables[0], tables[1], tables[2]))


def given(folder: Path, data: bytes | str, name: str = "bad.txt") -> Path:
    """Write a file with just this in it."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path
