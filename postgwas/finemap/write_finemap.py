"""Fine-mapping from files to files: what ``postgwas finemap`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from postgwas.destination import Destination
from postgwas.errors import UsageError
from postgwas.finemap.map_settings import MapSettings
from postgwas.finemap.map_tables import (
    log_bf_table,
    regions_table,
    rejected_table,
    sets_table,
    variants_table,
    with_names,
)
from postgwas.finemap.region_check import LdFindings
from postgwas.finemap.region_fit import NOT_CONVERGED, RegionResult
from postgwas.finemap.region_list import RegionChoice
from postgwas.finemap.region_stats import StatsOptions
from postgwas.finemap.run_finemap import FinemappedRegions, finemap_regions
from postgwas.genotypes.inputs import input_files, selection_lists
from postgwas.genotypes.selection import Selection
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.plot.save_all import check_formats, refuse_figures, save_figures
from postgwas.runlog import get_logger, log_step, run_log
from postgwas.sumstats.write import write_delimited, write_rejected

log = get_logger("finemap")

VARIANTS, SETS, REGIONS = ".pip.tsv.gz", ".credible_sets.tsv", ".regions.tsv"
ENDINGS = (VARIANTS, SETS, REGIONS, ".rejected.tsv.gz")
KEYS = ("variants", "sets", "regions", "log_bf")
_SOME = 5


def finemap_files(
    sumstats: str | os.PathLike[str],
    out: str,
    *,
    genotypes: str | os.PathLike[str] | None = None,
    ld: str | os.PathLike[str] | None = None,
    ld_variants: str | os.PathLike[str] | None = None,
    covariates: str | os.PathLike[str] | None = None,
    selection: Selection | None = None,
    dosage: bool = False,
    regions: RegionChoice | None = None,
    settings: MapSettings | None = None,
    reading: StatsOptions | None = None,
    keep_ld: bool = False,
    store: str | None = None,
    figures: Sequence[str] = (),
    gtf: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> FinemappedRegions:
    """Fine-map and write.

    OUT.pip.tsv.gz (a row a variant of each region), OUT.credible_sets.tsv, OUT.regions.tsv,
    OUT.rejected.tsv.gz, OUT.log. In the store ``finemap/variants/<prefix>``, ``finemap/sets/<prefix>``,
    ``finemap/regions/<prefix>``, and ``finemap/log_bf/<prefix>`` with the log Bayes factors behind each set.

    Parameters
    ----------
    sumstats, genotypes, ld, ld_variants, covariates, selection, dosage, regions, settings, reading
        As :func:`postgwas.finemap.finemap_regions`.
    out : str
        Prefix of the files.
    keep_ld : bool
        Keep LD of genotypes in the store, and take it from there.
    store : str, optional
        A study's store.
    figures : sequence of str
        Formats ("png", "svg", "pdf") of a figure a region, OUT.finemap.<region>, with its table.
    gtf : path, optional
        Genes for the figures.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    chosen, choice = settings or MapSettings(), regions or RegionChoice()
    chosen.check()
    choice.check()
    if keep_ld and store is None:
        raise UsageError("--keep_ld needs a store to keep LD in", hint="--store STUDY.h5")
    target = Destination(out, ENDINGS, store, KEYS if store else (), overwrite, "finemap")
    target.check()
    check_formats(figures)
    if figures and not overwrite:
        refuse_figures(out, "finemap")
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        found = finemap_regions(
            sumstats, genotypes=genotypes, ld=ld, ld_variants=ld_variants, covariates=covariates,
            selection=selection, dosage=dosage, regions=choice, settings=chosen, reading=reading,
            ld_cache=store if keep_ld else None, **where,
        )  # fmt: skip
        tell(found, choice)
        tables = {
            "variants": variants_table(found), "sets": sets_table(found.regions),
            "regions": regions_table(found),
        }  # fmt: skip
        with target.together() as aside:
            for what, ending in zip(tables, (VARIANTS, SETS, REGIONS)):
                write_delimited(with_names(tables[what]), aside.path(ending))
            write_rejected(aside.path(".rejected.tsv.gz"), [(found.stats.path, rejected_table(found))])
        if figures:
            from postgwas.finemap.draw_regions import draw_finemapped

            drawn = draw_finemapped(
                found.regions,
                tables["variants"],
                labels=[os.path.basename(found.stats.path)],
                coverage=chosen.coverage,
                gtf=gtf,
            )
            save_figures(drawn, out, figures, overwrite=overwrite, room="finemap")
        if store is not None:
            given = [sumstats, ld, ld_variants, covariates, *choice.files, *selection_lists(selection)]
            parameters = {
                "sumstats": os.fspath(sumstats), "genotypes": _text(genotypes), "ld": _text(ld),
                "covariates": _text(covariates), **asdict(selection or Selection()), **asdict(choice),
                **asdict(chosen), **asdict(reading or StatsOptions()),
            }  # fmt: skip
            origin = Origin(
                parameters, input_files(_text(genotypes), given), time.perf_counter() - began,
                found.stats.frame.height + found.stats.rejected.height, tables["variants"].height,
                _reasons(found), chosen.seed if chosen.ld_check == "full" else None,
            )  # fmt: skip
            kinds = {name: (table, f"finemap-{name}") for name, table in tables.items()}
            kinds["log_bf"] = (log_bf_table(found.regions), "finemap-log-bf")
            attrs = {"n_regions": len(found.regions), "n_sets": found.n_sets, "ld": found.ld_path}
            store_tables(target, kinds, origin, attrs=attrs)
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    return found


