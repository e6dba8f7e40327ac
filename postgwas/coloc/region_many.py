"""Regions of several traits: HyPrColoc and moloc."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.allele_rules import AlleleRules
from postgwas.coloc.many_traits import hyprcoloc, similarity
from postgwas.coloc.region_methods import Found, check_coverage, check_priors, variant
from postgwas.coloc.region_set_pairs import FEWEST, LEAST_PP, traits_with_ld
from postgwas.coloc.region_traits import RegionTraits
from postgwas.coloc.shared_clusters import P1, P_SHARED, ClusterSettings, Selection
from postgwas.coloc.three_traits import PRIOR_VARIANCES, Counting, moloc
from postgwas.errors import NoVariantsError, UsageError
from postgwas.finemap.ld_sources import RegionSource

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class HyprMethod:
    """:func:`postgwas.coloc.hyprcoloc`.

    Attributes
    ----------
    scale : bool
        Multiply the prior standard deviation of quantitative traits by sdY, given or estimated; the peer does
        not.
    trait_cor, sample_overlap : tuple of tuple of float, optional
    coverage : float
        Of credible sets.
    with_similarity : bool
        Also how often pairs of traits cluster over thresholds and priors.
    """

    p1: float = P1
    p_shared: float = P_SHARED
    p12: float | None = None
    uniform_priors: bool = False
    regional_threshold: float | None = None
    alignment_threshold: float | None = None
    selection: Selection = "regional"
    search: bool = True
    scale: bool = True
    trait_cor: tuple[tuple[float, ...], ...] | None = None
    sample_overlap: tuple[tuple[float, ...], ...] | None = None
    coverage: float = 0.95
    with_similarity: bool = False
    rules: AlleleRules = field(default_factory=AlleleRules)

    tables = ("clusters", "variants", "similarity")

    @property
    def needs_signs(self) -> bool:
        """Whether effects of traits are held against each other, so that their signs must be known."""
        return self.trait_cor is not None

    def check(self, n_traits: int) -> None:
        """Refuse settings that are out of range."""
        check_priors(p12=self.p12)
        check_coverage(self.coverage)
        ClusterSettings(
            self.p1, self.p_shared, self.uniform_priors, self.regional_threshold, self.alignment_threshold,
            self.selection, self.search,
        ).check()  # fmt: skip
        for flag, matrix in (("trait_cor", self.trait_cor), ("sample_overlap", self.sample_overlap)):
            if matrix is not None and {len(matrix), *map(len, matrix)} != {n_traits}:
                raise UsageError(f"--{flag}: expected {n_traits} x {n_traits} numbers, a line a trait")

    def compare(self, region: RegionTraits, sources: tuple[RegionSource | None, ...]) -> Found:
        """Clusters of traits on the variants that all have."""
        keys, rows, sign, ld = self._shared(region, sources)
        beta, se = (
            np.stack([getattr(one, what)[at] for one, at in zip(region.traits, rows)], axis=1)
            for what in ("beta", "se")
        )
        traits = [one.given.name for one in region.traits]
        binary = [one.given.kind == "cc" for one in region.traits]
        spread = [
            1.0 if one.given.kind == "cc" or not self.scale else (one.dataset().trait_sd or 1.0)
            for one in region.traits
        ]
        common: dict[str, Any] = {
            "trait": traits, "binary": binary, "sd_y": spread, "p1": self.p1,
            "uniform_priors": self.uniform_priors, "selection": self.selection,
        }  # fmt: skip
        found = hyprcoloc(
            beta * sign, se, snp=keys, p_shared=self.p_shared, p12=self.p12,
            regional_threshold=self.regional_threshold, alignment_threshold=self.alignment_threshold,
            search=self.search, trait_cor=self.trait_cor, sample_overlap=self.sample_overlap, ld=ld, **common,
        )  # fmt: skip
        clusters = list(found.table().iter_rows(named=True))
        variants = []
        for number, (row, one) in enumerate(zip(clusters, found.clusters)):
            chosen = found.credible_set(number, coverage=self.coverage)
            row["SET_SIZE"] = chosen.size or None
            row["SET"] = ",".join(region.names[keys[at]][0] for at in chosen) or None
            if row["CANDIDATE_SNP"] is not None:
                row["CANDIDATE_SNP"] = region.names[row["CANDIDATE_SNP"]][0]
            variants += [
                {"ROUND": number + 1, **variant(region, keys[at]), "SNP.PP": float(one.snp_pp[at])}
                for at in np.flatnonzero(one.snp_pp >= LEAST_PP)
            ]
        tables = {
            "clusters": clusters,
            "variants": variants,
            "similarity": self._similar(beta * sign, se, common),
        }
        notes = [*region.notes, *(note for one in region.traits for note in one.scale_notes()),
                 *(f"{name}: sdY {value:.3g}" for name, value in zip(traits, spread)
                                  if self.scale and not 0.5 < value < 2)]  # fmt: skip
        return Found(tables, tuple(notes), len(keys))

    def _similar(self, beta: Floats, se: Floats, common: dict[str, Any]) -> list[dict[str, Any]]:
        if not self.with_similarity:
            return []
        matrix, traits = similarity(beta, se, **common), common["trait"]
        return [
            {"TRAIT1": traits[i], "TRAIT2": traits[j], "SHARE": float(matrix[i, j])}
            for i in range(len(traits))
            for j in range(i + 1, len(traits))
        ]

    def _shared(
        self, region: RegionTraits, sources: tuple[RegionSource | None, ...]
    ) -> tuple[list[str], list[Rows], Floats, Floats | None]:
        """Keys and rows of variants that all traits have, signs to one allele, and LD where it is used."""
        where = [{key: row for row, key in enumerate(one.keys)} for one in region.traits]
        keys = [key for key in region.traits[0].keys if all(key in one for one in where)]
        turn = dict(zip(region.aligned.rows[0].tolist(), zip(*(one.tolist() for one in region.aligned.sign))))
        ld = None
        if self.trait_cor is not None:
            held = traits_with_ld(region, sources[:1], self.rules)[0]
            columns = {region.traits[0].keys[row]: at for at, row in enumerate(held.rows.tolist())}
            keys = [key for key in keys if key in columns]
            at = np.array([columns[key] for key in keys], np.int64)
            # Signs of LD to the first trait's allele, to which all effects are turned.
            ld = held.matrix[np.ix_(at, at)] * np.outer(held.sign[at], held.sign[at])
        if len(keys) < FEWEST:
            raise NoVariantsError(f"{len(keys)} variants are in all traits")
        rows = [np.array([one[key] for key in keys], np.int64) for one in where]
        sign = np.array([turn[int(key.partition(":")[2])] for key in keys])
        return keys, rows, sign, ld


@dataclass(frozen=True)
class MolocMethod:
    """:func:`postgwas.coloc.moloc`."""

    priors: tuple[float, ...] | None = None
    prior_var: tuple[float, ...] | None = PRIOR_VARIANCES
    counting: Counting = "moloc"

    tables = ("configurations", "groups", "variants")

    def check(self, n_traits: int) -> None:
        """Refuse settings that are out of range."""
        for value in self.priors or ():
            check_priors(priors=value)
        if self.priors is not None and len(self.priors) != n_traits:
            raise UsageError(f"--priors: {len(self.priors)} for {n_traits} traits")
        if self.prior_var is not None and not all(value > 0 for value in self.prior_var):
            raise UsageError("--prior_var: expected variances above 0")

    def compare(self, region: RegionTraits, sources: tuple[RegionSource | None, ...]) -> Found:
        """All configurations."""
        names = [one.given.name for one in region.traits]
        data = [one.dataset() for one in region.traits]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are in the notes, too
            found = moloc(
                data, traits=names, priors=self.priors, prior_var=self.prior_var, counting=self.counting
            )
        letters = ",".join(f"{letter}={name}" for letter, name in zip("abcd", names))
        about = {"TRAITS": letters, "N_SHARED": found.n_shared}
        groups = [
            {**about, **row, "BEST_SNP": region.names[row["BEST_SNP"]][0]}
            for row in found.groups_table().iter_rows(named=True)
        ]
        every = [{**about, **row} for row in found.table().iter_rows(named=True)]
        every = [
            {
                key: None if isinstance(value, float) and np.isinf(value) else value
                for key, value in row.items()
            }
            for row in every
        ]
        variants = [
            {
                **variant(region, key),
                **{f"LOG_BF.{name}": float(value) for name, value in zip(found.group, found.log_bf[:, at])},
                **{f"PP.{name}": float(value) for name, value in zip(found.group, found.snp_pp[:, at])},
            }
            for at, key in enumerate(found.snp)
        ]
        tables = {"configurations": every, "groups": groups, "variants": variants}
        return Found(tables, (*region.notes, *found.notes), found.n_shared)
