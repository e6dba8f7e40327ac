"""Munge a file of summary statistics: read, judge each row, compute Z, write ``.sumstats.gz``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from postgwas.columns.texts import Keeper
from postgwas.destination import check_store
from postgwas.errors import OutputError, UsageError
from postgwas.runlog import get_logger, run_log
from postgwas.sumstats.munge import filters, lines
from postgwas.sumstats.munge.allele_list import read_allele_list
from postgwas.sumstats.munge.collect import Collector
from postgwas.sumstats.munge.columns import Columns, columns_as_ldsc
from postgwas.sumstats.munge.header import columns_of_header
from postgwas.sumstats.munge.options import CHUNKSIZE, MungeOptions
from postgwas.sumstats.munge.output import output_table
from postgwas.sumstats.munge.result import Munged
from postgwas.sumstats.munge.source import Source, vcf_batches
from postgwas.sumstats.munge.statistic import summarise
from postgwas.sumstats.munge.steps import (
    check_median,
    collect,
    drop_duplicates,
    give_signs,
    match_alleles,
    say,
    settle_n,
    tell_filters,
)
from postgwas.sumstats.munge.write_text import write_rejected_rows, write_table

log = get_logger("sumstats.munge")


def munge(
    path: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    n: float | None = None,
    n_cas: float | None = None,
    n_con: float | None = None,
    info_min: float = 0.9,
    maf_min: float = 0.01,
    daner: bool = False,
    daner_n: bool = False,
    no_alleles: bool = False,
    merge_alleles: str | os.PathLike[str] | None = None,
    n_min: float | None = None,
    chunksize: int = CHUNKSIZE,
    header: Sequence[str] | None = None,
    snp: str | None = None,
    n_col: str | None = None,
    n_cas_col: str | None = None,
    n_con_col: str | None = None,
    a1: str | None = None,
    a2: str | None = None,
    p: str | None = None,
    frq: str | None = None,
    signed_sumstats: str | None = None,
    info: str | None = None,
    info_list: str | None = None,
    nstudy: str | None = None,
    nstudy_min: float | None = None,
    ignore: str | None = None,
    a1_inc: bool = False,
    keep_maf: bool = False,
    ldsc_compat: bool = False,
    store: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    quiet: bool = True,
    log_json: bool = False,
) -> Munged:
    """Bring summary statistics into the form that ldsc reads, by munge_sumstats.py's rules.

    Names of columns are compared without regard to letter case, with ``-`` and ``.`` as ``_``.

    Parameters
    ----------
    path : path-like
        Text, plain or compressed, of any dialect that the reader of this package knows, or a GWAS-VCF.
    out : path-like, optional
        Prefix of the files to write: ``<out>.sumstats.gz``, ``<out>.log``, ``<out>.rejected.tsv.gz``.
        None writes nothing.
    n, n_cas, n_con : float, optional
        Sample size for all SNPs; goes before columns of the file (with `ldsc_compat` after them).
    info_min : float
        Keep INFO >= this.
    maf_min : float
        Keep MAF > this.
    daner, daner_n : bool
        The file is a daner file with N in the headers FRQ_A and FRQ_U, or in columns Nca and Nco.
    no_alleles : bool
        Do without alleles: the result is good for heritability alone.
    merge_alleles : path-like, optional
        A file with columns SNP, A1, A2: keep these SNPs, if their alleles agree.
    n_min : float, optional
        Keep N >= this. Default: the 90th percentile of N, divided by 1.5.
    chunksize : int
        Accepted for munge_sumstats.py's sake; memory does not grow with the file.
    header : sequence of str, optional
        Names of all columns of a file that has no header line; ``"-"`` for one to leave out.
    snp, n_col, n_cas_col, n_con_col, a1, a2, p, frq, info, nstudy : str, optional
        Names of columns.
    signed_sumstats : str, optional
        Column that tells the direction, and its null value: ``"BETA,0"``, ``"OR,1"``.
    info_list : str, optional
        INFO columns, separated by commas; their mean must reach `info_min`.
    nstudy_min : float, optional
        Keep NSTUDY >= this, where there is no N per SNP. Default: the largest.
    ignore : str, optional
        Columns not to use, separated by commas.
    a1_inc : bool
        A1 is the increasing allele in every row: Z is positive.
    keep_maf : bool
        Write the allele frequency too.
    ldsc_compat : bool
        Do everything as munge_sumstats.py 1.0.1 does, see ``docs/methods/munge.md``.
    store : path-like, optional
        A study's store, which gets the result as ``sumstats/<name of out or file>``.
    overwrite : bool
        Replace results that exist.
    quiet : bool
        Only warnings and errors on the terminal.
    log_json : bool
        Write the log as JSON lines.

    Returns
    -------
    Munged

    Raises
    ------
    UsageError
        The arguments contradict each other.
    InputError, ColumnError
        A file is missing or damaged, a column is missing, or the median of the signed statistic is
        not near its null value.
    NoVariantsError
        No SNP is left; the message counts where they went.
    OutputError
        A result exists or cannot be written.

    References
    ----------
    Bulik-Sullivan et al. (2015) Nat Genet 47:291, doi:10.1038/ng.3211; its program ldsc 1.0.1.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "trait.txt"
    >>> _ = file.write_text("SNP A1 A2 BETA P N\\nrs1 A G -0.02 0.05 1000\\nrs2 C T 0.01 0.5 1000\\n")
    >>> munge(file).frame["Z"].round(2).to_list()
    [-1.96, 0.67]
    """
    options = MungeOptions(
        n=n, n_cas=n_cas, n_con=n_con, info_min=info_min, maf_min=maf_min, daner=daner, daner_n=daner_n,
        no_alleles=no_alleles, merge_alleles=merge_alleles, n_min=n_min, chunksize=chunksize, snp=snp,
        n_col=n_col, n_cas_col=n_cas_col, n_con_col=n_con_col, a1=a1, a2=a2, p=p, frq=frq,
        signed_sumstats=signed_sumstats, info=info, info_list=info_list, nstudy=nstudy, nstudy_min=nstudy_min,
        ignore=ignore, a1_inc=a1_inc, keep_maf=keep_maf, ldsc_compat=ldsc_compat,
    )  # fmt: skip
    options.check()
    prefix = None if out is None else os.fspath(out)
    _check_outputs(prefix, overwrite=overwrite)
    key = f"sumstats/{Path(prefix or path).name.split('.')[0]}"
    check_store(store, [key], overwrite=overwrite)
    begin = time.perf_counter()
    log_path = None if prefix is None else f"{prefix}.log"
    with run_log(log_path, quiet=quiet, json_lines=log_json, fresh=True, plain=True):
        result = _munged(path, options, prefix, header)
        if prefix is not None:
            result = _write(result, prefix, overwrite=overwrite, decimals=ldsc_compat)
        if store is not None:
            from postgwas.sumstats.munge.write_store import write_store

            write_store(result, store, key, options, overwrite=overwrite, begin=begin)
            say(f"Stored as {key} in {os.fspath(store)}.")
        say("", *lines.metadata(result.summary), "")
        say(f"Conversion finished at {time.ctime()}")
        say(f"Total time elapsed: {round(time.perf_counter() - begin, 2)}s")
    return result


def _check_outputs(prefix: str | None, *, overwrite: bool) -> None:
    if prefix is None:
        return
    if not os.path.basename(prefix):
        raise UsageError(f"--out {prefix}: expected the beginning of file names, not a folder")
    for suffix in (".sumstats.gz", ".rejected.tsv.gz"):
        if not overwrite and Path(f"{prefix}{suffix}").exists():
            raise OutputError(f"{prefix}{suffix}: the file exists already", hint="--overwrite replaces it")


def _munged(
    path: str | os.PathLike[str], options: MungeOptions, prefix: str | None, header: Sequence[str] | None
) -> Munged:
    keeper, check = Keeper(), not options.no_alleles
    with Source(path, header=header) as source:
        alleles = None
        if source.vcf:
            n = options.constant_n
            columns, batches, warnings = vcf_batches(path, keeper, n=n, check_alleles=check)
        else:
            choose: Callable[..., Columns] = columns_as_ldsc if options.ldsc_compat else columns_of_header
            columns = choose(source.layout.names, options, source=source.path)
            strict, warnings = options.ldsc_compat, source.warnings
            batches = source.batches(columns, keeper, strict=strict, check_alleles=check)
        _tell_columns(columns)
        if options.merge_alleles is not None:
            say(f"Reading list of SNPs for allele merge from {os.fspath(options.merge_alleles)}")
            alleles = read_allele_list(options.merge_alleles, keeper)
            say(f"Read {len(alleles)} SNPs for allele merge.")
        say(f"Reading sumstats from {source.path} into memory {options.chunksize} SNPs at a time.")
        collector = Collector(columns, options, keeper, alleles.index() if alleles else None)
        work = collect(collector, batches, source.path)
        for warning in warnings:
            log.warning("%s", warning)
        whole_n, unread = source.whole_n, source.rejected
    if unread:
        count = sum(part.height for part in unread)
        log.warning("%s: %d lines could not be read as rows", source.path, count)
    tell_filters(collector, options, len(work))
    drop_duplicates(work)
    n_min = settle_n(work, options)
    median = check_median(work, source.path)
    give_signs(work)
    take = None if alleles is None else match_alleles(work, alleles, source.path)
    summary = summarise(work.rows["Z"] if take is None else work.rows["Z"][take[take >= 0]])
    table = output_table(work.rows, columns, options, whole_n=whole_n, take=take, alleles=alleles)
    target = "" if prefix is None else f" to {prefix}.sumstats.gz"
    known = f"{table.n_known()} with nonmissing beta"
    say(f"Writing summary statistics for {len(table)} SNPs ({known}){target}.")
    collector.rejected.put_first(unread, keeper)
    return Munged(
        table=table,
        source=source.path,
        columns=columns,
        n_rows=collector.n_rows,
        counts=dict(zip(filters.REASONS, collector.counts.tolist())),
        n_min=n_min,
        median=median,
        summary=summary,
        removed=collector.rejected,
        warnings=(*columns.warnings, *warnings),
    )


def _write(result: Munged, prefix: str, *, overwrite: bool, decimals: bool) -> Munged:
    """Write ``<prefix>.sumstats.gz`` and, if rows were removed, ``<prefix>.rejected.tsv.gz``."""
    path = Path(f"{prefix}.sumstats.gz")
    write_table(result.table.columns, path, overwrite=overwrite, decimals=decimals)
    rejected = Path(f"{prefix}.rejected.tsv.gz")
    if len(result.removed):
        write_rejected_rows(result.removed, rejected, overwrite=overwrite)
    elif overwrite:
        rejected.unlink(missing_ok=True)
    return replace(result, path=path)


def _tell_columns(columns: Columns) -> None:
    say(*columns.notes, "Interpreting column names as follows:")
    say(*(f"{column}:\t{meaning}" for column, meaning in columns.described), "")
    for warning in columns.warnings:
        log.warning("%s", warning)
