"""Effects of lead variants in groups of people, and whether they differ: ``postgwas.qtl.group_effects``."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.compute.engine import engine
from postgwas.errors import InputError, UsageError
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix, some_names
from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.groups import groups_of
from postgwas.qtl.inputs import Paths, QtlInputOptions, QtlInputs, load_inputs
from postgwas.qtl.interaction_terms import Codes, check_sizes
from postgwas.qtl.lead_list import read_leads
from postgwas.qtl.lead_tables import effects_tables, fit_leads, lead_tasks
from postgwas.qtl.outputs import (
    Format,
    destination,
    store_results,
    tell_inputs,
    told_paths,
    write_rejections,
    write_tables,
)
from postgwas.qtl.projection import projection
from postgwas.qtl.rejections import Rejections
from postgwas.runlog import get_logger, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

EFFECTS = "group_effects"
SLOPES = "group_slopes"


@dataclass(frozen=True, eq=False)
class LeadsInGroups:
    """Tests of leads, and their effects in the groups.

    Attributes
    ----------
    tests : polars.DataFrame
        A row a lead: phenotype_id, variant_id, effect_allele, other_allele, n_leads of the phenotype,
        n_groups (with a minor allele frequency of the limit or more), f, df1, df2, pval, mlog10p,
        pval_adj_bh of the lead alone; the same with _conditional beside the phenotype's other leads;
        reason why it was not tested.
    slopes : polars.DataFrame
        A row a lead, model (alone, conditional) and group: n_samples, af, slope, slope_se.
    group_names : tuple of str
    n_samples : int
    rejected : Rejections
    """

    tests: pl.DataFrame
    slopes: pl.DataFrame
    group_names: tuple[str, ...]
    n_samples: int
    rejected: Rejections


def group_effects(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    leads: Paths | pl.DataFrame,
    groups: Paths | Mapping[str, str],
    covariates: CovariateMatrix | Paths | None = None,
    *,
    options: QtlInputOptions | None = None,
    group_column: str | None = None,
    maf_min_groups: float = 0.05,
    cores: int = 1,
    scheduler: Paths | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> LeadsInGroups:
    """Test whether the effect of each lead differs between groups, alone and beside other leads.

    Parameters
    ----------
    genotypes, phenotypes, covariates, options
        As :func:`postgwas.qtl.cis_nominal`.
    leads : path or polars.DataFrame
        phenotype_id and variant_id; see :func:`postgwas.qtl.lead_list.read_leads`.
    groups : path or mapping
        Group of each sample; see :func:`postgwas.genotypes.groups.groups_of`.
    group_column : str, optional
    maf_min_groups : float
        A lead is tested if its minor allele has this frequency or more in at least two groups.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    LeadsInGroups

    Raises
    ------
    InputError, UsageError
        As :func:`postgwas.qtl.inputs.load_inputs`; or samples have no group, a group has too few
        samples, or none of the leads is among the phenotypes and genotypes.

    References
    ----------
    Taylor et al. 2024, Nature 632:122-130.

    Examples
    --------
    >>> found = group_effects("geno.pgen", "expr.bed.gz", "leads.tsv", "groups.txt")  # doctest: +SKIP
    """
    loaded = _load(
        genotypes, phenotypes, groups, covariates, options or QtlInputOptions(), group_column, maf_min_groups
    )
    table = read_leads(leads)
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        return _test(loaded, table, maf_min_groups, eng)


@dataclass(frozen=True, eq=False)
class _Loaded:
    inputs: QtlInputs
    names: tuple[str, ...]
    codes: Codes


def _load(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    groups: Paths | Mapping[str, str],
    covariates: CovariateMatrix | Paths | None,
    options: QtlInputOptions,
    column: str | None,
    maf_min_groups: float,
) -> _Loaded:
    import polars as pl

    if not 0.0 <= maf_min_groups <= 0.5:
        raise UsageError(f"--maf_min_groups {maf_min_groups:g}: expected 0 to 0.5")
    options.check()
    matrix = phenotypes
    if not isinstance(matrix, ExpressionMatrix):
        from postgwas.expression.bed import read_bed

        matrix = read_bed(matrix)
    told = os.fspath(groups) if isinstance(groups, str | os.PathLike) else "groups"
    people = pl.DataFrame(
        {"FID": pl.Series([None] * matrix.n_samples, dtype=pl.String), "IID": matrix.samples}
    )
    labels = groups_of(people, groups, column=column).labels()
    lacking = [name for name, label in zip(matrix.samples, labels) if label is None]
    if lacking:
        if options.unmatched == "refuse":
            number = f"{len(lacking):,} of {matrix.n_samples:,}"
            raise InputError(
                f"{told}: {number} samples have no group: {some_names(lacking)}",
                hint="--unmatched drop goes on without them",
            )
        matrix = matrix.select(samples=[name for name in matrix.samples if name not in set(lacking)])
    of = {name: label for name, label in zip(people["IID"], labels) if label is not None}
    inputs = load_inputs(genotypes, matrix, covariates, options=options)
    names = tuple(sorted({of[name] for name in inputs.samples}))
    codes = np.array([names.index(of[name]) for name in inputs.samples], np.int64)
    sizes = np.bincount(codes).tolist()
    if len(names) < 2:
        raise InputError(f"{told}: all {len(codes):,} samples are of group {names[0]}: nothing to compare")
    check_sizes(
        f"{told}: group", names, sizes, hint="--remove with --unmatched drop leaves these samples out"
    )
    log.info("Groups: %s", ", ".join(f"{name} {size:,}" for name, size in zip(names, sizes)))
    return _Loaded(inputs, names, codes)


def _test(loaded: _Loaded, leads: pl.DataFrame, maf_min: float, eng: Any) -> LeadsInGroups:
    inputs = loaded.inputs
    indicators = (loaded.codes == np.arange(1, len(loaded.names))[:, None]).astype(np.float64)
    known = [] if inputs.covariates is None else [inputs.covariates.values]
    basis = projection(np.vstack([indicators, *known]), inputs.n_samples)
    tasks, reasons = lead_tasks(inputs, leads, loaded.codes, len(loaded.names), basis, maf_min)
    if not tasks:
        raise InputError(
            f"none of {leads.height:,} leads ({leads['phenotype_id'][0]}, {leads['variant_id'][0]}) is among "
            "the phenotypes and the genotypes"
        )
    results = [one for part in eng.map(fit_leads, tasks, label="Leads") for one in part]
    tests, slopes = effects_tables(leads, results, reasons, loaded.names, loaded.codes)
    pairs = [
        (gene, variant, why)
        for gene, variant, why in tests.select("phenotype_id", "variant_id", "reason").iter_rows()
        if why is not None
    ]
    rejected = Rejections(dict(inputs.rejected), {}, [], pairs)
    return LeadsInGroups(tests, slopes, loaded.names, inputs.n_samples, rejected)


def group_effects_files(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    leads: Paths,
    groups: Paths,
    out: str,
    *,
    covariates: CovariateMatrix | Paths | None = None,
    options: QtlInputOptions | None = None,
    group_column: str | None = None,
    maf_min_groups: float = 0.05,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> LeadsInGroups:
    """Test leads and write OUT.group_effects.tsv.gz and OUT.group_slopes.tsv.gz.

    OUT.group_effects.rejected.tsv.gz names what was not tested; OUT.log tells of the run.

    Parameters
    ----------
    genotypes, phenotypes, leads, groups, covariates, options, group_column, maf_min_groups
        As :func:`group_effects`.
    out : str
        Prefix of the files.
    format : {"tsv", "parquet", "both"}
    store : str, optional
        A study's store, for ``qtl/group_effects/<prefix>`` and ``qtl/group_slopes/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    target = destination(out, (EFFECTS, SLOPES), format, store=store, overwrite=overwrite)
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        chosen = options or QtlInputOptions()
        table = read_leads(leads)
        loaded = _load(genotypes, phenotypes, groups, covariates, chosen, group_column, maf_min_groups)
        with engine(**where) as eng:
            found = _test(loaded, table, maf_min_groups, eng)
        tell_inputs(loaded.inputs, replace(found.rejected, pairs=[]))
        _tell(found)
        tables = {EFFECTS: found.tests, SLOPES: found.slopes}
        with target.together() as aside:
            write_tables(aside, tables, format)
            write_rejections(aside, found.rejected)
        store_results(
            target, {what: frame.rename({"variant_id": "SNPID"}) for what, frame in tables.items()},
            loaded.inputs, paths=(phenotypes, covariates, leads, groups),
            parameters={"maf_min_groups": maf_min_groups, "group_column": group_column}, began=began,
            rejected=found.rejected, attrs={"groups": ", ".join(found.group_names)},
        )  # fmt: skip
        log.info("Wrote %s", told_paths(target))
    return found


def _tell(found: LeadsInGroups) -> None:
    for column, told in (("pval_adj_bh", "alone"), ("pval_adj_bh_conditional", "beside other leads")):
        tested = found.tests[column].drop_nulls()
        number = int((tested <= 0.05).sum())
        log.info("%d of %d leads differ between groups at FDR 0.05, %s", number, len(tested), told)
    counts = found.tests["reason"].drop_nulls().value_counts(sort=True)
    if counts.height:
        told = ", ".join(f"{number:,} {why}" for why, number in counts.iter_rows())
        log.warning("Leads that were not tested: %s", told)
