"""Restrictions of the merged variants: lists, chromosomes, homogeneous sample sizes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from postgwas.errors import ColumnError, InputError, NoVariantsError
from postgwas.mtag.options import MtagOptions
from postgwas.mtag.run_merge import Aligned
from postgwas.runlog import get_logger
from postgwas.sumstats.compression import ByteStream

log = get_logger(__name__)

Mask = NDArray[np.bool_]

CHROMOSOMES = {"X": 23, "Y": 24, "MT": 25, "M": 25}


def restrict(aligned: Aligned, options: MtagOptions) -> Aligned:
    """Apply --include, --exclude, --only_chr and --homogNs in mtag.py's order.

    Raises
    ------
    NoVariantsError
        A restriction leaves nothing; the message names it.
    """
    aligned = _named(aligned, options)
    if options.only_chr and not (options.compat and options.no_chr_data):
        aligned = _kept(aligned, _on(aligned, options.only_chr), "--only_chr " + ",".join(options.only_chr))
    return _homogeneous(aligned, options)


def _named(aligned: Aligned, options: MtagOptions) -> Aligned:
    if options.include:
        listed = variant_list(options.include)
        aligned = _kept(aligned, aligned.snpid.is_in(listed.implode()).to_numpy(), "--include")
    if options.exclude:
        listed = variant_list(options.exclude)
        aligned = _kept(aligned, ~aligned.snpid.is_in(listed.implode()).to_numpy(), "--exclude")
    return aligned


def _kept(aligned: Aligned, rows: Mask, what: str) -> Aligned:
    kept = aligned.take(rows)
    log.info("%s: %s variants in, %s out", what, f"{len(aligned):,}", f"{len(kept):,}")
    if not len(kept):
        raise NoVariantsError(f"{what} leaves none of {len(aligned):,} variants")
    return kept


def variant_list(paths: Sequence[str]) -> pl.Series:
    """Ids in files of one id a line, or with a header that names the column (SNP, snpid, rsid, ...).

    Raises
    ------
    InputError, ColumnError
    """
    found: list[str] = []
    for path in paths:
        with ByteStream(Path(path)) as stream:
            text = b"".join(iter(partial(stream.read, 1 << 24), b"")).decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if not lines:
            raise InputError(f"{path} is empty; expected variant ids, one a line")
        fields = [re.split(r"[,\t ]+", line) for line in lines]
        header = [name.lower() for name in fields[0]]
        column = next((header.index(name) for name in ID_NAMES if name in header), None)
        if column is not None:
            fields = fields[1:]
        elif len(fields[0]) > 1:
            raise ColumnError(
                f"{path}: no column of variant ids among {', '.join(fields[0])}; expected SNP or snpid"
            )
        short = next((i for i, one in enumerate(fields) if len(one) <= (column or 0)), None)
        if short is not None:
            raise InputError(f"{path}: line {short + 2} has fewer columns than the header")
        found += [one[column or 0] for one in fields]
    return pl.Series("id", found, dtype=pl.String)


ID_NAMES = ("snp", "snpid", "rsid", "markername", "id", "variant_id", "variant")


def _on(aligned: Aligned, chromosomes: Sequence[str]) -> Mask:
    if aligned.chr is None:
        raise ColumnError("--only_chr needs a chromosome column; none was found", hint="--chr_name names it")
    wanted = []
    for name in chromosomes:
        short = name.strip().upper().removeprefix("CHR")
        code = CHROMOSOMES.get(short) or (int(short) if short.isdigit() else 0)
        if not 1 <= code <= 25:
            raise ColumnError(f"--only_chr {name}: expected 1 to 22, X, Y or MT")
        wanted.append(code)
    return np.isin(aligned.chr, wanted)


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
