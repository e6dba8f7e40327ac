"""How regions are fine-mapped, in one object that travels to workers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from postgwas.errors import UsageError
from postgwas.finemap.abf import Kind
from postgwas.finemap.one_causal import PRIOR
from postgwas.finemap.prior_variance import PriorMethod
from postgwas.finemap.susie_problem import SusieSettings

Method = Literal["susie", "abf"]
LdCheck = Literal["none", "quick", "full"]


@dataclass(frozen=True)
class MapSettings:
    """Method, its parameters, and how LD is checked.

    Attributes
    ----------
    method : {"susie", "abf"}
        SuSiE with LD; or one causal variant at most, without.
    n_effects, coverage, min_abs_corr, max_iter, tol, refine, estimate_residual_variance
        See :func:`postgwas.finemap.susie_rss`; ``n_effects`` is its L.
    scaled_prior_variance, prior_method, null_weight
        Likewise; ``prior_method`` is its `estimate_prior_method`.
    kind : {"quant", "cc"}, optional
        For "abf"; told by the file's columns if None, see :func:`postgwas.finemap.trait_kind.told_kind`.
    sd_y, case_fraction : float, optional
        For "abf": see :func:`postgwas.finemap.log_abf` and :func:`postgwas.finemap.log_abf_from_z`.
    p1 : float
        For "abf": prior probability of a variant.
    prior_correlation : float
        Several populations: correlation of an effect between them to begin with.
    null_threshold : float, optional
        The `check_null_threshold` of :func:`postgwas.finemap.susie_rss` (0 if None), or of
        :func:`postgwas.finemap.susie_multi`.
    variants_in : {"all", "any"}
        Several populations: variants that all have, or that any has.
    ld_check : {"none", "quick", "full"}
        "quick": signs, and variants against the lead. "full": also `estimate_s_rss`, `kriging_rss` and
        `dentist`, which decompose the LD matrix.
    seed : int
        Of DENTIST's partitions.
    """

    method: Method = "susie"
    n_effects: int = 10
    coverage: float = 0.95
    min_abs_corr: float = 0.5
    max_iter: int = 100
    tol: float = 1e-3
    refine: bool = False
    estimate_residual_variance: bool = False
    scaled_prior_variance: float = 0.2
    prior_method: PriorMethod = "optim"
    null_weight: float = 0.0
    kind: Kind | None = None
    sd_y: float | None = None
    case_fraction: float | None = None
    p1: float = PRIOR
    prior_correlation: float = 0.0
    null_threshold: float | None = None
    variants_in: Literal["all", "any"] = "all"
    ld_check: LdCheck = "quick"
    seed: int = 0

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if self.method not in ("susie", "abf"):
            raise UsageError(f"--method {self.method}: expected susie or abf")
        if self.ld_check not in ("none", "quick", "full"):
            raise UsageError(f"--ld_check {self.ld_check}: expected none, quick or full")
        if self.kind not in (None, "quant", "cc"):
            raise UsageError(f"--type {self.kind}: expected quant or cc")
        if not -1 <= self.prior_correlation <= 1:
            raise UsageError(f"--prior_correlation {self.prior_correlation:g}: expected -1 to 1")
        if self.variants_in not in ("all", "any"):
            raise UsageError(f"--variants_in {self.variants_in}: expected all or any")
        if self.null_threshold is not None and math.isnan(self.null_threshold):
            raise UsageError("--null_threshold nan: expected a log likelihood", hint="--null_threshold 0")
        SusieSettings(
            n_effects=self.n_effects, coverage=self.coverage, min_abs_corr=self.min_abs_corr,
            max_iter=self.max_iter, tol=self.tol, scaled_prior_variance=self.scaled_prior_variance,
            estimate_prior_method=self.prior_method, null_weight=self.null_weight,
        ).check(1)  # fmt: skip
        if self.sd_y is not None and not self.sd_y > 0:
            raise UsageError(f"--sd_y {self.sd_y:g}: expected a number above 0")
        if self.case_fraction is not None and not 0 < self.case_fraction < 1:
            raise UsageError(f"--case_fraction {self.case_fraction:g}: expected a share between 0 and 1")
        if not 0 < self.p1 < 1:
            raise UsageError(f"--p1 {self.p1:g}: expected a probability between 0 and 1", hint="--p1 1e-4")
