"""Flags that the actions of ``postgwas coloc`` share: files, regions, LD, priors, output."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.cli.options import (
    ANALYSIS_FIELDS,
    COLUMN_FLAGS,
    add_column_flags,
    add_dialect_flags,
    add_engine_options,
    add_header_flag,
    add_run_options,
    add_store_options,
    engine_arguments,
    header_each,
)
from postgwas.errors import UsageError

if TYPE_CHECKING:
    from postgwas.coloc.genome_settings import GwasInput
    from postgwas.coloc.region_methods import RegionMethod


def add_traits(parser: argparse.ArgumentParser, *, files: str) -> None:
    """Files of summary statistics, one a trait, and how they are read."""
    group = parser.add_argument_group("traits (flags of a value each take one for all, or one a file)")
    group.add_argument("files", nargs="+", metavar="FILE", help=files)
    group.add_argument("--names", nargs="+", metavar="NAME", help="of the traits [default: the files']")
    group.add_argument(
        "--type", nargs="+", default=["auto"], choices=("auto", "quant", "cc"),
        help="quantitative or case-control [default: told by columns of cases, controls or odds ratios]",
    )  # fmt: skip
    group.add_argument(
        "--sd_y", nargs="+", metavar="SD",
        help="standard deviations of quantitative traits; NA for one to be estimated [default: estimated]",
    )  # fmt: skip
    group.add_argument(
        "--case_fraction", nargs="+", metavar="SHARE", help="cases, where effects are not known; NA for none"
    )
    group.add_argument("--n", nargs="+", metavar="N", help="sample sizes, before the files'; NA for none")
    group.add_argument(
        "--only", nargs="+", metavar="COLUMN=VALUE",
        help="of a file of several phenotypes these rows; one a file, - for all rows",
    )  # fmt: skip
    add_column_flags(parser, group, ANALYSIS_FIELDS, more="; - for a file's own", nargs="+")
    add_header_flag(parser, group, each=True)
    add_dialect_flags(parser, group)
    group.add_argument(
        "--palindromic", choices=("infer", "keep", "drop"), default="infer",
        help="A/T and C/G SNPs: by frequency and the strand of the others, as given, or left out "
        "[default: infer]",
    )  # fmt: skip
    group.add_argument(
        "--palindromic_maf", type=float, default=0.4, metavar="MAF",
        help="largest MAF at which frequencies tell a strand [default: 0.4]",
    )  # fmt: skip


def add_regions(parser: argparse.ArgumentParser) -> None:
    """Where."""
    group = parser.add_argument_group("regions (by default around sentinels of the first file)")
    group.add_argument(
        "--region", metavar="CHR:START-END,...|FILE",
        help="these; a file has one a line, with a name after it if wanted, or is a .bed",
    )  # fmt: skip
    group.add_argument("--leads", metavar="ID,ID,...|FILE", help="around these variants of the first file")
    for flag, value, what in (
        ("p_max", 5e-8, "largest P of a sentinel [default: 5e-8]"),
        ("distance", 1_000_000, "bases, at least, between sentinels [default: 1000000]"),
        ("window", 500_000, "bases on either side of a variant [default: 500000]"),
    ):
        group.add_argument(f"--{flag}", type=type(value), default=value, metavar="X", help=what)


def add_ld(parser: argparse.ArgumentParser, *, second: bool = False) -> None:
    """From genotypes or a matrix."""
    group = parser.add_argument_group("LD")
    group.add_argument(
        "--genotypes", metavar="FILE",
        help="PLINK 1 (.bed), PLINK 2 (.pgen), VCF, BCF or BGEN, or their prefix; @ stands for chromosomes",
    )  # fmt: skip
    if second:
        group.add_argument(
            "--genotypes2", metavar="FILE", help="LD of the second trait [default: --genotypes]"
        )
    group.add_argument("--covariates", metavar="FILE", help="project these out of --genotypes")
    group.add_argument("--dosage", action="store_true", help="dosages rather than hard calls")
    group.add_argument("--keep", metavar="FILE", help="only these samples: IID, or FID and IID")
    group.add_argument("--remove", metavar="FILE", help="not these samples")
    group.add_argument("--extract", metavar="FILE", help="only these variant ids")
    group.add_argument("--exclude", metavar="FILE", help="not these variant ids")
    group.add_argument("--maf_min", type=float, metavar="MAF", help="least minor allele frequency")
    group.add_argument("--max_missing", type=float, metavar="SHARE", help="largest share of missing calls")
    group.add_argument(
        "--ld", metavar="FILE",
        help="the LD matrix of a region instead: .npy, .npz or text, signed correlations, square",
    )  # fmt: skip
    group.add_argument(
        "--ld_variants", metavar="FILE",
        help="its variants: a .bim, a table with SNPID (CHR, POS, A1, A2), or one id a line",
    )  # fmt: skip
    if second:
        group.add_argument("--ld2", metavar="FILE", help="the matrix of the second trait [default: --ld]")
        group.add_argument("--ld_variants2", metavar="FILE", help="its variants")


def add_priors(group: Any, *, p12: float, weights: bool = False) -> None:
    """p1, p2, p12, and the p12 of the sensitivity table."""
    for flag, value, what in (
        ("p1", 1e-4, "prior of a variant to be causal for the first trait only [default: 1e-4]"),
        ("p2", 1e-4, "for the second only [default: 1e-4]"),
        ("p12", p12, f"for both [default: {p12:g}]"),
    ):
        group.add_argument(f"--{flag}", type=float, default=value, metavar="P", help=what)
    if weights:
        group.add_argument(
            "--prior_weights", nargs="+", metavar="FILE",
            help="SNPID and WEIGHT: how much more likely variants are causal; one a trait, - for none",
        )  # fmt: skip
        group.add_argument(
            "--sensitivity_p12", type=float, nargs="+", metavar="P",
            help="priors of the sensitivity table [default: 100 from 1e-8 to the smaller of p1 and p2]",
        )  # fmt: skip


def add_susie(group: Any) -> None:
    """Settings of SuSiE on both sides."""
    for flag, value, what in (
        ("coverage", 0.95, "of a credible set [default: 0.95]"),
        ("min_abs_corr", 0.5, "least absolute correlation within a credible set [default: 0.5]"),
        ("tol", 1e-3, "rise of the bound that ends a fit [default: 0.001]"),
    ):
        group.add_argument(f"--{flag}", type=float, default=value, metavar="X", help=what)
    group.add_argument("--L", type=int, default=10, metavar="L", help="most effects of a trait [default: 10]")
    group.add_argument("--max_iter", type=int, default=100, metavar="N", help="rounds at most [default: 100]")
    group.add_argument(
        "--prior_method", choices=("optim", "EM", "simple"), default="optim",
        help="how prior variances are estimated [default: optim]",
    )  # fmt: skip


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Prefix, store, workers."""
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def add_pair(parser: argparse.ArgumentParser, *, ld: bool = False) -> None:
    """Two traits in regions, with LD of both where it is of use."""
    add_traits(parser, files="two files of summary statistics of any dialect")
    add_regions(parser)
    if ld:
        add_ld(parser, second=True)


