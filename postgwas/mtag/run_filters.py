"""Restrictions of the merged variants: lists, chromosomes, homogeneous sample sizes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from postgwas.errors import ColumnError, InputError, NoVariantsError
from postgwas.mtag.options import MtagOptions, chromosome_number
from postgwas.mtag.run_merge import Aligned
from postgwas.runlog import get_logger
from postgwas.sumstats.compression import ByteStream

log = get_logger(__name__)

Mask = NDArray[np.bool_]


def restrict(aligned: Aligned, options: MtagOptions) -> Aligned:
    """Apply --include, --exclude, --only_chr and --homogNs in mtag.py's order.

    Raises
    ------
    NoVariantsError
        A restriction leaves nothing; the message names it.
    """
    aligned = _named(aligned, options)
    if options.only_chr and not (options.compat and options.no_chr_data):
        aligned = _kept(
            aligned, _on(aligned, options.only_chr), "--only_chr " + ",".join(options.only_chr),
            lambda: "they lie on chromosome " + ", ".join(map(str, np.unique(aligned.chr))),  # type: ignore[arg-type]
        )  # fmt: skip
    return _homogeneous(aligned, options)


def _named(aligned: Aligned, options: MtagOptions) -> Aligned:
    if options.include:
        included = variant_list(options.include, flag="--include")
        rows = aligned.snpid.is_in(included.implode()).to_numpy()
        aligned = _kept(
            aligned, rows, "--include " + ",".join(options.include),
            lambda: f"the list has ids such as {included[0]}, the traits such as {aligned.snpid[0]}",
        )  # fmt: skip
    if options.exclude:
        excluded = variant_list(options.exclude, flag="--exclude")
        rows = ~aligned.snpid.is_in(excluded.implode()).to_numpy()
        aligned = _kept(aligned, rows, "--exclude " + ",".join(options.exclude))
    return aligned


def _kept(aligned: Aligned, rows: Mask, what: str, why: Callable[[], str] | None = None) -> Aligned:
    kept = aligned.take(rows)
    log.info("%s: %s variants in, %s out", what, f"{len(aligned):,}", f"{len(kept):,}")
    if not len(kept):
        reason = f"; {why()}" if why is not None else ""
        raise NoVariantsError(f"{what} leaves none of the {len(aligned):,} shared variants{reason}")
    return kept


def variant_list(paths: Sequence[str], *, flag: str = "--include") -> pl.Series:
    """Ids in files of one id a line, or with a header that names the column (SNP, snpid, rsid, ...).

    Raises
    ------
    InputError, ColumnError
    """
    found: list[str] = []
    for path in paths:
        where = f"{flag} {path}"
        try:
            with ByteStream(Path(path)) as stream:
                data = b"".join(iter(partial(stream.read, 1 << 24), b""))
        except InputError as error:
            raise InputError(f"{flag} {error.message}", hint=error.hint) from None
        if b"\0" in data:
            raise InputError(f"{where}: binary data; expected variant ids as text, one a line")
        lines = [line.strip() for line in data.decode("utf-8-sig", errors="replace").splitlines()]
        lines = [line for line in lines if line]
        if not lines:
            raise InputError(f"{where}: the file is empty; expected variant ids, one a line")
        fields = [re.split(r"[,\t ]+", line) for line in lines]
        header = [name.lower() for name in fields[0]]
        column = next((header.index(name) for name in ID_NAMES if name in header), None)
        if column is not None:
            fields = fields[1:]
        elif len(fields[0]) > 1:
            raise ColumnError(
                f"{where}: no column of variant ids; columns found: {', '.join(fields[0])}; expected one "
                "called SNP, snpid or rsid, or a file with one id a line"
            )
        short = next((i for i, one in enumerate(fields) if len(one) <= (column or 0)), None)
        if short is not None:
            raise InputError(f"{where}: line {short + 2} has fewer columns than the header")
        if not fields:
            raise InputError(f"{where}: a header but no variant ids")
        found += [one[column or 0] for one in fields]
    return pl.Series("id", found, dtype=pl.String)


ID_NAMES = ("snp", "snpid", "rsid", "markername", "id", "variant_id", "variant")


def _on(aligned: Aligned, chromosomes: Sequence[str]) -> Mask:
    if aligned.chr is None:
        raise ColumnError("--only_chr needs a chromosome column; none was found", hint="--chr_name names it")
    return np.isin(aligned.chr, [chromosome_number(name) for name in chromosomes])


def _homogeneous(aligned: Aligned, options: MtagOptions) -> Aligned:
    frac, dist = options.homog_ns_frac, options.homog_ns_dist
    if frac is None and dist is None:
        return aligned
    n_traits = aligned.z.shape[1]
    name = "homog_ns_frac" if frac is not None else "homog_ns_dist"
    values = options.per_trait(name, n_traits)
    keep = np.ones(len(aligned), dtype=bool)
    for t, value in enumerate(values):
        if value is None:
            continue
        n = aligned.n[:, t]
        mode = modal(n[np.isfinite(n)])
        limit = value * mode if frac is not None else value
        # The division is mtag.py's: |N - mode| / mode <= frac.
        off = np.abs(n - mode) / mode <= value if frac is not None else np.abs(n - mode) <= limit
        passing = off | ~np.isfinite(n)
        log.info(
            "Trait %d: %s variants within %g of the modal N %g", t + 1, f"{passing.sum():,}", limit, mode
        )
        keep &= passing
    return _kept(aligned, keep, "--homogNs_" + ("frac" if frac is not None else "dist"))


def modal(values: NDArray[np.float64]) -> float:
    """The most frequent value, the smallest of several."""
    unique, counts = np.unique(values, return_counts=True)
    return float(unique[np.argmax(counts)])
