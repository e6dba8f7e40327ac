"""Allelic fold changes of the pairs of a QTL result: what ``postgwas eqtl afc`` does."""

from __future__ import annotations

import os
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from postgwas.compute.engine import engine
from postgwas.errors import InputError, UsageError
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes, Rows
from postgwas.qtl.afc_expression import log2_expression_matrix
from postgwas.qtl.afc_genes import GeneTask, fit_genes
from postgwas.qtl.afc_pairs import known_pairs, pair_calls, read_pairs
from postgwas.qtl.afc_result import AfcOptions
from postgwas.qtl.inputs import Paths, QtlInputOptions, QtlInputs, load_inputs
from postgwas.qtl.outputs import (
    Format,
    destination,
    store_results,
    told_paths,
    write_rejections,
    write_tables,
)
from postgwas.qtl.qtl_table import source_name
from postgwas.qtl.rejections import Rejections
from postgwas.runlog import get_logger, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

Phase = Literal["unknown", "haplotypes"]

_STORED = {"variant_id": "SNPID", "variant_chr": "CHR", "variant_pos": "POS"}
"""Names by which the store finds variants and regions."""
_GENES = 8
"""Genes a task; the same for any number of workers."""


@dataclass(frozen=True)
class AfcRun:
    """What is fitted, and to what.

    Attributes
    ----------
    fit : AfcOptions
    together : bool
        A gene's variants are fitted jointly; the approximation takes each alone.
    phase : {"unknown", "haplotypes"}
        Whether the alleles' haplotypes are used; unknown takes the mean over phases.
    unit : {"counts", "log2"}, optional
        Of the expression: counts become log2(count / DESeq2's size factor + 1), "log2" is used as it is.
        None: what the file says, or counts; numbers that look like logarithms are refused then.
    max_q : float, optional
        Only rows of the QTL table with qval up to this.
    """

    fit: AfcOptions = field(default_factory=AfcOptions)
    together: bool = True
    phase: Phase = "unknown"
    unit: Literal["counts", "log2"] | None = None
    max_q: float | None = None

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises
        ------
        UsageError
        """
        self.fit.check()
        if self.phase not in ("unknown", "haplotypes"):
            raise UsageError(f"--phase {self.phase}: expected unknown or haplotypes")
        if self.unit not in (None, "counts", "log2"):
            raise UsageError(f"--unit {self.unit}: expected counts or log2", hint="fold changes need either")
        if self.fit.estimator != "nls" and self.phase == "haplotypes":
            raise UsageError(f"--phase haplotypes does not go with --estimator {self.fit.estimator}")
        if self.max_q is not None and not 0 < self.max_q <= 1:
            raise UsageError(f"--max_q {self.max_q:g}: expected above 0, up to 1")


def afc_files(
    qtl: str | os.PathLike[str] | pl.DataFrame,
    genotypes: Genotypes | Paths,
    expression: ExpressionMatrix | Paths,
    out: str | None = None,
    *,
    covariates: CovariateMatrix | Paths | None = None,
    options: QtlInputOptions | None = None,
    afc: AfcRun | None = None,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> pl.DataFrame:
    """log2 allelic fold changes of pairs of genes and variants.

    Parameters
    ----------
    qtl : path, ``STUDY.h5::KEY`` or polars.DataFrame
        Pairs, as :func:`postgwas.qtl.qtl_table.read_qtl_table`: independent signals, leads, any list. Rows of
        one gene are fitted together, in their order (by `rank` where there is one).
    genotypes, covariates, options
        As :func:`postgwas.qtl.inputs.load_inputs`; `window` is of no effect.
    expression : path or ExpressionMatrix
        Raw counts of all genes (size factors need them all), or log2 values.
    out : str, optional
        Prefix of OUT.afc.tsv.gz, OUT.afc.rejected.tsv.gz and OUT.log; nothing is written if None.
    afc : AfcRun, optional
    format, store, overwrite, quiet, log_json
        As :func:`postgwas.qtl.write_cis.cis_nominal_files`; the store's key is ``qtl/afc/<prefix>``.
    **where
        As :func:`postgwas.compute.engine.engine`.

    Returns
    -------
    polars.DataFrame
        A row a pair, in the order of the QTL table: phenotype_id, variant_id, rank where it was given,
        variant_chr, variant_pos, effect_allele, other_allele, log2_aFC, log2_aFC_se, log2_aFC_lower,
        log2_aFC_upper, log2_aFC_c0 (log2 expression of two reference haplotypes), n_samples, n_missing,
        n_together, reason, collinear_with.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    chosen, drawn = _seeded(afc or AfcRun())
    chosen.check()
    _check_phase(chosen, options)
    target = None
    if out is not None:
        target = destination(out, ("afc",), format, store=store, overwrite=overwrite)
    elif store is not None:
        raise UsageError("a store needs a prefix to name the result", hint="out")
    began = time.perf_counter()
    with run_log(None if out is None else f"{out}.log", quiet=quiet, json_lines=log_json):
        if drawn:
            log.info("Seed of the bootstrap, drawn: %d", chosen.fit.seed)
        pairs = read_pairs(qtl, max_q=chosen.max_q)
        inputs = _inputs(pairs, genotypes, expression, covariates, options, chosen)
        pairs, rows, rejected = known_pairs(pairs, inputs)
        tasks = _tasks(pairs, rows, inputs, chosen)
        with engine(**where) as eng:
            fitted = [row for part in eng.map(fit_genes, tasks, label="Fold changes") for row in part]
        frame = _frame(pairs, rows, fitted, inputs)
        rejected.extend(
            (gene, variant, reason)
            for gene, variant, reason in frame.select("phenotype_id", "variant_id", "reason").iter_rows()
            if reason is not None
        )
        _tell(frame, rejected)
        if target is not None:
            told = Rejections(dict(inputs.rejected), {}, [], rejected)
            with target.together() as aside:
                write_tables(aside, {"afc": frame}, format)
                write_rejections(aside, told)
            store_results(
                target, {"afc": frame.rename(_STORED)}, inputs,
                paths=(qtl, expression, covariates), began=began, rejected=told,
                parameters=asdict(chosen) | {"qtl": source_name(qtl)},
                attrs={"effect": "log2 allelic fold change per copy of the effect allele"},
            )  # fmt: skip
            log.info("Wrote %s", told_paths(target))
    return frame