def pair_of(args: argparse.Namespace, *, needs_ld: str | None = None, instead: str = "") -> list[GwasInput]:
    """Two traits.

    Parameters
    ----------
    args : argparse.Namespace
    needs_ld : str, optional
        What needs LD, for the message.
    instead : str
        What would do without.

    Raises
    ------
    UsageError
        As :func:`traits_of`; or if there is no LD.
    """
    traits = traits_of(args, exactly=2)
    if needs_ld is not None and args.genotypes is None and args.ld is None and args.ld2 is None:
        raise UsageError(f"{needs_ld} needs LD", hint=f"--genotypes FILE, or --ld FILE{instead}")
    return traits


def grid_of(args: argparse.Namespace) -> tuple[float, ...] | None:
    """The p12 of the sensitivity table, if they are given."""
    return tuple(args.sensitivity_p12) if args.sensitivity_p12 else None


def traits_of(args: argparse.Namespace, *, exactly: int | None = None) -> list[GwasInput]:
    """The traits.

    Raises
    ------
    UsageError
        If a flag has neither one value nor one a file, or there are too many files or too few.
    """
    from postgwas.coloc.genome_settings import GwasInput
    from postgwas.finemap.region_stats import StatsOptions

    size = len(args.files)
    if exactly is not None and size != exactly:
        raise UsageError(f"files of summary statistics: {size}, expected {exactly}")
    names = args.names or [Path(path).name.partition(".")[0] for path in args.files]
    if len(names) != size:
        raise UsageError(f"--names: {len(names)} names for {size} files")
    kinds = [None if one == "auto" else one for one in _each(args, "type", size)]
    numbers = {
        flag: [_number(one, flag) for one in _each(args, flag, size)]
        for flag in ("sd_y", "case_fraction", "n")
    }
    columns = {
        field: _each(args, flag, size)
        for flag, (field, _) in COLUMN_FLAGS.items()
        if field in ANALYSIS_FIELDS
    }
    headers = header_each(args.columns, size)
    return [
        GwasInput(
            path, names[at], kinds[at], numbers["sd_y"][at], numbers["case_fraction"][at],
            StatsOptions(
                columns={field: each[at] for field, each in columns.items() if each[at] not in (None, "-")},
                header=headers[at], dialect=args.dialect, dialect_files=args.dialect_file,
                n=numbers["n"][at],
            ),
        )
        for at, path in enumerate(args.files)
    ]  # fmt: skip


