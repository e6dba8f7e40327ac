"""The flags of ``postgwas ldsc``: ldsc.py's with their names and defaults, and ours."""

from __future__ import annotations

import argparse
from typing import Any

from postgwas.cli.options import add_engine_options, add_run_options, add_store_options

#: Flags that ldsc.py lacks: they never make a prefix ambiguous that was not so there.
OURS = (
    "ldsc_compat", "trait_names", "rg_matrix", "figures", "pfile", "vcf", "cm_map", "print_pseudovalues",
    "bfile2", "pfile2", "vcf2", "genotypes", "genotypes2", "keep2", "match_by",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    _add_modes(parser.add_argument_group("what to do (one of these)"))
    _add_output(parser.add_argument_group("output"))
    _add_ld(parser.add_argument_group("LD scores for --h2, --h2_cts and --rg"))
    _add_regression(parser.add_argument_group("regression"))
    _add_partitioned(parser.add_argument_group("partitioned heritability"))
    _add_liability(parser.add_argument_group("liability scale"))
    _add_genotypes(parser.add_argument_group("--l2: genotypes and variants"))
    _add_windows(parser.add_argument_group("--l2: windows (one of these)"))
    _add_annotations(parser.add_argument_group("--l2: annotations and kinds of LD scores"))
    _add_rarely(parser.add_argument_group("rarely needed"))
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)
    parser.give_way(*OURS)  # type: ignore[attr-defined]


def _add_modes(group: Any) -> None:
    group.add_argument(
        "--h2",
        metavar="SUMSTATS",
        help="heritability of this trait: .sumstats[.gz] or a store's table, STUDY.h5::KEY",
    )
    group.add_argument(
        "--h2_cts",
        metavar="SUMSTATS",
        help="coefficient of each cell type of --ref_ld_chr_cts beside a baseline model (--ref_ld_chr)",
    )
    group.add_argument(
        "--rg",
        metavar="SUMSTATS1,SUMSTATS2,...",
        help="genetic correlations of the first trait with each of the others; --rg_matrix for all pairs",
    )
    group.add_argument("--l2", action="store_true", help="LD scores from genotypes")


def _add_output(group: Any) -> None:
    group.add_argument(
        "--out", default="ldsc", metavar="PREFIX", help="prefix of the files to write [default: %(default)s]"
    )
    group.add_argument(
        "--trait_names", metavar="NAME1,NAME2,...", help="names of the traits [default: from the files]"
    )
    group.add_argument(
        "--print_cov", action="store_true", help="write the covariance matrix of the coefficients (.cov)"
    )
    group.add_argument(
        "--print_delete_vals",
        action="store_true",
        help="write the block jackknife delete values (.delete, .part_delete)",
    )
    group.add_argument(
        "--print_pseudovalues",
        action="store_true",
        help="write the block jackknife pseudovalues (.pseudovalues.tsv)",
    )
    group.add_argument("--figures", action="store_true", help="draw the genetic correlations (--rg)")
    group.add_argument(
        "--ldsc_compat",
        action="store_true",
        help="ldsc.py 1.0.1's own numbers, quirks included (docs/methods/ldsc.md lists them)",
    )


def _add_ld(group: Any) -> None:
    group.add_argument(
        "--ref_ld",
        metavar="PREFIX[,PREFIX...]",
        help="LD scores of the model, one file: PREFIX.l2.ldscore[.gz]; several prefixes stand side by side",
    )
    group.add_argument(
        "--ref_ld_chr",
        metavar="PREFIX[,PREFIX...]",
        help="the same, one file a chromosome: PREFIX1.l2.ldscore.gz ... PREFIX22; @ stands for the "
        "chromosome elsewhere in the name; a folder or the name of a registered panel does too",
    )
    group.add_argument("--w_ld", metavar="PREFIX", help="LD scores for the regression weights, one file")
    group.add_argument("--w_ld_chr", metavar="PREFIX", help="the same, one file a chromosome")
    group.add_argument(
        "--M",
        metavar="M[,M...]",
        help="number of variants behind each LD score column, instead of the .l2.M_5_50 files",
    )
    group.add_argument(
        "--not_M_5_50",
        action="store_true",
        help="take .l2.M (all variants) instead of .l2.M_5_50 (frequency above 5 %%)",
    )


def _add_regression(group: Any) -> None:
    group.add_argument(
        "--no_intercept",
        action="store_true",
        help="constrain the heritability intercepts to 1, those of covariances to 0",
    )
    group.add_argument(
        "--intercept_h2",
        metavar="A[,A...]",
        help="constrain the heritability intercept; with --rg one for each trait, N for a free one",
    )
    group.add_argument(
        "--intercept_gencov",
        metavar="A[,A...]",
        help="constrain the covariance intercepts (--rg): one for each trait, N for a free one; the "
        "first is not used",
    )
    group.add_argument(
        "--two_step",
        type=float,
        metavar="CHI2",
        help="estimate the intercept from variants with chi-square below this, then the slope from all "
        "[default: 30 for --h2 with one LD score column and a free intercept, else one step]",
    )
    group.add_argument(
        "--chisq_max",
        type=float,
        metavar="CHI2",
        help="leave out variants whose chi-square is not below this [default: with several LD score "
        "columns the larger of 80 and 0.001 N, else no limit]",
    )
    group.add_argument(
        "--n_blocks", type=int, default=200, metavar="N", help="jackknife blocks [default: %(default)s]"
    )
    group.add_argument(
        "--no_check_alleles",
        action="store_true",
        help="do not compare the traits' alleles (--rg): signs are taken as they are",
    )
    group.add_argument(
        "--rg_matrix", action="store_true", help="correlate every pair of the traits of --rg in one run"
    )


