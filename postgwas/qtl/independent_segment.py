"""Independent signals of the significant phenotypes, or groups, of one segment. A task of the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from postgwas.qtl.association import associate
from postgwas.qtl.beta_fit import BetaFit
from postgwas.qtl.independent_search import Search, Signal, Window, search
from postgwas.qtl.permutations import permutations
from postgwas.qtl.projection import Floats
from postgwas.qtl.segments import Segment
from postgwas.qtl.t_tails import t_mlog10p
from postgwas.qtl.variant_block import VariantBlock

#: The first signal's variant is not among those of the window that can be tested.
LEAD_MISSING = "lead_not_in_window"
#: The search ended at the largest number of signals.
ROUND_LIMIT = "signals_at_limit"
#: A variant explains all that the signals before leave.
PERFECT_ROUND = "perfect_fit_beside_signals"

_LN10 = float(np.log(10.0))
_SAME = 0.01


@dataclass(frozen=True)
class Lead:
    """A significant phenotype's row of the permutation pass.

    Attributes
    ----------
    variant_id : str
    pval_nominal : float
        To see that the results are of these data.
    n_variants : int
    p_perm, p_beta : float
    fit : BetaFit
    """

    variant_id: str
    pval_nominal: float
    n_variants: int
    p_perm: float
    p_beta: float
    fit: BetaFit


@dataclass(frozen=True, eq=False)
class IndependentTask:
    """A segment, and what to look for.

    Attributes
    ----------
    segment : Segment
        With a phenotype's whole group.
    values : (G, n) float64
        Phenotypes before covariates are projected out.
    leads : mapping of str to Lead
        By phenotype; of a group, the phenotype of its best variant.
    seed, n_permutations : int
    threshold : float
        Of pval_beta.
    most : int
        Largest number of signals.
    """

    segment: Segment
    values: Floats
    leads: Mapping[str, Lead]
    seed: int
    n_permutations: int
    threshold: float
    most: int


@dataclass(frozen=True, eq=False)
class SegmentSignals:
    """Rows of signals, by column; what was left out; and leads whose nominal P is another one here."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    strangers: list[tuple[str, str, float, float]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Member:
    window: Window
    block: VariantBlock


def independent_segment(task: IndependentTask) -> SegmentSignals:
    """Search each phenotype, or group, in order of place."""
    segment = task.segment
    result = SegmentSignals()
    index = permutations(task.seed, segment.projection.n_samples, start=0, stop=task.n_permutations)
    orders = np.ascontiguousarray(index.T, dtype=np.intp)
    names = segment.variants["SNPID"].to_list()
    for members in _units(task):
        ids = [segment.gene_ids[one.window.gene] for one in members]
        which = next((at for at, name in enumerate(ids) if name in task.leads), None)
        if which is None:
            continue
        lead = task.leads[ids[which]]
        window = members[which].window
        here = [at for at, row in enumerate(window.rows.tolist()) if names[row] == lead.variant_id]
        if not here:
            result.left_out.append((ids[which], LEAD_MISSING))
            continue
        first = _first(segment, which, here, window, lead)
        if _differs(first, lead, result, ids[which]):
            continue
        found = search(
            [one.window for one in members], window.unit[first.at], orders, segment.projection.basis,
            threshold=task.threshold, most=task.most,
        )  # fmt: skip
        result.notes.extend((ids[which], why) for why in _notes(found))
        for signal in found.signals or (first,):
            member = members[signal.window]
            known = signal is first and lead.n_variants >= 0
            count = lead.n_variants if known else len(member.window.rows)
            result.rows.append(_row(segment, member, signal, count, names))
            if signal is first:
                result.rows[-1].update(pval_beta=lead.p_beta, pval_perm=lead.p_perm)
                result.rows[-1]["mlog10p_beta"] = _mlog10(lead)
    return result


