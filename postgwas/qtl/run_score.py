"""Polygenic scores from summary statistics: ``postgwas.qtl.score``."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import Engine, engine
from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes.genotypes import BlockSource, Genotypes
from postgwas.genotypes.selection import Selection, all_moments, open_selected
from postgwas.qtl.clumping import clump
from postgwas.qtl.inputs import Paths
from postgwas.qtl.projection import Floats
from postgwas.qtl.score_sums import TASK, ScoreTask, score_sums
from postgwas.qtl.score_variants import Palindromic, ScoreVariants, read_weights, score_variants
from postgwas.qtl.segments import narrowed
from postgwas.runlog import get_logger
from postgwas.sumstats.harmonise.outcomes import Outcome

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

_EXACTLY = 1e-12
_KEPT = frozenset(outcome.text for outcome in Outcome if outcome.kept)


@dataclass(frozen=True)
class ScoreSettings:
    """How scores are made.

    Attributes
    ----------
    pval : tuple of float
        A score for each limit: variants of this P or less. None given: one of all variants.
    clump_r2 : float, optional
        Clump first (:func:`postgwas.qtl.clumping.clump`); None: weights as given.
    clump_window : int
        Bases to each side.
    palindromic : {"infer", "drop", "keep"}
        A/T and C/G SNPs; see :func:`postgwas.qtl.score_variants.score_variants`.
    palindromic_maf : float
    maf_min, max_missing : float
        Variants of the genotypes that are used, limits included.
    """

    pval: tuple[float, ...] = ()
    clump_r2: float | None = None
    clump_window: int = 250_000
    palindromic: Palindromic = "infer"
    palindromic_maf: float = 0.4
    maf_min: float = 0.0
    max_missing: float = 1.0

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        for limit in self.pval:
            if not 0.0 < limit <= 1.0:
                raise UsageError(f"--pval {limit:g}: expected P above 0 and at most 1")
        if len(set(self.pval)) < len(self.pval):
            raise UsageError("--pval: a limit is given twice")
        if self.clump_r2 is not None and not 0.0 <= self.clump_r2 <= 1.0:
            raise UsageError(f"--clump_r2 {self.clump_r2:g}: expected 0 to 1")
        if self.clump_window < 0:
            raise UsageError(f"--clump_window {self.clump_window}: expected bases, at least 0")
        if self.palindromic not in ("infer", "drop", "keep"):
            raise UsageError(f"--palindromic {self.palindromic}: expected infer, drop or keep")
        if not 0.0 <= self.palindromic_maf < 0.5:
            raise UsageError(f"--palindromic_maf {self.palindromic_maf:g}: expected 0 to below 0.5")


@dataclass(frozen=True, eq=False)
class ScoreResult:
    """Scores of samples.

    Attributes
    ----------
    names : tuple of str, length S
        The trait, and the limit on P where there is one: ``height_p5e-08``.
    values : ndarray of float64, shape (S, n)
        Sums of effects times copies of the effect allele, as PLINK's SCORE_SUM.
    samples : tuple of str, length n
    n_variants : ndarray of int64, shape (S,)
    variants : polars.DataFrame
        trait, variant_id, effect_allele, other_allele, weight (per copy of the effect allele), mlog10p: of
        all that are in a score.
    outcomes : dict of str to dict of str to int
        For each trait the rows of its summary statistics by what became of them.
    """

    names: tuple[str, ...]
    values: Floats
    samples: tuple[str, ...]
    n_variants: NDArray[np.int64]
    variants: pl.DataFrame
    outcomes: dict[str, dict[str, int]]

    def table(self) -> pl.DataFrame:
        """IID, and a column a score."""
        import polars as pl

        return pl.DataFrame({"IID": self.samples, **dict(zip(self.names, self.values))})


@dataclass(frozen=True, eq=False)
class _ClumpTask:
    source: BlockSource
    positions: NDArray[np.int64]
    mlog10p: Floats
    r2: float
    window: int


def score(
    genotypes: Genotypes | Paths,
    sumstats: Paths | Sequence[Paths],
    *,
    settings: ScoreSettings | None = None,
    selection: Selection | None = None,
    dosage: bool = False,
    cores: int = 1,
    scheduler: Paths | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> ScoreResult:
    """Polygenic scores of all samples.

    Parameters
    ----------
    genotypes : Genotypes or path
    sumstats : path or sequence of paths
        Summary statistics, a file a trait, in any dialect, or weights with effect allele and BETA. The trait
        is called as the file, without its folder and endings.
    settings : ScoreSettings, optional
    selection : Selection, optional
        Of samples and variants.
    dosage : bool
        Dosages rather than hard calls.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Raises
    ------
    UsageError
        If settings are out of range, or two traits have one name.
    InputError, ColumnError
        If a file cannot be read, has no effects or alleles, or no P where these are needed.
    NoVariantsError
        If no variant is shared, or none has a P that small.

    Examples
    --------
    >>> made = score("geno.pgen", "height.txt.gz",
    ...              settings=ScoreSettings(pval=(5e-8, 1e-3), clump_r2=0.1))  # doctest: +SKIP
    >>> made.table()  # doctest: +SKIP
    """
    chosen = settings or ScoreSettings()
    chosen.check()
    paths = [sumstats] if isinstance(sumstats, str | os.PathLike) else list(sumstats)
    traits = [trait_name(path) for path in paths]
    if not paths:
        raise UsageError("no summary statistics are given")
    if len(set(traits)) < len(traits):
        raise UsageError(f"two files of summary statistics have one name: {', '.join(sorted(traits))}")
    used = _usable(open_selected(genotypes, selection, dosage=dosage).genotypes, chosen)
    moments = all_moments(used)
    made: list[_Trait] = []
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        for trait, path in zip(traits, paths):
            variants = score_variants(
                used, moments, read_weights(path), palindromic=chosen.palindromic,
                palindromic_maf=chosen.palindromic_maf,
            )  # fmt: skip
            made.append(_scored(used, trait, variants, chosen, eng, os.fspath(path)))
    return _result(used, made)


@dataclass(frozen=True, eq=False)
class _Trait:
    name: str
    names: tuple[str, ...]
    values: Floats
    n_variants: list[int]
    variants: ScoreVariants


def trait_name(path: Paths) -> str:
    """A file's name without folder and endings.

    Examples
    --------
    >>> trait_name("gwas/height.2018.txt.gz")
    'height.2018'
    """
    name = Path(path).name
    for ending in (".gz", ".bgz", ".zst", ".bz2", ".xz", ".zip"):
        name = name.removesuffix(ending)
    stem, _, last = name.rpartition(".")
    return stem if stem and last in ("txt", "tsv", "csv", "sumstats", "assoc", "linear", "vcf") else name


def _usable(genotypes: Genotypes, settings: ScoreSettings) -> Genotypes:
    """Without variants below the limits of frequency and missing calls."""
    if settings.maf_min <= 0.0 and settings.max_missing >= 1.0:
        return genotypes
    limits = Selection(maf_min=settings.maf_min, max_missing=settings.max_missing)
    return open_selected(genotypes, limits).genotypes


def _scored(
    genotypes: Genotypes, trait: str, variants: ScoreVariants, settings: ScoreSettings, eng: Engine, path: str
) -> _Trait:
    used = variants
    if settings.pval or settings.clump_r2 is not None:
        lowest = -math.log10(max(settings.pval, default=1.0))
        if np.isnan(variants.mlog10p).all():
            raise InputError(f"{path}: no P to choose variants by", hint="without --pval and --clump_r2")
        used = variants.of(variants.mlog10p >= lowest * (1.0 - _EXACTLY))
        if not len(used.row):
            raise NoVariantsError(
                f"{path}: none of {len(variants.row):,} shared variants has a P of {max(settings.pval):g} "
                "or less",
                hint="--pval",
            )
    if settings.clump_r2 is not None:
        used = used.of(_clumped(genotypes, used, settings, eng))
    limits = [-math.log10(limit) for limit in settings.pval] or [-math.inf]
    names = tuple(f"{trait}_p{limit:g}" for limit in settings.pval) or (trait,)
    with np.errstate(invalid="ignore"):
        inside = np.array([used.mlog10p >= limit * (1.0 - _EXACTLY) for limit in limits])
    if not settings.pval:
        inside[:] = True
    weights = np.where(inside, used.weight, 0.0)
    tasks = [
        ScoreTask(
            narrowed(genotypes.source, used.row[start : start + TASK]), weights[:, start : start + TASK],
            used.counts_a1[start : start + TASK],
        )
        for start in range(0, len(used.row), TASK)
    ]  # fmt: skip
    values = sum(eng.map(score_sums, tasks, label="Scores"), np.zeros((len(names), genotypes.n_samples)))
    _tell(trait, variants, used, settings)
    return _Trait(trait, names, values, inside.sum(axis=1).tolist(), used)


def _clumped(
    genotypes: Genotypes, used: ScoreVariants, settings: ScoreSettings, eng: Engine
) -> NDArray[np.bool_]:
    assert settings.clump_r2 is not None
    contig = genotypes.variants["CHR"].fill_null(0).to_numpy()[used.row]
    position = genotypes.variants["POS"].to_numpy().astype(np.int64)[used.row]
    tasks, places = [], []
    for code in np.unique(contig):
        here = np.flatnonzero(contig == code)
        here = here[np.argsort(position[here], kind="stable")]
        places.append(here)
        tasks.append(_ClumpTask(
            narrowed(genotypes.source, used.row[here]), position[here], used.mlog10p[here], settings.clump_r2,
            settings.clump_window,
        ))  # fmt: skip
    kept = np.zeros(len(used.row), np.bool_)
    for here, index in zip(places, eng.map(_clump, tasks, label="Clumping")):
        kept[here] = index
    return kept


def _clump(task: _ClumpTask) -> NDArray[np.bool_]:
    return clump(
        lambda rows: task.source.read(rows, None),
        task.positions,
        task.mlog10p,
        r2=task.r2,
        window=task.window,
    )


def _tell(trait: str, variants: ScoreVariants, used: ScoreVariants, settings: ScoreSettings) -> None:
    lost = {why: number for why, number in variants.outcomes.items() if why not in _KEPT and number}
    told = "".join(f"; {number:,} {why}" for why, number in lost.items())
    log.info("%s: %s variants are shared%s", trait, f"{len(variants.row):,}", told)
    how = "as given" if settings.clump_r2 is None else f"clumped at r2 {settings.clump_r2:g}"
    log.info("%s: %s variants are in a score (%s)", trait, f"{len(used.row):,}", how)


def _result(genotypes: Genotypes, made: list[_Trait]) -> ScoreResult:
    import polars as pl

    frames = []
    for trait in made:
        used = trait.variants
        table = genotypes.variants[used.row]
        a1 = pl.Series(used.counts_a1)
        frames.append(
            pl.select(
                pl.Series("trait", [trait.name] * table.height, dtype=pl.String),
                table["SNPID"].alias("variant_id"),
                pl.when(a1).then(table["A1"]).otherwise(table["A2"]).alias("effect_allele"),
                pl.when(a1).then(table["A2"]).otherwise(table["A1"]).alias("other_allele"),
                pl.Series("weight", np.where(used.counts_a1, used.weight, -used.weight)),
                pl.Series("mlog10p", used.mlog10p).fill_nan(None),
            )
        )
    return ScoreResult(
        tuple(name for trait in made for name in trait.names),
        np.vstack([trait.values for trait in made]),
        tuple(genotypes.samples["IID"].to_list()),
        np.array([n for trait in made for n in trait.n_variants], np.int64),
        pl.concat(frames),
        {trait.name: trait.variants.outcomes for trait in made},
    )
