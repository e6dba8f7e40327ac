"""Quality control from files to files: what ``postgwas genotypes qc`` does."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.destination import Destination
from postgwas.genotypes.alleles import record_ids
from postgwas.genotypes.inputs import input_files, parameters_of, selection_lists
from postgwas.genotypes.qc_result import QcResult
from postgwas.genotypes.qc_settings import QcSettings
from postgwas.genotypes.run_convert import FILES, Format, log_inputs, write_selected
from postgwas.genotypes.run_king import KingSettings
from postgwas.genotypes.run_qc import qc
from postgwas.genotypes.selection import Selected, Selection, select_genotypes
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.genotypes.write_king import tell_pairs, write_samples
from postgwas.runlog import get_logger, run_log
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

ENDINGS = (".variants.tsv.gz", ".samples.tsv", ".account.tsv", ".extract.txt", ".keep.txt")
SEX_PROBLEMS = ".sex_problems.tsv"
KING = ".king.tsv.gz"
COPY = ".passing"
FIGURES = (".missing.png", ".het.png", ".hwe.png", ".sex.png")


def qc_files(
    genotypes: str | os.PathLike[str],
    out: str,
    *,
    selection: Selection | None = None,
    settings: QcSettings | None = None,
    groups: str | None = None,
    group_column: str | None = None,
    figures: bool = False,
    format: Format | None = None,
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> QcResult:
    """Run the quality control and write its tables and lists.

    OUT.variants.tsv.gz, OUT.samples.tsv; OUT.extract.txt and OUT.keep.txt, what passes; the filters'
    OUT.account.tsv; OUT.sex_problems.tsv; with relatives OUT.king.tsv.gz; with figures OUT.missing.png,
    OUT.het.png, OUT.hwe.png and OUT.sex.png; OUT.log.

    Parameters
    ----------
    genotypes, settings, groups, group_column
        As :func:`postgwas.genotypes.run_qc.qc`.
    out : str
        Prefix of the files.
    selection : Selection, optional
        Its `maf_min` and `max_missing` are limits of the quality control, and its `haploid` is the
        build that says where X is pseudo-autosomal.
    figures : bool
    format : {"bed", "pgen", "vcf", "bcf"}, optional
        Also write the genotypes that pass, as OUT.passing.bed and so on; see
        :func:`postgwas.genotypes.run_convert.convert`.
    store : str, optional
        A study's store, for ``genotypes/qc_variants/<prefix>`` and ``genotypes/qc_samples/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    selection, settings = _limits_apart(selection or Selection(), settings or QcSettings())
    settings.check()
    target = Destination(out, _endings(settings, figures=figures, format=format), store,
                         ("qc_variants", "qc_samples") if store else (), overwrite)  # fmt: skip
    target.check()
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        result = qc(
            genotypes, selection=selection, settings=settings, groups=groups, group_column=group_column,
            build=selection.haploid, scratch=target.folder, **where,
        )  # fmt: skip
        _warn_of_shared_ids(result)
        tell(result, settings)
        variants, samples = result.variant_table(), result.sample_table()
        with target.together() as aside:
            _write(result, variants, samples, aside)
            if figures:
                _draw(result, settings, variants, samples, aside)
            if format is not None:
                log_inputs(result.genotypes)
                write_selected(_passing(result, selection), aside.path(COPY), format)
        if store is not None:
            files = input_files(result.genotypes, [*selection_lists(selection), groups])
            dropped = {step.reason: step.dropped for step in result.sites.steps}
            origin = Origin(
                parameters_of(result.genotypes, selection, settings, groups=groups), files,
                time.perf_counter() - began, variants.height, int(result.sites.mask.sum()), dropped,
            )  # fmt: skip
            tables = {
                "qc_variants": (variants, "genotype-qc-variants"),
                "qc_samples": (samples, "genotype-qc-samples"),
            }
            store_tables(target, tables, origin, attrs={"account": result.account().to_dicts()})
        log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))
    return result


def _passing(result: QcResult, selection: Selection) -> Selected:
    """What passes, by its place in the file: ids may be shared."""
    return select_genotypes(result.passing, Selection(haploid=selection.haploid))


def _limits_apart(selection: Selection, settings: QcSettings) -> tuple[Selection, QcSettings]:
    """Limits of variants that a selection has are the quality control's, so that the account has them."""
    for name in ("maf_min", "max_missing"):
        if getattr(selection, name) is not None:
            settings = replace(settings, **{name: getattr(selection, name)})
    return replace(selection, maf_min=None, max_missing=None), settings


def _endings(settings: QcSettings, *, figures: bool, format: Format | None) -> tuple[str, ...]:
    king = (KING,) if settings.relatives != "off" else ()
    copies = () if format is None else tuple(f"{COPY}{ending}" for ending in FILES[format])
    return (*ENDINGS, SEX_PROBLEMS, *king, *(FIGURES if figures else ()), *copies)


