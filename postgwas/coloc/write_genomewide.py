"""A genome-wide colocalisation from files to files: what ``postgwas coloc genomewide`` does."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from postgwas.coloc.align_traits import warn_counts
from postgwas.coloc.genome_settings import GenomeSettings, GwasInput, QtlInput, SentinelChoice
from postgwas.coloc.genome_tables import (
    genes_table,
    log_bf_table,
    pairs_table,
    rejected_table,
    sentinels_table,
    sets_table,
)
from postgwas.coloc.run_genomewide import GenomeColoc, Paths, genomewide
from postgwas.destination import Destination
from postgwas.errors import EngineError, PostgwasError
from postgwas.finemap.alignment import SUSPECT
from postgwas.finemap.map_tables import with_names
from postgwas.genotypes.inputs import input_files, selection_lists
from postgwas.genotypes.selection import Selection
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.runlog import get_logger, run_log
from postgwas.sumstats.write import write_delimited

log = get_logger("coloc")

PAIRS, GENES, SETS = ".coloc.pairs.tsv.gz", ".coloc.genes.tsv.gz", ".coloc.sets.tsv.gz"
SENTINELS, REJECTED = ".sentinels.tsv", ".coloc.rejected.tsv.gz"
ENDINGS = (PAIRS, GENES, SETS, SENTINELS, REJECTED)
KEYS = ("pairs", "genes", "sets", "sentinels", "log_bf")


def genomewide_files(
    gwas: GwasInput | Sequence[GwasInput],
    qtl: QtlInput,
    out: str,
    *,
    genotypes: Paths | None = None,
    qtl_genotypes: Paths | None = None,
    covariates: Paths | None = None,
    qtl_covariates: Paths | None = None,
    sentinels: SentinelChoice | None = None,
    settings: GenomeSettings | None = None,
    selection: Selection | None = None,
    dosage: bool = False,
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> GenomeColoc:
    """Colocalise and write.

    OUT.coloc.pairs.tsv.gz, OUT.coloc.genes.tsv.gz, OUT.coloc.sets.tsv.gz, OUT.sentinels.tsv,
    OUT.coloc.rejected.tsv.gz, OUT.log. In the store ``coloc/pairs/<prefix>``, ``coloc/genes/<prefix>``,
    ``coloc/sets/<prefix>``, ``coloc/sentinels/<prefix>``, and ``coloc/log_bf/<prefix>`` with the log Bayes
    factors behind each credible set. A run that died goes on from OUT.coloc_checkpoint.

    Parameters
    ----------
    gwas, qtl, genotypes, qtl_genotypes, covariates, qtl_covariates, sentinels, settings, selection, dosage
        As :func:`postgwas.coloc.run_genomewide.genomewide`.
    out : str
        Prefix of the files.
    store : str, optional
        A study's store.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log and the checkpoint apart.
    """
    from postgwas.compute.checkpoint import clear

    chosen = replace(settings or GenomeSettings(), keep_log_bf=store is not None)
    choice = sentinels or SentinelChoice()
    chosen.check()
    choice.check()
    target = Destination(out, ENDINGS, store, KEYS if store else (), overwrite, "coloc")
    target.check()
    began = time.perf_counter()
    folder = Path(f"{out}.coloc_checkpoint")
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json), _kept(folder):
        if folder.is_dir() and any(folder.glob("*.task")):
            log.info("Going on from the regions that an earlier run finished (%s)", folder)
        found = genomewide(
            gwas, qtl, genotypes=genotypes, qtl_genotypes=qtl_genotypes, covariates=covariates,
            qtl_covariates=qtl_covariates, sentinels=choice, settings=chosen, selection=selection,
            dosage=dosage, scratch=folder / "qtl", checkpoint=folder, **where,
        )  # fmt: skip
        tell(found)
        tables = {
            "pairs": pairs_table(found), "genes": genes_table(found), "sets": sets_table(found),
            "sentinels": sentinels_table(found),
        }  # fmt: skip
        rejected = rejected_table(found)
        with target.together() as aside:
            for what, ending in zip(tables, ENDINGS):
                write_delimited(with_names(tables[what]), aside.path(ending))
            write_delimited(rejected, aside.path(REJECTED))
        if store is not None:
            inputs = [gwas] if isinstance(gwas, GwasInput) else list(gwas)
            paths = [*(one.path for one in inputs), qtl.paths, qtl.fits, qtl.egenes, qtl.genes, covariates,
                     qtl_covariates, qtl_genotypes, *selection_lists(selection)]  # fmt: skip
            parameters = {
                "gwas": [asdict(one) for one in inputs], "qtl": asdict(qtl), **asdict(choice),
                **asdict(chosen), "genotypes": _text(genotypes), "qtl_genotypes": _text(qtl_genotypes),
            }  # fmt: skip
            origin = Origin(
                _plain(parameters), input_files(_text(genotypes), _flat(paths)),
                time.perf_counter() - began, sum(one.n_rows for one in found.traits),
                tables["pairs"].height, _reasons(found),
            )  # fmt: skip
            kinds = {name: (table, f"coloc-{name}") for name, table in tables.items()}
            kinds["log_bf"] = (log_bf_table(found), "coloc-log-bf")
            attrs = {"ld": found.ld_path, "qtl": found.qtl_path, "n_regions": len(found.results)}
            store_tables(target, kinds, origin, attrs=attrs)
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    clear(folder)
    return found


@contextmanager
def _kept(folder: Path) -> Iterator[None]:
    """Leave nothing of the regions' QTLs, and finished regions only where the run can go on from them."""
    from postgwas.compute.checkpoint import clear

    try:
        yield
    except EngineError:
        raise
    except PostgwasError:
        clear(folder)
        raise
    finally:
        shutil.rmtree(folder / "qtl", ignore_errors=True)
        with suppress(OSError):
            folder.rmdir()


