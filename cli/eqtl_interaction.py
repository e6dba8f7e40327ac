"""Genotype x term interactions: sex, age, cell types, ancestry groups; one term or several at once.

Writes OUT.cis_interaction.tsv.gz (a line a pair: the variant where all terms are 0, b_g; the terms, b_i; the
interactions, b_gi), OUT.cis_interaction_top.tsv.gz (the best of each phenotype, corrected by eigenMT, by
permutations if asked for), OUT.cis_interaction_terms.tsv (the terms),
OUT.cis_interaction.rejected.tsv.gz (what was not tested, and why) and OUT.log.

With --leads and --groups instead of --interaction: each lead variant's effect in each group and the test that
they differ, alone and beside the phenotype's other leads. Writes OUT.group_effects.tsv.gz (tests),
OUT.group_slopes.tsv.gz (effects), OUT.group_effects.rejected.tsv.gz and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.eqtl_options import add_qtl_inputs, add_qtl_outputs, qtl_options
from postgwas.cli.options import engine_arguments
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_qtl_inputs(parser)
    terms = parser.add_argument_group("interaction")
    terms.add_argument(
        "--interaction", metavar="FILE",
        help="terms of each sample: two columns without a header, or a table with one; text names groups",
    )  # fmt: skip
    terms.add_argument("--terms", metavar="NAME,...", help="only these columns of the file")
    terms.add_argument("--categorical", metavar="NAME,...", help="columns whose numbers are names of groups")
    terms.add_argument(
        "--reference", action="append", default=[], metavar="NAME=LEVEL",
        help="level that the others are compared with [default: the first in order]",
    )  # fmt: skip
    terms.add_argument(
        "--maf_min_interaction", type=float, default=0.05, metavar="MAF",
        help="least minor allele frequency in each group of each term: the levels of a category or of two "
        "values, else the samples below and above the median [default: 0.05]",
    )  # fmt: skip
    add_eigenmt_options(terms)
    terms.add_argument("--no_eigenmt", dest="eigenmt", action="store_false", help="no eigenMT")
    terms.add_argument(
        "--permutations", type=int, default=0, metavar="N",
        help="permutations of each phenotype's residuals, its lead's own effect kept [default: none]",
    )  # fmt: skip
    terms.add_argument(
        "--seed", type=int, metavar="N", help="of the permutations; else one is drawn and told"
    )
    leads = parser.add_argument_group("effects of leads in groups")
    leads.add_argument(
        "--leads", metavar="FILE", help="phenotype_id and variant_id, a line a lead (credible set, signal)"
    )
    leads.add_argument("--groups", metavar="FILE", help="group of each sample: IID GROUP")
    leads.add_argument("--group_column", metavar="NAME", help="column of --groups, where there are several")
    leads.add_argument(
        "--maf_min_groups", type=float, default=0.05, metavar="MAF",
        help="leads are tested if their minor allele is above this in at least two groups [default: 0.05]",
    )  # fmt: skip
    add_qtl_outputs(parser, "OUT.cis_interaction.tsv.gz and others")


def add_eigenmt_options(group: argparse._ArgumentGroup, *, flag: bool = True) -> None:
    """``--eigenmt`` and its windows."""
    if flag:
        group.add_argument(
            "--eigenmt", action="store_true", default=True,
            help="effective number of tests of each phenotype (the default)",
        )  # fmt: skip
    group.add_argument(
        "--eigenmt_window", type=int, default=200, metavar="N",
        help="variants of a window [default: 200]",
    )  # fmt: skip
    group.add_argument(
        "--eigenmt_variance", type=float, default=0.99, metavar="SHARE",
        help="share of the variance that the counted eigenvalues hold [default: 0.99]",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Test and write."""
    where = engine_arguments(args)
    outputs = {
        "format": args.format, "store": args.store, "overwrite": args.overwrite, "quiet": args.quiet,
        "log_json": args.log_json,
    }  # fmt: skip
    if args.leads or args.groups:
        _check_leads(args)
        from postgwas.qtl.run_lead_interaction import group_effects_files

        group_effects_files(
            args.genotypes, args.phenotypes, args.leads, args.groups, args.out, covariates=args.covariates,
            options=qtl_options(args), group_column=args.group_column, maf_min_groups=args.maf_min_groups,
            **outputs, **where,
        )  # fmt: skip
        return 0
    if not args.interaction:
        raise UsageError("no interaction term is given", hint="--interaction FILE, or --leads and --groups")
    from postgwas.qtl.run_interaction import InteractionOptions
    from postgwas.qtl.write_interaction import cis_interaction_files

    chosen = InteractionOptions(
        terms=_names(args.terms), categorical=_names(args.categorical) or (),
        references=_references(args.reference), maf_min_interaction=args.maf_min_interaction,
        eigenmt=args.eigenmt, eigenmt_window=args.eigenmt_window, eigenmt_variance=args.eigenmt_variance,
        permutations=args.permutations, seed=args.seed,
    )  # fmt: skip
    cis_interaction_files(
        args.genotypes, args.phenotypes, args.interaction, args.out, covariates=args.covariates,
        options=qtl_options(args), interaction_options=chosen, **outputs, **where,
    )  # fmt: skip
    return 0


def _check_leads(args: argparse.Namespace) -> None:
    if args.interaction:
        raise UsageError("--interaction and --leads exclude each other", hint="give one of them")
    for name, other in (("leads", "groups"), ("groups", "leads")):
        if not getattr(args, name):
            raise UsageError(f"--{other} without --{name}", hint=f"--{name} FILE")


def _names(text: str | None) -> list[str] | None:
    if text is None:
        return None
    return [name.strip() for name in text.split(",") if name.strip()]


def _references(given: list[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in given]
    bad = next((key for key, equals, level in pairs if not (key and equals and level)), None)
    if bad is not None:
        raise UsageError(f"--reference {bad}: expected NAME=LEVEL")
    return {key: level for key, _, level in pairs}
