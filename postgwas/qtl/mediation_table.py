"""The table of a mediation analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from postgwas.qtl.inputs import QtlInputs
from postgwas.qtl.mediation_paths import Bootstrap, Paths
from postgwas.qtl.mediation_task import TrioPart
from postgwas.qtl.projection import Floats
from postgwas.qtl.t_tails import p_of, t_mlog10p
from postgwas.qtl.trans_fdr import bh_of_hits
from postgwas.qtl.trios import Trios

if TYPE_CHECKING:
    import polars as pl

_NORMAL = 1e9
"""Degrees of freedom at which Student's t is the normal."""


def mediation_table(inputs: QtlInputs, trios: Trios, parts: list[TrioPart], task: int) -> pl.DataFrame:
    """A row a trio, in order of variant, mediator and target.

    Parameters
    ----------
    task : int
        Trios of each part but the last.

    Returns
    -------
    polars.DataFrame
        variant_id, mediator_id, phenotype_id (the target); effects per copy of effect_allele, each with _se
        and _pval: a (on the mediator), b (of the mediator on the target), total, direct; indirect (a b) with
        sobel_se, sobel_z, sobel_pval and, over all trios of the table, sobel_pval_adj_bh; the bootstrap's
        boot_se, boot_ci_low, boot_ci_high (95 %), boot_pval, boot_n (without one these are null);
        proportion_mediated; af, effect_allele, other_allele.
    """
    import polars as pl

    rows = np.concatenate([part.kept + task * number for number, part in enumerate(parts)])
    variants, genes = inputs.genotypes.variants, inputs.phenotypes.genes["GENE_ID"]
    chosen = trios.variant[rows]
    frame = pl.DataFrame(
        {
            "variant_id": variants["SNPID"].gather(chosen),
            "mediator_id": genes.gather(trios.mediator[rows]),
            "phenotype_id": genes.gather(trios.target[rows]),
            **_path_columns([part.paths for part in parts], inputs.df),
            **_bootstrap_columns([part.bootstrap for part in parts], len(rows)),
        }
    )  # fmt: skip
    share = pl.Series("proportion_mediated", frame["indirect"] / frame["total"])
    return frame.with_columns(
        share,
        pl.Series("af", np.concatenate([part.af for part in parts])),
        variants["A1"].gather(chosen).alias("effect_allele"),
        variants["A2"].gather(chosen).alias("other_allele"),
    ).with_columns(pl.selectors.float().fill_nan(None))


def _path_columns(paths: list[Paths], df: int) -> dict[str, Floats]:
    whole = Paths(
        *(np.concatenate([getattr(one, name) for one in paths]) for name in Paths.__dataclass_fields__)
    )
    columns: dict[str, Floats] = {}
    for name, freedom in (("a", df), ("b", df - 1), ("total", df), ("direct", df - 1)):
        effect, error = getattr(whole, name), getattr(whole, f"{name}_se")
        columns |= {name: effect, f"{name}_se": error, f"{name}_pval": p_of(_mlog10p(effect, error, freedom))}
    mlog10p = _mlog10p(whole.indirect, whole.indirect_se, _NORMAL)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = whole.indirect / whole.indirect_se
    return columns | {
        "indirect": whole.indirect, "sobel_se": whole.indirect_se, "sobel_z": z, "sobel_pval": p_of(mlog10p),
        "sobel_pval_adj_bh": bh_of_hits(np.nan_to_num(mlog10p), len(mlog10p)),
    }  # fmt: skip


def _mlog10p(effect: Floats, error: Floats, df: float) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return t_mlog10p(effect / error, df)


def _bootstrap_columns(found: list[Bootstrap | None], n_trios: int) -> dict[str, Floats]:
    names = {"se": "boot_se", "low": "boot_ci_low", "high": "boot_ci_high", "pval": "boot_pval",
             "n_resamples": "boot_n"}  # fmt: skip
    held = [one for one in found if one is not None]
    if not held:
        return {column: np.full(n_trios, np.nan) for column in names.values()}
    return {column: np.concatenate([getattr(one, name) for one in held]) for name, column in names.items()}
