"""Signals of several tissues or populations held against each other: ``postgwas eqtl sharing``."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.destination import Destination
from postgwas.errors import InputError, NoSignalError, UsageError
from postgwas.qtl.effect_sharing import EffectMatrix, JointPosterior, Posterior, aligned, sharing
from postgwas.qtl.group_heterogeneity import heterogeneity
from postgwas.qtl.outputs import Format, destination, told_paths, write_tables
from postgwas.qtl.pair_lookup import look_up
from postgwas.qtl.qtl_table import read_qtl_table, source_name
from postgwas.qtl.replication_share import pi1
from postgwas.runlog import get_logger, log_step, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

Source = str | os.PathLike[str]


@dataclass(frozen=True)
class SharingOptions:
    """What counts as a signal, and as the same size.

    Attributes
    ----------
    fdr : float
        Rows of a table of leads with qval up to this are signals; all rows where it has no qval.
    factor : float
        Sizes are about the same if neither is more than this times the other.
    lfsr : float
        With a joint posterior: its signals.
    """

    fdr: float = 0.05
    factor: float = 2.0
    lfsr: float = 0.05

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        for name, value in (("fdr", self.fdr), ("lfsr", self.lfsr)):
            if not 0 < value <= 1:
                raise UsageError(f"--{name} {value:g}: expected above 0, up to 1")
        if not self.factor >= 1:
            raise UsageError(f"--factor {self.factor:g}: expected at least 1")


@dataclass(frozen=True, eq=False)
class SharingResult:
    """Groups held against each other.

    Attributes
    ----------
    pairs : polars.DataFrame
        A row for each discovery and replication group: n_signals, n_tested, pi1, pi1_method, pi1_se,
        same_sign, same_size.
    effects : polars.DataFrame
        A row a signal: its slope, slope_se and pval_nominal in each group, per copy of effect_allele, the
        fixed-effect mean, Cochran's Q and I2.
    matrix : EffectMatrix
        The same as arrays; what a joint model starts from.
    """

    pairs: pl.DataFrame
    effects: pl.DataFrame
    matrix: EffectMatrix


def group_sharing(
    leads: Mapping[str, Source | pl.DataFrame],
    nominal: Mapping[str, Source | pl.DataFrame],
    out: str | None = None,
    *,
    options: SharingOptions | None = None,
    posterior: JointPosterior | None = None,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> SharingResult:
    """Replication, sign and size sharing, heterogeneity of signals over groups.

    Parameters
    ----------
    leads : mapping of group to path, ``STUDY.h5::KEY`` or DataFrame
        Signals of each group: permutation results or independent signals.
    nominal : mapping of group to the same
        All pairs that each group tested; the groups of `leads`, in this order.
    out : str, optional
        Prefix of OUT.sharing.tsv.gz, OUT.sharing_effects.tsv.gz and OUT.log.
    options : SharingOptions, optional
    posterior : callable, optional
        A joint model, see :data:`postgwas.qtl.effect_sharing.JointPosterior`: sign and size are then counted
        on its means.
    format, store, overwrite, quiet, log_json
        As :func:`postgwas.qtl.write_cis.cis_nominal_files`; keys ``qtl/sharing/<prefix>`` and
        ``qtl/sharing_effects/<prefix>``.

    Returns
    -------
    SharingResult

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    chosen = options or SharingOptions()
    chosen.check()
    _check_groups(leads, nominal)
    target = None
    if out is not None:
        whats = ("sharing", "sharing_effects")
        target = destination(out, whats, format, store=store, overwrite=overwrite, others=())
    elif store is not None:
        raise UsageError("a store needs a prefix to name the result", hint="out")
    began = time.perf_counter()
    with run_log(None if out is None else f"{out}.log", quiet=quiet, json_lines=log_json):
        signals = _signals(leads, chosen)
        matrix, table, counts = _effects(signals, nominal)
        fitted = None if posterior is None else posterior(matrix)
        result = SharingResult(_pairs(matrix, chosen, fitted), _with_heterogeneity(table, matrix), matrix)
        for row in result.pairs.iter_rows(named=True):
            if row["discovery"] == row["replication"]:
                continue
            log.info(
                "%s in %s: %d signals, %d tested, pi1 %s, same sign %s, within factor %g %s",
                row["discovery"], row["replication"], row["n_signals"], row["n_tested"], _told(row["pi1"]),
                _told(row["same_sign"]), chosen.factor, _told(row["same_size"]),
            )  # fmt: skip
        if target is not None:
            with target.together() as aside:
                write_tables(aside, {"sharing": result.pairs, "sharing_effects": result.effects}, format)
            _store(target, result, {"leads": leads, "nominal": nominal}, chosen, counts, began)
            log.info("Wrote %s", told_paths(target))
    return result


