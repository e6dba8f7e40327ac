"""One region of a genome-wide colocalisation, from its rows to its tables: what a worker does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.allele_match import AlleleMatch, match_alleles
from postgwas.coloc.fitted_side import FitOptions, FittedSide, fit_side
from postgwas.coloc.gene_follow_up import follow_up_genes
from postgwas.coloc.genome_pairs import abf_row, named_signals, pair_rows
from postgwas.coloc.genome_settings import SmrSettings
from postgwas.coloc.genome_task import (
    NO_LD,
    NO_SHARED,
    NOT_CONVERGED,
    OK,
    ONLY_SIGNIFICANT,
    SIGNIFICANT_Z,
    GenomeRegion,
    GenomeTask,
)
from postgwas.coloc.qtl_regions import QtlBlock
from postgwas.coloc.region_ld import LdOfTrait, ld_of_traits, sign_agreement
from postgwas.coloc.signal_factors import Signals
from postgwas.coloc.stored_fits import GeneFit
from postgwas.coloc.thin_overlap import overlap_notes
from postgwas.coloc.trait_factors import NoFactors, factors_from_effects, factors_from_z
from postgwas.errors import NoVariantsError, PostgwasError
from postgwas.finemap.region_check import LdFindings, check_region

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_FEWEST = 2
_FEWEST_PAIRS = 5
"""Variants of a gene, at least, to tell that only significant ones are there."""


@dataclass(frozen=True, eq=False)
class _Side:
    """A trait's fit, and at which rows of its table the variants of it are."""

    fit: FittedSide
    rows: Rows


def colocalise_region(task: GenomeTask) -> GenomeRegion:
    """Align, compute Bayes factors, fit and pair; what is wrong becomes a status."""
    block = task.qtl.read()
    match = match_alleles(
        block.variants, task.gwas, rules=task.settings.rules, name="QTL", other_name=task.trait
    )
    work = _Region(task, block, match)
    if not match.rows.size:
        return work.result(NO_SHARED)
    try:
        work.single_causal()
    except NoFactors as error:
        return work.result(error.of(task.trait))
    if task.ld is not None or task.fits is not None:
        work.fine_map()
    if task.settings.smr is not None:
        work.follow_up(task.settings.smr)
    return work.result(OK)


