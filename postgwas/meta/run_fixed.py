"""``--method fixed``: a block of studies to the columns of its result, subtotals of ancestries too."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from postgwas.meta.aligned import Floats, MetaBlock
from postgwas.meta.fixed_effects import FixedEffects, combine_fixed
from postgwas.meta.frequencies import combine_frequencies
from postgwas.meta.log_p import mlog10p_of_chi2, mlog10p_of_z
from postgwas.meta.methods import Columns, Context

NEEDS = {"stderr": ("beta", "se"), "samplesize": ("z", "n"), "stouffer": ("z",)}


def fixed_columns(block: MetaBlock, context: Context) -> Columns:
    """Fixed effects of a block: a function of :data:`postgwas.meta.methods.METHODS`."""
    scheme = str(context.options.get("scheme", "stderr"))
    found = _combined(block, scheme)
    columns = _columns(found)
    weight = _weights(block, scheme)
    if np.isfinite(block.eaf).any():
        frequency = combine_frequencies(block.eaf, weight)
        columns |= {
            "EAF": frequency.mean, "EAF_SD": frequency.sd, "EAF_MIN": frequency.low,
            "EAF_MAX": frequency.high,
        }  # fmt: skip
    if scheme != "stderr":
        columns["WEIGHT"] = found.weight
    if context.options.get("subtotals"):
        columns |= _subtotals(block, scheme, context, found)
    return columns


def _combined(block: MetaBlock, scheme: str, rows: list[int] | None = None) -> FixedEffects:
    some = slice(None) if rows is None else rows
    return combine_fixed(block.beta[some], block.se[some], z=block.z[some], n=block.n[some], scheme=scheme)


def _weights(block: MetaBlock, scheme: str) -> Floats:
    if scheme == "stderr":
        with np.errstate(divide="ignore", invalid="ignore"):
            return 1.0 / (block.se * block.se)
    return block.n if scheme == "samplesize" else np.where(np.isfinite(block.z), 1.0, np.nan)


def _columns(found: FixedEffects) -> Columns:
    columns: Columns = {}
    if np.isfinite(found.beta).any():
        columns |= {"BETA": found.beta, "SE": found.se}
    df = np.maximum(found.n_studies - 1, 0)
    columns |= {
        "Z": found.z,
        "MLOG10P": mlog10p_of_z(found.z),
        "Q": found.q,
        "Q_DF": df,
        "I2": found.i2,
        "MLOG10P_HET": mlog10p_of_chi2(found.q, df),
    }
    return columns


def _subtotals(block: MetaBlock, scheme: str, context: Context, whole: FixedEffects) -> Columns:
    """Each ancestry by itself, and Q parted into that between and that within ancestries."""
    columns: Columns = {}
    within: npt.NDArray[np.float64] = np.zeros(len(block))
    n_groups: npt.NDArray[np.int64] = np.zeros(len(block), np.int64)
    for ancestry in sorted({name for name in context.ancestries if name}):
        rows = [at for at, name in enumerate(context.ancestries) if name == ancestry]
        found = _combined(block, scheme, rows)
        mine = _columns(found)
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
        "MLOG10P_BETWEEN": mlog10p_of_chi2(between, between_df),
        "Q_WITHIN": np.where(np.isnan(whole.q), np.nan, within), "Q_WITHIN_DF": within_df,
        "MLOG10P_WITHIN": mlog10p_of_chi2(within, within_df),
    }  # fmt: skip
    return columns