def _check_phase(chosen: AfcRun, options: QtlInputOptions | None) -> None:
    if chosen.phase != "haplotypes" or options is None:
        return
    if options.dosage:
        raise UsageError("--dosage does not go with --phase haplotypes, which takes the phased calls")
    if options.selection.haploid is not None:
        raise UsageError("--haploid does not go with --phase haplotypes, which reads the calls as they are")


def _seeded(run: AfcRun) -> tuple[AfcRun, bool]:
    """With a seed if one is needed, and whether it was drawn."""
    if run.fit.interval != "bootstrap" or run.fit.seed is not None:
        return run, False
    return replace(run, fit=replace(run.fit, seed=secrets.randbits(31))), True


def _inputs(
    pairs: pl.DataFrame,
    genotypes: Genotypes | Paths,
    expression: ExpressionMatrix | Paths,
    covariates: CovariateMatrix | Paths | None,
    options: QtlInputOptions | None,
    chosen: AfcRun,
) -> QtlInputs:
    """Aligned inputs; the phenotypes are log2 expression of the genes that pairs name."""
    matrix = log2_expression_matrix(expression, unit=chosen.unit)
    named = set(pairs["phenotype_id"].to_list())
    kept = np.array([gene in named for gene in matrix.gene_ids], np.bool_)
    if not kept.any():
        raise InputError(
            f"{matrix.path}: none of the {len(named):,} genes of the QTL table, such as "
            f"{sorted(named)[0]}, is in it; it has {', '.join(matrix.gene_ids[:3])}"
        )
    given = replace(options or QtlInputOptions(), compat=None, groups=None)
    return load_inputs(genotypes, matrix.select(genes=kept), covariates, options=given, cis=False)


