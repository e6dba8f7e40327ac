"""Figures of traits over a region: association with LD and genes, LocusCompare, sensitivity to p12.

Summary statistics of any dialect (ids and P-values are enough for LocusCompare), QTLs of a gene. Writes
OUT.regional, OUT.locuscompare (of the first trait with each other), OUT.sensitivity: figures and .tsv.
"""

from __future__ import annotations

import argparse

from postgwas.cli.options import (
    add_column_flags,
    add_dialect_flags,
    add_header_flag,
    add_run_options,
    header_each,
    named_columns,
)
from postgwas.errors import UsageError

_NAMED = ("SNPID", "CHR", "POS", "BETA", "SE", "Z", "P")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    group = parser.add_argument_group("traits")
    group.add_argument("files", nargs="*", metavar="FILE", help="summary statistics, one file a trait")
    group.add_argument(
        "--qtl", nargs="+", default=[], metavar="FILE|STUDY.h5::KEY", help="QTLs, after the files"
    )
    group.add_argument(
        "--gene", nargs="+", default=[], metavar="ID", help="of the QTLs: one for all, or one each"
    )
    group.add_argument("--names", nargs="+", metavar="NAME", help="of all traits [default: their files']")
    add_column_flags(parser, group, _NAMED)
    add_header_flag(parser, group, each=True)
    add_dialect_flags(parser, group)
    group.add_argument(
        "--sensitivity", metavar="FILE",
        help="table of prior and posterior probabilities over p12 (OUT.sensitivity.tsv of coloc abf)",
    )  # fmt: skip
    group.add_argument(
        "--p12", type=float, default=1e-5, metavar="P", help="its prior, marked in the figure [default: 1e-5]"
    )
    _add_region(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    output.add_argument(
        "--figure_format", default="png,svg", metavar="NAME,NAME,...", help="png, svg, pdf [default: png,svg]"
    )
    add_run_options(parser)


def _add_region(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("region, LD and genes")
    group.add_argument(
        "--region", metavar="CHR:START-END", help="[default: around --lead, or the whole file]"
    )
    group.add_argument(
        "--lead", metavar="ID", help="LD is with this variant [default: the first trait's strongest]"
    )
    group.add_argument(
        "--window", type=int, default=500_000, metavar="BP", help="on either side of --lead [default: 500000]"
    )
    group.add_argument(
        "--genotypes", metavar="FILE", help="LD of these people; also places ids that lack one"
    )
    group.add_argument("--dosage", action="store_true", help="dosages rather than hard calls")
    group.add_argument("--keep", metavar="FILE", help="only these samples")
    group.add_argument("--remove", metavar="FILE", help="not these samples")
    group.add_argument("--covariates", metavar="FILE", help="project these out of the genotypes")
    group.add_argument("--ld", metavar="FILE", help="an LD matrix of the region instead")
    group.add_argument("--ld_variants", metavar="FILE", help="its variants")
    group.add_argument("--gtf", metavar="FILE", help="genes, of GENCODE, Ensembl or another source")
    group.add_argument("--mark", nargs="+", default=[], metavar="GENE", help="in another colour, by name")


def run(args: argparse.Namespace) -> int:
    """Draw."""
    from pathlib import Path

    from postgwas.coloc.plot_traits import PlotTrait
    from postgwas.coloc.run_plot import PlotLd, PlotRegion, coloc_figures
    from postgwas.genotypes.selection import Selection

    genes = args.gene * len(args.qtl) if len(args.gene) == 1 else args.gene
    if len(genes) != len(args.qtl):
        raise UsageError(f"--gene: {len(args.gene)} genes for {len(args.qtl)} QTL files", hint="one each")
    stems = [Path(path).name.partition(".")[0] for path in args.files]
    stems += [f"{gene} {Path(path.partition('::')[0]).name.partition('.')[0]}" for gene, path in
              zip(genes, args.qtl)]  # fmt: skip
    names = args.names or stems
    if len(names) != len(stems):
        raise UsageError(f"--names: {len(names)} names for {len(stems)} traits")
    columns, headers = named_columns(args), header_each(args.columns, len(args.files))
    traits = [
        PlotTrait(
            path, name, columns=columns, header=header, dialect=args.dialect, dialect_files=args.dialect_file
        )
        for path, name, header in zip(args.files, names, headers)
    ]
    traits += [
        PlotTrait(path, name, gene, True)
        for path, gene, name in zip(args.qtl, genes, names[len(args.files) :])
    ]
    coloc_figures(
        traits, args.out, where=PlotRegion(args.region, args.lead, args.window),
        ld=PlotLd(
            args.genotypes, args.ld, args.ld_variants, args.covariates,
            Selection(keep=args.keep, remove=args.remove), args.dosage,
        ),
        gtf=args.gtf, marked=args.mark, sensitivity=args.sensitivity, p12=args.p12,
        formats=[one.strip() for one in args.figure_format.split(",") if one.strip()],
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0