def _told(value: float | None) -> str:
    return "NA" if value is None else f"{value:.3f}"


def _check_groups(leads: Mapping[str, Any], nominal: Mapping[str, Any]) -> None:
    if len(leads) < 2:
        raise UsageError(f"{len(leads)} groups: expected at least two", hint="--leads NAME=FILE NAME=FILE")
    for one, two, flag in ((leads, nominal, "nominal"), (nominal, leads, "leads")):
        lost = [name for name in one if name not in two]
        if lost:
            raise UsageError(f"group {lost[0]} has no --{flag}", hint=f"--{flag} {lost[0]}=FILE")


def _signals(leads: Mapping[str, Source | pl.DataFrame], chosen: SharingOptions) -> pl.DataFrame:
    """Each pair that is a signal somewhere, once, with a column of booleans a group."""
    import polars as pl

    parts = []
    for group, source in leads.items():
        table = read_qtl_table(source)
        n_in = table.height
        if "qval" in table.columns:
            table = table.filter(pl.col("qval") <= chosen.fdr)
            if not table.height:
                raise NoSignalError(
                    f"{group}: none of {n_in:,} leads has qval <= {chosen.fdr:g}", hint="--fdr"
                )
        else:
            log.info("%s: no column qval; all %s rows are signals", group, f"{n_in:,}")
        signals = table.drop_nulls(["phenotype_id", "variant_id"]).unique(["phenotype_id", "variant_id"])
        log_step(log, f"Signals of {group}", rows_in=n_in, rows_out=signals.height, unit="leads")
        parts.append(signals.select("phenotype_id", "variant_id", pl.lit(group).alias("group")))
    return (
        pl.concat(parts)
        .group_by("phenotype_id", "variant_id")
        .agg(*(pl.col("group").is_in([group]).any().alias(f"found_{group}") for group in leads))
        .sort("phenotype_id", "variant_id")
    )


def _effects(
    signals: pl.DataFrame, nominal: Mapping[str, Source | pl.DataFrame]
) -> tuple[EffectMatrix, pl.DataFrame, dict[str, int]]:
    """Effects of all signals in all groups, per copy of the allele that the first group counts."""
    import polars as pl

    groups = tuple(nominal)
    found = {}
    for group, source in nominal.items():
        rows = look_up(source, signals)
        found[group] = signals.select("phenotype_id", "variant_id").join(
            rows, on=["phenotype_id", "variant_id"], how="left", maintain_order="left"
        )
    alleles = [
        pl.coalesce(*(found[group][name] for group in groups)).alias(name)
        for name in ("effect_allele", "other_allele")
    ]
    table = signals.select("phenotype_id", "variant_id").with_columns(
        pl.select(alleles[0]).to_series(), pl.select(alleles[1]).to_series()
    )
    reference = table["effect_allele"].to_list(), table["other_allele"].to_list()
    effects, errors, pvals = np.full((3, signals.height, len(groups)), np.nan)
    counts: dict[str, int] = {}
    for at, group in enumerate(groups):
        rows = found[group]
        slope = rows["slope"].to_numpy().astype(np.float64)
        turned, how = aligned(
            slope, rows["effect_allele"].to_list(), rows["other_allele"].to_list(), reference
        )
        there = np.isfinite(slope)
        lost, swapped = int((there & (how == 2)).sum()), int((there & (how == 1)).sum())
        unknown = int((there & (how == 3)).sum())
        counts[f"other alleles in {group}"] = lost
        log.info(
            "%s: %d of %d signals tested; %d with swapped alleles (turned), %d with other alleles (left out)",
            group, int(there.sum()), len(slope), swapped, lost,
        )  # fmt: skip
        if unknown:
            log.warning(
                "%s: alleles of %d signals are not known; they are taken to be the same in all groups",
                group, unknown,
            )  # fmt: skip
        usable = np.isfinite(turned)
        effects[:, at] = turned
        for target, name in ((errors, "slope_se"), (pvals, "pval_nominal")):
            target[:, at] = np.where(usable, rows[name].to_numpy().astype(np.float64), np.nan)
    discovered = signals.select([f"found_{group}" for group in groups]).to_numpy()
    matrix = EffectMatrix(effects, errors, pvals, discovered, groups)
    if not np.isfinite(effects).any():
        raise InputError("none of the signals is among the nominal pairs of any group")
    return matrix, table, counts


