"""Counts to expression that is ready for QTL mapping.

Filters genes, puts samples on one scale (TMM and others, exactly as edgeR and DESeq2), transforms,
and writes a phenotype BED that FastQTL, tensorQTL and QTLtools read. The defaults are MAGE's and GTEx's:
TMM over all genes, then genes with >= 6 reads and >= 0.1 TPM in >= 20 % of samples, then the rank-based
inverse normal transform.
"""

from __future__ import annotations

import argparse
from typing import Any

from postgwas.cli.options import add_matrix_input, add_run_options, add_store_options, matrix_input
from postgwas.errors import UsageError

FILTERS = ("mage", "gtex", "edger", "custom", "none")
NORMS = ("tmm", "tmmwsp", "rle", "uq", "deseq2", "poscounts", "qn", "none")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    _add_files(parser.add_argument_group("input and output"))
    _add_filter(parser.add_argument_group("which genes"))
    _add_scale(parser.add_argument_group("scale and transform"))
    _add_batches(parser.add_argument_group("batches"))
    add_store_options(parser)
    add_run_options(parser)


def _add_files(group: Any) -> None:
    add_matrix_input(group, "counts, genes x samples: TSV, GCT, featureCounts, Parquet")
    group.add_argument("--out", required=True, metavar="PREFIX", help="prefix of the files to write")
    group.add_argument(
        "--tpm", metavar="FILE", help="TPM of the same genes and samples [default: from counts and lengths]"
    )
    group.add_argument("--gtf", metavar="FILE", help="places and lengths of genes")
    group.add_argument("--lengths", metavar="FILE", help="two columns: a gene and its length in bases")
    group.add_argument("--strip_versions", action="store_true", help="drop .2 at the end of gene ids")
    group.add_argument(
        "--min_annotated", type=float, default=0.5, metavar="SHARE",
        help="least share of genes that the GTF must have [default: %(default)s]",
    )  # fmt: skip
    group.add_argument("--samples", metavar="FILE", help="use only these samples, the first column")
    group.add_argument(
        "--sample_to_participant", metavar="FILE",
        help="two columns: a sample and the name that it gets; samples that are not in it are left out",
    )  # fmt: skip
    group.add_argument(
        "--chr", metavar="NAME,NAME,...", help="write only genes on these chromosomes, in any style"
    )
    group.add_argument("--no_bed", action="store_true", help="no BED: genes need no place")
    group.add_argument("--figures", action="store_true", help="draw PREFIX.prepare.png")
    group.add_argument("--name", help="name in the store [default: the prefix' last part]")


def _add_filter(group: Any) -> None:
    group.add_argument(
        "--filter", choices=FILTERS, default="mage",
        help="mage: counts >= 6 and TPM >= 0.1, each in 20 %% of samples; gtex: the same with TPM > 0.1; "
        "edger: filterByExpr; custom: the limits below [default: mage]",
    )  # fmt: skip
    group.add_argument("--min_count", type=float, metavar="N", help="smallest count [default: 6; edger: 10]")
    group.add_argument("--min_tpm", type=float, metavar="X", help="smallest TPM [default: 0.1]")
    group.add_argument("--min_share", type=float, metavar="SHARE", help="of samples [default: 0.2]")
    group.add_argument(
        "--cpm_for_tpm", action="store_true", help="look at CPM where there is no TPM and no gene length"
    )
    group.add_argument("--min_total_count", type=float, default=15.0, metavar="N", help="edger [default: 15]")
    group.add_argument("--large_n", type=int, default=10, metavar="N", help="edger [default: 10]")
    group.add_argument("--min_prop", type=float, default=0.7, metavar="SHARE", help="edger [default: 0.7]")
    group.add_argument("--group", metavar="COLUMN", help="edger: groups, a column of --sample_sheet")


