"""Figures of QTL results: what ``postgwas eqtl plot`` does."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.destination import Destination, check_prefix, refuse_existing
from postgwas.errors import ColumnError, InputError, UsageError
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.draw_genotypes import draw_genotypes
from postgwas.qtl.draw_sharing import draw_effects, draw_sharing
from postgwas.qtl.inputs import Paths, QtlInputOptions, load_inputs
from postgwas.qtl.pair_lookup import heights
from postgwas.qtl.qtl_table import read_qtl_table
from postgwas.runlog import get_logger, run_log

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

log = get_logger("qtl")

Source = str | os.PathLike[str]
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FigureInputs:
    """What figures are drawn from; each is drawn if what it needs is given.

    Attributes
    ----------
    leads : path, ``STUDY.h5::KEY`` or DataFrame, optional
        Permutation results or independent signals: QQ, leads around the TSS, volcano.
    nominal : the same, optional
        All pairs: QQ.
    afc : the same, optional
        Fold changes of the leads: the volcano's effects.
    factors : mapping of int to the same, or one of them, optional
        Permutation results with each number of hidden factors; or the table of ``expression peer``.
    sharing, sharing_effects : the same, optional
        What ``eqtl sharing`` wrote.
    genotypes, phenotypes, covariates : optional
        Expression by genotype at the best leads, or at `pairs`; covariates are taken out of it.
    pairs : sequence of (str, str)
        Phenotype and variant.
    """

    leads: Source | pl.DataFrame | None = None
    nominal: Source | pl.DataFrame | None = None
    afc: Source | pl.DataFrame | None = None
    factors: Mapping[int, Source | pl.DataFrame] | Source | pl.DataFrame | None = None
    sharing: Source | pl.DataFrame | None = None
    sharing_effects: Source | pl.DataFrame | None = None
    genotypes: Genotypes | Paths | None = None
    phenotypes: ExpressionMatrix | Paths | None = None
    covariates: CovariateMatrix | Paths | None = None
    pairs: Sequence[tuple[str, str]] = ()

    def check(self) -> None:
        """Refuse what cannot be drawn.

        Raises
        ------
        UsageError
        """
        if (
            all(
                one is None
                for one in (self.leads, self.nominal, self.factors, self.sharing, self.sharing_effects)
            )
            and not self.pairs
        ):
            raise UsageError(
                "nothing to draw",
                hint="--leads, --nominal, --factors, --sharing, --sharing_effects or --pair",
            )
        if self.afc is not None and self.leads is None:
            raise UsageError("--afc without --leads, which has the P values")
        if (self.genotypes is None) != (self.phenotypes is None):
            raise UsageError("expression by genotype needs both --genotypes and --phenotypes")
        if self.pairs and self.genotypes is None:
            raise UsageError("--pair needs --genotypes and --phenotypes")
        if self.genotypes is not None and not self.pairs and self.leads is None:
            raise UsageError("which variants are drawn?", hint="--leads FILE, or --pair PHENOTYPE VARIANT")


@dataclass(frozen=True)
class FigureOptions:
    """How they are drawn.

    Attributes
    ----------
    fdr : float
        Leads with qval up to this are significant.
    formats : sequence of str
        "png", "svg", "pdf".
    n_leads : int
        Best leads whose expression by genotype is drawn.
    """

    fdr: float = 0.05
    formats: Sequence[str] = ("png",)
    n_leads: int = 4

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        if not 0 < self.fdr <= 1:
            raise UsageError(f"--fdr {self.fdr:g}: expected above 0, up to 1")
        wrong = [one for one in self.formats if one not in ("png", "svg", "pdf")]
        if wrong or not self.formats:
            raise UsageError(f"--figure_format {', '.join(wrong)}: expected png, svg or pdf")
        if self.n_leads < 0:
            raise UsageError(f"--n_leads {self.n_leads}: expected at least 0")


def qtl_figures(
    given: FigureInputs,
    out: str,
    *,
    options: FigureOptions | None = None,
    inputs: QtlInputOptions | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> list[Path]:
    """Draw all figures that can be drawn from what is given.

    Parameters
    ----------
    given : FigureInputs
    out : str
        Prefix: OUT.qq, OUT.tss_distance, OUT.volcano, OUT.factors, OUT.sharing, OUT.effects,
        OUT.genotype.<phenotype>.<variant>, each with the endings of the formats; OUT.log.
    options : FigureOptions, optional
    inputs : QtlInputOptions, optional
        Which samples are drawn, as in mapping.
    overwrite, quiet, log_json : bool

    Returns
    -------
    list of Path
        Of the figures.

    Raises
    ------
    PostgwasError
        No figure is written then.
    """
    chosen = options or FigureOptions()
    given.check()
    chosen.check()
    check_prefix(out, example="results/lcl")
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        leads = None if given.leads is None else _leads(given.leads, chosen)
        figures: dict[str, Figure] = {}
        if leads is not None or given.nominal is not None:
            figures["qq"] = _qq(leads, given)
        if leads is not None:
            figures |= _of_leads(leads, given, chosen)
        if given.factors is not None:
            figures["factors"] = _factors(given.factors, chosen)
        if given.sharing is not None:
            figures["sharing"] = draw_sharing(given.sharing)
        if given.sharing_effects is not None:
            figures["effects"] = draw_effects(given.sharing_effects)
        if given.genotypes is not None:
            figures |= _by_genotype(leads, given, chosen, inputs)
        return _save(figures, out, chosen.formats, overwrite=overwrite)


def _save(figures: Mapping[str, Figure], out: str, formats: Sequence[str], *, overwrite: bool) -> list[Path]:
    from postgwas.plot.saving import save_figure

    endings = tuple(f".{name}.{form}" for name in figures for form in formats)
    target = Destination(out, endings, room="qtl", overwrite=overwrite)
    if not overwrite:
        refuse_existing(map(target.path, endings))
    with target.together() as aside:
        for name, figure in figures.items():
            for form in formats:
                save_figure(figure, aside.path(f".{name}.{form}"))
    written = [target.path(ending) for ending in endings]
    log.info("Wrote %s", ", ".join(map(os.fspath, written)))
    return written


def _leads(source: Source | pl.DataFrame, chosen: FigureOptions) -> pl.DataFrame:
    """With columns height (-log10 P) and significant."""
    import polars as pl

    table = read_qtl_table(source)
    if "mlog10p" in table.columns:
        height = pl.col("mlog10p")
    elif "pval_nominal" in table.columns:
        height = -pl.col("pval_nominal").clip(5e-324).log10()
    else:
        raise ColumnError(f"{source}: no column mlog10p or pval_nominal; it has {', '.join(table.columns)}")
    if "qval" in table.columns:
        significant = (pl.col("qval") <= chosen.fdr).fill_null(False)
    else:
        log.info("%s has no column qval: all leads are drawn as significant", source)
        significant = pl.lit(True)
    return table.with_columns(height.alias("height"), significant.alias("significant"))


def _level(leads: pl.DataFrame, chosen: FigureOptions) -> float | None:
    return chosen.fdr if "qval" in leads.columns else None


def _qq(leads: pl.DataFrame | None, given: FigureInputs) -> Figure:
    from postgwas.plot.qq import QQ
    from postgwas.plot.qtl import qtl_qq_figure
    from postgwas.plot.qtl_numbers import qq_of_p

    scans: dict[str, QQ] = {}
    if given.nominal is not None:
        scans["all pairs, nominal"] = qq_of_p(heights(given.nominal))
    if leads is not None and "mlog10p_beta" in leads.columns:
        scans["phenotypes, permutations (beta)"] = qq_of_p(leads["mlog10p_beta"].cast(float).to_numpy())
    elif leads is not None and "pval_beta" in leads.columns:
        p = leads["pval_beta"].to_numpy().astype(np.float64)
        scans["phenotypes, permutations (beta)"] = qq_of_p(-np.log10(np.maximum(p, 5e-324)))
    elif leads is not None and not scans:
        scans["leads, nominal"] = qq_of_p(leads["height"].to_numpy())
    for name, one in scans.items():
        log.info("QQ of %s: %s P, lambda %.3f", name, f"{one.n_variants:,}", one.lambda_gc)
    return qtl_qq_figure(scans)


def _of_leads(leads: pl.DataFrame, given: FigureInputs, chosen: FigureOptions) -> dict[str, Figure]:
    from postgwas.plot.qtl import lead_distance_figure, volcano_figure
    from postgwas.plot.qtl_numbers import lead_distances

    figures = {}
    height, yes = leads["height"].to_numpy(), leads["significant"].to_numpy()
    fdr = _level(leads, chosen)
    if "tss_distance" in leads.columns:
        near = lead_distances(leads["tss_distance"].to_numpy(), height, yes)
        figures["tss_distance"] = lead_distance_figure(near, fdr=fdr)
    label, effect = "slope per copy of the effect allele", None
    if given.afc is not None:
        table = read_qtl_table(given.afc, needed=("phenotype_id", "variant_id", "log2_aFC"))
        keys = ["phenotype_id", "variant_id"]
        joined = leads.select(keys).join(
            table.select(*keys, "log2_aFC").unique(keys), on=keys, how="left", maintain_order="left"
        )
        label, effect = "log2 allelic fold change", joined["log2_aFC"].to_numpy()
        if np.isnan(effect.astype(np.float64)).all():
            raise InputError(f"{given.afc}: none of the leads' pairs is in it")
    elif "slope" in leads.columns:
        effect = leads["slope"].to_numpy()
    if effect is not None:
        figures["volcano"] = volcano_figure(effect, height, yes, label=label, fdr=fdr)
    return figures


def _factors(
    factors: Mapping[int, Source | pl.DataFrame] | Source | pl.DataFrame, chosen: FigureOptions
) -> Figure:
    from postgwas.plot.qtl import egenes_figure

    if isinstance(factors, Mapping):
        numbers = sorted(factors)
        found = [
            int((read_qtl_table(factors[k], needed=("phenotype_id", "qval"))["qval"] <= chosen.fdr).sum())
            for k in numbers
        ]
        for k, n in zip(numbers, found):
            log.info("%d factors: %d eGenes", k, n)
        return egenes_figure(numbers, found, fdr=chosen.fdr, chosen=None)
    table = read_qtl_table(factors, needed=())
    lacking = [name for name in ("N_FACTORS", "N_DISCOVERIES") if name not in table.columns]
    if lacking:
        raise ColumnError(f"{factors}: no column {lacking[0]}; it has {', '.join(table.columns)}")
    numbers = [int(one) for one in table["N_FACTORS"].to_list()]
    marked = [k for k, yes in zip(numbers, _chosen_column(table)) if yes]
    counts = [int(one) for one in table["N_DISCOVERIES"].to_list()]
    return egenes_figure(numbers, counts, fdr=None, chosen=marked[0] if marked else None)


def _chosen_column(table: pl.DataFrame) -> list[bool]:
    if "CHOSEN" not in table.columns:
        return [False] * table.height
    return [str(one).lower() == "true" for one in table["CHOSEN"].to_list()]


def _by_genotype(
    leads: pl.DataFrame | None,
    given: FigureInputs,
    chosen: FigureOptions,
    options: QtlInputOptions | None,
) -> dict[str, Figure]:
    assert given.genotypes is not None and given.phenotypes is not None
    data = load_inputs(given.genotypes, given.phenotypes, given.covariates, options=options, cis=False)
    pairs = list(given.pairs)
    if not pairs and leads is not None:
        best = leads.filter(leads["significant"]).sort("height", descending=True, nulls_last=True)
        pairs = best.select("phenotype_id", "variant_id").head(chosen.n_leads).rows()
    return draw_genotypes(data, pairs, leads)
