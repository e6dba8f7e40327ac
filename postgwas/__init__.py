"""postgwas: what comes after a GWAS.

The public interface fits on this page; every name is imported when first used.

======================  ====================================================================
``harmonise``           summary statistics onto one build, strand and effect allele
``munge``               summary statistics to ldsc's .sumstats.gz
``ldsc``                room of LD score regression: ``ldsc.h2``, ``ldsc.rg_matrix``, ``ldsc.ld_scores``
``mtag``                summary statistics of several traits in, MTAG results out
``read_sumstats``       one file of summary statistics, whatever program wrote it
``iter_sumstats``       the same in chunks, for files larger than memory
``quality_control``     LDSC's filters, every dropped row with its reason
``load_panel``          LD scores by registered name, folder or prefix
``open_genotypes``      PLINK 1, PLINK 2, VCF, BCF or BGEN as blocks of variants x samples
``genotypes``           room of genotypes: ``genotypes.qc``, ``.prune``, ``.pca``, ``.king``, ``.fst``
``coloc``               room of colocalisation: ``coloc.abf``, ``coloc.susie``
``expression``          room of expression: ``expression.import_expression``, ``.prepare``, ``.peer``
``finemap``             room of fine-mapping: ``finemap.susie_rss``, ``finemap.susie``
``qtl``                 room of QTL mapping: ``qtl.cis_nominal``, ``.cis_permutation``, ``.finemap``
``Study``               the HDF5 store: write, list, query by region, export, verify, pack
``engine``              where work runs: in process, local workers, a Dask cluster, a queue
``PostgwasError``       base of all errors that a user can meet
======================  ====================================================================

Examples
--------
>>> import postgwas
>>> result = postgwas.mtag(["a.txt.gz", "b.txt.gz"], ld_ref_panel="eur_w_ld_chr")  # doctest: +SKIP
>>> result.omega, result.traits["a"], print(result.summary())                     # doctest: +SKIP
>>> postgwas.ldsc.h2("a.sumstats.gz", ref_ld="eur_w_ld_chr").h2                   # doctest: +SKIP
>>> postgwas.genotypes.pca("people.pgen").eigenvalues                             # doctest: +SKIP
>>> postgwas.expression.tmm([[10, 20, 10], [30, 55, 31], [50, 110, 49]]).round(3)
array([0.996, 1.013, 0.992])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas import coloc as coloc
    from postgwas import expression as expression
    from postgwas import finemap as finemap
    from postgwas import genotypes as genotypes
    from postgwas import ldsc as ldsc
    from postgwas import mtag as mtag
    from postgwas import qtl as qtl
    from postgwas.compute.engine import engine as engine
    from postgwas.errors import PostgwasError as PostgwasError
    from postgwas.genotypes.opening import open_genotypes as open_genotypes
    from postgwas.ld.panel import load_panel as load_panel
    from postgwas.store.study import Study as Study
    from postgwas.sumstats.harmonise.run import harmonise as harmonise
    from postgwas.sumstats.munge.run import munge as munge
    from postgwas.sumstats.qc import QCRules as QCRules
    from postgwas.sumstats.qc import quality_control as quality_control
    from postgwas.sumstats.run import read_sumstats as read_sumstats
    from postgwas.sumstats.stream import iter_sumstats as iter_sumstats

__version__ = "0.1.0"

_HOMES = {
    "engine": "postgwas.compute.engine",
    "harmonise": "postgwas.sumstats.harmonise.run",
    "iter_sumstats": "postgwas.sumstats.stream",
    "load_panel": "postgwas.ld.panel",
    "munge": "postgwas.sumstats.munge.run",
    "open_genotypes": "postgwas.genotypes.opening",
    "PostgwasError": "postgwas.errors",
    "QCRules": "postgwas.sumstats.qc",
    "quality_control": "postgwas.sumstats.qc",
    "read_sumstats": "postgwas.sumstats.run",
    "Study": "postgwas.store.study",
}

__all__ = [
    "PostgwasError",
    "QCRules",
    "Study",
    "coloc",
    "engine",
    "expression",
    "finemap",
    "genotypes",
    "harmonise",
    "iter_sumstats",
    "ldsc",
    "load_panel",
    "mtag",
    "munge",
    "open_genotypes",
    "qtl",
    "quality_control",
    "read_sumstats",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name in ("coloc", "expression", "finemap", "genotypes", "ldsc", "mtag", "qtl"):
        return importlib.import_module(f"postgwas.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'postgwas' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
