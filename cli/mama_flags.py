"""The flags of mama.py 1.0.0 with their names and defaults, and ours."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from postgwas.errors import UsageError
from postgwas.meta.named_columns import PATTERNS

if TYPE_CHECKING:
    from postgwas.meta.mama_options import MamaOptions, Population

#: Flags of the three sets of coefficients: kind -> rule.
_RULES = {
    "ld": {"unc": "free"},
    "se2": {"zero": "zero", "ident": "identity", "diag": "diagonal", "unc": "free"},
    "int": {"zero": "zero", "diag": "diagonal", "unc": "free"},
}
_DEFAULTS = {"ld": "free", "se2": "diagonal", "int": "free"}
_TEXTS = {
    "free": "estimate all",
    "zero": "all zero",
    "identity": "the identity",
    "diagonal": "estimate the diagonal, the others are zero",
}
_NAMES = {"ld": "LD scores", "se2": "squared standard errors", "int": "the intercept"}


def add_input_flags(parser: argparse.ArgumentParser) -> None:
    """``--sumstats`` and ``--out``, as mama.py has them."""
    group = parser.add_argument_group("input and output")
    group.add_argument(
        "--sumstats", nargs="+", required=True, metavar="FILE,ANCESTRY,PHENOTYPE",
        help="summary statistics; ancestries as in the columns of the LD scores",
    )  # fmt: skip
    group.add_argument("--out", default="mama", metavar="PREFIX", help="prefix of all files [default: mama]")


def add_mama_flags(parser: argparse.ArgumentParser) -> None:
    """All other flags of mama.py."""
    group = parser.add_argument_group("MAMA")
    group.add_argument(
        "--ld_scores", nargs="+", metavar="FILE",
        help="LD scores with columns ANC1_ANC2 (mama_ldscores.py), also as a quoted pattern with *; "
        "ANC1,ANC2=FILE for OUT.cross.ldscore.gz of postgwas ldsc --l2 --bfile2",
    )  # fmt: skip
    group.add_argument("--snp_list", metavar="FILE", help="only these SNPs, one id a line")
    group.add_argument("--out_reg_coef", action="store_true", help="write OUT_{ld,int,se2}_reg.cf")
    group.add_argument("--out_harmonized", action="store_true", help="write OUT_ANC_PHENO.hrm, rows as used")
    group.add_argument(
        "--use_standardized_units", action="store_true",
        help="regress effects of standardised genotypes (LD scores must be standardised too)",
    )  # fmt: skip
    group.add_argument("--input_sep", metavar="SEP", help="separator of all inputs, a regular expression")
    for kind, rules in _RULES.items():
        one = parser.add_argument_group(f"coefficients of {_NAMES[kind]}").add_mutually_exclusive_group()
        one.add_argument(
            f"--reg_{kind}_coef", metavar="FILE", help="take these, as --out_reg_coef writes them"
        )
        if kind == "ld":
            one.add_argument(
                "--reg_ld_set_corr",
                type=float,
                metavar="CORR",
                help="covariances of this correlation, -1 to 1",
            )
        for name, rule in rules.items():
            default = " [default]" if rule == _DEFAULTS[kind] else ""
            one.add_argument(f"--reg_{kind}_{name}", action="store_true", help=f"{_TEXTS[rule]}{default}")
    group = parser.add_argument_group("filters of MAMA")
    group.add_argument(
        "--freq_bounds", nargs=2, type=float, metavar=("MIN", "MAX"), default=(0.01, 0.99),
        help="frequencies of the effect allele [default: 0.01 0.99]",
    )  # fmt: skip
    group.add_argument(
        "--allowed_chr_values",
        nargs="+",
        type=str.upper,
        metavar="CHR",
        help="chromosomes [default: 1-22 X Y]",
    )
    group.add_argument("--allow_palindromic_snps", action="store_true", help="take A/T and C/G SNPs too")
    group.add_argument("--allow_non_rs", action="store_true", help=argparse.SUPPRESS)
    group.add_argument("--allow_non_1_22", action="store_true", help=argparse.SUPPRESS)
    group = parser.add_argument_group("columns by patterns of their names (case aside, whole name)")
    for column, pattern in PATTERNS.items():
        one = group.add_mutually_exclusive_group()
        name = column.lower()
        one.add_argument(f"--add_{name}_col_match", metavar="REGEX", help=f"besides {pattern}")
        one.add_argument(f"--replace_{name}_col_match", metavar="REGEX", help=f"instead of {pattern}")


def population_list(texts: list[str]) -> list[Population]:
    """``--sumstats FILE,ANCESTRY,PHENOTYPE``.

    Raises
    ------
    UsageError
        If one is no triple.
    """
    from postgwas.meta.mama_options import Population

    found = []
    for text in texts:
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 3 or not all(parts):
            raise UsageError(f"--sumstats {text}: expected FILE,ANCESTRY,PHENOTYPE")
        found.append(Population(parts[0], parts[1], parts[2]))
    return found


def mama_options(args: argparse.Namespace, *, mama_compat: bool) -> MamaOptions:
    """The options that the flags ask for."""
    from postgwas.meta.mama_filters import CHROMOSOMES
    from postgwas.meta.mama_options import MamaOptions

    chosen = {}
    for kind, rules in _RULES.items():
        given = [rule for name, rule in rules.items() if getattr(args, f"reg_{kind}_{name}")]
        file = getattr(args, f"reg_{kind}_coef")
        chosen[f"reg_{kind}"] = file if file is not None else given[0] if given else _DEFAULTS[kind]
    matches = {
        what: {
            c: value
            for c in PATTERNS
            if (value := getattr(args, f"{what}_{c.lower()}_col_match")) is not None
        }
        for what in ("add", "replace")
    }
    return MamaOptions(
        use_standardized_units=args.use_standardized_units, reg_ld_set_corr=args.reg_ld_set_corr,
        freq_from_scores=getattr(args, "freq_from_scores", False),
        ld_weight_floor=getattr(args, "ld_weight_floor", 0.0),
        freq_bounds=tuple(args.freq_bounds), allowed_chr_values=tuple(args.allowed_chr_values or CHROMOSOMES),
        allow_palindromic_snps=args.allow_palindromic_snps, snp_list=args.snp_list, input_sep=args.input_sep,
        add_col_match=matches["add"], replace_col_match=matches["replace"], mama_compat=mama_compat, **chosen,
    )  # fmt: skip
