"""Kinship from files to files: what ``postgwas genotypes king`` does."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.destination import Destination
from postgwas.genotypes.inputs import input_files, parameters_of, selection_lists
from postgwas.genotypes.run_king import KingResult, KingSettings, king
from postgwas.genotypes.selection import Selection, open_selected
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.runlog import get_logger, log_step, run_log
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

log = get_logger(__name__)

ENDINGS = (".king.tsv.gz",)
LISTS = (".unrelated.txt", ".relatives.txt")
FIGURES = (".king.png",)
FEW_VARIANTS = 5000
"""Below this the noise of kinship is told."""


def king_files(
    genotypes: str | os.PathLike[str],
    out: str,
    *,
    selection: Selection | None = None,
    settings: KingSettings | None = None,
    figures: bool = False,
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> KingResult:
    """Compute kinship and write OUT.king.tsv.gz, OUT.log.

    With `relatives` "remove" also OUT.unrelated.txt and OUT.relatives.txt, lists for --keep and
    --remove; with `figures` OUT.king.png.

    Parameters
    ----------
    genotypes, selection, settings
        As :func:`postgwas.genotypes.run_king.king`.
    out : str
        Prefix of the files.
    figures : bool
    store : str, optional
        A study's store, for ``genotypes/king/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    settings = settings or KingSettings()
    settings.check()
    endings = ENDINGS + (LISTS if settings.relatives == "remove" else ()) + (FIGURES if figures else ())
    target = Destination(out, endings, store, ("king",) if store else (), overwrite)
    target.check()
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        chosen = open_selected(genotypes, selection, scratch=target.folder)
        data = chosen.genotypes
        result = king(data, settings=settings, **where)
        n_in = data.n_samples + sum(chosen.samples_dropped.values())
        log_step(log, "Samples", rows_in=n_in, rows_out=data.n_samples, dropped=chosen.samples_dropped,
                 unit="samples")  # fmt: skip
        dropped = {**chosen.variants_dropped, **result.variants_dropped}
        log_step(log, "Variants", rows_in=result.n_variants + sum(dropped.values()),
                 rows_out=result.n_variants, dropped=dropped)  # fmt: skip
        tell_pairs(result, settings)
        table = result.table()
        with target.together() as aside:
            write_delimited(table, aside.path(ENDINGS[0]), decimals=9)
            if result.removed is not None:
                write_samples(result.samples.filter(~result.removed), aside.path(LISTS[0]))
                write_samples(result.samples.filter(result.removed), aside.path(LISTS[1]))
            if figures:
                from postgwas.plot.kinship import kinship_figure
                from postgwas.plot.saving import save_figure

                pairs = result.pairs
                save_figure(kinship_figure(pairs.opposite, pairs.kinship), aside.path(FIGURES[0]))
        if store is not None:
            left = data.n_samples if result.removed is None else int((~result.removed).sum())
            origin = Origin(
                parameters_of(data, selection, settings), input_files(data, selection_lists(selection)),
                time.perf_counter() - began, data.n_samples, left, {"relatives": data.n_samples - left},
            )  # fmt: skip
            attrs = {"n_variants": result.n_variants, "relations": result.relation_counts}
            store_tables(target, {"king": (table, "king-pairs")}, origin, attrs=attrs)
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    return result


def tell_pairs(result: KingResult, settings: KingSettings) -> None:
    """The relatives that were found, by degree, and what makes them doubtful."""
    if result.n_variants < FEW_VARIANTS:
        log.warning(
            "kinship rests on %s variants only, expected tens of thousands: unrelated pairs may look related",
            f"{result.n_variants:,}",
        )
    n = result.samples.height
    found = ", ".join(f"{count:,} {relation}" for relation, count in result.relation_counts.items() if count)
    log.info("Kinship of %s pairs of %s samples: %s", f"{n * (n - 1) // 2:,}", f"{n:,}",
             found or "no relatives")  # fmt: skip
    unknown = int(np.isnan(result.pairs.kinship).sum())
    if unknown:
        log.warning(
            "%s pairs have no kinship: one of the two has no heterozygous call that both share",
            f"{unknown:,}",
        )
    if result.removed is not None:
        log.info("To leave out so that no pair has a kinship of %g or more: %s samples",
                 settings.max_kinship, f"{int(result.removed.sum()):,}")  # fmt: skip


def write_samples(samples: pl.DataFrame, path: Path) -> None:
    """A list for --keep and --remove: #FID IID, or #IID where there are no families."""
    names = ["IID"] if samples["FID"].is_null().all() else ["FID", "IID"]
    table = samples.select(names)
    write_delimited(table.rename({names[0]: f"#{names[0]}"}), path, null="0")
