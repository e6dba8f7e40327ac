"""Expression: from raw counts to matrices that are ready for QTL mapping.

Every name is imported when first used.
"""

from __future__ import annotations

from typing import Any

#: Public name -> the module that it lives in.
_HOMES: dict[str, str] = {
    "collapse_genes": "postgwas.expression.collapse",
    "counts_from_abundance": "postgwas.expression.tximport",
    "cpm": "postgwas.expression.per_million",
    "d_statistic": "postgwas.expression.dstatistic",
    "expression_variance": "postgwas.expression.run_variance",
    "ExpressionMatrix": "postgwas.expression.matrix",
    "FactorOptions": "postgwas.expression.sample_scale",
    "filter_by_expression": "postgwas.expression.filters",
    "FilterOptions": "postgwas.expression.prepare_options",
    "find_mixups": "postgwas.expression.run_mixups",
    "gene_table": "postgwas.expression.matrix",
    "genes_of_gtf": "postgwas.expression.gtf",
    "gtex_filter": "postgwas.expression.filters",
    "import_expression": "postgwas.expression.run_import",
    "ImportOptions": "postgwas.expression.run_import",
    "inverse_normal": "postgwas.expression.rank_normal",
    "load_matrix": "postgwas.expression.stored",
    "mage_filter": "postgwas.expression.filters",
    "prepare": "postgwas.expression.run_prepare",
    "Prepared": "postgwas.expression.run_prepare",
    "PrepareOptions": "postgwas.expression.prepare_options",
    "QcOptions": "postgwas.expression.run_qc",
    "quantile_normalise": "postgwas.expression.quantile_normal",
    "read_bed": "postgwas.expression.bed",
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
