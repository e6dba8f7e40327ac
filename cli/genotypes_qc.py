"""Quality control of samples and variants, before anything else is computed from them.

Call rates, frequencies, exact Hardy-Weinberg tests (by group too), heterozygosity, sexes and, if
asked, relatives. Without limits nothing is filtered but what has no call at all. Writes
OUT.variants.tsv.gz, OUT.samples.tsv, OUT.extract.txt and OUT.keep.txt (what passes, for --extract
and --keep), OUT.account.tsv (which filter took how many, in their order) and OUT.sex_problems.tsv.
"""

from __future__ import annotations

import argparse
from typing import Any

from postgwas.cli.options import (
    add_engine_options,
    add_genotype_options,
    add_run_options,
    add_store_options,
    engine_arguments,
    genotype_selection,
)
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_genotype_options(parser)
    _add_variant_limits(parser.add_argument_group("limits of variants (--max_missing, --maf_min above)"))
    _add_sample_limits(parser.add_argument_group("limits of samples"))
    _add_sexes(parser.add_argument_group("sexes"))
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    output.add_argument(
        "--format",
        choices=("bed", "pgen", "vcf", "bcf"),
        help="also write the genotypes that pass, as OUT.passing",
    )
    output.add_argument("--figures", action="store_true", help="draw the tables")
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def _add_variant_limits(group: Any) -> None:
    group.add_argument("--mac_min", type=int, metavar="N", help="least count of the minor allele")
    group.add_argument("--hwe", type=float, metavar="P", help="drop variants with a smaller Hardy-Weinberg P")
    group.add_argument("--midp", action="store_true", help="mid-p values of the Hardy-Weinberg test")
    group.add_argument("--groups", metavar="FILE", help="test within groups: #IID GROUP, or a .psam")
    group.add_argument("--group_column", metavar="NAME", help="column of --groups, where it has several")
    group.add_argument(
        "--hwe_groups", choices=("any", "all"), default="any",
        help="a variant fails if it fails in any of the groups, or only in all [default: any]",
    )  # fmt: skip
    group.add_argument(
        "--hwe_least", type=int, default=10, metavar="N", help="do not test smaller groups [default: 10]"
    )


def _add_sample_limits(group: Any) -> None:
    group.add_argument(
        "--max_missing_samples",
        type=float,
        metavar="SHARE",
        help="largest share of missing calls",
    )
    group.add_argument(
        "--het_sd", type=float, metavar="SD",
        help="drop samples whose F is so many standard deviations from the mean",
    )  # fmt: skip
    group.add_argument(
        "--small_sample",
        action="store_true",
        help="expected heterozygosity as plink --het small-sample",
    )
    group.add_argument(
        "--relatives", choices=("off", "list", "remove"), default="off",
        help="KING-robust kinship of what passes: list relatives, or remove them [default: off]",
    )  # fmt: skip
    group.add_argument(
        "--max_kinship", type=float, default=0.0884, metavar="PHI",
        help="with remove: kinship from which two are related [default: 0.0884, second degree]",
    )  # fmt: skip


def _add_sexes(group: Any) -> None:
    group.add_argument(
        "--sex_check", choices=("list", "remove"), default="list",
        help="remove: drop samples whose genotypes say the other sex [default: list]",
    )  # fmt: skip
    group.add_argument(
        "--female_max_f",
        type=float,
        default=0.2,
        metavar="F",
        help="F of X in women is below it [default: 0.2]",
    )
    group.add_argument(
        "--male_min_f", type=float, default=0.8, metavar="F", help="F of X in men is above it [default: 0.8]"
    )
    group.add_argument("--female_max_y", type=int, metavar="N", help="also: calls on Y of women, at most")
    group.add_argument("--male_min_y", type=int, metavar="N", help="also: calls on Y of men, at least")


def run(args: argparse.Namespace) -> int:
    """Run and write."""
    where = engine_arguments(args)
    if args.dosage:
        raise UsageError("--dosage: quality control is of hard calls", hint="leave --dosage out")
    from postgwas.genotypes.qc_settings import QcSettings
    from postgwas.genotypes.sex_check import SexLimits
    from postgwas.genotypes.write_qc import qc_files

    settings = QcSettings(
        max_missing_samples=args.max_missing_samples, mac_min=args.mac_min, hwe=args.hwe, midp=args.midp,
        hwe_groups=args.hwe_groups, hwe_least=args.hwe_least, het_sd=args.het_sd,
        small_sample=args.small_sample, sex_check=args.sex_check, relatives=args.relatives,
        max_kinship=args.max_kinship,
        sex_limits=SexLimits(args.female_max_f, args.male_min_f, args.female_max_y, args.male_min_y),
    )  # fmt: skip
    qc_files(
        args.genotypes, args.out, selection=genotype_selection(args), settings=settings, groups=args.groups,
        group_column=args.group_column, figures=args.figures, format=args.format, store=args.store,
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
