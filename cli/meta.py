"""Meta-analysis of GWAS of any number, in any dialect, of any ancestry; and METAL's command files.

Studies are read once and joined by place and alleles; a study's rows that cannot be used, or do not fit the
others, are set aside with a reason and counted. Writes OUT.tbl (METAL's columns; --format for others),
OUT.studies.tsv, OUT.rejected.tsv.gz. With --metal_script the file's commands are run as METAL runs them, and
its OUTFILE is written.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from postgwas.cli import meta_fixed, meta_mama, meta_mrmega, meta_popcorn, meta_random, meta_re2
from postgwas.cli.options import (
    COLUMN_FLAGS,
    add_column_flags,
    add_engine_options,
    add_header_flag,
    add_run_options,
    add_store_options,
    engine_arguments,
    header_each,
    named_columns,
)
from postgwas.errors import UsageError

if TYPE_CHECKING:
    from postgwas.meta.settings import MetaSettings
    from postgwas.meta.studies import StudyList

HELP = "meta-analysis: fixed and random effects, ancestry; or a METAL command file"

#: method -> module with add_arguments(parser) and options(args) -> dict, or run(args) -> int of its own
METHODS: dict[str, Any] = {
    "fixed": meta_fixed,
    "random": meta_random,
    "re2": meta_re2,
    "mrmega": meta_mrmega,
    "mama": meta_mama,
    "popcorn": meta_popcorn,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    _add_studies(parser)
    _add_joining(parser)
    group = parser.add_argument_group("method")
    group.add_argument("--method", choices=tuple(METHODS), default="fixed", help="[default: fixed]")
    for module in METHODS.values():
        module.add_arguments(parser)
    script = parser.add_argument_group("METAL")
    script.add_argument("--metal_script", metavar="FILE", help="run METAL's commands; all else is in them")
    output = parser.add_argument_group("output")
    output.add_argument("--out", metavar="PREFIX", help="prefix of all files")
    output.add_argument(
        "--format", metavar="NAME,...",
        help="tbl (METAL's columns), tsv, ssf (GWAS-SSF), parquet, mrmega (MR-MEGA's columns, OUT.result); "
        "several with commas [default: tbl; mrmega of --method mrmega]",
    )  # fmt: skip
    output.add_argument(
        "--loci", type=float, metavar="P",
        help="lead loci at this P: OUT.loci.tsv (gained, shared, lost beside single ancestries), effects by "
        "study, leave-one-out, cumulative",
    )  # fmt: skip
    output.add_argument(
        "--locus_window", type=int, default=500_000, metavar="BP",
        help="base pairs around a lead without another [default: 500000]",
    )  # fmt: skip
    output.add_argument(
        "--diagnostics", action="store_true",
        help="checks of each study: lambda, SE against N, P against Z, frequencies: OUT.diagnostics.tsv",
    )  # fmt: skip
    output.add_argument("--figures", action="store_true", help="forest plots of loci, figures of diagnostics")
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def _add_studies(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("studies")
    group.add_argument(
        "--sumstats", nargs="+", metavar="FILE",
        help="summary statistics of any dialects, with commas or blanks between them",
    )  # fmt: skip
    group.add_argument("--names", metavar="NAME,...", help="of the studies [default: of their files]")
    group.add_argument("--ancestry", metavar="NAME,...", help="of the studies")
    group.add_argument("--n", metavar="N,...", help="sample sizes; go before columns of the files; NA: none")
    group.add_argument(
        "--studies", metavar="TABLE",
        help="instead of these flags a table: NAME PATH ANCESTRY N N_CASES N_CONTROLS LAMBDA, and "
        "those of --covariates",
    )  # fmt: skip
    add_column_flags(
        parser, group, (name for name, _ in COLUMN_FLAGS.values()), metavar="NAME,...",
        more=": one for all, or one a file; NA: as found",
    )  # fmt: skip
    add_header_flag(parser, group, each=True)


def _add_joining(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which rows are used, and how they are joined")
    group.add_argument(
        "--match", choices=("position", "id"), default="position",
        help="variants are the same by place and alleles, or by identifier and alleles [default: position]",
    )  # fmt: skip
    group.add_argument(
        "--multiallelic", choices=("mismatch", "separate"), default="mismatch",
        help="alleles that one study has alone where others agree on others: set aside, or a variant of "
        "their own [default: mismatch]",
    )  # fmt: skip
    group.add_argument(
        "--palindromic", choices=("trust", "drop", "infer"), default="trust",
        help="A/T and C/G: on the strand as written, set aside, or brought onto one by frequencies "
        "[default: trust]",
    )  # fmt: skip
    group.add_argument(
        "--palindromic_maf", type=float, default=0.4, metavar="F",
        help="with infer: largest minor allele frequency; rows above it are set aside [default: 0.4]",
    )  # fmt: skip
    group.add_argument(
        "--reference", metavar="FILE",
        help="with infer: variants with frequencies (VCF, BCF, .pvar or a table; @ for the chromosome) "
        "[default: studies are held against the largest of them]",
    )  # fmt: skip
    group.add_argument("--af_field", metavar="NAME", help="its frequency of ALT [default: AF, or AC/AN]")
    group.add_argument("--maf_min", type=float, metavar="MAF", help="least minor allele frequency, by study")
    group.add_argument("--info_min", type=float, metavar="INFO", help="least INFO, by study")
    group.add_argument("--n_min", type=float, metavar="N", help="least N, by row")
    group.add_argument(
        "--min_studies", type=int, default=1, metavar="K", help="variants of fewer are left out [default: 1]"
    )
    group.add_argument(
        "--genomic_control", default="off", metavar="on|off|LAMBDA",
        help="correct each study by its lambda, or by this one [default: off]",
    )  # fmt: skip
    group.add_argument("--target_build", choices=("GRCh37", "GRCh38"), help="lift studies of the other build")
    group.add_argument("--chain", metavar="FILE", help="UCSC chain for that")
    group.add_argument("--any_build", action="store_true", help="join studies whatever their builds")


def run(args: argparse.Namespace) -> int:
    """Combine and write."""
    where = engine_arguments(args)
    if args.metal_script:
        return _run_script(args)
    if args.out is None:
        raise UsageError("--out is required", hint="--out PREFIX")
    if args.overlap is not None and args.method != "fixed":
        raise UsageError(f"--overlap has no meaning with --method {args.method}")
    if args.study_correlation is not None and args.method not in ("fixed", "re2"):
        raise UsageError(f"--study_correlation has no meaning with --method {args.method}")
    if args.covariates and args.method != "mrmega":
        raise UsageError(f"--covariates has no meaning with --method {args.method}")
    module = METHODS[args.method]
    if hasattr(module, "run"):
        return int(module.run(args))
    studies = study_list(args)
    from postgwas.meta.run_meta import meta

    meta(
        studies, args.out, settings=settings_of(args, module.options(args, studies)), store=args.store,
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0


def study_list(args: argparse.Namespace) -> StudyList:
    """The studies that the flags or the table name.

    Raises
    ------
    UsageError
        If they are given twice or not at all.
    """
    from postgwas.meta.studies import studies_from_flags, studies_from_table

    columns = named_columns(args)
    flags = {field: f"--{flag}" for flag, (field, _) in COLUMN_FLAGS.items()}
    if args.studies:
        given = [flag for flag in ("sumstats", "names", "ancestry", "n") if getattr(args, flag)]
        if given:
            raise UsageError(f"--{given[0]} and --studies exclude each other")
        asked = _items(args.covariates) or []
        read = studies_from_table(args.studies, columns=columns, flags=flags, environment=asked)
        return _with_headers(read, args.columns)
    if not args.sumstats:
        raise UsageError("no studies are given", hint="--sumstats FILE,FILE,... or --studies TABLE")
    studies = studies_from_flags(
        _items(",".join(args.sumstats)) or [], names=_items(args.names), ancestries=_items(args.ancestry),
        n=_numbers(args.n), columns=columns,
        flags=flags,
    )  # fmt: skip
    return _with_headers(studies, args.columns)


def _with_headers(studies: StudyList, given: list[str] | None) -> StudyList:
    headers = header_each(given, len(studies))
    each = tuple(replace(one, header=header) for one, header in zip(studies.studies, headers))
    return replace(studies, studies=each)


def settings_of(args: argparse.Namespace, options: dict[str, Any]) -> MetaSettings:
    """How studies are joined and what is written, with a method's own options."""
    from postgwas.meta.settings import MetaSettings

    control: str | float = args.genomic_control
    if control not in ("on", "off"):
        try:
            control = float(control)
        except ValueError:
            raise UsageError(f"--genomic_control {control}: expected on, off or a number above 0") from None
    usual = getattr(METHODS[args.method], "FORMAT", "tbl")
    return MetaSettings(
        method=args.method, options=options, genomic_control=control, by_id=args.match == "id",
        multiallelic=args.multiallelic, palindromic=args.palindromic,
        palindromic_maf=args.palindromic_maf, reference=args.reference, af_field=args.af_field,
        min_studies=args.min_studies,
        maf_min=args.maf_min, info_min=args.info_min, n_min=args.n_min,
        formats=tuple(dict.fromkeys(_items(args.format or usual) or [])), target_build=args.target_build,
        chain=args.chain, any_build=args.any_build,
        loci=args.loci, locus_window=args.locus_window, figures=args.figures, diagnostics=args.diagnostics,
    )  # fmt: skip


def _run_script(args: argparse.Namespace) -> int:
    given = [flag for flag in ("sumstats", "studies", "out", "store") if getattr(args, flag)]
    if given:
        raise UsageError(f"--{given[0]} has no meaning with --metal_script: its commands say it all")
    from postgwas.meta.metal_run import run_metal_script

    run_metal_script(args.metal_script, overwrite=args.overwrite, quiet=args.quiet)
    return 0


def _items(text: str | None) -> list[str] | None:
    return None if text is None else [item.strip() for item in text.split(",") if item.strip()]


def _numbers(text: str | None) -> list[float | None] | None:
    items = _items(text)
    if items is None:
        return None
    try:
        return [None if item in ("NA", ".") else float(item) for item in items]
    except ValueError:
        raise UsageError(f"--n {text}: expected numbers, with commas") from None
