"""Fine-mapping from files to files: what ``postgwas finemap`` does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from postgwas.finemap.map_settings import MapSettings
from postgwas.finemap.map_tables import regions_table, rejected_table, sets_table, variants_table
from postgwas.finemap.region_check import LdFindings
from postgwas.finemap.region_fit import NOT_CONVERGED, RegionResult
from postgwas.finemap.region_list import RegionChoice
from postgwas.finemap.region_stats import StatsOptions
from postgwas.finemap.run_finemap import FinemappedRegions, finemap_regions
from postgwas.finemap.write_run import Account, Outputs, tell_stats, write_run
from postgwas.genotypes.inputs import input_files, selection_lists
from postgwas.genotypes.selection import Selection
from postgwas.runlog import get_logger

log = get_logger("finemap")

TABLES = ("variants", "sets", "regions")
#: A GWAS of so many times the people of the LD needs a larger panel (Benner et al. 2017).
_FEW_FOR = 50
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
    to = Outputs(out, keep_ld, store, figures, gtf, overwrite, quiet, log_json)

    def run() -> FinemappedRegions:
        return finemap_regions(
            sumstats, genotypes=genotypes, ld=ld, ld_variants=ld_variants, covariates=covariates,
            selection=selection, dosage=dosage, regions=choice, settings=chosen, reading=reading,
            ld_cache=to.ld_cache, **where,
        )  # fmt: skip

    def account(found: FinemappedRegions) -> Account:
        tell(found, choice)
        given = [sumstats, ld, ld_variants, covariates, *choice.files, *selection_lists(selection)]
        parameters = {
            "sumstats": os.fspath(sumstats), "genotypes": _text(genotypes), "ld": _text(ld),
            "covariates": _text(covariates), **asdict(selection or Selection()), **asdict(choice),
            **asdict(chosen), **asdict(reading or StatsOptions()),
        }  # fmt: skip
        tables = {
            "variants": variants_table(found), "sets": sets_table(found.regions),
            "regions": regions_table(found),
        }  # fmt: skip
        return Account(
            tables, found.regions, [os.path.basename(found.stats.path)], [found.stats],
            [(found.stats.path, rejected_table(found))], parameters, input_files(_text(genotypes), given),
            {
                "n_regions": len(found.regions), "n_sets": found.n_sets, "ld": found.ld_path,
                "warnings": doubts(found),
            },
        )  # fmt: skip

    return write_run(to, chosen, choice, TABLES, run, account)


def tell(found: FinemappedRegions, choice: RegionChoice) -> None:
    """What a reader of the log should know, warnings first of all."""
    tell_stats(found.stats)
    asked = "as given" if choice.regions is not None else "around given variants" if choice.leads else (
        f"around sentinels of P <= {choice.p_max:g}"
    )  # fmt: skip
    log.info("%d regions %s", len(found.regions), asked)
    for one in found.regions:
        _tell_region(one, found)
    mapped = [one for one in found.regions if one.posterior is not None]
    log.info("%d credible sets in %d regions", found.n_sets, len(mapped))
    for doubt in doubts(found):
        log.warning("%s", doubt)


def doubts(found: FinemappedRegions) -> list[str]:
    """What speaks against all credible sets of a run; kept with them in the store."""
    largest = max((one.n for one in found.regions if one.posterior is not None), default=0.0)
    if not found.n_people or largest <= _FEW_FOR * found.n_people:
        return []
    return [
        f"LD of {found.n_people:,} people is taken for that of {largest:,.0f}: a panel so small, or of "
        "others, makes credible sets of noise; --ld_check full says where z-scores do not fit it"
    ]


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


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)
