"""A small simulated panel, annotations and a trait in ldsc's files, for tests of ``postgwas ldsc``."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CHROMOSOMES = (1, 2)
PER_CHROMOSOME = 1500


@dataclass(frozen=True)
class LdscStudy:
    """Folder with ``ld/``, ``part.`` (two annotations with ``.annot``), ``frq.`` and ``trait.sumstats``."""

    folder: Path
    ids: tuple[str, ...]
    l2: np.ndarray
    parts: np.ndarray
    annotations: np.ndarray
    frequency: np.ndarray
    z: np.ndarray
    n: np.ndarray

    @property
    def panel(self) -> list[str]:
        return ["--ref-ld-chr", f"{self.folder}/ld/", "--w-ld-chr", f"{self.folder}/ld/"]

    @property
    def partitioned(self) -> list[str]:
        return ["--ref-ld-chr", f"{self.folder}/part.", "--w-ld-chr", f"{self.folder}/ld/"]

    @property
    def trait(self) -> Path:
        return self.folder / "trait.sumstats"


def simulate(folder: Path, seed: int = 5) -> LdscStudy:
    rng = np.random.default_rng(seed)
    total = PER_CHROMOSOME * len(CHROMOSOMES)
    ids = tuple(f"rs{i}" for i in rng.permutation(10 * total)[:total])
    l2 = np.round(rng.lognormal(3, 0.7, total), 3)
    share = np.round(rng.uniform(0.1, 0.6, total), 3)
    annotations = np.column_stack([np.ones(total), rng.random(total) < 0.3])
    parts = np.column_stack([l2, np.round(l2 * share, 3)])
    frequency = np.round(rng.uniform(0.01, 0.5, total), 4)
    n = np.full(total, 50_000.0)
    z = np.round(rng.normal(size=total) * np.sqrt(1.05 + 50_000 * 0.4 * l2 / 60_000), 3)
    study = LdscStudy(folder, ids, l2, parts, annotations, frequency, z, n)
    (folder / "ld").mkdir(parents=True)
    write_panel(folder / "ld", ids, {"L2": l2}, [30_000])
    write_panel(folder / "part.", ids, {"baseL2": l2, "catL2": parts[:, 1]}, common_sums(study))
    write_annotations(study)
    write_sumstats(study.trait, ids, z, n)
    return study


def chromosome(values: Sequence[object] | np.ndarray, number: int) -> Sequence[object] | np.ndarray:
    return values[(number - 1) * PER_CHROMOSOME : number * PER_CHROMOSOME]


def common_sums(study: LdscStudy) -> list[int]:
    """Half of the annotations' sums over common variants, as each chromosome's M (they are alike)."""
    common = (study.frequency > 0.05) & (study.frequency < 0.95)
    return [round(value / len(CHROMOSOMES)) for value in study.annotations[common].sum(axis=0)]


def write_panel(prefix: Path, ids: Sequence[str], scores: Mapping[str, np.ndarray], m: Sequence[int]) -> None:
    """``prefix`` is a folder, or ends in a dot."""
    for number in CHROMOSOMES:
        stem = prefix / str(number) if prefix.is_dir() else Path(f"{prefix}{number}")
        rows = ["\t".join(["CHR", "SNP", "BP", *scores])]
        columns = [chromosome(values, number) for values in scores.values()]
        for i, snp in enumerate(chromosome(ids, number)):
            rows.append(
                "\t".join([str(number), str(snp), str(1000 * (i + 1)), *(repr(float(c[i])) for c in columns)])
            )
        text = "\n".join(rows) + "\n"
        Path(f"{stem}.l2.ldscore.gz").write_bytes(gzip.compress(text.encode(), 1))
        Path(f"{stem}.l2.M_5_50").write_text("\t".join(map(str, m)) + "\n")


def write_annotations(
    study: LdscStudy,
    *,
    names: Sequence[str] = ("base", "cat"),
    columns: Sequence[int] = (0, 1),
    drop_last: int = 0,
    frq_drop_last: int = 0,
) -> None:
    for number in CHROMOSOMES:
        ids = chromosome(study.ids, number)
        values = chromosome(study.annotations, number)
        rows = ["\t".join(["CHR", "BP", "SNP", "CM", *names])]
        rows += [
            "\t".join(
                [str(number), str(1000 * (i + 1)), str(snp), "0", *(f"{values[i, c]:g}" for c in columns)]
            )
            for i, snp in enumerate(ids[: len(ids) - drop_last])
        ]
        Path(study.folder / f"part.{number}.annot").write_text("\n".join(rows) + "\n")
        frequency = chromosome(study.frequency, number)
        lines = ["  CHR   SNP   A1  A2   MAF  NCHROBS"]
        lines += [
            f"  {number}  {snp}  A  G  {frequency[i]:.4f}  1000"
            for i, snp in enumerate(ids[: len(ids) - frq_drop_last])
        ]
        Path(study.folder / f"frq.{number}.frq").write_text("\n".join(lines) + "\n")


def write_sumstats(
    path: Path, ids: Sequence[object], z: Sequence[object] | np.ndarray, n: Sequence[object] | np.ndarray,
    *, end: str = "\n", separator: str = "\t",
) -> Path:  # fmt: skip
    lines = [separator.join(["SNP", "A1", "A2", "Z", "N"])]
    lines += [separator.join([str(snp), "A", "G", str(one), str(size)]) for snp, one, size in zip(ids, z, n)]
    path.write_bytes((end.join(lines) + end).encode())
    return path