def _units(task: IndependentTask) -> Iterator[list[_Member]]:
    """Each phenotype, or all of a group when its last has come."""
    segment = task.segment
    groups = segment.group_ids or segment.gene_ids
    last = {group: gene for gene, group in enumerate(groups)}
    held: dict[str, list[_Member]] = {}
    for gene, rows, block in segment.gene_blocks():
        window = Window(gene, task.values[gene], rows, block.unit, block.norm)
        held.setdefault(groups[gene], []).append(_Member(window, block))
        if gene == last[groups[gene]]:
            yield held.pop(groups[gene])


def _first(segment: Segment, which: int, here: Sequence[int], window: Window, lead: Lead) -> Signal:
    """The lead; of variants that share its name, as alleles of one place do, the one of its P."""
    y_unit, y_norm = segment.y_unit[window.gene], float(segment.y_norm[window.gene])
    found = [
        Signal(
            which, at, float(window.unit[at] @ y_unit), float(window.norm[at]), y_norm, segment.df, 0, 0,
            lead.fit, 1,
        )
        for at in here
    ]  # fmt: skip
    theirs = _nominal(lead)
    if len(found) == 1 or not np.isfinite(theirs):
        return found[0]
    return min(found, key=lambda one: abs(_height(one) - theirs))


def _height(signal: Signal) -> float:
    left = (1 - signal.r) * (1 + signal.r)
    return float(t_mlog10p(signal.r * np.sqrt(signal.df / max(left, 1e-300)), signal.df))


def _nominal(lead: Lead) -> float:
    with np.errstate(divide="ignore"):
        return float(-np.log10(lead.pval_nominal))


def _differs(first: Signal, lead: Lead, result: SegmentSignals, name: str) -> bool:
    """Whether the lead has another nominal P here than in the results: they are of other data."""
    ours, theirs = _height(first), _nominal(lead)
    if np.isfinite(theirs) and abs(ours - theirs) > _SAME + 1e-3 * ours:
        result.strangers.append((name, lead.variant_id, ours, theirs))
        return True
    return False


def _mlog10(lead: Lead) -> float:
    with np.errstate(divide="ignore"):
        return float(-np.log10(lead.p_beta))


def _notes(found: Search) -> list[str]:
    return [why for why, holds in ((ROUND_LIMIT, found.capped), (PERFECT_ROUND, found.perfect)) if holds]


def _row(
    segment: Segment, member: _Member, signal: Signal, n_variants: int, names: list[str]
) -> dict[str, Any]:
    block, window = member.block, member.window
    gene, at = window.gene, signal.at
    row = int(window.rows[at])
    test = associate(np.array([signal.r]), np.array([signal.x_norm]), np.array([signal.y_norm]), signal.df)
    position = int(segment.positions[row])
    return {
        "row": int(segment.genes[gene]),
        "phenotype_id": segment.gene_ids[gene],
        "num_var": n_variants,
        "beta_shape1": signal.fit.shape1,
        "beta_shape2": signal.fit.shape2,
        "true_df": signal.fit.df,
        "pval_true_df": float(np.exp(signal.fit.log_p_true_df(signal.r**2))),
        "variant_id": names[row],
        "POS": position,
        "ma_samples": int(block.ma_samples[at]),
        "ma_count": int(block.ma_count[at]),
        "af": float(block.af[at]),
        "pval_nominal": float(test.pval[0]),
        "slope": float(test.slope[0]),
        "slope_se": float(test.slope_se[0]),
        "pval_perm": signal.p_perm,
        "pval_beta": float(np.exp(signal.log_p_beta)),
        "rank": signal.rank,
        "tss_distance": position - int(segment.tss[gene]),
        "effect_allele": segment.variants["A1"][row],
        "other_allele": segment.variants["A2"][row],
        "mlog10p": float(test.mlog10p[0]),
        "mlog10p_beta": -signal.log_p_beta / _LN10 + 0.0,
    }
