"""Mediation of trans effects by phenotypes that the variant affects in cis: Sobel's test and the bootstrap.

Writes OUT.mediation.tsv.gz (a line a trio of variant, mediator and trans phenotype: total, direct and
indirect effect), OUT.mediation.rejected.tsv.gz and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.eqtl_options import add_qtl_inputs, add_qtl_outputs, qtl_options
from postgwas.cli.options import engine_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_qtl_inputs(parser)
    trios = parser.add_argument_group("trios")
    trios.add_argument(
        "--trans", metavar="FILE", help="trans hits: variant_id, phenotype_id (OUT.trans.tsv.gz)"
    )
    trios.add_argument(
        "--cis", metavar="FILE",
        help="cis effects: variant_id, phenotype_id (OUT.cis_nominal.tsv.gz); by default they are looked for "
        "within --window",
    )  # fmt: skip
    trios.add_argument(
        "--trios", metavar="FILE", help="instead of both: variant_id, mediator_id, phenotype_id"
    )
    trios.add_argument(
        "--cis_pval", type=float, default=1e-5, metavar="P",
        help="largest P of the variant's effect on the mediator [default: 1e-5]",
    )  # fmt: skip
    resampling = parser.add_argument_group("bootstrap")
    resampling.add_argument(
        "--bootstrap", type=int, default=1000, metavar="N", help="resamples; 0: none [default: 1000]"
    )
    resampling.add_argument("--seed", type=int, metavar="N", help="drawn and logged if not given")
    add_qtl_outputs(parser, "OUT.mediation.tsv.gz")


def run(args: argparse.Namespace) -> int:
    """Test and write."""
    where = engine_arguments(args)
    from postgwas.qtl.run_mediation import MediationSettings
    from postgwas.qtl.write_mediation import mediation_files

    settings = MediationSettings(
        args.trans, args.cis, args.trios, args.window, args.cis_pval, args.bootstrap, args.seed
    )
    mediation_files(
        args.genotypes, args.phenotypes, args.out, covariates=args.covariates, options=qtl_options(args),
        settings=settings, format=args.format, store=args.store, overwrite=args.overwrite, quiet=args.quiet,
        log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