def _add_scale(group: Any) -> None:
    group.add_argument(
        "--norm", choices=NORMS, default="tmm",
        help="edgeR's tmm, tmmwsp, rle, uq (upper quartile); DESeq2's deseq2 (ratio), poscounts; qn: "
        "quantile normalisation of TPM; none: CPM [default: tmm]",
    )  # fmt: skip
    group.add_argument(
        "--factors_from", choices=("all", "kept"), default="all",
        help="factors from all genes, as GTEx, or from those that the filter keeps [default: all]",
    )  # fmt: skip
    group.add_argument("--logratio_trim", type=float, default=0.3, metavar="SHARE", help="[default: 0.3]")
    group.add_argument("--sum_trim", type=float, default=0.05, metavar="SHARE", help="[default: 0.05]")
    group.add_argument("--no_weighting", action="store_true", help="tmm: plain means")
    group.add_argument("--acutoff", type=float, default=-1e10, metavar="A", help="tmm [default: none]")
    group.add_argument("--p", type=float, default=0.75, metavar="P", help="quantile of uq [default: 0.75]")
    group.add_argument(
        "--transform", choices=("int", "log2", "none"), default="int",
        help="int: inverse normal of ranks over samples; log2 [default: int]",
    )  # fmt: skip
    group.add_argument(
        "--offset", default="0", metavar="C",
        help="int: c of (rank - c)/(n + 1 - 2c): 0, blom, tukey, rankit or a number [default: 0]",
    )  # fmt: skip
    group.add_argument(
        "--ties", choices=("average", "min", "max", "first"), default="average",
        help="int: rank of equal values [default: average]",
    )  # fmt: skip
    group.add_argument(
        "--prior_count", type=float, default=2.0, metavar="N", help="log2 of CPM, as edgeR's [default: 2]"
    )


def _add_batches(group: Any) -> None:
    group.add_argument(
        "--sample_sheet",
        "--sheet",
        metavar="FILE",
        help="a table with a column sample, by the names at the end",
    )
    group.add_argument("--batch", metavar="COLUMN", help="take this batch out of log2 expression, as limma")
    group.add_argument("--batch2", metavar="COLUMN", help="a second one")
    group.add_argument("--batch_covariates", metavar="COLUMN,COLUMN,...", help="numbers to take out too")
    group.add_argument("--keep_design", metavar="COLUMN,COLUMN,...", help="effects that must stay")


def run(args: argparse.Namespace) -> int:
    """Run it; the log tells the rest."""
    from postgwas.expression.prepare_options import FilterOptions, PrepareOptions
    from postgwas.expression.run_prepare import prepare
    from postgwas.expression.sample_scale import FactorOptions

    options = PrepareOptions(
        filter=FilterOptions(
            rule=args.filter,
            min_count=args.min_count,
            min_tpm=args.min_tpm,
            min_share=args.min_share,
            min_total_count=args.min_total_count,
            large_n=args.large_n,
            min_prop=args.min_prop,
            cpm_for_tpm=args.cpm_for_tpm,
        ),
        norm=args.norm,
        factors=FactorOptions(
            logratio_trim=args.logratio_trim,
            sum_trim=args.sum_trim,
            do_weighting=not args.no_weighting,
            acutoff=args.acutoff,
            p=args.p,
        ),
        factors_from=args.factors_from,
        transform=args.transform,
        offset=_offset(args.offset),
        ties=args.ties,
        prior_count=args.prior_count,
        lengths=args.lengths,
        samples=args.samples,
        sample_to_participant=args.sample_to_participant,
        sample_sheet=args.sample_sheet,
        group=args.group,
        batch=args.batch,
        batch2=args.batch2,
        batch_covariates=_names(args.batch_covariates),
        keep_design=_names(args.keep_design),
        chromosomes=_names(args.chr) or None,
        strip_versions=args.strip_versions,
        min_annotated=args.min_annotated,
    )
    prepare(
        matrix_input(args), tpm=args.tpm, gtf=args.gtf, options=options, out=args.out, bed=not args.no_bed,
        figures=args.figures, store=args.store, name=args.name, overwrite=args.overwrite,
        quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _offset(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        pass
    from postgwas.expression.rank_normal import OFFSETS

    if text not in OFFSETS:
        raise UsageError(f"--offset {text}: expected {', '.join(OFFSETS)} or a number from 0 to 0.5")
    return text
