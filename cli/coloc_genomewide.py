"""Every GWAS hit against every gene nearby: sentinels, genes whose TSS is around them, PP.H4 of each.

coloc.abf for all; with LD also SuSiE on both sides and all pairs of credible sets. QTLs are nominal summary
statistics of FastQTL, tensorQTL, GTEx or the eQTL Catalogue, or tables of a store.
Writes OUT.coloc.pairs.tsv.gz, OUT.coloc.genes.tsv.gz, OUT.coloc.sets.tsv.gz, OUT.sentinels.tsv,
OUT.coloc.rejected.tsv.gz and OUT.log.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from postgwas.cli.coloc_options import add_susie
from postgwas.cli.options import (
    ANALYSIS_FIELDS,
    add_column_flags,
    add_dialect_flags,
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
    from postgwas.coloc.genome_settings import GenomeSettings, GwasInput, QtlInput, SentinelChoice


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    _add_gwas(parser)
    _add_qtl(parser)
    _add_sentinels(parser)
    _add_ld(parser)
    _add_method(parser)
    _add_smr(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def _add_gwas(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("GWAS (flags of a value each take one for all, or one a file)")
    group.add_argument("gwas", nargs="+", metavar="GWAS", help="summary statistics of any dialect")
    group.add_argument("--names", nargs="+", metavar="NAME", help="of the traits [default: the files']")
    group.add_argument(
        "--type", nargs="+", default=["auto"], choices=("auto", "quant", "cc"),
        help="quantitative or case-control [default: told by columns of cases, controls or odds ratios]",
    )  # fmt: skip
    group.add_argument(
        "--sd_y", nargs="+", type=float, metavar="SD",
        help="standard deviation of a quantitative trait [default: estimated]",
    )  # fmt: skip
    group.add_argument(
        "--case_fraction", nargs="+", type=float, metavar="SHARE", help="cases, where only P is known"
    )
    group.add_argument("--n", nargs="+", type=float, metavar="N", help="sample size; before the file's")
    add_column_flags(parser, group, ANALYSIS_FIELDS)
    add_header_flag(parser, group, each=True)
    add_dialect_flags(parser, group)


def _add_qtl(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("QTLs")
    group.add_argument(
        "--qtl", required=True, nargs="+", metavar="FILE|STUDY.h5::KEY",
        help="all pairs that were tested, text or Parquet; @ stands for chromosomes, * in KEY for anything",
    )  # fmt: skip
    group.add_argument(
        "--qtl_fits", metavar="STUDY.h5::KEY|FILE",
        help="log Bayes factors of fine-mapped genes (qtl/finemap_pip/NAME, or the eQTL Catalogue's "
        "lbf_variable), so that they are not fitted again",
    )  # fmt: skip
    group.add_argument(
        "--egenes", metavar="FILE",
        help="genes: a permutation pass, GTEx's egenes or signif_pairs, or an id a line [default: all]",
    )  # fmt: skip
    group.add_argument(
        "--fdr", type=float, default=0.05, help="of --egenes those of q-value at most this [default: 0.05]"
    )
    group.add_argument(
        "--genes", metavar="FILE",
        help="where genes begin: a GTF, a phenotype BED, or a table [default: by tss_distance]",
    )  # fmt: skip
    group.add_argument("--qtl_n", type=float, metavar="N", help="sample size; before the file's")
    group.add_argument(
        "--qtl_sd_y", type=float, metavar="SD",
        help="standard deviation of the phenotypes, 1 after an inverse normal transform [default: estimated]",
    )  # fmt: skip
    group.add_argument("--qtl_gene", metavar="NAME", help="the gene of a file that has no column of genes")
    group.add_argument(
        "--qtl_variants", metavar="FILE",
        help="a .bim, or SNPID, CHR, POS, A1, A2, for ids that do not tell places [default: the genotypes']",
    )  # fmt: skip


def _add_sentinels(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("sentinels and their regions")
    group.add_argument(
        "--sentinels", default="windows", metavar="windows|clump|FILE",
        help="the strongest variants at least --distance apart; those not in LD with stronger ones; or ids, "
        "one a line [default: windows]",
    )  # fmt: skip
    for flag, value, what in (
        ("p_max", 5e-8, "largest P of a sentinel [default: 5e-8]"),
        ("window", 500_000, "bases on either side of a sentinel [default: 500000]"),
        ("distance", 1_000_000, "windows: bases, at least, between sentinels [default: 1000000]"),
        ("clump_r2", 0.1, "clump: largest squared correlation of two sentinels [default: 0.1]"),
        ("clump_window", 500_000, "clump: bases to either side [default: 500000]"),
    ):
        group.add_argument(f"--{flag}", type=type(value), default=value, metavar="X", help=what)


def _add_ld(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("LD, for several causal variants")
    group.add_argument("--genotypes", metavar="FILE", help="LD of the GWAS: its people or a reference")
    group.add_argument("--qtl_genotypes", metavar="FILE", help="LD of the QTLs [default: --genotypes]")
    group.add_argument("--covariates", metavar="FILE", help="project these out of --genotypes")
    group.add_argument("--qtl_covariates", metavar="FILE", help="project these out of --qtl_genotypes")
    group.add_argument("--dosage", action="store_true", help="dosages rather than hard calls")
    group.add_argument("--keep", metavar="FILE", help="only these samples of --genotypes")
    group.add_argument("--remove", metavar="FILE", help="not these samples")
    group.add_argument("--maf_min", type=float, metavar="MAF", help="least minor allele frequency")
    group.add_argument("--max_missing", type=float, metavar="SHARE", help="largest share of missing calls")
    group.add_argument(
        "--palindromic", choices=("infer", "keep", "drop"), default="infer",
        help="A/T and C/G SNPs: by frequency and the strand of the others, as given, or left out "
        "[default: infer]",
    )  # fmt: skip
    group.add_argument(
        "--palindromic_maf", type=float, default=0.4, metavar="MAF",
        help="largest MAF at which frequencies tell a strand [default: 0.4]",
    )  # fmt: skip


def _add_method(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("method")
    for flag, value, what in (
        ("p1", 1e-4, "prior of a variant to be causal for the GWAS only [default: 1e-4]"),
        ("p2", 1e-4, "for the QTL only [default: 1e-4]"),
        ("p12", 1e-5, "for both, coloc.abf [default: 1e-5]"),
        ("p12_susie", 5e-6, "for both, pairs of credible sets [default: 5e-6]"),
    ):
        group.add_argument(f"--{flag}", type=float, default=value, metavar="X", help=what)
    add_susie(group)


def _add_smr(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("Mendelian randomisation with a gene's top variant")
    group.add_argument("--smr", action="store_true", help="also Wald ratios, SMR and HEIDI")
    group.add_argument(
        "--smr_p", type=float, default=5e-8, metavar="P", help="largest P of the top variant [default: 5e-8]"
    )
    group.add_argument(
        "--heidi_p", type=float, default=1.565402e-3, metavar="P",
        help="largest P of HEIDI's variants [default: 1.57e-3]",
    )  # fmt: skip
    group.add_argument(
        "--heidi_r2", type=float, nargs=2, default=(0.05, 0.9), metavar=("MIN", "MAX"),
        help="their squared correlations with the top variant [default: 0.05 0.9]",
    )  # fmt: skip
    group.add_argument(
        "--heidi_n", type=int, nargs=2, default=(3, 20), metavar=("MIN", "MAX"),
        help="how many, at least and at most [default: 3 20]",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Colocalise and write."""
    where = engine_arguments(args)
    from postgwas.coloc.write_genomewide import genomewide_files
    from postgwas.genotypes.selection import Selection

    genomewide_files(
        _gwas(args), _qtl(args), args.out, genotypes=args.genotypes, qtl_genotypes=args.qtl_genotypes,
        covariates=args.covariates, qtl_covariates=args.qtl_covariates, sentinels=_sentinels(args),
        settings=_settings(args),
        selection=Selection(
            keep=args.keep, remove=args.remove, maf_min=args.maf_min, max_missing=args.max_missing
        ),
        dosage=args.dosage, store=args.store, overwrite=args.overwrite, quiet=args.quiet,
        log_json=args.log_json, **where,
    )  # fmt: skip
    return 0