def tell(found: GenomeColoc) -> None:
    """What a reader of the log should know."""
    for trait in found.traits:
        dropped = ", ".join(
            f"{number:,} {why}" for why, number in trait.rejected["REASON"].value_counts().iter_rows()
        )
        log.info("%s: %s variants used%s", trait.gwas.name, f"{trait.n_rows:,}",
                 f"; left out: {dropped}" if dropped else "")  # fmt: skip
    if found.genes.lost:
        from postgwas.expression.matrix import some_names

        log.warning("%d genes have no TSS and are left out: %s", len(found.genes.lost),
                    some_names(list(found.genes.lost)))  # fmt: skip
    for why, number in found.spool.rejected.items():
        log.info("QTLs: %s rows %s", f"{number:,}", why)
    _tell_regions(found)
    pairs = pairs_table(found)
    for method in ("abf", "susie"):
        here = pairs.filter(pairs["METHOD"] == method)
        if not here.height:
            continue
        strong, moderate = (int((here["MARK"] == word).sum()) for word in ("strong", "moderate"))
        what = "genes" if method == "abf" else "pairs of credible sets"
        log.info("%s: %s %s, %d of PP.H4 >= 0.8, %d more >= 0.5", method, f"{here.height:,}", what, strong,
                 moderate)  # fmt: skip
        sizes = here["N_SHARED"]
        low, high = int(sizes.min() or 0), int(sizes.max() or 0)  # type: ignore[arg-type]
        prior = here["PRIOR.H4"]
        log.info(
            "%s: priors of H4 are %.2g to %.2g, for regions of %s to %s variants", method, prior.min(),
            prior.max(), f"{low:,}", f"{high:,}",
        )  # fmt: skip


def _tell_regions(found: GenomeColoc) -> None:
    for trait, region, one in found.results:
        counts = one.counts[0]
        log.info(
            "%s, region %s: %d genes, %s of %s QTL variants in the GWAS, %s turned", trait, region.name,
            len(one.genes), f"{counts.n_shared:,}", f"{counts.n:,}", f"{counts.n_swapped:,}",
        )  # fmt: skip
        for count in one.counts:
            warn_counts(log, count)
        if one.status != "ok":
            log.warning("%s, region %s: %s", trait, region.name, one.status)
        for note in one.notes:
            log.warning("%s, region %s: %s", trait, region.name, note)
        if one.findings is not None and one.findings.alignment.doubtful:
            log.warning(
                "%s, region %s: signs of z-scores and LD agree in %.0f %% of pairs only: alleles may not be "
                "aligned, or LD is of another population", trait, region.name,
                100 * one.findings.alignment.share,
            )  # fmt: skip
        wrong = [
            gene["phenotype_id"]
            for gene in one.genes
            if gene.get("SIGNS_AGREE") is not None and gene["SIGNS_AGREE"] < SUSPECT
        ]
        if wrong:
            from postgwas.expression.matrix import some_names

            log.warning(
                "%s, region %s: signs of %d genes' z-scores do not fit the QTLs' LD: %s", trait, region.name,
                len(wrong), some_names(wrong),
            )  # fmt: skip


def _reasons(found: GenomeColoc) -> dict[str, int]:
    table = rejected_table(found)
    counts: dict[str, int] = {}
    for why, number in table.select("REASON", "N").iter_rows():
        counts[why] = counts.get(why, 0) + number
    return counts


def _text(path: Paths | None) -> str | None:
    return None if path is None else os.fspath(path)


def _flat(paths: Sequence[Any]) -> list[Any]:
    flat: list[Any] = []
    for one in paths:
        flat += list(one) if isinstance(one, list | tuple) else [one]
    return [path for path in flat if isinstance(path, str | os.PathLike) and "::" not in os.fspath(path)]


def _plain(value: Any) -> Any:
    """Paths as text, so that parameters can be written down."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value
