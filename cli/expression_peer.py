"""Hidden factors of normalised expression: PEER, or principal components.

Writes OUT.peer_factors.txt in the layout of covariates that FastQTL and tensorQTL read, the
relevance, variance and weights of each factor, and the trace of the bound.
"""

from __future__ import annotations

import argparse
from typing import Any

from postgwas.cli.options import (
    add_genotype_options,
    add_matrix_input,
    add_run_options,
    add_store_options,
    genotype_selection,
    matrix_input,
)
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    files = parser.add_argument_group("input and output")
    add_matrix_input(files, "phenotype BED, or another matrix, genes x samples, normalised")
    files.add_argument("--out", required=True, metavar="PREFIX", help="prefix of the files to write")
    files.add_argument(
        "--covariates", metavar="FILE,FILE,...",
        help="known covariates: fitted beside PEER's factors, regressed out before components",
    )  # fmt: skip
    files.add_argument(
        "--compare", metavar="FILE,FILE,...", help="known covariates that factors are only compared with"
    )
    files.add_argument("--categorical", metavar="NAME,...", help="covariates whose numbers name groups")
    files.add_argument(
        "--unmatched", choices=("refuse", "drop"), default="refuse",
        help="samples that a file of covariates does not have [default: refuse]",
    )  # fmt: skip
    files.add_argument("--residuals", action="store_true", help="write the residuals too, as a BED")
    files.add_argument("--figures", action="store_true", help="draw relevance, trace, number, correlations")
    number = parser.add_argument_group("how many factors")
    number.add_argument("--method", choices=("peer", "pca"), default="peer", help="[default: peer]")
    number.add_argument(
        "--n_factors", default="auto", metavar="N|auto|N,N,...",
        help="auto: GTEx's rule by sample size for peer, --rule for pca; several: the one that finds most "
        "eGenes with --genotypes [default: auto]",
    )  # fmt: skip
    number.add_argument(
        "--rule", choices=("elbow", "be"), default="elbow",
        help="of components: the elbow, or Buja and Eyuboglu's permutations [default: elbow]",
    )  # fmt: skip
    number.add_argument("--n_permutations", type=int, default=20, metavar="N", help="of be [default: 20]")
    number.add_argument("--seed", type=int, default=1, help="of the permutations [default: 1]")
    number.add_argument(
        "--window", type=int, default=1_000_000, metavar="BASES",
        help="to each side of the TSS, for that count [default: 1000000]",
    )  # fmt: skip
    number.add_argument(
        "--discoveries", metavar="FILE", help="a table of n_factors and n_discoveries to choose by"
    )
    model = parser.add_argument_group("PEER (nothing is random, no seed is needed)")
    model.add_argument("--add_mean", action="store_true", help="fit each gene's mean")
    for flag, default, what in (
        ("alpha_prior_a", 0.001, "shape of the prior on weights' precision"),
        ("alpha_prior_b", 0.01, "rate of the same; 0.1 in the package, 0.01 in GTEx's pipeline"),
        ("eps_prior_a", 0.1, "shape of the prior on noise precision"),
        ("eps_prior_b", 10.0, "rate of the same"),
    ):
        model.add_argument(f"--{flag}", type=float, default=default, help=f"{what} [default: {default:g}]")
    model.add_argument("--max_iter", type=int, default=1000, metavar="N", help="[default: 1000]")
    model.add_argument(
        "--stop", choices=("settled", "peer"), default="settled",
        help="settled: bound and residual variance both change by less than a share of themselves; peer: "
        "one of them by less than a constant [default: settled]",
    )  # fmt: skip
    model.add_argument("--tolerance", type=float, help="for the bound [default: 5e-6; with peer 1e-3]")
    model.add_argument("--var_tolerance", type=float, help="for the variance [default: 5e-6; with peer 1e-8]")
    add_genotype_options(parser, required=False)
    add_store_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Estimate and write."""
    numbers = _numbers(args.n_factors)
    from postgwas.expression.peer_updates import PeerPriors
    from postgwas.expression.run_peer import HiddenFactorOptions, hidden_factor_files

    priors = PeerPriors(
        alpha_a=args.alpha_prior_a, alpha_b=args.alpha_prior_b, eps_a=args.eps_prior_a, eps_b=args.eps_prior_b
    )
    options = HiddenFactorOptions(
        method=args.method, n_factors=numbers, rule=args.rule, n_permutations=args.n_permutations,
        seed=args.seed, covariates=listed(args.covariates), compare=listed(args.compare),
        categorical=listed(args.categorical), unmatched=args.unmatched, add_mean=args.add_mean, priors=priors,
        max_iter=args.max_iter, stop=args.stop, tolerance=args.tolerance, var_tolerance=args.var_tolerance,
        discoveries=args.discoveries, genotypes=args.genotypes, dosage=args.dosage,
        selection=genotype_selection(args), window=args.window,
    )  # fmt: skip
    hidden_factor_files(
        matrix_input(args), args.out, options=options, residuals=args.residuals, figures=args.figures,
        store=args.store, overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0


def listed(text: str | None) -> tuple[str, ...]:
    """Items of a list that commas part.

    Raises
    ------
    UsageError
        If one is empty.
    """
    if text is None:
        return ()
    items = tuple(item.strip() for item in text.split(","))
    if not all(items):
        raise UsageError(f"'{text}': expected names separated by commas, found an empty one")
    return items


def _numbers(text: str) -> Any:
    if text == "auto":
        return None
    try:
        numbers = [int(item) for item in text.split(",")]
    except ValueError:
        raise UsageError(f"--n_factors {text}: expected a number, several, or auto") from None
    if any(number < 0 for number in numbers):
        raise UsageError(f"--n_factors {text}: expected numbers of at least 0")
    return numbers[0] if len(numbers) == 1 else numbers