class _Region:
    """Work on one region; rows of tables gather in it."""

    def __init__(self, task: GenomeTask, block: QtlBlock, match: AlleleMatch) -> None:
        self.task, self.block, self.match = task, block, match
        self.pairs: list[dict[str, Any]] = []
        self.sets: list[dict[str, Any]] = []
        self.log_bf: list[dict[str, Any]] = []
        self.counts = [match.counts]
        self.findings: LdFindings | None = None
        self.status = OK
        self.notes: dict[str, None] = {}
        self.gwas_signals: Signals | None = None
        self.names: tuple[bytes, list[str], dict[str, str]] | None = None
        self.qtl_ld: LdOfTrait | None = None
        self.about = {"TRAIT": task.trait, "REGION": task.region.name}
        tss = dict(zip(task.qtl.genes, task.qtl.tss))
        self.genes: dict[str, dict[str, Any]] = {
            name: {**self.about, "CHR": task.region.chromosome, "SENTINEL": task.region.lead,
                   "phenotype_id": name, "TSS": tss[name], "N_QTL": int(np.isfinite(block.se[row]).sum()),
                   "N_GWAS": task.gwas.height, "N_SHARED": 0, "STATUS": NO_SHARED}
            for row, name in enumerate(task.qtl.genes)
        }  # fmt: skip

    def result(self, status: str) -> GenomeRegion:
        if status != OK:
            for gene in self.genes.values():
                gene["STATUS"] = status
        status = status if status != OK else self.status
        return GenomeRegion(
            self.pairs, list(self.genes.values()), self.sets, tuple(self.counts), self.findings, status,
            tuple(self.notes), self.log_bf,
        )  # fmt: skip

    # One causal variant each at most

    def single_causal(self) -> None:
        task, block = self.task, self.block
        frequency = self._gwas_frequencies()
        gwas = _factors_of_gwas(task, frequency)
        rows, other = self.match.rows, self.match.other_rows
        maf = block.variants["MAF"].cast(float).fill_null(np.nan).to_numpy().copy()
        unknown = ~np.isfinite(maf)
        maf[rows] = np.where(unknown[rows], np.minimum(frequency, 1 - frequency)[other], maf[rows])
        ids = block.variants["SNPID"].to_numpy()
        for row, name in enumerate(task.qtl.genes):
            least = least_z(block.beta[row], block.se[row])
            self.genes[name]["LEAST_Z"] = least
            if least > SIGNIFICANT_Z and self.genes[name]["N_QTL"] >= _FEWEST_PAIRS:
                self.genes[name]["STATUS"] = ONLY_SIGNIFICANT
                continue
            try:
                factors, spread = factors_from_effects(
                    block.beta[row], block.se[row], maf, np.full(maf.size, task.qtl.n[row]), kind="quant",
                    sd_y=task.qtl_sd,
                )  # fmt: skip
            except NoFactors as error:
                self.genes[name]["STATUS"] = error.code
                continue
            both = np.isfinite(factors[rows]) & np.isfinite(gwas[other])
            if not both.any():
                continue
            found, notes = self._abf(gwas, factors, rows[both], other[both], ids)
            held = {"the GWAS": found["OVERLAP_GWAS"], "the gene": found["OVERLAP_QTL"]}
            thin = overlap_notes(found["PP.H4"], int(both.sum()), held)
            self.notes |= dict.fromkeys([*notes, *(f"{name}: {note}" for note in thin)])
            self.pairs.append({**self._gene(name), "METHOD": "abf", **found})
            self.genes[name] |= {
                "N_SHARED": int(both.sum()), "SD_Y": spread, "STATUS": OK, "PP.H4.abf": found["PP.H4"],
                "PP.H3.abf": found["PP.H3"],
            }  # fmt: skip

    def _abf(
        self, gwas: Floats, qtl: Floats, rows: Rows, other: Rows, ids: NDArray[Any]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Without the variants of either trait that have no Bayes factor."""
        one, two = np.flatnonzero(np.isfinite(gwas)), np.flatnonzero(np.isfinite(qtl))
        shared = np.searchsorted(one, other), np.searchsorted(two, rows)
        return abf_row(gwas[one], qtl[two], shared, ids[rows], self.task.settings)

    def _gene(self, name: str) -> dict[str, Any]:
        one = self.genes[name]
        return {key: one[key] for key in ("TRAIT", "REGION", "CHR", "SENTINEL", "phenotype_id")}

    def _gwas_frequencies(self) -> Floats:
        """The GWAS's frequencies; where it has none, those of the QTLs' minor alleles."""
        gwas, match = self.task.gwas, self.match
        found = np.full(gwas.height, np.nan)
        own = next((name for name in ("EAF", "MAF") if name in gwas.columns), None)
        if own is not None:
            found = gwas[own].cast(float).fill_null(np.nan).to_numpy().copy()
        maf = self.block.variants["MAF"].cast(float).fill_null(np.nan).to_numpy()
        lacking = ~np.isfinite(found[match.other_rows])
        found[match.other_rows[lacking]] = maf[match.rows[lacking]]
        return found

    # Several

    def fine_map(self) -> None:
        task = self.task
        lds = self._ld()
        self.qtl_ld = lds[1]
        gwas = self._fit_gwas(lds[0]) if lds[0] is not None else None
        fits = {} if task.fits is None else task.fits.read(task.qtl.genes)
        stored = _stored_matches(fits, task)
        agree = self._agreement(lds[1]) if lds[1] is not None else {}
        masks: dict[bytes, Any] = {}
        for row, name in enumerate(task.qtl.genes):
            gene = self.genes[name]
            if gene["STATUS"] == ONLY_SIGNIFICANT:
                continue
            if name in fits:
                side: _Side | None = _Side(fits[name].side, fits[name].rows)
                shared = stored[name]
                gene["STATUS_SUSIE"] = OK
            elif lds[1] is not None:
                side, shared = self._fit_gene(row, lds[1], masks), None
                gene["SIGNS_AGREE"] = agree.get(name)
            else:
                continue
            if side is None:
                continue
            gene["SETS_QTL"] = len(side.fit.signals)
            gene["SETS_GWAS"] = None if gwas is None else len(gwas.fit.signals)
            self._pair(name, gwas, side, fits.get(name), shared)
        if gwas is not None:
            cols = np.isin(gwas.rows, self.match.other_rows)
            self._keep_sets("gwas", None, gwas, task.gwas, cols)

    def _ld(self) -> tuple[LdOfTrait | None, LdOfTrait | None]:
        task, rules = self.task, self.task.settings.rules
        tables, names = [task.gwas, self.block.variants], [task.trait, "QTL"]
        every = task.fits is not None and set(task.qtl.genes) <= set(task.fits.genes)
        every = every and task.settings.smr is None
        found: list[LdOfTrait | None] = [None, None]
        if task.ld is not None and task.qtl_ld is None and not every:
            found = list(ld_of_traits(tables, task.ld, names, rules))
        else:
            if task.ld is not None:
                found[0] = ld_of_traits(tables[:1], task.ld, names[:1], rules)[0]
            if task.qtl_ld is not None and not every:
                found[1] = ld_of_traits(tables[1:], task.qtl_ld, names[1:], rules)[0]
        self.counts += [one.counts for one in found if one is not None]
        return found[0], found[1]

    def _options(self) -> FitOptions:
        s = self.task.settings
        return FitOptions(s.n_effects, s.coverage, s.min_abs_corr, s.max_iter, s.tol, s.prior_method)

    def _fit_gwas(self, ld: LdOfTrait) -> _Side | None:
        if ld.rows.size < _FEWEST:
            self.status = NO_LD
            return None
        part = self.task.gwas[ld.rows]
        n = float(np.median(part["N"].cast(float).to_numpy()))
        z = part["Z"].cast(float).to_numpy() * ld.sign
        try:
            kept, checked = ld.among(np.ones(self.task.gwas.height, np.bool_))
            self.findings = check_region(z, checked, n, full=False, seed=0)
            fit = fit_side(z, checked, n, self._options())
        except PostgwasError as error:
            self.status = str(error)
            return None
        if not fit.converged:
            self.status = NOT_CONVERGED
        return _Side(fit, ld.rows[kept])

    def _agreement(self, ld: LdOfTrait) -> dict[str, float]:
        if ld.rows.size < _FEWEST:
            return {}
        z = (self.block.beta[:, ld.rows] / self.block.se[:, ld.rows]) * ld.sign
        found = sign_agreement(np.nan_to_num(z), ld.matrix)
        tested = np.isfinite(z).mean(axis=1) > 0.9
        return {
            name: float(share) if whole else math.nan
            for name, share, whole in zip(self.task.qtl.genes, found, tested)
        }

    def _fit_gene(self, row: int, ld: LdOfTrait, masks: dict[bytes, Any]) -> _Side | None:
        gene = self.genes[self.task.qtl.genes[row]]
        tested = np.isfinite(self.block.se[row])
        n = self.task.qtl.n[row]
        if not math.isfinite(n):
            gene["STATUS_SUSIE"] = "no_sample_size"
            return None
        key = tested.tobytes()
        if key not in masks:
            masks.clear()
            masks[key] = ld.among(tested) if int(tested[ld.rows].sum()) >= _FEWEST else None
        if masks[key] is None:
            gene["STATUS_SUSIE"] = NO_LD
            return None
        kept, checked = masks[key]
        rows = ld.rows[kept]
        z = self.block.beta[row, rows] / self.block.se[row, rows] * ld.sign[kept]
        try:
            fit = fit_side(z, checked, n, self._options())
        except PostgwasError as error:
            gene["STATUS_SUSIE"] = str(error)
            return None
        gene["STATUS_SUSIE"] = OK if fit.converged else NOT_CONVERGED
        return _Side(fit, rows)

    def _pair(
        self, name: str, gwas: _Side | None, side: _Side, stored: GeneFit | None, shared: AlleleMatch | None
    ) -> None:
        """All pairs of signals of the GWAS and a gene, and the gene's credible sets."""
        table = self.block.variants if stored is None else stored.variants
        match = self.match if shared is None else shared
        in_gwas = np.isin(side.rows, match.rows)
        self._keep_sets("qtl", name, side, table, in_gwas)
        if gwas is None or not gwas.fit.signals or not side.fit.signals or not in_gwas.any():
            return
        if self.gwas_signals is None:
            self.gwas_signals = named_signals(gwas.fit, [str(row) for row in gwas.rows.tolist()])
        names, ids = self._names(side.rows, match, table, keep=stored is None)
        two = named_signals(side.fit, names)
        try:
            rows, notes = pair_rows(gwas.fit, self.gwas_signals, side.fit, two, ids, self.task.settings)
        except NoVariantsError:
            return
        self.notes |= dict.fromkeys(notes)
        self.pairs += [{**self._gene(name), "METHOD": "susie", **row} for row in rows]
        best = max(rows, key=lambda one: one["PP.H4"])
        self.genes[name] |= {"PP.H4.susie": best["PP.H4"], "PP.H3.susie": best["PP.H3"]}

    def _names(
        self, rows: Rows, match: AlleleMatch, table: pl.DataFrame, *, keep: bool
    ) -> tuple[list[str], dict[str, str]]:
        """What a fit's variants are called for pairing (the GWAS's rows, if they have one), and their ids."""
        key = rows.tobytes()
        if keep and self.names is not None and self.names[0] == key:
            return self.names[1], self.names[2]
        called = dict(zip(match.rows.tolist(), match.other_rows.tolist()))
        names = [str(called[row]) if row in called else f"q{row}" for row in rows.tolist()]
        ids = dict(zip(names, table["SNPID"].gather(rows).to_list()))
        if keep:
            self.names = key, names, ids
        return names, ids

    # One instrument

    def follow_up(self, settings: SmrSettings) -> None:
        """Wald ratio at the likeliest shared variant, SMR and HEIDI at the strongest of the QTL."""
        best: dict[str, Any] = {}
        for pair in self.pairs:
            key = (pair["METHOD"] == "susie", pair["PP.H4"])
            if pair["phenotype_id"] not in best or key > best[pair["phenotype_id"]][0]:
                best[pair["phenotype_id"]] = (key, pair["TOP_VARIANT"])
        tops = {name: top for name, (_, top) in best.items()}
        found = follow_up_genes(
            self.task.gwas, self.task.qtl.genes, self.block, self.match, self.qtl_ld, tops, settings
        )
        for name, row in found.items():
            self.genes[name] |= row

    def _keep_sets(
        self, side: str, gene: str | None, fitted: _Side, table: pl.DataFrame, shared: NDArray[np.bool_]
    ) -> None:
        alpha = fitted.fit.alpha
        ids, places = table["SNPID"].to_numpy()[fitted.rows], table["POS"].to_numpy()[fitted.rows]
        for number, (one, weights) in enumerate(zip(fitted.fit.signals, alpha)):
            lead = int(one.members[0])
            self.sets.append(
                {
                    **self.about, "CHR": self.task.region.chromosome, "SIDE": side, "phenotype_id": gene,
                    "CS": one.number, "SIZE": one.members.size, "COVERAGE": one.coverage,
                    "PURITY_MIN": one.purity_min, "PURITY_MEAN": one.purity_mean,
                    "LOG10_BF": one.log_bf / math.log(10.0), "LEAD": ids[lead], "LEAD_POS": int(places[lead]),
                    "LEAD_PROBABILITY": float(weights[lead]), "N_SHARED": int(shared[one.members].sum()),
                    "SHARE_SHARED": float(shared[one.members].mean()),
                    "POSTERIOR_SHARED": float(weights[shared].sum()), "VARIANTS": ",".join(ids[one.members]),
                }
            )  # fmt: skip
            if self.task.settings.keep_log_bf:
                part = table[fitted.rows]
                self.log_bf.append(
                    {
                        **self.about, "SIDE": side, "phenotype_id": gene, "CS": one.number,
                        "variants": part.select("SNPID", "CHR", "POS", "EA", "NEA"),
                        "LOG_BF": fitted.fit.log_bf[number].astype(np.float32),
                    }
                )  # fmt: skip


def least_z(beta: Floats, se: Floats) -> float:
    """The smallest absolute z-score of a gene: where it is large, variants without association are left out.

    Examples
    --------
    >>> least_z(np.array([4.0, -3.0, np.nan]), np.ones(3))
    3.0
    """
    z = np.abs(beta / se)
    z = z[np.isfinite(z)]
    return float(z.min()) if z.size else 0.0


def _factors_of_gwas(task: GenomeTask, frequency: Floats) -> Floats:
    gwas = task.gwas
    n = gwas["N"].cast(float).fill_null(np.nan).to_numpy()
    if {"BETA", "SE"} <= set(gwas.columns) and gwas["SE"].is_not_null().any():
        beta, se = (gwas[name].cast(float).fill_null(np.nan).to_numpy() for name in ("BETA", "SE"))
        return factors_from_effects(beta, se, frequency, n, kind=task.kind, sd_y=task.sd_y)[0]
    z = gwas["Z"].cast(float).to_numpy()
    return factors_from_z(z, frequency, n, kind=task.kind, case_fraction=task.case_fraction)


def _stored_matches(fits: dict[str, GeneFit], task: GenomeTask) -> dict[str, AlleleMatch]:
    """Where the variants of stored fits are in the GWAS; signs do not matter for Bayes factors."""
    return {
        name: match_alleles(
            one.variants, task.gwas, rules=task.settings.rules, name=name, other_name=task.trait
        )
        for name, one in fits.items()
    }
