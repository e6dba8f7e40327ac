"""log2 allelic fold changes of pairs of genes and variants, from raw counts.

Takes independent signals, leads or any list of pairs (--qtl); the variants of a gene are fitted together.
Writes OUT.afc.tsv.gz (a line a pair; effects are per copy of effect_allele), OUT.afc.rejected.tsv.gz (pairs
without an estimate or an interval, and why) and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.eqtl_options import add_qtl_outputs, qtl_options
from postgwas.cli.options import add_genotype_options, engine_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_genotype_options(parser)
    model = parser.add_argument_group("pairs and model")
    model.add_argument(
        "--qtl", required=True, metavar="FILE",
        help="pairs: phenotype_id and variant_id, as eqtl independent or permute writes them, or a peer's; "
        "or STUDY.h5::KEY",
    )  # fmt: skip
    model.add_argument("--max_q", type=float, metavar="Q", help="only pairs of --qtl with qval up to this")
    model.add_argument(
        "--counts", "--expression", "--phenotypes", required=True, metavar="FILE",
        help="raw counts of all genes, in any layout that postgwas expression reads",
    )  # fmt: skip
    model.add_argument(
        "--unit", choices=("counts", "log2"),
        help="log2: values are log2 expression already [default: counts, put on one scale by DESeq2's size "
        "factors; what looks like logarithms is refused]",
    )  # fmt: skip
    model.add_argument("--covariates", metavar="FILE", help="numbers, fitted together with the effects")
    model.add_argument(
        "--unmatched", choices=("refuse", "drop"), default="refuse",
        help="samples of the counts that genotypes or covariates do not have [default: refuse]",
    )  # fmt: skip
    model.add_argument(
        "--estimator", choices=("nls", "approximation", "linear"), default="nls",
        help="nls: least squares of the model; approximation: aFC.py's closed forms, each variant alone; "
        "linear: twice the slope, as tensorQTL [default: nls]",
    )  # fmt: skip
    model.add_argument("--alone", action="store_true", help="each variant alone, not a gene's together")
    model.add_argument(
        "--phase", choices=("unknown", "haplotypes"), default="unknown",
        help="haplotypes: use the phases of a VCF, BCF or .pgen, as aFC-n [default: mean over phases]",
    )  # fmt: skip
    model.add_argument(
        "--missing", choices=("mean", "drop"), default="mean",
        help="missing calls: the variant's mean, or leave the sample out of the gene [default: mean]",
    )  # fmt: skip
    model.add_argument(
        "--max_r2", type=float, default=0.99, metavar="R2",
        help="a variant that covariates and earlier variants of its gene explain to this share is refused "
        "[default: 0.99]",
    )  # fmt: skip
    model.add_argument("--interval", choices=("delta", "bootstrap"), default="delta", help="[default: delta]")
    model.add_argument("--n_boot", type=int, default=1000, metavar="N", help="replicates [default: 1000]")
    model.add_argument("--seed", type=int, metavar="N", help="of the bootstrap [default: drawn and told]")
    model.add_argument("--level", type=float, default=0.95, help="of the intervals [default: 0.95]")
    add_qtl_outputs(parser, "OUT.afc.tsv.gz")


def run(args: argparse.Namespace) -> int:
    """Fit and write."""
    where = engine_arguments(args)
    from postgwas.qtl.afc_result import AfcOptions
    from postgwas.qtl.run_afc import AfcRun, afc_files

    fit = AfcOptions(
        estimator=args.estimator, missing=args.missing, max_r2=args.max_r2, level=args.level,
        interval=args.interval, n_boot=args.n_boot, seed=args.seed,
    )  # fmt: skip
    afc_files(
        args.qtl, args.genotypes, args.counts, args.out, covariates=args.covariates,
        options=qtl_options(args),
        afc=AfcRun(fit, together=not args.alone, phase=args.phase, unit=args.unit, max_q=args.max_q),
        format=args.format, store=args.store, overwrite=args.overwrite, quiet=args.quiet,
        log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
