"""Bring summary statistics onto one build, strand and effect allele.

Reads one or many files of summary statistics, whatever program wrote them; finds their build,
lifts positions over, holds alleles against a reference or a sequence, and writes clean tables
with an account of every row. Flags may be written with _ or -.
"""

from __future__ import annotations

import argparse
from typing import Any

from postgwas.cli.options import (
    add_dialect_flags,
    add_engine_options,
    add_header_flag,
    add_run_options,
    add_store_options,
    engine_arguments,
    header_names,
)
from postgwas.errors import UsageError

HELP = "bring summary statistics onto one build, strand and effect allele"

#: Flag -> canonical column that it names.
NAME_FLAGS = {
    "snp_name": ("SNPID", "variant ids"),
    "chr_name": ("CHR", "chromosomes"),
    "bpos_name": ("POS", "base pair positions"),
    "a1_name": ("EA", "effect alleles"),
    "a2_name": ("NEA", "other alleles"),
    "eaf_name": ("EAF", "effect allele frequencies"),
    "beta_name": ("BETA", "effects"),
    "or_name": ("OR", "odds ratios"),
    "se_name": ("SE", "standard errors"),
    "z_name": ("Z", "Z statistics"),
    "p_name": ("P", "P values"),
    "n_name": ("N", "sample sizes"),
    "info_name": ("INFO", "imputation qualities"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    _add_input(parser.add_argument_group("input and output"))
    _add_coordinates(parser.add_argument_group("build and liftover"))
    _add_alleles(parser.add_argument_group("alleles and frequencies"))
    _add_columns(parser)
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def _add_input(group: Any) -> None:
    group.add_argument(
        "files", nargs="*", metavar="FILE", help="summary statistics; each file is a trait of its own"
    )
    group.add_argument(
        "--sumstats", nargs="+", default=[], metavar="FILE", help="the same, by a flag; commas separate too"
    )
    group.add_argument(
        "--out",
        required=True,
        metavar="PREFIX",
        help="prefix of the files to write; with several files, a folder",
    )
    group.add_argument(
        "--trait_names", metavar="NAME,NAME,...", help="names of the traits [default: from the files]"
    )
    group.add_argument(
        "--format",
        default="tsv",
        metavar="NAME,NAME,...",
        help="tsv (.tsv.gz), parquet, ssf (GWAS-SSF 1.0), ldsc (.sumstats.gz), vcf (GWAS-VCF) or none "
        "[default: %(default)s]",
    )
    group.add_argument("--figures", action="store_true", help="write the report's figures as PNG files too")
    group.add_argument("--no_report", action="store_true", help="write no PREFIX.report.html")


def _add_coordinates(group: Any) -> None:
    group.add_argument(
        "--build",
        default="auto",
        metavar="BUILD",
        help="build of the files: GRCh37 (hg19, b37), GRCh38 (hg38, b38), or auto, by the positions of "
        "known SNPs [default: %(default)s]",
    )
    group.add_argument(
        "--target_build",
        metavar="BUILD",
        help="build to end in [default: the reference's or the chain's, else the file's own]",
    )
    group.add_argument(
        "--chain", metavar="FILE", help="UCSC chain file for the liftover, such as hg19ToHg38.over.chain.gz"
    )


def _add_alleles(group: Any) -> None:
    group.add_argument(
        "--reference",
        metavar="FILE",
        help="variants of the target build: VCF, BCF, .bim, .pvar or a table; @ stands for the "
        "chromosome where there is one file each",
    )
    group.add_argument("--af_field", metavar="NAME", help="its frequency of ALT [default: AF, or AC/AN]")
    group.add_argument(
        "--no_reference_cache", action="store_true", help="do not keep the parsed reference for the next run"
    )
    group.add_argument(
        "--fasta",
        metavar="FILE",
        help="sequence of the target build (indexed): checks REF, and writes indels in normal form",
    )
    group.add_argument(
        "--palindromic",
        choices=("drop", "infer", "keep"),
        default="drop",
        help="A/T and C/G SNPs: drop them, infer their strand from frequencies, or take it to be forward "
        "[default: %(default)s]",
    )
    group.add_argument(
        "--palindromic_maf",
        type=float,
        default=0.4,
        metavar="F",
        help="with infer: largest minor allele frequency [default: %(default)s]",
    )
    group.add_argument(
        "--effect_allele",
        choices=("alt", "ref", "given"),
        help="allele that effects are of in the result; given: the file's [default: alt, where a "
        "reference or sequence tells]",
    )
    group.add_argument(
        "--unmatched",
        choices=("drop", "keep"),
        default="drop",
        help="rows that the reference does not have [default: %(default)s]",
    )
    group.add_argument(
        "--eaf_difference",
        type=float,
        default=0.2,
        metavar="F",
        help="flag frequencies that differ from the reference's by more [default: %(default)s]",
    )


def _add_columns(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("columns (by default found from each file's header)")
    for flag, (_, what) in NAME_FLAGS.items():
        group.add_argument(f"--{flag}", metavar="NAME", help=f"column of {what}")
    add_header_flag(parser, group)
    add_dialect_flags(parser, group)
    group.add_argument("--sample", metavar="NAME", help="study to take from a GWAS-VCF of several")
    group.add_argument("--n", type=float, metavar="N", help="sample size; goes before a column of the file")
    group.add_argument(
        "--n_cases",
        type=float,
        metavar="N",
        help="cases; N becomes 4 / (1/cases + 1/controls)",
    )
    group.add_argument("--n_controls", type=float, metavar="N", help="controls")


def run(args: argparse.Namespace) -> int:
    """Check the flags, run, and let the log tell the rest."""
    files = [*args.files, *(name for text in args.sumstats for name in _strings(text))]
    if not files:
        raise UsageError("no summary statistics given", hint="postgwas harmonise FILE ... --out PREFIX")
    formats = [] if args.format == "none" else _strings(args.format)
    columns = {field: getattr(args, flag) for flag, (field, _) in NAME_FLAGS.items() if getattr(args, flag)}
    where = engine_arguments(args)
    from postgwas.sumstats.harmonise.run import harmonise

    harmonise(
        files,
        out=args.out,
        build=args.build,
        target_build=args.target_build,
        chain=args.chain,
        reference=args.reference,
        af_field=args.af_field,
        reference_cache=not args.no_reference_cache,
        fasta=args.fasta,
        palindromic=args.palindromic,
        palindromic_maf=args.palindromic_maf,
        effect_allele=args.effect_allele,
        unmatched=args.unmatched,
        eaf_difference=args.eaf_difference,
        formats=formats,
        store=args.store,
        trait_names=_strings(args.trait_names) if args.trait_names else None,
        columns=columns,
        header=header_names(args.columns),
        dialect=args.dialect,
        dialect_files=args.dialect_file,
        n=args.n,
        n_cases=args.n_cases,
        n_controls=args.n_controls,
        sample=args.sample,
        report=not args.no_report,
        figures=args.figures,
        overwrite=args.overwrite,
        quiet=args.quiet,
        log_json=args.log_json,
        **where,
    )
    return 0


def _strings(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