def tell(found: FinemappedRegions, choice: RegionChoice) -> None:
    """What a reader of the log should know, warnings first of all."""
    stats = found.stats
    counts = stats.rejected["REASON"].value_counts().iter_rows() if stats.rejected.height else ()
    log_step(
        log, stats.path, rows_in=stats.frame.height + stats.rejected.height, rows_out=stats.frame.height,
        dropped=dict(counts), unit="variants",
    )  # fmt: skip
    for note in stats.notes:
        log.info("%s", note)
    asked = "as given" if choice.regions is not None else "around given variants" if choice.leads else (
        f"around sentinels of P <= {choice.p_max:g}"
    )  # fmt: skip
    log.info("%d regions %s", len(found.regions), asked)
    for one in found.regions:
        _tell_region(one, found)
    mapped = [one for one in found.regions if one.posterior is not None]
    log.info("%d credible sets in %d regions", found.n_sets, len(mapped))


def _tell_region(one: RegionResult, found: FinemappedRegions) -> None:
    name, posterior = one.region.name, one.posterior
    if posterior is None:
        log.warning("Region %s: not mapped: %s", name, one.status)
        return
    sizes = ", ".join(str(len(credible)) for credible in posterior.sets)
    sizes = f" of {sizes} variants" if sizes else ""
    log.info(
        "Region %s: %s variants, %s without LD, n = %s: %d credible sets%s", name, f"{one.variants.height:,}",
        f"{len(one.left_out):,}", f"{one.n:,.0f}", len(posterior.sets), sizes,
    )  # fmt: skip
    if len(one.left_out) > one.variants.height:
        log.warning(
            "Region %s: most variants have no LD: are the builds of these and of %s the same?",
            name, found.ld_path,
        )  # fmt: skip
    for note in one.notes:
        log.warning("Region %s: %s", name, note)
    if one.status == NOT_CONVERGED:
        log.warning("Region %s: has not converged; --max_iter allows more", name)
    n = one.variants["N"].cast(float).to_numpy()
    if float(n.min()) < 0.8 * float(n.max()):
        log.warning(
            "Region %s: n goes from %s to %s between variants; SuSiE takes one n: its LD may not fit", name,
            f"{n.min():,.0f}", f"{n.max():,.0f}",
        )  # fmt: skip
    if one.findings is not None:
        tell_findings(name, one.findings, one.variants["SNPID"].to_list())


def tell_findings(name: str, findings: LdFindings, ids: Sequence[str]) -> None:
    """Warn of what the checks of a region's LD found, with the variants' names."""
    if findings.alignment.doubtful:
        log.warning(
            "Region %s: signs of z-scores and LD agree in %.0f %% of pairs only: alleles may not be aligned",
            name, 100 * findings.alignment.share,
        )  # fmt: skip
    for what, marked in (
        ("likely have swapped alleles", findings.swapped),
        ("are not explained by LD", findings.outlier),
    ):
        rows = np.flatnonzero(marked)
        if rows.size:
            some = ", ".join(ids[row] for row in rows[:_SOME])
            more = ", ..." if rows.size > _SOME else ""
            log.warning("Region %s: %d variants %s: %s%s", name, rows.size, what, some, more)
    if findings.s > 0.1:
        log.warning(
            "Region %s: z-scores and LD do not fit (s = %.2f, expected near 0): another population's LD?",
            name, findings.s,
        )  # fmt: skip


def _reasons(found: FinemappedRegions) -> dict[str, int]:
    table = rejected_table(found)
    return dict(table["REASON"].value_counts().iter_rows()) if table.height else {}


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)
