"""The kinds of step: which command each runs, and on which rooms' code its results rest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of step.

    Attributes
    ----------
    command : tuple of str
        Words after ``postgwas``.
    module : str
        Module of ``postgwas.cli`` that has the flags.
    rooms : tuple of str
        Folders of the library whose code makes the result; where postgwas is worked on, a change there makes
        the step run again.
    title : str
    own : tuple of str
        Flags that the study sets itself, or that would make another analysis of the step.
    elsewhere : tuple of str
        Flags that say how files of summary statistics are read: this step reads what harmonise wrote.
    spreads : bool
        Whether it can use a cluster, if its command has the flags.
    asked : bool
        Made only where `steps` names it; all others are made unless it says false.
    """

    command: tuple[str, ...]
    module: str
    rooms: tuple[str, ...]
    title: str
    own: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    spreads: bool = True
    asked: bool = False


_GWAS = ("sumstats", "columns", "genotypes", "reference", "plot")
_LD = ("ld", "ldsc", *_GWAS)
_PEOPLE = ("genotypes", "ld", "sumstats", "plot")
_EXPRESSION = ("expression", "columns", "reference", *_PEOPLE)
_QTL = ("qtl", "expression", *_PEOPLE)

#: Flags of ldsc that ask for another analysis, or for other data than the step's.
_ANALYSIS = ("h2", "h2_cts", "rg", "l2", "trait_names")
_PEOPLE_OF_LDSC = ("genotypes", "bfile", "pfile", "vcf", "genotypes2", "bfile2", "pfile2", "vcf2")
#: How files of summary statistics are read.
_NAMES = tuple(f"{one}_name" for one in (
    "snp", "snpid", "chr", "bpos", "pos", "a1", "a2", "ea", "nea", "eaf", "beta", "or", "se", "z", "p", "n",
    "info",
))  # fmt: skip
_READING = (*_NAMES, "columns", "dialect", "dialect_file", "sample", "n", "n_value", "n_cases", "n_controls")

