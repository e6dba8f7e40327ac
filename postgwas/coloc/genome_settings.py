"""What a genome-wide colocalisation is given, in objects that travel to workers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from postgwas.coloc.allele_rules import AlleleRules
from postgwas.coloc.priors import P1, P2, P12
from postgwas.coloc.set_pairs import P12_PAIRS
from postgwas.errors import UsageError
from postgwas.finemap.abf import Kind
from postgwas.finemap.prior_variance import PriorMethod
from postgwas.finemap.region_stats import RegionStats, StatsOptions
from postgwas.finemap.susie_problem import SusieSettings
from postgwas.finemap.trait_kind import told_kind

Path = str | os.PathLike[str]

MODERATE, STRONG = 0.5, 0.8
"""PP.H4 from which on a pair is marked, as MAGE has it."""


@dataclass(frozen=True)
class GwasInput:
    """One GWAS.

    Attributes
    ----------
    path : path
        Summary statistics of any dialect.
    name : str
        What the trait is called in tables.
    kind : {"quant", "cc"}, optional
        Quantitative or case-control; told by the file's columns if None, see
        :func:`postgwas.finemap.trait_kind.told_kind`.
    sd_y : float, optional
        Standard deviation of a quantitative trait; estimated from standard errors, frequencies and N if None.
    case_fraction : float, optional
        Share of cases, where only P-values are known.
    reading : StatsOptions
        How the file is read.
    """

    path: Path
    name: str
    kind: Kind | None = None
    sd_y: float | None = None
    case_fraction: float | None = None
    reading: StatsOptions = field(default_factory=StatsOptions)

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if self.kind not in (None, "quant", "cc"):
            raise UsageError(f"--type {self.kind}: expected quant or cc")
        if self.sd_y is not None and not self.sd_y > 0:
            raise UsageError(f"--sd_y {self.sd_y:g}: expected a number above 0")
        if self.case_fraction is not None and not 0 < self.case_fraction < 1:
            raise UsageError(f"--case_fraction {self.case_fraction:g}: expected a share between 0 and 1")
        if not self.name or "/" in self.name:
            raise UsageError(f"--name {self.name!r}: expected a name without /")

    def told(self, read: RegionStats) -> tuple[GwasInput, tuple[str, ...]]:
        """With its kind, if that is not given, as its file tells it; and what to say of that."""
        given = self.reading
        kind, notes = told_kind(
            self.kind, read.header, self.name, counted=given.n_cases is not None, sd_y=self.sd_y,
            case_fraction=self.case_fraction,
        )  # fmt: skip
        return replace(self, kind=kind), notes


@dataclass(frozen=True)
class QtlInput:
    """The QTLs.

    Attributes
    ----------
    paths : path or sequence of path
        Nominal summary statistics, see :func:`postgwas.coloc.qtl_source.qtl_source`.
    fits : path, optional
        Log Bayes factors of fine-mapped genes, so that nothing is fitted again: ``STUDY.h5::KEY`` of
        ``postgwas eqtl finemap`` (``qtl/finemap_pip/NAME``), or the eQTL Catalogue's lbf_variable file.
    egenes : path or sequence of str, optional
    fdr : float
    genes : path, optional
        Places of genes; see :func:`postgwas.coloc.qtl_genes.load_genes` for these three.
    n : float, optional
        Sample size; goes before what the files say.
    sd_y : float, optional
        Standard deviation of the phenotypes (1 after an inverse normal transform); estimated if None.
    gene : str, optional
        The one gene of files without a column of genes.
    variants : path, optional
        A .bim, or a table of SNPID, CHR, POS, A1, A2, for ids that do not tell places; the variants of the
        genotypes are looked up where there is none.
    """

    paths: Path | Sequence[Path]
    fits: Path | None = None
    egenes: Path | Sequence[str] | None = None
    fdr: float = 0.05
    genes: Path | None = None
    n: float | None = None
    sd_y: float | None = None
    gene: str | None = None
    variants: Path | None = None


@dataclass(frozen=True)
class SentinelChoice:
    """Around which variants regions lie.

    Attributes
    ----------
    how : {"windows", "clump"} or path
        "windows": the strongest variant, then the strongest of those at least `distance` away from it and so
        on, as MAGE has it. "clump": variants that are not in LD (`clump_r2`) with a stronger one within
        `clump_window`; needs genotypes. A file: ids of variants, one a line.
    p_max : float
        Largest P-value of a sentinel.
    window : int
        Base pairs on either side of a sentinel.
    distance : int
        Base pairs, at least, between two sentinels of "windows".
    clump_r2 : float
    clump_window : int
    """

    how: Literal["windows", "clump"] | str = "windows"
    p_max: float = 5e-8
    window: int = 500_000
    distance: int = 1_000_000
    clump_r2: float = 0.1
    clump_window: int = 500_000

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if not 0 < self.p_max <= 1:
            raise UsageError(f"--p_max {self.p_max:g}: expected a P-value above 0 and up to 1")
        for flag, value in (("window", self.window), ("distance", self.distance),
                            ("clump_window", self.clump_window)):  # fmt: skip
            if value < 1:
                raise UsageError(f"--{flag} {value}: expected base pairs above 0")
        if not 0 < self.clump_r2 <= 1:
            raise UsageError(f"--clump_r2 {self.clump_r2:g}: expected a number above 0 and up to 1")


@dataclass(frozen=True)
class SmrSettings:
    """Wald ratios, SMR and HEIDI.

    Attributes
    ----------
    p_qtl : float
        Largest P-value of the QTL at a gene's top variant; weak instruments mislead.
    p_heidi : float
        Largest P-value of the QTL at variants that HEIDI uses.
    r2_min, r2_max : float
        Squared correlations with the top variant between these; no two variants above `r2_max`.
    n_min, n_max : int
        Fewest and most variants of HEIDI.
    """

    p_qtl: float = 5e-8
    p_heidi: float = 1.565402e-3
    r2_min: float = 0.05
    r2_max: float = 0.9
    n_min: int = 3
    n_max: int = 20

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        for flag, value in (("smr_p", self.p_qtl), ("heidi_p", self.p_heidi)):
            if not 0 < value <= 1:
                raise UsageError(f"--{flag} {value:g}: expected a P-value above 0 and up to 1")
        if not 0 <= self.r2_min < self.r2_max <= 1:
            raise UsageError(
                f"--heidi_r2 {self.r2_min:g} {self.r2_max:g}: expected 0 <= smallest < largest <= 1"
            )
        if not 1 <= self.n_min <= self.n_max:
            raise UsageError(f"--heidi_n {self.n_min} {self.n_max}: expected 1 <= fewest <= most")


@dataclass(frozen=True)
class GenomeSettings:
    """How regions are colocalised.

    Attributes
    ----------
    p1, p2, p12 : float
        Priors of a variant for :func:`postgwas.coloc.abf`.
    p12_susie : float
        Prior of a shared one for pairs of credible sets.
    n_effects, coverage, min_abs_corr, max_iter, tol, prior_method
        Of SuSiE, see :func:`postgwas.finemap.susie_rss`; ``n_effects`` is its L.
    rules : AlleleRules
    smr : SmrSettings, optional
        Also Wald ratios, SMR and HEIDI.
    keep_log_bf : bool
        Keep the log Bayes factors behind credible sets in the results.
    """

    p1: float = P1
    p2: float = P2
    p12: float = P12
    p12_susie: float = P12_PAIRS
    n_effects: int = 10
    coverage: float = 0.95
    min_abs_corr: float = 0.5
    max_iter: int = 100
    tol: float = 1e-3
    prior_method: PriorMethod = "optim"
    rules: AlleleRules = field(default_factory=AlleleRules)
    smr: SmrSettings | None = None
    keep_log_bf: bool = False

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        for flag, value in (("p1", self.p1), ("p2", self.p2), ("p12", self.p12),
                            ("p12_susie", self.p12_susie)):  # fmt: skip
            if not 0 < value < 1:
                raise UsageError(f"--{flag} {value:g}: expected a probability between 0 and 1")
        SusieSettings(
            n_effects=self.n_effects, coverage=self.coverage, min_abs_corr=self.min_abs_corr,
            max_iter=self.max_iter, tol=self.tol, scaled_prior_variance=0.2,
            estimate_prior_method=self.prior_method,
        ).check(1)  # fmt: skip
        self.rules.check()
        if self.smr is not None:
            self.smr.check()
