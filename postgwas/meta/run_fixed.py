"""``--method fixed``: a block of studies to the columns of its result, subtotals of ancestries too."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from postgwas.meta.aligned import Floats, MetaBlock
from postgwas.meta.chi2_tails import chi2_mlog10p
from postgwas.meta.correlated_effects import combine_correlated
from postgwas.meta.cumulative_overlap import combine_cumulative
from postgwas.meta.fixed_effects import FixedEffects, combine_fixed
from postgwas.meta.frequencies import combine_frequencies
from postgwas.meta.methods import Columns, Context
from postgwas.meta.run_overlap import Cumulative
from postgwas.sumstats.derive import mlog10p_from_z

NEEDS = {"stderr": ("beta", "se"), "samplesize": ("z", "n"), "stouffer": ("z",)}


def fixed_columns(block: MetaBlock, context: Context) -> Columns:
    """Fixed effects of a block: a function of :data:`postgwas.meta.methods.METHODS`."""
    scheme = str(context.options.get("scheme", "stderr"))
    shared, people = context.prepared, None
    if isinstance(shared, Cumulative):
        found, people = combine_cumulative(block.z, block.n, shared.order, shared.steps)
    else:
        found = _combined(block, scheme, shared)
        if shared is not None and "n" in context.has:
            people = distinct_people(block.n, block.present, shared)
    columns = _columns(found, scheme)
    weight = _weights(block, scheme)
    if "eaf" in context.has:
        frequency = combine_frequencies(block.eaf, weight)
        columns |= {
            "EAF": frequency.mean, "EAF_SD": frequency.sd, "EAF_MIN": frequency.low,
            "EAF_MAX": frequency.high,
        }  # fmt: skip
    if scheme != "stderr":
        columns["WEIGHT"] = found.weight
    if people is not None:
        columns["N_DISTINCT"] = people
    if context.options.get("subtotals"):
        columns |= _subtotals(block, scheme, context, found)
    return columns


def _combined(
    block: MetaBlock, scheme: str, correlation: Floats | None, rows: list[int] | None = None
) -> FixedEffects:
    some = slice(None) if rows is None else rows
    beta, se, z, n = (values[some] for values in (block.beta, block.se, block.z, block.n))
    if correlation is None:
        return combine_fixed(beta, se, z=z, n=n, scheme=scheme)
    theirs = correlation if rows is None else correlation[np.ix_(rows, rows)]
    return combine_correlated(beta, se, z=z, n=n, correlation=theirs, scheme=scheme)


def distinct_people(n: Floats, present: npt.NDArray[np.bool_], correlation: Floats) -> Floats:
    """People, those of two studies counted once: n_i + n_j - r_ij sqrt(n_i n_j).

    Those of three studies are taken away three times and added once: too few then. NaN where a study does
    not tell its N.

    Parameters
    ----------
    n : ndarray of float64, shape (K, V)
    present : ndarray of bool, shape (K, V)
    correlation : ndarray of float64, shape (K, K)
    """
    root = np.sqrt(np.where(present, n, 0.0))
    people: Floats = np.square(root).sum(axis=0)
    shared = np.triu(correlation, 1)
    return people - (root * (shared @ root)).sum(axis=0)


def _weights(block: MetaBlock, scheme: str) -> Floats:
    if scheme == "stderr":
        with np.errstate(divide="ignore", invalid="ignore"):
            return 1.0 / (block.se * block.se)
    return block.n if scheme == "samplesize" else np.where(np.isfinite(block.z), 1.0, np.nan)


def _columns(found: FixedEffects, scheme: str) -> Columns:
    columns: Columns = {}
    if scheme == "stderr":
        columns |= {"BETA": found.beta, "SE": found.se}
    df = np.maximum(found.n_studies - 1, 0)
    columns |= {
        "Z": found.z,
        "MLOG10P": mlog10p_from_z(found.z),
        "Q": found.q,
        "Q_DF": df,
        "I2": found.i2,
        "MLOG10P_HET": _of_q(found.q, df),
    }
    return columns


def _subtotals(block: MetaBlock, scheme: str, context: Context, whole: FixedEffects) -> Columns:
    """Each ancestry by itself, and Q parted into that between and that within ancestries."""
    columns: Columns = {}
    within: npt.NDArray[np.float64] = np.zeros(len(block))
    n_groups: npt.NDArray[np.int64] = np.zeros(len(block), np.int64)
    for ancestry in sorted({name for name in context.ancestries if name}):
        rows = [at for at, name in enumerate(context.ancestries) if name == ancestry]
        found = _combined(block, scheme, context.prepared, rows)
        mine = _columns(found, scheme)
        names = ("BETA", "SE", "Z", "MLOG10P", "Q", "I2") if "BETA" in mine else ("Z", "MLOG10P", "Q", "I2")
        columns |= {f"{name}_{ancestry}": mine[name] for name in names}
        columns[f"N_STUDIES_{ancestry}"] = found.n_studies
        within += np.nan_to_num(found.q, nan=0.0)
        n_groups += found.n_studies > 0
    between_df = np.maximum(n_groups - 1, 0)
    within_df = np.maximum(whole.n_studies - n_groups, 0)
    between = np.maximum(whole.q - within, 0.0)
    columns |= {
        "Q_BETWEEN": between, "Q_BETWEEN_DF": between_df,
        "MLOG10P_BETWEEN": _of_q(between, between_df),
        "Q_WITHIN": np.where(np.isnan(whole.q), np.nan, within), "Q_WITHIN_DF": within_df,
        "MLOG10P_WITHIN": _of_q(within, within_df),
    }  # fmt: skip
    return columns


def _of_q(q: Floats, df: npt.NDArray[np.generic]) -> Floats:
    """-log10 P of heterogeneity: 0, as METAL's HetPVal of 1, where there is nothing to differ."""
    return np.where((df == 0) & ~np.isnan(q), 0.0, chi2_mlog10p(q, df))