#: In the order in which the plan shows them.
KINDS: dict[str, Kind] = {
    "harmonise": Kind(
        ("harmonise",), "harmonise", ("report", *_GWAS), "one build, strand and effect allele",
        ("sumstats", "trait_names", "reference", "af_field", "fasta", "chain", "format", "build", "n",
         "n_cases", "n_controls", "columns"),
    ),
    "ld_scores": Kind(
        ("ldsc", "--l2"), "ldsc_command", _LD, "LD scores",
        (*_ANALYSIS, *_PEOPLE_OF_LDSC, "keep2", "match_by"),
    ),
    "cross_scores": Kind(
        ("ldsc", "--l2"), "ldsc_command", _LD, "LD scores across two ancestries",
        (*_ANALYSIS, *_PEOPLE_OF_LDSC, "per_allele"),
    ),
    "h2": Kind(("ldsc", "--h2"), "ldsc_command", _LD, "heritability", (*_ANALYSIS, *_PEOPLE_OF_LDSC)),
    "rg": Kind(
        ("ldsc", "--rg"), "ldsc_command", _LD, "genetic correlations",
        (*_ANALYSIS, *_PEOPLE_OF_LDSC, "rg_matrix"),
    ),
    "mtag": Kind(
        ("mtag",), "mtag_command", ("mtag", *_LD), "traits of an ancestry together",
        ("sumstats", "ld_ref_panel", "trait_names", "store_name"), _READING,
    ),
    "meta": Kind(
        ("meta",), "meta", ("meta", "coloc", "qtl", "ldsc", *_GWAS), "ancestries of a trait together",
        ("sumstats", "names", "ancestry", "studies", "metal_script"), _READING,
    ),
    "mama": Kind(
        ("meta", "--method", "mama"), "meta", ("meta", "coloc", "qtl", "ldsc", *_GWAS),
        "each ancestry with the help of the others",
        ("method", "sumstats", "names", "ancestry", "studies", "metal_script"), _READING, spreads=False,
    ),
    "ancestry_prune": Kind(
        ("genotypes", "prune"), "genotypes_prune", _PEOPLE, "variants without LD, of the reference",
        ("genotypes",),
    ),
    "ancestry_pca": Kind(
        ("genotypes", "pca"), "genotypes_pca", _PEOPLE, "axes of the reference's people",
        ("genotypes", "extract", "groups", "group_column"),
    ),
    "ancestry_project": Kind(
        ("genotypes", "project"), "genotypes_project", _PEOPLE, "people on the reference's axes",
        ("genotypes", "loadings"),
    ),
    "ancestry_groups": Kind(
        ("genotypes", "ancestry"), "genotypes_ancestry", _PEOPLE, "the ancestry of each person",
        ("scores", "reference", "groups", "group_column"),
    ),
    "genotypes_qc": Kind(
        ("genotypes", "qc"), "genotypes_qc", _PEOPLE, "quality control of genotypes", ("genotypes",)
    ),
    "genotypes_fst": Kind(
        ("genotypes", "fst"), "genotypes_fst", _PEOPLE, "F_ST of groups of people", ("genotypes",),
        asked=True,
    ),
    "genotypes_prune": Kind(
        ("genotypes", "prune"), "genotypes_prune", _PEOPLE, "variants without LD", ("genotypes",)
    ),
    "genotypes_pca": Kind(
        ("genotypes", "pca"), "genotypes_pca", _PEOPLE, "axes of ancestry", ("genotypes", "extract")
    ),
    "expression_prepare": Kind(
        ("expression", "prepare"), "expression_prepare", _EXPRESSION, "filtered and normalised counts",
        ("gtf", "name", "counts", "expression"),
    ),
    "expression_variance": Kind(
        ("expression", "variance"), "expression_variance", _EXPRESSION,
        "variance between and within groups of people", ("counts", "expression", "name"), asked=True,
    ),
    "expression_peer": Kind(
        ("expression", "peer"), "expression_peer", _EXPRESSION, "hidden factors",
        ("n_factors", "counts", "expression"),
    ),
    "expression_covariates": Kind(
        ("expression", "covariates"), "expression_covariates", _EXPRESSION,
        "covariates put together",
        ("known", "include", "genotype_pcs", "n_genotype_pcs", "factors", "samples"),
    ),
    "eqtl_permute": Kind(
        ("eqtl", "permute"), "eqtl_permute", _QTL, "eGenes by permutations",
        ("genotypes", "phenotypes", "covariates", "phenotype_groups"),
    ),
    "eqtl_cis": Kind(
        ("eqtl", "cis"), "eqtl_cis", _QTL, "all cis pairs", ("genotypes", "phenotypes", "covariates")
    ),
    "eqtl_independent": Kind(
        ("eqtl", "independent"), "eqtl_independent", _QTL, "independent signals",
        ("genotypes", "phenotypes", "covariates", "permutation_results", "phenotype_groups"),
    ),
    "eqtl_finemap": Kind(
        ("eqtl", "finemap"), "eqtl_finemap", (*_QTL, "finemap"), "credible sets of eGenes",
        ("genotypes", "phenotypes", "covariates", "egenes"),
    ),
    "eqtl_interaction": Kind(
        ("eqtl", "interaction"), "eqtl_interaction", _QTL, "effects that differ between people",
        ("genotypes", "phenotypes", "covariates", "leads"), asked=True,
    ),
    "eqtl_trans": Kind(
        ("eqtl", "trans"), "eqtl_trans", (*_QTL, "columns", "reference"), "pairs across the genome",
        ("genotypes", "phenotypes", "covariates"), asked=True,
    ),
    "eqtl_afc": Kind(
        ("eqtl", "afc"), "eqtl_afc", (*_QTL, "finemap", "columns", "reference"),
        "allelic fold changes of independent signals",
        ("genotypes", "qtl", "counts", "expression", "phenotypes", "covariates"), asked=True,
    ),
    "eqtl_sharing": Kind(
        ("eqtl", "sharing"), "eqtl_sharing", _QTL, "signals of the tissues held against each other",
        ("leads", "nominal"), asked=True,
    ),
    "finemap": Kind(
        ("finemap",), "finemap", ("finemap", "coloc", "qtl", "ld", "expression", *_GWAS),
        "credible sets of GWAS loci", ("genotypes", "sumstats", "names"), _READING,
    ),
    "coloc": Kind(
        ("coloc", "genomewide"), "coloc_genomewide", ("coloc", "finemap", "qtl", "ld", "expression", *_GWAS),
        "genes that share a signal with a trait",
        ("names", "type", "qtl", "qtl_fits", "qtl_variants", "egenes", "genes", "genotypes", "qtl_genotypes",
         "qtl_covariates"),
        _READING,
    ),
    "report": Kind(
        ("report",), "report", ("report", "coloc", "finemap", "expression", "qtl", *_LD),
        "one page of everything", ("title", "remark")
    ),
}  # fmt: skip

#: Flags of every command that the run decides on.
RUN_FLAGS = (
    "out", "store", "overwrite", "quiet", "verbose", "stream_stdout", "log_json", "debug", "cores",
    "dask_scheduler", "dask_jobqueue", "dask_jobqueue_options",
)  # fmt: skip
