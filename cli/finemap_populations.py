"""Flags of ``postgwas finemap`` that may be lists: one file or number a population."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from postgwas.errors import UsageError

if TYPE_CHECKING:
    from postgwas.finemap.run_populations import Population

_FILES = ("genotypes", "ld", "ld_variants", "covariates")
_LISTS = ("keep", "remove", "extract", "exclude")
_NUMBERS = ("n", "n_cases", "n_controls")
_SUFFIXES = (".gz", ".bgz", ".bz2", ".xz", ".zst", ".zip")


def population_arguments(args: argparse.Namespace) -> list[Population]:
    """One population a file of summary statistics, with what the other flags say of it.

    Raises
    ------
    UsageError
        If there is no file, or a flag has another number of values than there are files.
    """
    from postgwas.finemap.run_populations import Population, list_of
    from postgwas.genotypes.selection import Selection

    if args.files and args.sumstats:
        raise UsageError(f"{args.files} and --sumstats {args.sumstats}: summary statistics are given twice")
    files = list_of(args.files or args.sumstats)
    if not files:
        raise UsageError("no summary statistics are given", hint="postgwas finemap FILE ...")
    k = len(files)
    parts: dict[str, Sequence[Any]] = {
        flag: _spread(list_of(getattr(args, flag)), flag, k) for flag in (*_FILES, *_LISTS)
    }
    numbers = {flag: [_number(text, flag) for text in _spread(list_of(getattr(args, flag)), flag, k)]
               for flag in _NUMBERS}  # fmt: skip
    _own_ld(args, parts, k)
    names = list_of(args.names) or _stems(files)
    if len(names) != k:
        raise UsageError(f"--names: {len(names)} names for {k} files of summary statistics")
    return [
        Population(
            names[at], files[at], genotypes=parts["genotypes"][at], ld=parts["ld"][at],
            ld_variants=parts["ld_variants"][at], covariates=parts["covariates"][at], n=numbers["n"][at],
            n_cases=numbers["n_cases"][at], n_controls=numbers["n_controls"][at],
            selection=Selection(
                **{flag: parts[flag][at] for flag in _LISTS}, maf_min=args.maf_min,
                max_missing=args.max_missing,
            ),
        )
        for at in range(k)
    ]  # fmt: skip


def figure_formats(args: argparse.Namespace) -> list[str]:
    """Formats of ``--figures``, none without it.

    Raises
    ------
    UsageError
        If figures are not asked for but something about them is.
    """
    if not args.figures:
        if args.gtf is not None:
            raise UsageError("--gtf without --figures: genes are for figures")
        return []
    return [one.strip() for one in args.figure_format.split(",") if one.strip()]


def single_arguments(one: Population) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `finemap_files` takes of one population, and its sample sizes."""
    files = {flag: getattr(one, flag) for flag in ("sumstats", "selection", *_FILES)}
    return files, {flag: getattr(one, flag) for flag in _NUMBERS}


def _spread(given: list[str], flag: str, k: int) -> list[str | None]:
    """One value for all, or one each."""
    if len(given) in (0, 1):
        return [given[0] if given else None] * k
    if len(given) != k:
        raise UsageError(f"--{flag}: {len(given)} values for {k} files of summary statistics")
    return list(given)


def _own_ld(args: argparse.Namespace, parts: dict[str, Sequence[Any]], k: int) -> None:
    """Refuse one LD for several populations."""
    if k == 1:
        return
    for flag in ("ld", "genotypes"):
        given = parts[flag]
        if given[0] is not None and len(set(given)) < k and len(set(parts["keep"])) < k:
            raise UsageError(
                f"--{flag} {getattr(args, flag)}: {k} populations need LD of their own",
                hint=f"--{flag} A,B,C" + ("; or one file and --keep A,B,C" if flag == "genotypes" else ""),
            )


def _number(text: str | None, flag: str) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--{flag} {text}: expected a number") from None


def _stems(files: Sequence[str]) -> list[str]:
    """Names of files without what they end in; the file names in full where these are the same."""
    found = []
    for path in files:
        name = path.rsplit("/", 1)[-1]
        for suffix in _SUFFIXES:
            name = name.removesuffix(suffix)
        found.append(name.rsplit(".", 1)[0] if "." in name else name)
    return found if len(set(found)) == len(found) else [f"{name}_{at}" for at, name in enumerate(found, 1)]
