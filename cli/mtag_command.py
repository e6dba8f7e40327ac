"""Multi-trait analysis of GWAS: every flag of mtag.py 1.0.8, and what it lacks.

Reads two or more files of summary statistics of related traits (any format; columns are found
from the header, or named by the flags below), and writes trait-specific results with Omega,
Sigma and, on request, maxFDR. Flags may be written with _ or -.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from postgwas.cli.mtag_flags import NAME_FLAGS
from postgwas.cli.mtag_flags import add_arguments as add_arguments
from postgwas.cli.options import engine_arguments, header_names
from postgwas.errors import OutputError, UsageError

HELP = "multi-trait analysis of GWAS summary statistics, with maxFDR"


def run(args: argparse.Namespace) -> int:
    """Check the flags, run, and let the log tell the rest."""
    out = args.out
    if args.make_full_path:
        _make_folder(Path(os.path.dirname(out) or "."))
    if args.n_approx and args.exact_n:
        raise UsageError("--n_approx and --exact_n exclude each other")
    where = engine_arguments(args)
    common: dict[str, Any] = {
        "fdr_method": args.fdr_method,
        "fdr_starts": args.fdr_starts,
        "seed": args.seed,
        "grid_file": args.grid_file,
        "fit_ss": args.fit_ss,
        "intervals": args.intervals,
        "p_sig": args.p_sig,
        "n_approx": not args.exact_n,
        "mtag_compat": args.mtag_compat,
        "overwrite": args.overwrite,
        "quiet": args.quiet,
        "verbose": args.verbose,
        "stream_stdout": args.stream_stdout,
        "log_json": args.log_json,
        **where,
    }
    if args.skip_mtag:
        from postgwas.mtag.run import max_fdr_of_results

        max_fdr_of_results(out, **common)
        return 0
    sources = _strings(args.sumstats)
    if not sources:
        raise UsageError("no summary statistics given", hint="--sumstats FILE1,FILE2")
    from postgwas.mtag.run import mtag

    mtag(
        sources,
        ld_ref_panel=args.ld_ref_panel,
        out=out,
        trait_names=_strings(args.trait_names) or None,
        columns=_columns(args, len(sources)),
        header=header_names(args.columns),
        dialect_files=args.dialect_file,
        use_beta_se=args.use_beta_se,
        n_value=_numbers(args.n_value, "--n_value"),
        no_chr_data=args.no_chr_data,
        include=_strings(args.include),
        exclude=_strings(args.exclude),
        only_chr=_strings(args.only_chr),
        homog_ns_frac=_numbers(args.homogNs_frac, "--homogNs_frac"),
        homog_ns_dist=_numbers(args.homogNs_dist, "--homogNs_dist"),
        maf_min=_numbers(args.maf_min, "--maf_min"),
        n_min=_numbers(args.n_min, "--n_min"),
        n_max=_numbers(args.n_max, "--n_max"),
        info_min=_numbers(args.info_min, "--info_min"),
        incld_ambig_snps=args.incld_ambig_snps,
        no_allele_flipping=args.no_allele_flipping,
        median_z_cutoff=args.median_z_cutoff,
        force=args.force,
        gencov_path=args.gencov_path,
        residcov_path=args.residcov_path,
        no_overlap=args.no_overlap,
        perfect_gencov=args.perfect_gencov,
        equal_h2=args.equal_h2,
        numerical_omega=args.numerical_omega,
        tol=args.tol,
        time_limit=args.time_limit,
        n_blocks=args.n_blocks,
        std_betas=args.std_betas,
        meta_format=args.meta_format,
        fdr=args.fdr,
        figures=args.figures,
        ssf=args.ssf,
        genome_build=args.genome_build,
        store=args.store,
        store_name=args.store_name,
        **common,
    )
    return 0


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"--make_full_path: folder {folder} cannot be made: {error.strerror}", hint="give another --out"
        ) from None


def _strings(text: str | None) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()] if text else []


def _listed(text: str, flag: str, convert: Callable[[str], Any]) -> list[Any]:
    try:
        return [convert(item) for item in text.split(",")]
    except ValueError:
        raise UsageError(f"{flag} {text}: expected a number, or numbers separated by commas") from None


def _numbers(text: str | None, flag: str) -> float | list[float] | None:
    if text is None:
        return None
    values = _listed(text, flag, float)
    return values[0] if len(values) == 1 else values


def _columns(args: argparse.Namespace, n_traits: int) -> list[dict[str, str]]:
    found: list[dict[str, str]] = [{} for _ in range(n_traits)]
    for flag, canonical in NAME_FLAGS.items():
        text = getattr(args, flag)
        if text is None:
            continue
        names = _strings(text)
        if len(names) == 1:
            names *= n_traits
        if len(names) != n_traits:
            raise UsageError(f"--{flag} has {len(names)} names, expected 1 or {n_traits} (one for each file)")
        for columns, name in zip(found, names):
            columns[canonical] = name
    return found
