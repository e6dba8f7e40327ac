"""Files, figures and store of a fine-mapping run, of one population or several."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from postgwas.destination import Destination
from postgwas.errors import UsageError
from postgwas.finemap.map_settings import MapSettings
from postgwas.finemap.map_tables import log_bf_table, with_names
from postgwas.finemap.region_list import RegionChoice
from postgwas.finemap.region_stats import RegionStats
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.plot.save_all import check_formats, refuse_figures, save_figures
from postgwas.runlog import get_logger, log_step, run_log
from postgwas.sumstats.write import write_delimited, write_rejected

if TYPE_CHECKING:
    import polars as pl

log = get_logger("finemap")

Found = TypeVar("Found")

ENDINGS = {
    "variants": ".pip.tsv.gz", "sets": ".credible_sets.tsv", "regions": ".regions.tsv",
    "populations": ".populations.tsv",
}  # fmt: skip
"""Name of a table -> what its file ends in."""


@dataclass(frozen=True)
class Outputs:
    """Where results go; see :func:`postgwas.finemap.finemap_files`."""

    out: str
    keep_ld: bool = False
    store: str | None = None
    figures: Sequence[str] = ()
    gtf: str | os.PathLike[str] | None = None
    overwrite: bool = False
    quiet: bool = False
    log_json: bool = False

    @property
    def ld_cache(self) -> str | None:
        """The store, if LD is kept in it."""
        return self.store if self.keep_ld else None


@dataclass(frozen=True, eq=False)
class Account:
    """What a run has found, as it is written.

    Attributes
    ----------
    tables : mapping of str to polars.DataFrame
        By the names of :data:`ENDINGS`.
    regions : sequence
        Regions with their posteriors, for Bayes factors and figures.
    labels : sequence of str
        Of the figures' panels.
    stats : sequence of RegionStats
        What was read.
    rejected : list of (str, polars.DataFrame)
        Each file's rows that took no part: ROW, SNPID, REASON.
    parameters : mapping
    inputs : list of str
    attrs : mapping
        Of the tables in the store.
    """

    tables: Mapping[str, pl.DataFrame]
    regions: Sequence[Any]
    labels: Sequence[str]
    stats: Sequence[RegionStats]
    rejected: list[tuple[str, pl.DataFrame]]
    parameters: Mapping[str, Any]
    inputs: list[str]
    attrs: Mapping[str, Any]


def write_run(
    to: Outputs,
    settings: MapSettings,
    choice: RegionChoice,
    names: Sequence[str],
    run: Callable[[], Found],
    account: Callable[[Found], Account],
) -> Found:
    """Check everything, run, and write; nothing is written if it fails, the log apart.

    Parameters
    ----------
    to : Outputs
    settings, choice
        Checked before anything is read.
    names : sequence of str
        Tables, of :data:`ENDINGS`.
    run : callable
        Fine-maps.
    account : callable
        Tells the log what was found, and gives what is written.

    Raises
    ------
    PostgwasError
    """
    settings.check()
    choice.check()
    if to.keep_ld and to.store is None:
        raise UsageError("--keep_ld needs a store to keep LD in", hint="--store STUDY.h5")
    endings = (*(ENDINGS[name] for name in names), ".rejected.tsv.gz")
    keys = (*names, "log_bf") if to.store else ()
    target = Destination(to.out, endings, to.store, keys, to.overwrite, "finemap")
    target.check()
    check_formats(to.figures)
    if to.figures and not to.overwrite:
        refuse_figures(to.out, "finemap")
    began = time.perf_counter()
    with run_log(f"{to.out}.log", quiet=to.quiet, json_lines=to.log_json):
        found = run()
        told = account(found)
        with target.together() as aside:
            for name in names:
                table = told.tables[name]
                write_delimited(
                    with_names(table) if "CHR" in table.columns else table, aside.path(ENDINGS[name])
                )
            write_rejected(aside.path(".rejected.tsv.gz"), told.rejected)
        if to.figures:
            from postgwas.finemap.draw_regions import draw_finemapped

            drawn = draw_finemapped(
                told.regions, told.tables["variants"], labels=told.labels, coverage=settings.coverage,
                gtf=to.gtf,
            )  # fmt: skip
            save_figures(drawn, to.out, to.figures, overwrite=to.overwrite, room="finemap")
        if to.store is not None:
            _store(told, target, settings, names, time.perf_counter() - began)
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    return found


def tell_stats(stats: RegionStats, name: str | None = None) -> None:
    """Rows of a file that were used and were not, and what was derived."""
    before = "" if name is None else f"{name}: "
    counts = stats.rejected["REASON"].value_counts().iter_rows() if stats.rejected.height else ()
    log_step(
        log, f"{before}{stats.path}", rows_in=stats.frame.height + stats.rejected.height,
        rows_out=stats.frame.height, dropped=dict(counts), unit="variants",
    )  # fmt: skip
    for note in stats.notes:
        log.info("%s%s", before, note)


def _store(
    told: Account, target: Destination, settings: MapSettings, names: Sequence[str], seconds: float
) -> None:
    dropped: dict[str, int] = {}
    for _, table in told.rejected:
        for reason in table["REASON"].to_list():
            dropped[reason] = dropped.get(reason, 0) + 1
    origin = Origin(
        told.parameters, told.inputs, seconds,
        sum(one.frame.height + one.rejected.height for one in told.stats), told.tables["variants"].height,
        dropped, settings.seed if settings.ld_check == "full" else None,
    )  # fmt: skip
    kinds = {name: (told.tables[name], f"finemap-{name}") for name in names}
    kinds["log_bf"] = (log_bf_table(told.regions), "finemap-log-bf")
    store_tables(target, kinds, origin, attrs=told.attrs)
