"""Expression against polygenic scores (eQTS): scores from summary statistics, tested on all phenotypes.

Writes OUT.eqts.tsv.gz (a line a score and phenotype; effects per standard deviation of the score),
OUT.scores.tsv.gz (a line a sample), OUT.score_variants.tsv.gz, OUT.eqts.rejected.tsv.gz and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.eqtl_options import add_qtl_inputs, add_qtl_outputs, qtl_options
from postgwas.cli.options import engine_arguments
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_qtl_inputs(parser, window=None)
    scores = parser.add_argument_group("scores")
    scores.add_argument(
        "--sumstats", required=True, metavar="FILE,FILE,...",
        help="summary statistics or weights, a file a trait, in any dialect",
    )  # fmt: skip
    scores.add_argument(
        "--pval",
        metavar="P,P,...",
        help="a score for each: variants of this P or less [default: all variants]",
    )
    scores.add_argument(
        "--clump_r2", type=float, metavar="R2",
        help="clump first: of variants with a higher squared correlation the one of the smallest P stays "
        "[default: weights as given]",
    )  # fmt: skip
    scores.add_argument(
        "--clump_window", type=int, default=250_000, metavar="BASES",
        help="to each side of the variant that stays [default: 250000]",
    )  # fmt: skip
    scores.add_argument(
        "--palindromic", choices=("infer", "drop", "keep"), default="infer",
        help="A/T and C/G SNPs: strand by frequency, left out, or taken as forward [default: infer]",
    )  # fmt: skip
    scores.add_argument(
        "--palindromic_maf", type=float, default=0.4, metavar="MAF",
        help="with infer: largest minor allele frequency [default: 0.4]",
    )  # fmt: skip
    add_qtl_outputs(parser, "OUT.eqts.tsv.gz")


def run(args: argparse.Namespace) -> int:
    """Test and write."""
    where = engine_arguments(args)
    from postgwas.qtl.run_score import ScoreSettings
    from postgwas.qtl.write_eqts import eqts_files

    sumstats = [name.strip() for name in args.sumstats.split(",") if name.strip()]
    settings = ScoreSettings(
        _limits(args.pval), args.clump_r2, args.clump_window, args.palindromic, args.palindromic_maf
    )
    eqts_files(
        args.genotypes, args.phenotypes, args.out, sumstats=sumstats, covariates=args.covariates,
        options=qtl_options(args), settings=settings, format=args.format, store=args.store,
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0


def _limits(text: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in (text or "").split(",") if part.strip())
    except ValueError:
        raise UsageError(f"--pval {text}: expected numbers, such as 5e-8,1e-3") from None