def _pairs(matrix: EffectMatrix, chosen: SharingOptions, fitted: Posterior | None) -> pl.DataFrame:
    import polars as pl

    shared = sharing(matrix, factor=chosen.factor, posterior=fitted, lfsr=chosen.lfsr)
    rows: list[dict[str, Any]] = []
    for one, discovery in enumerate(matrix.groups):
        signals = matrix.discovered[:, one]
        for two, replication in enumerate(matrix.groups):
            share = pi1(matrix.pvals[signals, two])
            rows.append(
                {
                    "discovery": discovery, "replication": replication, "n_signals": int(signals.sum()),
                    "n_tested": int(np.isfinite(matrix.effects[signals, two]).sum()),
                    "pi1": share.pi1, "pi1_method": share.method or None, "pi1_se": share.se,
                    "n_compared": int(shared.n_signals[one, two]),
                    "same_sign": float(shared.same_sign[one, two]),
                    "same_size": float(shared.same_size[one, two]),
                }
            )  # fmt: skip
    frame = pl.DataFrame(rows)
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def _with_heterogeneity(table: pl.DataFrame, matrix: EffectMatrix) -> pl.DataFrame:
    import polars as pl

    found = heterogeneity(matrix.effects, matrix.standard_errors)
    where = [",".join(group for group, here in zip(matrix.groups, row) if here) for row in matrix.discovered]
    columns: list[pl.Series] = [pl.Series("found_in", where)]
    for at, group in enumerate(matrix.groups):
        for name, values in (
            ("slope", matrix.effects), ("slope_se", matrix.standard_errors), ("pval_nominal", matrix.pvals)
        ):  # fmt: skip
            columns.append(pl.Series(f"{name}_{group}", values[:, at]))
    columns += [
        pl.Series("n_groups", found.n_groups), pl.Series("mean_slope", found.mean),
        pl.Series("mean_slope_se", found.se), pl.Series("mean_mlog10p", found.mlog10p),
        pl.Series("Q", found.q), pl.Series("pval_Q", found.pval_q), pl.Series("I2", found.i2),
    ]  # fmt: skip
    return table.with_columns(columns).with_columns(pl.col(pl.Float64).fill_nan(None))


def _store(
    target: Destination,
    result: SharingResult,
    sources: Mapping[str, Mapping[str, Any]],
    chosen: SharingOptions,
    counts: Mapping[str, int],
    began: float,
) -> None:
    if target.store is None:
        return
    from dataclasses import asdict

    from postgwas.genotypes.inputs import input_files
    from postgwas.genotypes.stored import Origin, store_tables

    files = [source for groups in sources.values() for source in groups.values()]
    told = {
        flag: {group: source_name(source) for group, source in groups.items()}
        for flag, groups in sources.items()
    }
    origin = Origin(
        {**asdict(chosen), **told}, input_files(None, files), time.perf_counter() - began,
        result.effects.height, result.effects.height, counts,
    )  # fmt: skip
    effects = result.effects.rename({"variant_id": "SNPID"})  # the name that the store finds variants by
    tables = {
        "sharing": (result.pairs, "qtl-sharing"), "sharing_effects": (effects, "qtl-sharing-effects")
    }  # fmt: skip
    store_tables(target, tables, origin, attrs={"groups": list(result.matrix.groups)})