def _tasks(pairs: pl.DataFrame, rows: Rows, inputs: QtlInputs, chosen: AfcRun) -> list[GeneTask]:
    """Genes in the order of their ids, in runs of the same length."""
    ids = pairs["phenotype_id"].to_list()
    rank = pairs["rank"].fill_null(np.inf).to_numpy() if "rank" in pairs.columns else np.zeros(len(ids))
    groups: dict[str, list[int]] = {}
    for at in np.lexsort((np.arange(len(ids)), rank)).tolist():
        groups.setdefault(ids[at], []).append(at)
    if not chosen.together or chosen.fit.estimator == "approximation":
        named = [(gene, [at]) for gene in sorted(groups) for at in groups[gene]]
    else:
        named = [(gene, groups[gene]) for gene in sorted(groups)]
    calls = pair_calls(inputs.genotypes, rows, haplotypes=chosen.phase == "haplotypes")
    at_gene = {gene: place for place, gene in enumerate(inputs.phenotypes.gene_ids)}
    known = None if inputs.covariates is None else inputs.covariates.values
    tasks = []
    for start in range(0, len(named), _GENES):
        some = named[start : start + _GENES]
        tasks.append(
            GeneTask(
                tuple(gene for gene, _ in some), tuple(tuple(pair) for _, pair in some),
                inputs.phenotypes.values[[at_gene[gene] for gene, _ in some]],
                tuple(calls[..., pair, :] for _, pair in some), known, chosen.fit,
            )
        )  # fmt: skip
    return tasks


def _frame(pairs: pl.DataFrame, rows: Rows, fitted: Sequence[Any], inputs: QtlInputs) -> pl.DataFrame:
    import polars as pl

    order = {one.pair: one for one in fitted}
    results = [order[at] for at in range(pairs.height)]
    names = pairs["variant_id"].to_list()
    variants = inputs.genotypes.variants[rows]
    numbers = {
        column: pl.Series([getattr(one, name) for one in results], dtype=pl.Float64).fill_nan(None)
        for column, name in (
            ("log2_aFC", "estimate"), ("log2_aFC_se", "se"), ("log2_aFC_lower", "lower"),
            ("log2_aFC_upper", "upper"), ("log2_aFC_c0", "baseline"),
        )
    }  # fmt: skip
    return pairs.with_columns(
        variants["CHR"].alias("variant_chr"), variants["POS"].alias("variant_pos"),
        variants["A1"].alias("effect_allele"), variants["A2"].alias("other_allele"),
        *(series.alias(name) for name, series in numbers.items()),
        pl.Series("n_samples", [one.n_samples for one in results], pl.Int32),
        pl.Series("n_missing", [one.n_missing for one in results], pl.Int32),
        pl.Series("n_together", [one.n_together for one in results], pl.Int32),
        pl.Series("reason", [one.reason or None for one in results], pl.String),
        pl.Series(
            "collinear_with", [None if one.partner < 0 else names[one.partner] for one in results], pl.String
        ),
    )  # fmt: skip


def _tell(frame: pl.DataFrame, rejected: list[tuple[str, str, str]]) -> None:
    fitted = frame.height - frame["log2_aFC"].null_count()
    lost = dict(Counter(why for _, _, why in rejected))
    log.info("%s of %s pairs fitted", f"{fitted:,}", f"{frame.height:,}")
    if lost:
        told = ", ".join(f"{number:,} {why}" for why, number in sorted(lost.items()))
        log.warning("Pairs without an estimate or an interval: %s", told)
    alike = frame.filter(frame["collinear_with"].is_not_null())
    for gene, variant, other in alike.select("phenotype_id", "variant_id", "collinear_with").head(5).rows():
        log.warning("%s: %s is collinear with %s and is not fitted", gene, variant, other)
    if alike.height > 5:
        log.warning("... and %d more collinear pairs, in the table's column collinear_with", alike.height - 5)