def _each(args: argparse.Namespace, flag: str, size: int) -> list[Any]:
    given = getattr(args, flag)
    if given is None:
        return [None] * size
    if len(given) not in (1, size):
        raise UsageError(f"--{flag}: {len(given)} values for {size} files", hint="one for all, or one a file")
    return given * size if len(given) == 1 else given


def _number(text: str | None, flag: str) -> float | None:
    if text is None or text.upper() in ("NA", "-"):
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--{flag} {text}: expected a number, or NA") from None


def weights_of(args: argparse.Namespace) -> tuple[dict[str, float] | None, dict[str, float] | None]:
    """Prior weights of two traits' variants.

    Raises
    ------
    UsageError
        If there are not one file or two.
    InputError
        If a file cannot be read.
    """
    given = args.prior_weights
    if given is None:
        return None, None
    if len(given) != 2:
        raise UsageError(f"--prior_weights: {len(given)} files for two traits", hint="FILE -, or FILE FILE")
    from postgwas.coloc.weight_files import read_weights

    one, two = (None if path == "-" else read_weights(path) for path in given)
    return one, two


def run_method(args: argparse.Namespace, traits: list[GwasInput], method: RegionMethod) -> int:
    """Compare and write."""
    where = engine_arguments(args)
    from postgwas.coloc.run_regions import LdChoice
    from postgwas.coloc.write_regions import colocalise_files
    from postgwas.finemap.region_list import RegionChoice
    from postgwas.genotypes.selection import Selection

    ld = None
    if hasattr(args, "genotypes"):
        ld = LdChoice(
            genotypes=args.genotypes, genotypes2=getattr(args, "genotypes2", None), ld=args.ld,
            ld_variants=args.ld_variants, ld2=getattr(args, "ld2", None),
            ld_variants2=getattr(args, "ld_variants2", None), covariates=args.covariates, dosage=args.dosage,
            selection=Selection(
                keep=args.keep, remove=args.remove, extract=args.extract, exclude=args.exclude,
                maf_min=args.maf_min, max_missing=args.max_missing,
            ),
        )  # fmt: skip
    only = [None if one == "-" else one for one in _each(args, "only", len(traits))]
    weights = [path for path in getattr(args, "prior_weights", None) or [] if path != "-"]
    colocalise_files(
        traits, args.out, method,
        regions=RegionChoice(args.region, args.leads, args.p_max, args.distance, args.window), ld=ld,
        rules=rules_of(args), only=only, extra_inputs=weights, store=args.store, overwrite=args.overwrite,
        quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0


def rules_of(args: argparse.Namespace) -> Any:
    """How alleles are matched."""
    from postgwas.coloc.allele_rules import AlleleRules

    return AlleleRules(args.palindromic, args.palindromic_maf)
