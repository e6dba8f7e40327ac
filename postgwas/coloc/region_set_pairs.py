"""Regions by SuSiE on both traits, or by conditioning and masking: methods that need LD."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.allele_rules import AlleleRules
from postgwas.coloc.fitted_side import FitOptions, FittedSide, fit_side
from postgwas.coloc.genome_pairs import mark
from postgwas.coloc.priors import P1, P2, P12
from postgwas.coloc.region_ld import LdOfTrait, ld_of_traits
from postgwas.coloc.region_methods import (
    Found,
    check_grid,
    check_priors,
    posteriors,
    variant,
    variant_weights,
)
from postgwas.coloc.region_traits import RegionTrait, RegionTraits
from postgwas.coloc.set_pairs import P12_PAIRS, ColocPairs, compare_signals
from postgwas.coloc.signal_factors import Signals
from postgwas.coloc.signal_pairs import Mode, signals
from postgwas.coloc.signal_steps import MAX_SIGNALS, P_SIGNAL, R2_MASK, Method, SignalSettings
from postgwas.errors import NoVariantsError, UsageError
from postgwas.finemap.ld_sources import RegionSource
from postgwas.finemap.region_check import check_region
from postgwas.finemap.susie_problem import SusieSettings

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

FEWEST = 2
FEW_WITH_LD = "have LD (are builds and chromosomes of the LD the same? postgwas harmonise)"
LEAST_PP = 1e-6
"""Variants of a lower probability are not written for pairs of sets."""


@dataclass(frozen=True)
class SusieMethod:
    """:func:`postgwas.coloc.susie` of fits of both traits."""

    fit: FitOptions
    p1: float = P1
    p2: float = P2
    p12: float = P12_PAIRS
    weights: tuple[dict[str, float] | None, dict[str, float] | None] = field(default=(None, None))
    grid: tuple[float, ...] | None = None
    rules: AlleleRules = field(default_factory=AlleleRules)

    tables = ("coloc", "credible_sets", "variants", "sensitivity")

    needs_signs = True
    needs_sizes = True

    def check(self, n_traits: int) -> None:
        """Refuse settings that are out of range."""
        check_priors(p1=self.p1, p2=self.p2, p12=self.p12)
        check_grid(self.grid)
        fit = self.fit
        SusieSettings(
            n_effects=fit.n_effects, coverage=fit.coverage, min_abs_corr=fit.min_abs_corr,
            max_iter=fit.max_iter, tol=fit.tol, scaled_prior_variance=0.2,
            estimate_prior_method=fit.prior_method,
        ).check(1)  # fmt: skip

    def compare(self, region: RegionTraits, sources: tuple[RegionSource | None, ...]) -> Found:
        """Fit both, and compare all pairs of credible sets."""
        held = traits_with_ld(region, sources, self.rules)
        notes = [*region.notes]
        fits, sides = [], []
        for number, (trait, ld) in enumerate(zip(region.traits, held), 1):
            fit, told = self._fit(trait, ld)
            notes += told
            keys = [trait.keys[row] for row in ld.rows]
            weights, told = variant_weights(self.weights[number - 1], region, keys)
            notes += told
            notes += trait.scale_notes()
            fits.append((fit, keys))
            count = np.arange(1, len(fit.log_bf) + 1)
            sides.append(
                Signals.of(fit.log_bf, keys, signal=count, prior_weights=weights, what=str(number))
                if count.size
                else Signals(tuple(keys), count, fit.log_bf.reshape(0, len(keys)))
            )
        found = compare_signals(sides[0], sides[1], (self.p1, self.p2, self.p12))
        sets = [
            self._set(region, trait, number, one, fit, keys, set(found.snp))
            for number, (trait, (fit, keys)) in enumerate(zip(region.traits, fits), 1)
            for one in range(len(fit.signals))
        ]
        share = {(row["TRAIT_NUMBER"], row["CS"]): row["SHARE_SHARED"] for row in sets}
        tables = self._pairs(found, region, share) | {"credible_sets": sets}
        return Found(tables, (*notes, *found.notes), found.n_shared)

    def _fit(self, trait: RegionTrait, ld: LdOfTrait) -> tuple[FittedSide, list[str]]:
        name = trait.given.name
        if ld.rows.size < FEWEST:
            raise NoVariantsError(f"{name}: {ld.rows.size} variants {FEW_WITH_LD}")
        kept, checked = ld.among(np.ones(len(trait.keys), np.bool_))
        rows = ld.rows[kept]
        z = trait.beta[rows] / trait.se[rows] * ld.sign[kept]
        n = float(np.median(trait.n[rows]))
        findings = check_region(z, checked, n, full=False, seed=0)
        notes = []
        if findings.alignment.doubtful:
            notes.append(
                f"{name}: signs of z-scores and LD agree in {100 * findings.alignment.share:.0f} % of pairs "
                "only: alleles may not be aligned, or LD is another population's"
            )
        outliers = int(findings.outlier.sum())
        if outliers:
            notes.append(f"{name}: {outliers} variants are not explained by LD with the lead")
        fit = fit_side(z, checked, n, self.fit)
        if not fit.converged:
            notes.append(f"{name}: SuSiE has not converged; --max_iter allows more")
        return fit, notes

    def _set(
        self, region: RegionTraits, trait: RegionTrait, number: int, at: int, fit: FittedSide,
        keys: list[str], shared: set[str],
    ) -> dict[str, Any]:  # fmt: skip
        one, alpha = fit.signals[at], fit.alpha[at]
        members = [keys[row] for row in one.members]
        inside = np.array([key in shared for key in keys])
        return {
            "TRAIT": trait.given.name, "TRAIT_NUMBER": number, "CS": one.number, "SIZE": len(members),
            "COVERAGE": one.coverage, "PURITY_MIN": one.purity_min, "LOG10_BF": one.log_bf / np.log(10.0),
            "LEAD": region.names[members[0]][0], "LEAD_POS": region.names[members[0]][1],
            "LEAD_PROBABILITY": float(alpha[one.members[0]]),
            "N_SHARED": sum(key in shared for key in members),
            "SHARE_SHARED": float(np.mean([key in shared for key in members])),
            "POSTERIOR_SHARED": float(alpha[inside].sum()),
            "VARIANTS": ",".join(region.names[key][0] for key in members),
        }  # fmt: skip

    def _pairs(
        self, found: ColocPairs, region: RegionTraits, share: dict[tuple[int, int], float]
    ) -> dict[str, list[dict[str, Any]]]:
        pairs, variants, grid = [], [], []
        sensitivity = found.sensitivity(self.grid)
        for a, first in enumerate(found.signal1.tolist()):
            for b, second in enumerate(found.signal2.tolist()):
                about = {"CS1": first, "CS2": second}
                within = found.snp_pp_h4(a, b)
                top = int(within.argmax())
                pairs.append(
                    {
                        **about, "HIT1": region.names[found.hit1[a]][0],
                        "HIT2": region.names[found.hit2[b]][0], "N_SHARED": found.n_shared,
                        "SHARE1": share[1, first], "SHARE2": share[2, second],
                        "OVERLAP1": float(found.overlap1[a]), "OVERLAP2": float(found.overlap2[b]),
                        **posteriors(found.pp[a, b], found.prior), "P1": found.p1, "P2": found.p2,
                        "P12": found.p12, "TOP_VARIANT": region.names[found.snp[top]][0],
                        "TOP_PP": float(within[top]), "CLPP": float(found.clpp[a, b]),
                        "MARK": mark(float(found.pp[a, b, 4])),
                    }
                )  # fmt: skip
                variants += [
                    {**about, **variant(region, found.snp[row]), "LOG_BF1": float(found.log_bf1[a, row]),
                     "LOG_BF2": float(found.log_bf2[b, row]), "SNP.PP.H4": float(within[row])}
                    for row in np.flatnonzero(within >= LEAST_PP)
                ]  # fmt: skip
                for p12, pp, prior in zip(sensitivity.p12, sensitivity.pp[:, a, b], sensitivity.prior):
                    grid.append({**about, "P12": float(p12), **posteriors(pp, prior)})
        return {"coloc": pairs, "variants": variants, "sensitivity": grid}


@dataclass(frozen=True)
class SignalsMethod:
    """:func:`postgwas.coloc.signals`."""

    method: Method = "cond"
    mode: Mode = "iterative"
    p1: float = P1
    p2: float = P2
    p12: float = P12
    p_max: float = P_SIGNAL
    max_signals: int = MAX_SIGNALS
    r2_mask: float = R2_MASK
    distinct: bool = False
    rules: AlleleRules = field(default_factory=AlleleRules)

    tables = ("coloc", "variants")

    @property
    def needs_signs(self) -> bool:
        """Whether effects are held against LD, so that their signs must be known."""
        return self.method == "cond"

    @property
    def needs_sizes(self) -> bool:
        """Whether sample sizes are needed where effects are known."""
        return self.method == "cond"

    def check(self, n_traits: int) -> None:
        """Refuse settings that are out of range."""
        check_priors(p1=self.p1, p2=self.p2, p12=self.p12)
        SignalSettings(self.method, self.p_max, self.max_signals, self.r2_mask).check()

    def compare(self, region: RegionTraits, sources: tuple[RegionSource | None, ...]) -> Found:
        """Find signals, and compare all pairs."""
        data = []
        if self.method == "single":
            data = [one.dataset() for one in region.traits]
        else:
            for trait, ld in zip(region.traits, traits_with_ld(region, sources, self.rules)):
                if ld.rows.size < FEWEST:
                    raise NoVariantsError(f"{trait.given.name}: {ld.rows.size} variants {FEW_WITH_LD}")
                data.append(trait.dataset(ld.rows, ld.sign, ld.matrix))
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are in the notes, too
            found = signals(
                data[0], data[1], method=self.method, mode=self.mode, p1=self.p1, p2=self.p2, p12=self.p12,
                p_max=self.p_max, max_signals=self.max_signals, r2_mask=self.r2_mask, distinct=self.distinct,
            )  # fmt: skip
        rows, variants = [], []
        for at, (first, second) in enumerate(zip(found.hit1, found.hit2)):
            about = {"HIT1": region.names[first][0], "HIT2": region.names[second][0]}
            names = (found.best1[at], found.best2[at], found.best4[at])
            rows.append(
                {
                    **about, "Z1": float(found.z1[at]), "Z2": float(found.z2[at]), "N_SHARED": len(found.snp),
                    **posteriors(found.pp[at], found.prior), "P1": found.p1, "P2": found.p2, "P12": found.p12,
                    **{f"BEST{what}": region.names[key][0] for what, key in zip((1, 2, 4), names)},
                    "MARK": mark(float(found.pp[at, 4])),
                }
            )  # fmt: skip
            variants += [
                {**about, **variant(region, key), "LOG_BF1": float(one), "LOG_BF2": float(two)}
                for key, one, two in zip(found.snp, found.log_bf1[at], found.log_bf2[at])
            ]
        return Found({"coloc": rows, "variants": variants}, (*region.notes, *found.notes), len(found.snp))


def traits_with_ld(
    region: RegionTraits, sources: tuple[RegionSource | None, ...], rules: AlleleRules
) -> list[LdOfTrait]:
    """LD of each trait's variants: of one panel for all, or of one each.

    Raises
    ------
    UsageError
        If there is no LD.
    """
    frames, names = [one.frame for one in region.traits], [one.given.name for one in region.traits]
    if sources[0] is None:
        raise UsageError("this method needs LD", hint="--genotypes FILE, or --ld FILE --ld_variants FILE")
    if all(one is sources[0] or one is None for one in sources):
        return ld_of_traits(frames, sources[0], names, rules)
    made = []
    for frame, name, source in zip(frames, names, sources):
        made += ld_of_traits([frame], sources[0] if source is None else source, [name], rules)
    return made
