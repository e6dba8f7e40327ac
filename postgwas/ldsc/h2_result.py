"""What ``postgwas.ldsc.h2`` returns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.ldsc.fits import H2Fit
from postgwas.ldsc.jackknife import Array

if TYPE_CHECKING:
    import polars as pl

    from postgwas.ldsc.partitioned import Enrichment, TauStar


@dataclass(frozen=True)
class H2Counts:
    """Variants step by step.

    Attributes
    ----------
    read : int
        Complete rows of the summary statistics.
    duplicates : int
        Of them with an id that came before.
    reference, weights : int
        Left after the merges with LD scores of the model, and for the weights.
    regression : int
        Left after the limit on chi-square.
    """

    read: int
    duplicates: int
    reference: int
    weights: int
    regression: int


@dataclass(frozen=True, kw_only=True)
class H2Result:
    """Heritability of one trait; A annotations, B jackknife blocks.

    Attributes
    ----------
    trait, source : str
        Name of the trait and where it was read from.
    fit : H2Fit
        All estimates, observed scale.
    annotations : tuple of str
        Names of the LD score columns.
    m : ndarray, shape (A,)
        Variants behind them.
    samp_prev, pop_prev : float or None
        Share of cases in the sample and in the population.
    factor : float
        From the observed to the liability scale; 1 where no prevalence was given.
    chisq_max : float or None
        Limit on chi-square that was used.
    no_intercept : bool
        The intercept was constrained to 1 by that name.
    counts : H2Counts
    overlap : Enrichment or None
        With overlapping annotations taken into account, where they were read.
    tau_star : TauStar or None
        Standardised coefficients, where annotations were read.
    warnings : tuple of str
    """

    trait: str
    source: str
    fit: H2Fit
    annotations: tuple[str, ...]
    m: Array
    samp_prev: float | None = None
    pop_prev: float | None = None
    factor: float = 1.0
    chisq_max: float | None = None
    no_intercept: bool = False
    counts: H2Counts
    overlap: Enrichment | None = None
    tau_star: TauStar | None = None
    warnings: tuple[str, ...] = ()

    @property
    def scale(self) -> str:
        """``"liability"`` where prevalences were given, else ``"observed"``."""
        return "observed" if self.pop_prev is None else "liability"

    @property
    def h2(self) -> float:
        """Heritability on :attr:`scale`."""
        return self.factor * self.fit.tot

    @property
    def h2_se(self) -> float:
        """Its standard error."""
        return self.factor * self.fit.tot_se

    @property
    def intercept(self) -> float:
        return self.fit.intercept

    @property
    def intercept_se(self) -> float:
        """NaN where the intercept was constrained."""
        return self.fit.intercept_se

    def pseudovalues(self) -> dict[str, Array]:
        """Block jackknife pseudovalues, B theta - (B - 1) theta without the block.

        Their mean is the bias-corrected estimate, and the standard error of their mean is that
        of the estimate.

        Returns
        -------
        dict of ndarray
            ``h2`` (B,) on :attr:`scale`, ``coefficients`` (B, A) observed, and ``intercept``
            (B,) where it was estimated.
        """
        fit, blocks = self.fit, self.fit.n_blocks
        found = {
            "h2": self.factor * (blocks * fit.tot - (blocks - 1) * fit.tot_delete_values),
            "coefficients": blocks * fit.coef - (blocks - 1) * fit.part_delete_values,
        }
        if fit.intercept_delete_values is not None:
            found["intercept"] = blocks * fit.intercept - (blocks - 1) * fit.intercept_delete_values
        return found

    def lines(self, *, width: int = 1_000_000) -> list[str]:
        """The result lines as ldsc.py prints them; `width` is where long ones are wrapped."""
        from postgwas.ldsc.lines_h2 import h2_lines

        return h2_lines(
            self.fit,
            self.annotations,
            None if self.pop_prev is None else self.factor,
            overlap=self.overlap is not None,
            no_intercept=self.no_intercept,
            width=width,
        )

    def __repr__(self) -> str:
        """The summary: what a notebook shows of a result."""
        return f"{self.trait}: {self.counts.regression:,} variants\n{self.summary()}"

    def summary(self) -> str:
        """The result lines as one text."""
        return "\n".join(self.lines())

    def row(self) -> dict[str, Any]:
        """Everything that concerns the whole genome, full precision, by the names of ``PREFIX.h2.tsv``."""
        fit = self.fit
        return {
            "TRAIT": self.trait,
            "N_SNPS": self.counts.regression,
            "SCALE": self.scale,
            "H2": self.h2,
            "H2_SE": self.h2_se,
            "H2_OBSERVED": fit.tot,
            "H2_OBSERVED_SE": fit.tot_se,
            "SAMP_PREV": self.samp_prev,
            "POP_PREV": self.pop_prev,
            "LAMBDA_GC": fit.lambda_gc,
            "MEAN_CHI2": fit.mean_chisq,
            "INTERCEPT": fit.intercept,
            "INTERCEPT_SE": fit.intercept_se,
            "RATIO": fit.ratio,
            "RATIO_SE": fit.ratio_se,
            "M": float(self.m.sum()),
            "N_BLOCKS": fit.n_blocks,
            "TWO_STEP": fit.two_step,
            "CHISQ_MAX": self.chisq_max,
        }

    def frame(self) -> pl.DataFrame:
        """:meth:`row` as a table."""
        import polars as pl

        floats = ("SAMP_PREV", "POP_PREV", "TWO_STEP", "CHISQ_MAX")
        return pl.DataFrame([self.row()], schema_overrides=dict.fromkeys(floats, pl.Float64))

    def categories(self) -> pl.DataFrame:
        """One row for each annotation, full precision; standardised coefficients are NaN without annotations.

        Without overlap (``overlap`` is None) shares and enrichments are those of annotations
        that have no variant in common.
        """
        import polars as pl

        fit, overlap, tau = self.fit, self.overlap, self.tau_star
        nan = np.full(fit.coef.size, math.nan)
        return pl.DataFrame(
            {
                "CATEGORY": list(self.annotations),
                "M": self.m,
                "PROP_SNPS": fit.m_prop if overlap is None else overlap.prop_snps,
                "H2": self.factor * fit.cat,
                "H2_SE": self.factor * fit.cat_se,
                "PROP_H2": fit.prop if overlap is None else overlap.prop_h2,
                "PROP_H2_SE": fit.prop_se if overlap is None else overlap.prop_h2_se,
                "ENRICHMENT": fit.enrichment if overlap is None else overlap.enrichment,
                "ENRICHMENT_SE": fit.prop_se / fit.m_prop if overlap is None else overlap.enrichment_se,
                "ENRICHMENT_P": nan if overlap is None else overlap.enrichment_p,
                "TAU": fit.coef,
                "TAU_SE": fit.coef_se,
                "TAU_Z": fit.coef / fit.coef_se,
                "ANNOTATION_SD": nan if tau is None else tau.sd,
                "TAU_STAR": nan if tau is None else tau.tau_star,
                "TAU_STAR_SE": nan if tau is None else tau.se,
                "TAU_STAR_P": nan if tau is None else tau.p,
            }
        )
