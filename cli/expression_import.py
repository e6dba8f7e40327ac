"""Bring expression into one clean matrix.

Reads a gene x sample table (TSV, CSV, GCT 1.2 and 1.3, featureCounts, Parquet), leafcutter's ratios,
a phenotype BED, or a file a sample from salmon, kallisto, RSEM, STAR or htseq-count; sums transcripts
by the rules of tximport, gives genes their places from a GTF, and accounts for every row.
"""

from __future__ import annotations

import argparse

from postgwas.cli.options import add_matrix_input, add_run_options, add_store_options, matrix_inputs

UNITS = ("counts", "tpm", "cpm", "fpkm", "log2", "normalised", "ratio", "unknown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    files = parser.add_argument_group("input and output")
    add_matrix_input(files, "one matrix, or a file for each sample", several=True)
    files.add_argument("--sheet", metavar="TSV", help="instead: a table with columns sample and path")
    files.add_argument("--out", required=True, metavar="PREFIX", help="prefix of the files to write")
    files.add_argument("--unit", choices=UNITS, help="what a matrix holds [default: counts; a BED: unknown]")
    files.add_argument("--tpm", metavar="FILE", help="TPM of the same genes and samples")
    files.add_argument("--id_column", metavar="NAME", help="the first column of a table with an unusual name")
    files.add_argument(
        "--gene_column", metavar="NAME", help="column of a table of transcripts that holds their genes"
    )
    files.add_argument(
        "--format", metavar="NAME,NAME,...",
        help="tsv, parquet, bed [default: tsv and parquet, and bed where values are not counts]",
    )  # fmt: skip
    files.add_argument("--name", help="name in the store [default: the prefix' last part]")
    files.add_argument("--rename", metavar="FILE", help="two columns: a sample's name and its new one")
    genes = parser.add_argument_group("genes and transcripts")
    genes.add_argument("--gtf", metavar="FILE", help="places of genes; the gene of each transcript")
    genes.add_argument("--tx2gene", metavar="FILE", help="two columns: a transcript and its gene")
    genes.add_argument(
        "--level", choices=("gene", "transcript", "usage"), default="gene",
        help="sum transcripts to genes, leave them, or give each one's share of its gene [default: gene]",
    )  # fmt: skip
    genes.add_argument(
        "--counts_from_abundance", default="no",
        choices=("no", "scaled_tpm", "length_scaled_tpm", "dtu_scaled_tpm"),
        help="tximport's rule for counts [default: no]",
    )  # fmt: skip
    genes.add_argument(
        "--strand", choices=("auto", "unstranded", "forward", "reverse"), default="auto",
        help="column of STAR's counts [default: auto, by the sums of the columns]",
    )  # fmt: skip
    genes.add_argument("--strip_versions", action="store_true", help="drop .2 at the end of ids")
    genes.add_argument("--ignore_after_bar", action="store_true", help="transcripts' ids end at the first |")
    genes.add_argument(
        "--collapsed", action="store_true", help="lengths by GTEx's collapsed gene models, not by all exons"
    )
    genes.add_argument(
        "--min_annotated", type=float, default=0.5, metavar="SHARE",
        help="least share of genes that the GTF must have [default: %(default)s]",
    )  # fmt: skip
    genes.add_argument(
        "--unannotated", choices=("keep", "drop", "refuse"), default="keep",
        help="genes that the GTF does not have [default: keep]",
    )  # fmt: skip
    add_store_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Run it; the log tells the rest."""
    from postgwas.expression.run_import import ImportOptions, import_expression

    options = ImportOptions(
        sheet=args.sheet,
        unit=args.unit,
        tpm=args.tpm,
        id_column=args.id_column,
        gene_column=args.gene_column,
        gtf=args.gtf,
        tx2gene=args.tx2gene,
        level=args.level,
        counts_from_abundance=args.counts_from_abundance,
        strand=args.strand,
        strip_versions=args.strip_versions,
        ignore_after_bar=args.ignore_after_bar,
        min_annotated=args.min_annotated,
        unannotated=args.unannotated,
        rename=args.rename,
        collapsed=args.collapsed,
    )
    formats = [text.strip() for text in args.format.split(",") if text.strip()] if args.format else None
    import_expression(
        matrix_inputs(args), out=args.out, options=options, formats=formats, store=args.store, name=args.name,
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0