def _gwas(args: argparse.Namespace) -> list[GwasInput]:
    from pathlib import Path

    from postgwas.coloc.genome_settings import GwasInput
    from postgwas.finemap.region_stats import StatsOptions

    size = len(args.gwas)
    names = args.names or [Path(path).name.partition(".")[0] for path in args.gwas]
    if len(names) != size:
        raise UsageError(f"--names: {len(names)} names for {size} GWAS")
    each = {flag: _each(getattr(args, flag), flag, size) for flag in ("type", "sd_y", "case_fraction", "n")}
    each["type"] = [None if one == "auto" else one for one in each["type"]]
    columns, headers = named_columns(args), header_each(args.columns, size)
    return [
        GwasInput(
            path, names[at], each["type"][at], each["sd_y"][at], each["case_fraction"][at],
            StatsOptions(
                columns=columns, header=headers[at], dialect=args.dialect, dialect_files=args.dialect_file,
                n=each["n"][at],
            ),
        )
        for at, path in enumerate(args.gwas)
    ]  # fmt: skip


def _each(given: list[Any] | None, flag: str, size: int) -> list[Any]:
    if given is None:
        return [None] * size
    if len(given) not in (1, size):
        raise UsageError(f"--{flag}: {len(given)} values for {size} GWAS", hint="one for all, or one a file")
    return given * size if len(given) == 1 else given


def _qtl(args: argparse.Namespace) -> QtlInput:
    from postgwas.coloc.genome_settings import QtlInput

    return QtlInput(
        args.qtl, args.qtl_fits, args.egenes, args.fdr, args.genes, args.qtl_n, args.qtl_sd_y, args.qtl_gene,
        args.qtl_variants,
    )  # fmt: skip


def _sentinels(args: argparse.Namespace) -> SentinelChoice:
    from postgwas.coloc.genome_settings import SentinelChoice

    return SentinelChoice(
        args.sentinels, args.p_max, args.window, args.distance, args.clump_r2, args.clump_window
    )


def _settings(args: argparse.Namespace) -> GenomeSettings:
    from postgwas.coloc.allele_rules import AlleleRules
    from postgwas.coloc.genome_settings import GenomeSettings, SmrSettings

    smr = None
    if args.smr:
        smr = SmrSettings(args.smr_p, args.heidi_p, *args.heidi_r2, *args.heidi_n)
    return GenomeSettings(
        p1=args.p1, p2=args.p2, p12=args.p12, p12_susie=args.p12_susie, n_effects=args.L,
        coverage=args.coverage, min_abs_corr=args.min_abs_corr, max_iter=args.max_iter, tol=args.tol,
        prior_method=args.prior_method, rules=AlleleRules(args.palindromic, args.palindromic_maf), smr=smr,
    )  # fmt: skip
