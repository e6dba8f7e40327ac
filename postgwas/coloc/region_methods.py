"""How one region's traits are compared: each method gives its tables and warnings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.genome_pairs import mark
from postgwas.coloc.hypotheses import Sensitivity
from postgwas.coloc.priors import P1, P2, P12, check_prior
from postgwas.coloc.region_traits import RegionTraits
from postgwas.coloc.thin_overlap import overlap_notes
from postgwas.coloc.two_traits import Coloc, compare, shares
from postgwas.errors import UsageError
from postgwas.finemap.ld_sources import RegionSource
from postgwas.finemap.one_causal import SingleCausal

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Tables = dict[str, "list[dict[str, Any]]"]
"""Name of a table -> its rows."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a method found in a region.

    Attributes
    ----------
    tables : dict of str to list of dict
    notes : tuple of str
        Warnings.
    n_shared : int
        Variants that took part.
    """

    tables: Tables
    notes: tuple[str, ...]
    n_shared: int


class RegionMethod(Protocol):
    """A method with its settings; small, so that it can travel to workers."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of its tables, the summary first."""

    def check(self, n_traits: int) -> None:
        """Refuse settings that are out of range, before anything is read; UsageError."""

    def compare(self, region: RegionTraits, sources: tuple[RegionSource | None, ...]) -> Found: ...


@dataclass(frozen=True)
class AbfMethod:
    """:func:`postgwas.coloc.abf`.

    Attributes
    ----------
    p1, p2, p12 : float
    coverage : float
        Of credible sets.
    weights : tuple of (dict of str to float or None)
        Prior weight of each variant id, for each trait.
    grid : tuple of float, optional
        p12 of the sensitivity table; 100 values if None.
    """

    p1: float = P1
    p2: float = P2
    p12: float = P12
    coverage: float = 0.95
    weights: tuple[dict[str, float] | None, dict[str, float] | None] = field(default=(None, None))
    grid: tuple[float, ...] | None = None

    tables = ("coloc", "variants", "sensitivity")

    def check(self, n_traits: int) -> None:
        """Refuse settings that are out of range."""
        check_priors(p1=self.p1, p2=self.p2, p12=self.p12)
        check_grid(self.grid)
        check_coverage(self.coverage)

    def compare(self, region: RegionTraits, sources: tuple[RegionSource | None, ...]) -> Found:
        """One causal variant each at most."""
        data = [one.dataset() for one in region.traits]
        weights, told = [], list(region.notes)
        for given, one in zip(self.weights, data):
            made, note = variant_weights(given, region, list(one.snp))
            weights.append(made)
            told += note
        found = compare(data[0], data[1], (self.p1, self.p2, self.p12), (weights[0], weights[1]))
        shared = set(found.snp)
        sets = [
            self._set(one.log_bf, used, weight, list(one.snp), shared, number)
            for number, (one, used, weight) in enumerate(
                zip(data, (found.p1, found.p2), weights, strict=True), 1
            )
        ]
        best = int(found.snp_pp_h4.argmax())
        row: dict[str, Any] = {
            "N_SHARED": found.n_shared, "N1": found.n1, "N2": found.n2,
            **posteriors(found.pp, found.prior), "P1": found.p1, "P2": found.p2, "P12": found.p12,
            "TOP_VARIANT": region.names[found.snp[best]][0], "TOP_PP": float(found.snp_pp_h4[best]),
            "CLPP": float(found.clpp.sum()), "MARK": mark(float(found.pp[4])), **sets[0], **sets[1],
        }  # fmt: skip
        tables = {
            "coloc": [row], "variants": self._variants(found, region),
            "sensitivity": sensitivity_rows(found.sensitivity(self.grid)),
        }  # fmt: skip
        held = {
            trait.given.name: float(shares(one.log_bf)[[key in shared for key in one.snp]].sum())
            for trait, one in zip(region.traits, data, strict=True)
        }
        thin = overlap_notes(float(found.pp[4]), found.n_shared, held)
        return Found(tables, (*told, *found.notes, *thin), found.n_shared)

    def _set(
        self,
        log_bf: Floats,
        p1: float,
        weights: Floats | None,
        keys: list[str],
        shared: set[str],
        number: int,
    ) -> dict[str, Any]:
        """A trait's own credible set, and how much of it the other trait has."""
        from postgwas.finemap.one_causal import single_causal

        prior = min(p1, 1.0 / (log_bf.size + 1))
        fit: SingleCausal = single_causal(log_bf, p1=prior, prior_weights=weights)
        chosen = fit.credible_set(coverage=self.coverage)
        within = [keys[row] in shared for row in chosen.variants]
        return {
            f"SET{number}_SIZE": chosen.variants.size,
            f"SET{number}_WITH_NONE": chosen.with_null,
            f"SET{number}_SHARE_SHARED": float(np.mean(within)) if within else None,
        }

    def _variants(self, found: Coloc, region: RegionTraits) -> list[dict[str, Any]]:
        columns = zip(
            found.snp, found.log_bf1, found.log_bf2, found.pip1, found.pip2, found.snp_pp_h4, found.clpp
        )
        names = ("LOG_BF1", "LOG_BF2", "PIP1", "PIP2", "SNP.PP.H4", "CLPP")
        return [{**variant(region, key), **dict(zip(names, map(float, rest)))} for key, *rest in columns]


def check_priors(**priors: float | None) -> None:
    """Refuse what is no probability.

    Raises
    ------
    UsageError
    """
    for name, value in priors.items():
        if value is not None:
            check_prior(f"--{name}", value)


def check_grid(grid: tuple[float, ...] | None) -> None:
    """Of a sensitivity table; as :func:`check_priors`."""
    for value in grid or ():
        check_prior("--sensitivity_p12", value)


def check_coverage(coverage: float) -> None:
    """Of credible sets; as :func:`check_priors`."""
    if not 0 < coverage < 1:
        raise UsageError(f"--coverage {coverage:g}: expected a share between 0 and 1", hint="0.95")


def variant(region: RegionTraits, key: str) -> dict[str, Any]:
    """What tables say of a variant."""
    name, place, effect, other = region.names[key]
    return {"SNPID": name, "POS": place, "EA": effect, "NEA": other}


def posteriors(pp: Floats, prior: Floats) -> dict[str, float]:
    """Columns PP.H0 to PP.H4, and what the hypotheses weigh before data."""
    after = {f"PP.H{number}": float(value) for number, value in enumerate(pp)}
    return after | {f"PRIOR.H{number}": float(value) for number, value in enumerate(prior)}


def sensitivity_rows(found: Sensitivity, **about: Any) -> list[dict[str, Any]]:
    """A row a p12."""
    return [
        {**about, "P12": float(p12), **posteriors(pp, prior)}
        for p12, pp, prior in zip(found.p12, found.pp, found.prior)
    ]


def variant_weights(
    given: dict[str, float] | None, region: RegionTraits, keys: list[str]
) -> tuple[Floats | None, list[str]]:
    """Weights of a trait's variants; those without one have the mean of the others, which is said."""
    if given is None:
        return None, []
    found = np.array([given.get(region.names[key][0], np.nan) for key in keys])
    lacking = ~np.isfinite(found)
    if lacking.all():
        return None, ["none of the region's variants has a prior weight: all count alike"]
    found[lacking] = found[~lacking].mean()
    number = int(lacking.sum())
    note = f"{number} of {found.size} variants have no prior weight: the mean of the others is taken"
    return found, [note] if number else []


def table_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a table; NaN is null."""
    import polars as pl

    return pl.DataFrame(rows, infer_schema_length=None).fill_nan(None)