def _add_partitioned(group: Any) -> None:
    group.add_argument(
        "--overlap_annot",
        action="store_true",
        help="annotations overlap: read PREFIX.annot[.gz] and write enrichments to .results",
    )
    group.add_argument(
        "--print_coefficients", action="store_true", help="coefficients in .results too (--overlap_annot)"
    )
    group.add_argument(
        "--frqfile", metavar="PREFIX", help="allele frequencies (.frq[.gz]) for --overlap_annot --ref_ld"
    )
    group.add_argument(
        "--frqfile_chr", metavar="PREFIX", help="the same, one file a chromosome, for --ref_ld_chr"
    )
    group.add_argument(
        "--ref_ld_chr_cts",
        metavar="FILE",
        help="cell types for --h2_cts: a name and an LD score prefix (or several, comma separated) a line",
    )
    group.add_argument(
        "--print_all_cts",
        action="store_true",
        help="report the other prefixes of each line of --ref_ld_chr_cts too",
    )


def _add_liability(group: Any) -> None:
    group.add_argument(
        "--samp_prev",
        metavar="F[,F...]",
        help="share of cases in the sample; with --rg one a trait, nan, N or NA for a quantitative one",
    )
    group.add_argument("--pop_prev", metavar="F[,F...]", help="prevalence in the population, likewise")


def _add_genotypes(group: Any) -> None:
    group.add_argument(
        "--genotypes",
        metavar="FILE",
        help="PLINK 1 (.bed), PLINK 2 (.pgen), VCF, BCF or BGEN, or their prefix; @ stands for chromosomes",
    )
    group.add_argument("--bfile", metavar="PREFIX", help="the same, PLINK 1 alone (.bed .bim .fam)")
    group.add_argument("--pfile", metavar="PREFIX", help="the same, PLINK 2 alone (.pgen .pvar .psam)")
    group.add_argument("--vcf", metavar="FILE", help="the same, VCF or BCF alone")
    group.add_argument("--extract", metavar="FILE", help="variants to use, one id a line")
    group.add_argument("--keep", metavar="FILE", help="people to use, one id a line")
    group.add_argument("--maf", type=float, metavar="F", help="use variants with a frequency above this")
    group.add_argument("--print_snps", metavar="FILE", help="variants to write, one id a line")
    group.add_argument("--cm_map", metavar="FILE", help="genetic map, where the genotypes have no cM")
    other = "a second population: LD scores of both and across them"
    group.add_argument("--genotypes2", metavar="FILE", help=f"genotypes of {other}")
    group.add_argument("--bfile2", metavar="PREFIX", help="the same, PLINK 1 alone")
    group.add_argument("--pfile2", metavar="PREFIX", help="the same, PLINK 2 alone")
    group.add_argument("--vcf2", metavar="FILE", help="the same, VCF or BCF alone")
    group.add_argument("--keep2", metavar="FILE", help="people of the second population")
    group.add_argument(
        "--match_by",
        choices=("position", "id"),
        help="what tells the same variant in both files, besides alleles [default: position]",
    )


def _add_windows(group: Any) -> None:
    group.add_argument("--ld_wind_snps", type=int, metavar="N", help="variants on each side")
    group.add_argument("--ld_wind_kb", type=float, metavar="KB", help="kilobases on each side")
    group.add_argument("--ld_wind_cm", type=float, metavar="CM", help="centimorgans on each side")
    group.add_argument(
        "--yes_really", action="store_true", help="allow a window of a whole chromosome (slow, much memory)"
    )
    group.add_argument(
        "--chunk_size",
        type=int,
        default=50,
        metavar="N",
        help="variants in a block [default: %(default)s]; changes numbers with --ldsc_compat only",
    )


def _add_annotations(group: Any) -> None:
    group.add_argument("--annot", metavar="FILE", help="annotations: .annot[.gz] or the prefix of one")
    group.add_argument(
        "--thin_annot", action="store_true", help="--annot has annotations alone, no CHR BP SNP CM"
    )
    group.add_argument("--cts_bin", metavar="FILE[,FILE...]", help="continuous annotations, to cut in bins")
    group.add_argument(
        "--cts_breaks",
        metavar="BREAKS",
        help="borders of the bins, comma separated; x between annotations, N for -",
    )
    group.add_argument("--cts_names", metavar="NAMES", help="names of the continuous annotations")
    group.add_argument("--per_allele", action="store_true", help="per-allele LD scores: --pq_exp 1")
    group.add_argument(
        "--pq_exp", type=float, metavar="A", help="weight each variant by (p q)^A, p its allele frequency"
    )
    group.add_argument(
        "--no_print_annot", action="store_true", help="do not write the annotations made by --cts_bin"
    )
    group.add_argument("--pickle", action="store_true", help="refused: LD scores are written as text")


def _add_rarely(group: Any) -> None:
    group.add_argument(
        "--invert_anyway",
        action="store_true",
        help="go on although the LD scores are nearly collinear (condition number above 100,000)",
    )
    group.add_argument(
        "--return_silly_things",
        action="store_true",
        help="print genetic correlations beyond 1.2, and what would be NA, as they come out",
    )
