"""Figures of QTL results: each is drawn if what it needs is given.

OUT.qq (--nominal, --leads), OUT.tss_distance and OUT.volcano (--leads; effects of --afc), OUT.factors
(--factors), OUT.sharing and OUT.effects (--sharing, --sharing_effects), OUT.genotype.PHENOTYPE.VARIANT
(--genotypes and --phenotypes, at the best leads or at --pair).
"""

from __future__ import annotations

import argparse

from postgwas.cli.eqtl_sharing import named_files
from postgwas.cli.options import add_genotype_options, add_run_options, genotype_selection
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    group = parser.add_argument_group("results (text, Parquet or STUDY.h5::KEY)")
    group.add_argument("--leads", metavar="FILE", help="of eqtl permute or independent, or a peer's")
    group.add_argument("--nominal", metavar="FILE", help="of eqtl cis; in a KEY * stands for anything")
    group.add_argument("--afc", metavar="FILE", help="of eqtl afc")
    group.add_argument(
        "--factors", nargs="+", metavar="K=FILE",
        help="permutation results with K hidden factors each; or one table of expression peer",
    )  # fmt: skip
    group.add_argument("--sharing", metavar="FILE", help="OUT.sharing of eqtl sharing")
    group.add_argument("--sharing_effects", metavar="FILE", help="OUT.sharing_effects of eqtl sharing")
    add_genotype_options(parser, required=False)
    model = parser.add_argument_group("expression by genotype")
    model.add_argument("--phenotypes", metavar="FILE.bed.gz", help="phenotype BED")
    model.add_argument("--covariates", metavar="FILE", help="numbers, taken out of the expression")
    model.add_argument(
        "--unmatched", choices=("refuse", "drop"), default="refuse",
        help="samples of the phenotypes that genotypes or covariates do not have [default: refuse]",
    )  # fmt: skip
    model.add_argument(
        "--pair", nargs=2, action="append", default=[], metavar=("PHENOTYPE", "VARIANT"),
        help="draw this pair, not the best leads; may be repeated",
    )  # fmt: skip
    model.add_argument("--n_leads", type=int, default=4, metavar="N", help="best leads drawn [default: 4]")
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of the files")
    output.add_argument("--fdr", type=float, default=0.05, metavar="Q", help="[default: 0.05]")
    output.add_argument(
        "--figure_format", nargs="+", default=["png"], choices=("png", "svg", "pdf"), help="[default: png]"
    )
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Draw and write."""
    from postgwas.qtl.inputs import QtlInputOptions
    from postgwas.qtl.run_plot import FigureInputs, FigureOptions, qtl_figures

    for flag in ("maf_min", "max_missing"):
        if getattr(args, flag) is not None:
            raise UsageError(f"--{flag} is of no effect on figures", hint="leave it out")
    options = QtlInputOptions(
        unmatched=args.unmatched, dosage=args.dosage, selection=genotype_selection(args)
    )
    given = FigureInputs(
        leads=args.leads, nominal=args.nominal, afc=args.afc, factors=_factors(args.factors),
        sharing=args.sharing, sharing_effects=args.sharing_effects, genotypes=args.genotypes,
        phenotypes=args.phenotypes, covariates=args.covariates, pairs=[tuple(pair) for pair in args.pair],
    )  # fmt: skip
    qtl_figures(
        given, args.out, options=FigureOptions(args.fdr, tuple(args.figure_format), args.n_leads),
        inputs=options, overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0


def _factors(given: list[str] | None) -> dict[int, str] | str | None:
    """Files by number of factors, or the one table."""
    if given is None:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    files = named_files(given, "--factors")
    wrong = [name for name in files if not name.isdigit()]
    if wrong:
        raise UsageError(f"--factors {wrong[0]}={files[wrong[0]]}: expected a number of factors")
    return {int(name): path for name, path in files.items()}
