"""LD of a locus for its figure, from the genotypes that a study's results name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from postgwas.errors import PostgwasError
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

    from postgwas.finemap.region_list import MapRegion
    from postgwas.store.study import Study

log = get_logger("report")

#: Calls of one locus that are read at most.
MOST_CALLS = 400_000_000
_ENDINGS = (".pgen", ".bed", ".bcf", ".bgen", ".vcf", ".vcf.gz")


def ld_files(study: Study, coloc_key: str, qtl_key: str) -> list[str]:
    """Genotypes that LD may come from: those of the GWAS' ancestry, then those of the QTLs' samples.

    Parameters
    ----------
    study : Study
    coloc_key, qtl_key : str
        Keys of the colocalisation's and of the QTLs' result.
    """
    named = [str(study.attrs(coloc_key).get("ld") or "")]
    named += [one.name for one in study.provenance(qtl_key).inputs if one.name.endswith(_ENDINGS)]
    return [
        one for one in dict.fromkeys(named) if one and Path(one).is_file() and not one.endswith(".bed.gz")
    ]


def r2_of_locus(
    files: Sequence[str], region: MapRegion, tables: list[pl.DataFrame], lead: str
) -> tuple[dict[str, float], str]:
    """r^2 of a locus' variants with its lead, and the words that say whose it is; empty without any.

    Parameters
    ----------
    files : sequence of str
        The first that has the lead is taken.
    region : MapRegion
    tables : list of polars.DataFrame
        SNPID, CHR, POS of each trait.
    lead : str
    """
    from postgwas.coloc.plot_ld import r2_with_lead
    from postgwas.finemap.ld_sources import GenotypeLd
    from postgwas.genotypes.opening import open_genotypes

    for path in files:
        try:
            data = open_genotypes(path)
            source = GenotypeLd(data)
            if source.region(region).variants.height * data.n_samples > MOST_CALLS:
                log.info("%s: too many people for a figure's LD", path)
                continue
            r2 = r2_with_lead(source, region, tables, lead)
        except PostgwasError as error:
            log.info("%s: no LD for a figure: %s", path, error)
            continue
        if r2:
            return r2, f"r\u00b2 with {lead} of {data.n_samples:,} people in {PurePath(path).name}"
    return {}, "LD is not known"
