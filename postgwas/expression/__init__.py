"""Expression: from raw counts to matrices that are ready for QTL mapping.

Every name is imported when first used.

=========================  ==================================================================
``import_expression``      any quantifier's files or a matrix to one layout, genes with places
``sample_quality``         metrics, outliers, sex, mix-ups with genotypes
``prepare``                gene filter, factors, transform: a BED for QTL mapping
``hidden_factor_files``    PEER's factors or components, their number by rule or by eGenes
``covariate_file``         known covariates, axes and hidden factors as one matrix of full rank
``expression_variance``    variance between and within groups
=========================  ==================================================================

The methods on arrays, genes x samples: ``mage_filter``, ``gtex_filter``, ``filter_by_expression``;
``tmm``, ``tmmwsp``, ``rle``, ``upper_quartile``, ``size_factors``; ``cpm``, ``tpm``, ``rpkm``;
``inverse_normal``, ``quantile_normalise``, ``remove_batch_effect``; ``peer``, ``expression_pcs``.

Examples
--------
Counts to normal quantiles, as ``prepare`` does it. Sample 3 was sequenced twice as deep:

>>> import numpy as np
>>> from postgwas import expression
>>> rng = np.random.default_rng(1)
>>> counts = rng.poisson(rng.lognormal(3, 1, (200, 1)) * [1, 1, 1, 2, 1, 1])
>>> factors = expression.tmm(counts)
>>> factors.shape, bool(np.isclose(np.log(factors).sum(), 0))
((6,), True)
>>> kept = expression.filter_by_expression(counts, norm_factors=factors)
>>> logs = expression.cpm(counts[kept], log=True, norm_factors=factors)
>>> bool(np.ptp(logs.mean(axis=0)) < 0.2)  # of 1, on the scale of log2
True
>>> expression.inverse_normal(logs).shape == (kept.sum(), 6)
True
"""

from __future__ import annotations

from typing import Any

#: Public name -> the module that it lives in.
_HOMES: dict[str, str] = {
    "assemble_covariates": "postgwas.expression.covariates",
    "choose_by_discovery": "postgwas.expression.factor_number",
    "choose_n_pcs": "postgwas.expression.factors_pca",
    "collapse_genes": "postgwas.expression.collapse",
    "counts_from_abundance": "postgwas.expression.tximport",
    "covariate_file": "postgwas.expression.run_covariates",
    "CovariateMatrix": "postgwas.expression.covariate_table",
    "CovariateOptions": "postgwas.expression.run_covariates",
    "CovariateTable": "postgwas.expression.covariate_table",
    "cpm": "postgwas.expression.per_million",
    "d_statistic": "postgwas.expression.dstatistic",
    "expression_pcs": "postgwas.expression.factors_pca",
    "expression_variance": "postgwas.expression.run_variance",
    "ExpressionMatrix": "postgwas.expression.matrix",
    "FactorOptions": "postgwas.expression.sample_scale",
    "filter_by_expression": "postgwas.expression.filters",
    "FilterOptions": "postgwas.expression.prepare_options",
    "find_mixups": "postgwas.expression.run_mixups",
    "gene_table": "postgwas.expression.matrix",
    "genes_of_gtf": "postgwas.expression.gtf",
    "gtex_filter": "postgwas.expression.filters",
    "hidden_factor_files": "postgwas.expression.run_peer",
    "HiddenFactorOptions": "postgwas.expression.run_peer",
    "import_expression": "postgwas.expression.run_import",
    "ImportOptions": "postgwas.expression.run_import",
    "inverse_normal": "postgwas.expression.rank_normal",
    "load_matrix": "postgwas.expression.stored",
    "mage_filter": "postgwas.expression.filters",
    "n_factors_gtex": "postgwas.expression.factor_number",
    "peer": "postgwas.expression.peer_fit",
    "PeerFit": "postgwas.expression.peer_fit",
    "prepare": "postgwas.expression.run_prepare",
    "Prepared": "postgwas.expression.run_prepare",
    "PrepareOptions": "postgwas.expression.prepare_options",
    "PeerPriors": "postgwas.expression.peer_updates",
    "QcOptions": "postgwas.expression.run_qc",
    "quantile_normalise": "postgwas.expression.quantile_normal",
    "read_bed": "postgwas.expression.bed",
    "read_covariates": "postgwas.expression.covariate_files",
    "read_expression": "postgwas.expression.reading",
    "read_gtf": "postgwas.expression.gtf",
    "read_parquet": "postgwas.expression.parquet",
    "remove_batch_effect": "postgwas.expression.batch_effect",
    "rle": "postgwas.expression.factors_geometric",
    "rpkm": "postgwas.expression.per_million",
    "sample_quality": "postgwas.expression.run_qc",
    "scaled_log2": "postgwas.expression.factors_geometric",
    "sequential_anova": "postgwas.expression.variance",
    "size_factors": "postgwas.expression.factors_geometric",
    "store_matrix": "postgwas.expression.stored",
    "summarise_to_genes": "postgwas.expression.tximport",
    "tmm": "postgwas.expression.factors_tmm",
    "tmm_reference": "postgwas.expression.factors_tmm",
    "tmmwsp": "postgwas.expression.factors_tmmwsp",
    "tpm": "postgwas.expression.per_million",
    "upper_quartile": "postgwas.expression.factors_quantile",
    "VarianceOptions": "postgwas.expression.run_variance",
    "write_bed": "postgwas.expression.bed",
    "write_covariates": "postgwas.expression.covariate_files",
    "write_parquet": "postgwas.expression.parquet",
}

__all__: list[str] = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'postgwas.expression' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
