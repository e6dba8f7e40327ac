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
        Flags that the study sets itself.
    spreads : bool
        Whether it can use a cluster, if its command has the flags.
    """

    command: tuple[str, ...]
    module: str
    rooms: tuple[str, ...]
    title: str
    own: tuple[str, ...] = ()
    spreads: bool = True


_GWAS = ("sumstats", "columns")
_QTL = ("qtl", "genotypes", "expression")

#: In the order in which the plan shows them.
KINDS: dict[str, Kind] = {
    "harmonise": Kind(
        ("harmonise",), "harmonise", _GWAS, "one build, strand and effect allele",
        ("sumstats", "trait_names", "reference", "af_field", "fasta", "chain", "format"),
    ),
    "ld_scores": Kind(("ldsc", "--l2"), "ldsc_command", ("ld", "genotypes"), "LD scores", ("genotypes",)),
    "cross_scores": Kind(
        ("ldsc", "--l2"), "ldsc_command", ("ld", "genotypes"), "LD scores across two ancestries",
        ("genotypes", "genotypes2", "per_allele"),
    ),
    "h2": Kind(
        ("ldsc", "--h2"), "ldsc_command", ("ldsc", "ld", *_GWAS), "heritability", ("ref_ld", "w_ld")
    ),
    "rg": Kind(
        ("ldsc", "--rg"), "ldsc_command", ("ldsc", "ld", *_GWAS), "genetic correlations",
        ("ref_ld", "w_ld", "rg_matrix"),
    ),
    "mtag": Kind(
        ("mtag",), "mtag_command", ("mtag", "ldsc", "ld", *_GWAS), "traits of an ancestry together",
        ("sumstats", "ld_ref_panel", "trait_names"),
    ),
    "meta": Kind(
        ("meta",), "meta", ("meta", *_GWAS), "ancestries of a trait together",
        ("sumstats", "names", "ancestry", "studies", "metal_script"),
    ),
    "mama": Kind(
        ("meta", "--method", "mama"), "meta", ("meta", *_GWAS), "each ancestry with the help of the others",
        ("method", "sumstats", "names", "ancestry", "studies", "metal_script"), spreads=False,
    ),
    "genotypes_qc": Kind(
        ("genotypes", "qc"), "genotypes_qc", ("genotypes",), "quality control of genotypes", ("genotypes",)
    ),
    "genotypes_prune": Kind(
        ("genotypes", "prune"), "genotypes_prune", ("genotypes",), "variants without LD", ("genotypes",)
    ),
    "genotypes_pca": Kind(
        ("genotypes", "pca"), "genotypes_pca", ("genotypes",), "axes of ancestry", ("genotypes", "extract")
    ),
    "expression_prepare": Kind(
        ("expression", "prepare"), "expression_prepare", ("expression",), "filtered and normalised counts",
        ("gtf", "name"),
    ),
    "expression_peer": Kind(
        ("expression", "peer"), "expression_peer", ("expression",), "hidden factors", ("n_factors",)
    ),
    "expression_covariates": Kind(
        ("expression", "covariates"), "expression_covariates", ("expression", "genotypes"),
        "covariates put together",
        ("known", "include", "genotype_pcs", "n_genotype_pcs", "factors", "samples"),
    ),
    "eqtl_permute": Kind(
        ("eqtl", "permute"), "eqtl_permute", _QTL, "eGenes by permutations",
        ("genotypes", "phenotypes", "covariates"),
    ),
    "eqtl_cis": Kind(
        ("eqtl", "cis"), "eqtl_cis", _QTL, "all cis pairs", ("genotypes", "phenotypes", "covariates")
    ),
    "eqtl_independent": Kind(
        ("eqtl", "independent"), "eqtl_independent", _QTL, "independent signals",
        ("genotypes", "phenotypes", "covariates", "permutation_results"),
    ),
    "eqtl_finemap": Kind(
        ("eqtl", "finemap"), "eqtl_finemap", (*_QTL, "finemap"), "credible sets of eGenes",
        ("genotypes", "phenotypes", "covariates", "egenes"),
    ),
    "finemap": Kind(
        ("finemap",), "finemap", ("finemap", "genotypes", *_GWAS), "credible sets of GWAS loci",
        ("genotypes",),
    ),
    "coloc": Kind(
        ("coloc", "genomewide"), "coloc_genomewide", ("coloc", "finemap", *_GWAS),
        "genes that share a signal with a trait",
        ("names", "type", "qtl", "qtl_fits", "qtl_variants", "egenes", "genes", "genotypes", "qtl_genotypes",
         "qtl_covariates"),
    ),
    "report": Kind(("report",), "report", ("report", "plot"), "one page of everything", ("title", "remark")),
}  # fmt: skip

#: Flags of every command that the run decides on.
RUN_FLAGS = (
    "out", "store", "overwrite", "quiet", "verbose", "stream_stdout", "log_json", "debug", "cores",
    "dask_scheduler", "dask_jobqueue", "dask_jobqueue_options",
)  # fmt: skip
