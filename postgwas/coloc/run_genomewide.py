"""Colocalisation of GWAS with all genes around their sentinels: ``postgwas.coloc.genomewide``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.coloc.genome_region import colocalise_region
from postgwas.coloc.genome_settings import GenomeSettings, GwasInput, QtlInput, SentinelChoice
from postgwas.coloc.genome_task import SIGNIFICANT_Z, GenomeRegion, GenomeTask
from postgwas.coloc.phenotype_rows import with_kinds
from postgwas.coloc.qtl_genes import GeneList, load_genes
from postgwas.coloc.qtl_regions import Spool, genes_in_regions, spool_regions
from postgwas.coloc.qtl_source import QtlSource, qtl_source
from postgwas.coloc.same_build import refuse_other_build, refuse_other_panel
from postgwas.coloc.sentinel_choice import sentinel_regions
from postgwas.coloc.stored_fits import SpooledFits, read_fits, spool_fits
from postgwas.coloc.trait_factors import NO_FREQUENCY, NO_SIZE
from postgwas.compute.engine import engine
from postgwas.errors import InputError, NoSignalError, NoVariantsError, UsageError
from postgwas.finemap.ld_sources import LdSource
from postgwas.finemap.region_list import MapRegion
from postgwas.finemap.region_stats import RegionStats, load_stats
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

    from postgwas.genotypes.genotypes import Genotypes
    from postgwas.genotypes.selection import Selection

log = get_logger("coloc")

Paths = str | os.PathLike[str]

_FEWEST_PAIRS = 20
"""Pairs, at least, to tell that only significant ones are there."""


@dataclass(frozen=True, eq=False)
class GwasRegions:
    """One GWAS with its regions.

    Attributes
    ----------
    gwas : GwasInput
    rejected : polars.DataFrame
        ROW, SNPID, REASON of rows that cannot be used.
    n_rows : int
        Rows that can.
    sentinels : polars.DataFrame
        The summary statistics' rows of the sentinels, in the order of `regions`.
    regions : tuple of MapRegion
    """

    gwas: GwasInput
    rejected: pl.DataFrame
    n_rows: int
    sentinels: pl.DataFrame
    regions: tuple[MapRegion, ...]


@dataclass(frozen=True, eq=False)
class GenomeColoc:
    """What :func:`genomewide` found; tables of it in :mod:`postgwas.coloc.genome_tables`.

    Attributes
    ----------
    traits : tuple of GwasRegions
    results : tuple of (str, MapRegion, GenomeRegion)
        Trait, region, and what came out, of regions with genes that were tested there.
    genes : GeneList
    spool : Spool
        What was read of the QTLs; its files are gone.
    empty : tuple of (str, str)
        Trait and region without a gene that was tested there.
    settings : GenomeSettings
    qtl_path, ld_path, qtl_ld_path : str
        LD's are empty where there is none.
    """

    traits: tuple[GwasRegions, ...]
    results: tuple[tuple[str, MapRegion, GenomeRegion], ...]
    genes: GeneList
    spool: Spool
    empty: tuple[tuple[str, str], ...]
    settings: GenomeSettings
    qtl_path: str
    ld_path: str
    qtl_ld_path: str

    def pairs(self) -> pl.DataFrame:
        """All pairs; see :func:`postgwas.coloc.genome_tables.pairs_table`."""
        from postgwas.coloc.genome_tables import pairs_table

        return pairs_table(self)

    def summary(self) -> pl.DataFrame:
        """A row a gene; see :func:`postgwas.coloc.genome_tables.genes_table`."""
        from postgwas.coloc.genome_tables import genes_table

        return genes_table(self)


def genomewide(
    gwas: GwasInput | Sequence[GwasInput],
    qtl: QtlInput,
    *,
    genotypes: Genotypes | Paths | None = None,
    qtl_genotypes: Genotypes | Paths | None = None,
    covariates: Paths | None = None,
    qtl_covariates: Paths | None = None,
    sentinels: SentinelChoice | None = None,
    settings: GenomeSettings | None = None,
    selection: Selection | None = None,
    dosage: bool = False,
    scratch: Paths | None = None,
    checkpoint: Paths | None = None,
    cores: int = 1,
    scheduler: Paths | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> GenomeColoc:
    """Does each GWAS hit share its cause with a gene nearby?

    Around each sentinel of each GWAS lies a region; genes whose TSS is within it are colocalised with the
    GWAS over the region's variants: :func:`postgwas.coloc.abf` always, :func:`postgwas.coloc.susie` between
    all credible sets where there is LD for the GWAS, and LD or stored fits for the QTLs.

    Parameters
    ----------
    gwas : GwasInput, or a sequence of them
    qtl : QtlInput
    genotypes : Genotypes or path, optional
        LD of the GWAS: its own people, or a reference of the same ancestry.
    qtl_genotypes : Genotypes or path, optional
        LD of the QTLs; that of `genotypes` if None.
    covariates, qtl_covariates : path, optional
        Covariates of these people, projected out of their genotypes.
    sentinels : SentinelChoice, optional
        MAGE's windows if None: 5e-8, 1 Mb apart, 500 kb to either side.
    settings : GenomeSettings, optional
    selection, dosage
        Of `genotypes`, as :func:`postgwas.genotypes.open_selected`.
    scratch : path, optional
        Folder for the QTLs of each region while they are worked on; a temporary one if None.
    checkpoint : path, optional
        Folder for finished regions, so that a run that died goes on; the caller removes it. The scratch
        folder should then be the same in both runs.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere. Workers must see `scratch`.

    Returns
    -------
    GenomeColoc
        A region or gene that fails has a status that says why; the others go on.

    Raises
    ------
    InputError, ColumnError, NoVariantsError, UsageError, StoreError
        If an input cannot be used, no sentinel is there, builds differ, or nothing is shared at all.

    References
    ----------
    Taylor et al. 2024, Nature 632:122 (MAGE), for sentinels, genes and marks.

    Examples
    --------
    >>> from postgwas.coloc.genome_settings import GwasInput, QtlInput
    >>> found = genomewide(
    ...     GwasInput("height.tsv.gz", "height"), QtlInput("study.h5::qtl/cis_nominal_chr*/lcl"),
    ...     genotypes="panel.pgen",
    ... )  # doctest: +SKIP
    >>> found.summary()  # doctest: +SKIP
    """
    chosen, choice = settings or GenomeSettings(), sentinels or SentinelChoice()
    chosen.check()
    choice.check()
    inputs = [gwas] if isinstance(gwas, GwasInput) else list(gwas)
    _check_names(inputs)
    ld, panel = _ld(genotypes, covariates, selection, dosage)
    qtl_ld, qtl_panel = _ld(qtl_genotypes, qtl_covariates, None, dosage)
    source = _source(qtl, qtl_panel if qtl_panel is not None else panel)
    # Without LD and SMR, P-values will do; with them the signs of effects matter.
    unsigned = ld is None and chosen.smr is None
    stats = [load_stats(one.path, replace(one.reading, unsigned=unsigned)) for one in inputs]
    inputs = with_kinds(inputs, stats)
    traits = [_trait(one, read, choice, panel) for one, read in zip(inputs, stats)]
    genes = load_genes(source, egenes=qtl.egenes, fdr=qtl.fdr, places=qtl.genes)
    log.info("%s genes whose TSS is known (%s)", f"{genes.frame.height:,}", genes.told)
    with _folder(scratch) as folder:
        regions = [region for one in traits for region in one.regions]
        spool = spool_regions(source, genes.frame, regions, Path(folder))
        for read, one in zip(stats, traits):
            refuse_other_build(read, one.regions, spool, source.path)
        fits = _fits(qtl, spool, chosen, Path(folder))
        tasks, empty = _tasks(traits, stats, qtl, spool, fits, ld, qtl_ld, chosen)
        del stats
        with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
            found = eng.map(colocalise_region, tasks, label="Colocalising", checkpoint=checkpoint)
    results = tuple((task.trait, task.region, one) for task, one in zip(tasks, found))
    made = GenomeColoc(
        tuple(traits), results, genes, spool, tuple(empty), chosen, source.path,
        "" if ld is None else ld.path, "" if qtl_ld is None else qtl_ld.path,
    )  # fmt: skip
    _refuse_nothing(made, of_egenes=qtl.egenes is not None)
    refuse_other_panel(made.results, made.ld_path, made.qtl_ld_path)
    return made


def _check_names(inputs: Sequence[GwasInput]) -> None:
    if not inputs:
        raise UsageError("no GWAS is given")
    for one in inputs:
        one.check()
    names = [one.name for one in inputs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two GWAS are called {twice}", hint="--names")


def _ld(
    genotypes: Genotypes | Paths | None, covariates: Paths | None, selection: Selection | None, dosage: bool
) -> tuple[LdSource | None, Genotypes | None]:
    from postgwas.finemap.run_finemap import genotype_ld

    if genotypes is None:
        if covariates is not None:
            raise UsageError("covariates need genotypes that they are projected out of", hint="--genotypes")
        return None, None
    made = genotype_ld(genotypes, covariates=covariates, selection=selection, dosage=dosage)
    return made, made.genotypes


def _source(qtl: QtlInput, panel: Genotypes | None) -> QtlSource:
    variants = None
    if qtl.variants is not None:
        from postgwas.finemap.ld_variants import read_ld_variants

        variants = read_ld_variants(qtl.variants)
    elif panel is not None:
        variants = panel.variants.select("SNPID", "CHR", "POS", "A1", "A2")
    return qtl_source(qtl.paths, n=qtl.n, gene=qtl.gene, variants=variants)


def _trait(one: GwasInput, read: RegionStats, choice: SentinelChoice, panel: Genotypes | None) -> GwasRegions:
    found = sentinel_regions(read.frame, choice, read.path, panel)
    log.info("%s: %d sentinels of P <= %g", one.name, len(found), choice.p_max)
    rows = [row for _, row in found]
    return GwasRegions(
        one, read.rejected, read.frame.height, read.frame[rows], tuple(region for region, _ in found)
    )


def _folder(scratch: Paths | None) -> Any:
    import tempfile

    if scratch is None:
        return tempfile.TemporaryDirectory(prefix="postgwas-coloc-")
    Path(scratch).mkdir(parents=True, exist_ok=True)
    return nullcontext(os.fspath(scratch))


def _fits(
    qtl: QtlInput, spool: Spool, settings: GenomeSettings, folder: Path
) -> dict[str, SpooledFits | None]:
    if qtl.fits is None or not spool.tested:
        return {}
    frame, chosen = read_fits(qtl.fits, sorted(spool.tested))
    n_genes = frame["GENE"].n_unique()
    log.info("%s: stored fits of %s genes", qtl.fits, f"{n_genes:,}")
    return {
        one.name: spool_fits(frame, one.genes, one.name, folder, chosen=chosen, coverage=settings.coverage)
        for one in spool.regions.values()
    }


def _tasks(
    traits: Sequence[GwasRegions],
    stats: Sequence[RegionStats],
    qtl: QtlInput,
    spool: Spool,
    fits: Mapping[str, SpooledFits | None],
    ld: LdSource | None,
    qtl_ld: LdSource | None,
    settings: GenomeSettings,
) -> tuple[list[GenomeTask], list[tuple[str, str]]]:
    import polars as pl

    tasks, empty = [], []
    for one, read in zip(traits, stats):
        by_chromosome = {int(key[0]): part for key, part in read.frame.group_by("CHR", maintain_order=True)}
        for region in one.regions:
            spooled = spool.regions.get((region.chromosome, region.start, region.stop))
            if spooled is None:
                empty.append((one.gwas.name, region.name))
                continue
            rows = by_chromosome[region.chromosome].filter(
                pl.col("POS").is_between(region.start, region.stop)
            )
            tasks.append(
                GenomeTask(
                    one.gwas.name, one.gwas.kind or "quant", one.gwas.sd_y,
                    _case_fraction(one.gwas, read), region, rows, spooled, qtl.sd_y, fits.get(spooled.name),
                    None if ld is None else ld.region(region),
                    None if qtl_ld is None else qtl_ld.region(region), settings,
                )
            )  # fmt: skip
    return tasks, empty


def _case_fraction(gwas: GwasInput, read: RegionStats) -> float | None:
    """One half where N is the effective one: it is that of as many cases as controls."""
    return 0.5 if read.n_kind == "effective" else gwas.case_fraction


def _refuse_nothing(made: GenomeColoc, *, of_egenes: bool) -> None:
    genes = [gene for _, _, one in made.results for gene in one.genes]
    tested = sum(gene["N_QTL"] for gene in genes)
    if tested >= _FEWEST_PAIRS and all(gene.get("LEAST_Z", 0.0) > SIGNIFICANT_Z for gene in genes):
        raise InputError(
            f"{made.qtl_path}: all variants of each gene are associated with it: these are the significant "
            "pairs only, and colocalisation needs all that were tested",
            hint="--qtl with the nominal pass (GTEx: all_associations), this file as --egenes",
        )
    if any(one.pairs for _, _, one in made.results):
        return
    n_regions = len(made.results) + len(made.empty)
    members = genes_in_regions(made.genes.frame, [r for one in made.traits for r in one.regions])
    why = sorted({gene["STATUS"] for gene in genes})
    if why == [NO_SIZE]:
        raise InputError(f"{made.qtl_path}: it does not tell how many samples there were", hint="--qtl_n N")
    for one in made.traits:
        if any(status == f"{NO_FREQUENCY}: {one.gwas.name}" for status in why):
            raise InputError(
                f"{os.fspath(one.gwas.path)}: no allele frequencies to estimate the trait's standard "
                "deviation from, and the QTLs have none either",
                hint="--eaf_name COLUMN, or --sd_y SD",
            )
    why += [f"{n:,} rows of the QTLs: {reason}" for reason, n in sorted(made.spool.rejected.items())]
    told = f" ({', '.join(why)})" if why else ""
    chromosomes = {region.chromosome for one in made.traits for region in one.regions}
    if of_egenes and not members.height and chromosomes & {*made.genes.frame["CHR"]}:
        raise NoSignalError(
            f"{made.qtl_path}: none of {made.genes.frame.height:,} significant genes begins in any of "
            f"{n_regions} regions"
        )
    raise NoVariantsError(
        f"{made.qtl_path}: nothing to colocalise in {n_regions} regions: {members.height} genes begin in "
        f"them, {len(made.spool.tested)} of these were tested there{told}",
        hint="are builds, chromosomes and ids of genes the same?",
    )
