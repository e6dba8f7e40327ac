"""Flags of ``postgwas meta --method mama``."""

from __future__ import annotations

import argparse

from postgwas.cli.mama_flags import add_mama_flags, mama_options, population_list
from postgwas.cli.meta_unused import refuse_unused
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_mama_flags(parser)
    parser.add_argument(
        "--freq_from_scores", action="store_true",
        help="missing frequencies are those of the samples behind the LD scores (ANC1,ANC2=FILE)",
    )  # fmt: skip
    parser.add_argument(
        "--ld_weight_floor", type=float, default=0.0, metavar="SCORE",
        help="least LD score in the weights of the regressions: 1 for small panels [default: 0, as mama.py]",
    )  # fmt: skip
    parser.add_argument("--mama_compat", action="store_true", help="read and align exactly as mama.py")


def run(args: argparse.Namespace) -> int:
    """Run MAMA on the studies, each of one ancestry."""
    hints = {
        "maf_min": "--freq_bounds MIN MAX",
        "palindromic": "--allow_palindromic_snps",
        "columns": "postgwas harmonise --columns writes the files with a header",
    }
    formats = refuse_unused(args, formats=("parquet", "ssf", "tsv"), hints=hints)
    if not args.ld_scores:
        raise UsageError(
            "--method mama needs LD scores in and across ancestries", hint="--ld_scores FILE ..."
        )
    from postgwas.cli.meta import study_list
    from postgwas.meta.mama_options import Population
    from postgwas.meta.run_mama import mama

    if (
        args.sumstats
        and not (args.ancestry or args.studies)
        and all(s.count(",") == 2 for s in args.sumstats)
    ):
        populations = population_list(args.sumstats)
    else:
        studies = study_list(args).studies
        without = [study.name for study in studies if study.ancestry is None]
        if without:
            raise UsageError(
                f"--method mama: no ancestry is given for {', '.join(without)}",
                hint="--ancestry EUR,EAS as --sumstats, or --sumstats FILE,ANCESTRY,PHENOTYPE ...",
            )
        populations = [Population(s.path, str(s.ancestry), s.name, columns=s.columns, n=s.n) for s in studies]
    mama(
        populations, args.ld_scores, out=args.out, options=mama_options(args, mama_compat=args.mama_compat),
        out_reg_coef=args.out_reg_coef, out_harmonized=args.out_harmonized, formats=formats,
        store=args.store, overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0