def _warn_of_shared_ids(result: QcResult) -> None:
    """A list of ids cannot leave out a variant whose id another one that passes has."""
    variants = result.genotypes.variants
    failing, passing = (
        variants.filter(~result.sites.mask),
        variants.filter(result.sites.mask)["SNPID"].implode(),
    )
    shared = int((failing["SNPID"].is_in(passing) | record_ids(failing).is_in(passing)).sum())
    if shared:
        log.warning(
            "%s variants that fail share their id with one that passes: OUT.extract.txt lets them in",
            f"{shared:,}",
        )  # fmt: skip


def tell(result: QcResult, settings: QcSettings) -> None:
    """The account, line by line, and what else a reader of the log should know."""
    data = result.genotypes
    for row in result.account().iter_rows(named=True):
        log.info("%s: %s: %s of %s dropped", row["OF"], row["FILTER"], f"{row['DROPPED']:,}",
                 f"{row['ROWS_IN']:,}", extra={"fields": row})  # fmt: skip
    log.info("Pass: %s of %s samples, %s of %s variants", f"{int(result.people.mask.sum()):,}",
             f"{data.n_samples:,}", f"{int(result.sites.mask.sum()):,}", f"{data.n_variants:,}")  # fmt: skip
    constant = int(((result.quality.alleles.minor == 0) & result.sites.mask).sum())
    if constant:
        log.info("%s passing variants do not vary (--mac_min 1 drops them)", f"{constant:,}")
    impossible = int(result.quality.impossible.sum())
    if impossible:
        log.warning(
            "%s calls on X, Y or MT cannot be (heterozygous where there is one copy, on Y in women): they do "
            "not count in frequencies", f"{impossible:,}",
        )  # fmt: skip
    if result.sex_was_checked:
        problems = result.sex_problems()["SEX_STATUS"].value_counts(sort=True)
        told = ", ".join(f"{row[1]:,} {row[0]}" for row in problems.iter_rows())
        log.info("Sexes: %s", f"{told} (listed)" if told else "all as in the file")
    if result.kinship is not None:
        tell_pairs(result.kinship, KingSettings(max_kinship=settings.max_kinship))


def _write(result: QcResult, variants: pl.DataFrame, samples: pl.DataFrame, aside: Destination) -> None:
    import polars as pl

    write_delimited(variants, aside.path(ENDINGS[0]))
    write_delimited(samples, aside.path(ENDINGS[1]))
    write_delimited(result.account(), aside.path(ENDINGS[2]))
    passing = variants.filter(pl.col("FILTER") == "PASS").select("SNPID")
    write_delimited(passing, aside.path(ENDINGS[3]), header=False)
    write_samples(result.genotypes.samples.filter(result.people.mask), aside.path(ENDINGS[4]))
    write_delimited(result.sex_problems(), aside.path(SEX_PROBLEMS))
    if KING in aside.endings:
        table = None if result.kinship is None else result.kinship.table()
        write_delimited(pl.DataFrame() if table is None else table, aside.path(KING))


def _draw(
    result: QcResult, settings: QcSettings, variants: pl.DataFrame, samples: pl.DataFrame, aside: Destination
) -> None:
    from postgwas.plot import genotype_qc
    from postgwas.plot.saving import save_figure

    missing = samples["F_MISSING"].to_numpy()
    f = samples["F"].to_numpy()
    limits = settings.sex_limits
    figures = (
        genotype_qc.missingness_figure(
            missing, variants["F_MISSING"].to_numpy(), max_samples=settings.max_missing_samples,
            max_variants=settings.max_missing,
        ),
        genotype_qc.heterozygosity_figure(
            f, missing, result.people.mask, limits=_het_limits(result, settings)
        ),
        genotype_qc.hwe_figure(_tests(result), limit=settings.hwe),
        genotype_qc.sex_figure(
            samples["X_F"].to_numpy(), samples["Y_CALLS"].to_numpy().astype(np.float64),
            samples["SEX"].fill_null(0).to_numpy(), limits=(limits.female_max_f, limits.male_min_f),
        ),
    )  # fmt: skip
    for figure, ending in zip(figures, FIGURES):
        save_figure(figure, aside.path(ending))


def _tests(result: QcResult) -> dict[str, NDArray[np.float64]]:
    """-log10 P of the tests that variants are filtered by: in each group if there are any."""
    quality = result.quality
    if result.groups is None:
        return {"all": quality.hwe.mlog10p}
    return {name: test.mlog10p for name, test in zip(result.groups.names, quality.by_group)}


def _het_limits(result: QcResult, settings: QcSettings) -> tuple[float, float] | None:
    """The coefficients that lie just at the limit, from two samples' distances from the mean."""
    f, deviation = result.samples.autosomes.inbreeding, result.samples.het_deviation
    known = np.flatnonzero(np.isfinite(deviation))
    if settings.het_sd is None or len(known) < 2:
        return None
    low, high = known[np.argmin(deviation[known])], known[np.argmax(deviation[known])]
    spread = (f[high] - f[low]) / (deviation[high] - deviation[low])
    centre = f[low] - deviation[low] * spread
    return float(centre - settings.het_sd * spread), float(centre + settings.het_sd * spread)
