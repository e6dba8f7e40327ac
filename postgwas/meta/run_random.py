"""``--method random``: a block of studies to the columns of its result."""

from __future__ import annotations

import numpy as np

from postgwas.meta.aligned import MetaBlock
from postgwas.meta.heterogeneity_intervals import q_profile
from postgwas.meta.methods import Columns, Context
from postgwas.meta.random_effects import random_effects


def random_columns(block: MetaBlock, context: Context) -> Columns:
    """Random effects of a block: a function of :data:`postgwas.meta.methods.METHODS`.

    BETA, SE, Z (t with a Knapp-Hartung test), MLOG10P, Q, Q_DF, I2, MLOG10P_HET; H2, TAU2, TAU2_SE, and with
    ``intervals`` TAU2_LOWER to H2_UPPER; the fixed effect beside them as BETA_FIXED, SE_FIXED, MLOG10P_FIXED.
    Where studies agree exactly Knapp and Hartung's error is 0: there is no Z and no P then, not P = 0.
    """
    options = context.options
    found = random_effects(
        block.beta, block.se, method=options.get("tau2", "DL"), test=options.get("test", "z")
    )
    tested = ~(found.se == 0)
    fixed = random_effects(block.beta, block.se, method="FE")
    columns: Columns = {
        "BETA": found.beta,
        "SE": found.se,
        "Z": np.where(tested, found.stat, np.nan),
        "MLOG10P": np.where(tested, found.mlog10p, np.nan),
        "Q": found.q,
        "Q_DF": found.q_df.astype(int),
        "I2": found.i2,
        "MLOG10P_HET": found.q_mlog10p,
        "H2": found.h2,
        "TAU2": found.tau2,
        "TAU2_SE": found.tau2_se,
        "BETA_FIXED": fixed.beta,
        "SE_FIXED": fixed.se,
        "MLOG10P_FIXED": fixed.mlog10p,
    }
    if options.get("intervals"):
        ends = q_profile(block.beta, block.se)
        columns |= {
            "TAU2_LOWER": ends.tau2_lower, "TAU2_UPPER": ends.tau2_upper,
            "I2_LOWER": ends.i2_lower, "I2_UPPER": ends.i2_upper,
            "H2_LOWER": ends.h2_lower, "H2_UPPER": ends.h2_upper,
        }  # fmt: skip
    return columns
