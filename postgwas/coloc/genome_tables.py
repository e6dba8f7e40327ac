"""Results of a genome-wide colocalisation as tables."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from postgwas.coloc.gene_follow_up import COLUMNS
from postgwas.coloc.genome_settings import MODERATE, STRONG
from postgwas.coloc.qtl_genes import NO_TSS
from postgwas.coloc.run_genomewide import GenomeColoc

if TYPE_CHECKING:
    import polars as pl

NO_GENE = "no_gene_tested"
"""Reason of a region in which no gene was tested."""


def pairs_table(found: GenomeColoc) -> pl.DataFrame:
    """A row a pair of a GWAS and a gene (METHOD abf), or of their credible sets (susie), by PP.H4.

    TRAIT, REGION, CHR, SENTINEL, phenotype_id, METHOD, CS_GWAS and CS_QTL, HIT_GWAS and HIT_QTL (the variant
    of the largest Bayes factor), N_SHARED, OVERLAP and SHARE of both (of a signal's posterior, and of its
    credible set, at shared variants), PP.H0 to PP.H4, PRIOR.H0 to PRIOR.H4 (of a region of this size),
    TOP_VARIANT with TOP_PP (likeliest to be shared, given H4), CLPP, MARK. PP is null of a pair of which a
    signal lies too little at shared variants.
    """
    import polars as pl

    text, number = pl.String(), pl.Float64()
    schema: dict[str, Any] = {
        "TRAIT": text, "REGION": text, "CHR": pl.Int8(), "SENTINEL": text, "phenotype_id": text,
        "METHOD": text, "CS_GWAS": pl.Int32(), "CS_QTL": pl.Int32(), "HIT_GWAS": text, "HIT_QTL": text,
        "N_SHARED": pl.Int32(), "OVERLAP_GWAS": number, "OVERLAP_QTL": number, "SHARE_GWAS": number,
        "SHARE_QTL": number, **{f"PP.H{h}": number for h in range(5)},
        **{f"PRIOR.H{h}": number for h in range(5)}, "TOP_VARIANT": text, "TOP_PP": number, "CLPP": number,
        "MARK": text,
    }  # fmt: skip
    rows = [row for _, _, one in found.results for row in one.pairs]
    # NaN would compare as the largest of all.
    table = pl.DataFrame(rows, schema=schema).with_columns(pl.col(pl.Float64).fill_nan(None))
    keys = ["TRAIT", "REGION", "phenotype_id", "METHOD", "CS_GWAS", "CS_QTL"]
    return table.sort("PP.H4", *keys, descending=[True, *[False] * len(keys)], nulls_last=True)


def genes_table(found: GenomeColoc) -> pl.DataFrame:
    """A row a GWAS, region and gene, by its best PP.H4: of pairs of credible sets where any has one, else
    of one causal variant each.

    TRAIT, REGION, CHR, SENTINEL, phenotype_id, TSS, TSS_DISTANCE (from the sentinel), N_GWAS, N_QTL, N_SHARED
    (variants), SD_Y, SETS_GWAS, SETS_QTL, N_PAIRS, N_MODERATE, N_STRONG (of pairs), PP.H3.abf, PP.H4.abf,
    PP.H3.susie, PP.H4.susie (of the best pair), PP.H4, MARK, METHOD, TOP_VARIANT, TOP_PP, CLPP, SIGNS_AGREE,
    what --smr adds, STATUS and STATUS_SUSIE.
    """
    import polars as pl

    text, number, whole = pl.String(), pl.Float64(), pl.Int32()
    schema: dict[str, Any] = {
        "TRAIT": text, "REGION": text, "CHR": pl.Int8(), "SENTINEL": text, "phenotype_id": text,
        "TSS": pl.Int64(), "N_GWAS": whole, "N_QTL": whole, "N_SHARED": whole, "SD_Y": number,
        "SETS_GWAS": whole, "SETS_QTL": whole, "PP.H3.abf": number, "PP.H4.abf": number,
        "PP.H3.susie": number, "PP.H4.susie": number, "SIGNS_AGREE": number,
        **({} if found.settings.smr is None else _follow_up_schema()), "STATUS": text, "STATUS_SUSIE": text,
    }  # fmt: skip
    rows = [row for _, _, one in found.results for row in one.genes]
    table = pl.DataFrame([{key: row.get(key) for key in schema} for row in rows], schema=schema, strict=False)
    table = table.with_columns(pl.col(pl.Float64).fill_nan(None))
    keys = ["TRAIT", "REGION", "phenotype_id"]
    pairs = pairs_table(found).filter(pl.col("TRAIT").is_not_null())
    fitted = (pl.col("METHOD") == "susie") & pl.col("PP.H4").is_not_null()
    best = pairs.with_columns(fitted.alias("fitted")).sort(
        "fitted", "PP.H4", *keys, descending=[True, True, *[False] * 3], nulls_last=True, maintain_order=True
    )
    best = best.unique(keys, keep="first", maintain_order=True)
    sizes = pairs.group_by(keys).agg(
        (pl.col("METHOD") == "susie").sum().cast(whole).alias("N_PAIRS"),
        ((pl.col("METHOD") == "susie") & (pl.col("PP.H4") >= MODERATE)).sum().cast(whole).alias("N_MODERATE"),
        ((pl.col("METHOD") == "susie") & (pl.col("PP.H4") >= STRONG)).sum().cast(whole).alias("N_STRONG"),
    )
    table = table.join(best.select(*keys, "PP.H4", "MARK", "METHOD", "TOP_VARIANT", "TOP_PP", "CLPP"),
                       on=keys, how="left").join(sizes, on=keys, how="left")  # fmt: skip
    places = sentinels_table(found).select("TRAIT", "REGION", "POS")
    table = table.join(places, on=["TRAIT", "REGION"], how="left")
    table = table.with_columns((pl.col("TSS") - pl.col("POS")).alias("TSS_DISTANCE"))
    first = ["TRAIT", "REGION", "CHR", "SENTINEL", "phenotype_id", "TSS", "TSS_DISTANCE", "PP.H4", "MARK",
             "METHOD", "TOP_VARIANT", "TOP_PP", "CLPP", "N_PAIRS", "N_MODERATE", "N_STRONG"]  # fmt: skip
    rest = [name for name in schema if name not in first]
    return table.select(*first, *rest).sort(
        pl.col("PP.H4").fill_null(-1.0), *keys, descending=[True, False, False, False]
    )


def _follow_up_schema() -> dict[str, Any]:
    import polars as pl

    whole = {"HEIDI_N": pl.Int32()}
    texts = dict.fromkeys(("WALD_VARIANT", "SMR_VARIANT", "SMR_STATUS"), pl.String())
    return {name: {**whole, **texts}.get(name, pl.Float64()) for name in COLUMNS}


def sets_table(found: GenomeColoc) -> pl.DataFrame:
    """A row a credible set of either side.

    TRAIT, REGION, CHR, SIDE (gwas or qtl), phenotype_id (null for the GWAS), CS, SIZE, COVERAGE, PURITY_MIN,
    PURITY_MEAN (null where LD is not known), LOG10_BF, LEAD, LEAD_POS, LEAD_PROBABILITY, N_SHARED,
    SHARE_SHARED (of its variants), POSTERIOR_SHARED (of its effect), VARIANTS.
    """
    import polars as pl

    text, number, whole = pl.String(), pl.Float64(), pl.Int32()
    schema: dict[str, Any] = {
        "TRAIT": text, "REGION": text, "CHR": pl.Int8(), "SIDE": text, "phenotype_id": text, "CS": whole,
        "SIZE": whole, "COVERAGE": number, "PURITY_MIN": number, "PURITY_MEAN": number, "LOG10_BF": number,
        "LEAD": text, "LEAD_POS": whole, "LEAD_PROBABILITY": number, "N_SHARED": whole,
        "SHARE_SHARED": number, "POSTERIOR_SHARED": number, "VARIANTS": text,
    }  # fmt: skip
    rows = [row for _, _, one in found.results for row in one.sets]
    table = pl.DataFrame(rows, schema=schema, strict=False)
    table = table.with_columns(pl.col("PURITY_MIN", "PURITY_MEAN").fill_nan(None))
    return table.sort("TRAIT", "CHR", "REGION", "SIDE", "phenotype_id", "CS", maintain_order=True)


def sentinels_table(found: GenomeColoc) -> pl.DataFrame:
    """A row a region: its sentinel, how many genes and variants, and how LD fits.

    TRAIT, REGION, CHR, START, END, SENTINEL, POS, EA, NEA, MLOG10P, N_GENES, N_QTL and N_SHARED (variants),
    N_TURNED, N_OTHER_ALLELES (of the QTLs against the GWAS), N_LD (of the GWAS in LD), SETS_GWAS,
    SIGNS_AGREE, N_OUTLIERS (of LD's checks), STATUS.
    """
    import polars as pl

    done = {(trait, region.name): one for trait, region, one in found.results}
    rows: list[dict[str, Any]] = []
    for trait in found.traits:
        columns = [
            name for name in ("SNPID", "POS", "EA", "NEA", "MLOG10P") if name in trait.sentinels.columns
        ]
        for region, lead in zip(trait.regions, trait.sentinels.select(columns).iter_rows(named=True)):
            one = done.get((trait.gwas.name, region.name))
            row = {
                "TRAIT": trait.gwas.name, "REGION": region.name, "CHR": region.chromosome,
                "START": region.start, "END": region.stop, "SENTINEL": lead.pop("SNPID"), **lead,
                "N_GENES": 0, "STATUS": NO_GENE,
            }  # fmt: skip
            if one is not None:
                counts = one.counts[0]
                with_ld = next((c.n_shared for c in one.counts[1:] if c.name == trait.gwas.name), None)
                agree = None if one.findings is None else one.findings.alignment.share
                row |= {
                    "N_GENES": len(one.genes), "N_QTL": counts.n, "N_SHARED": counts.n_shared,
                    "N_TURNED": counts.n_swapped, "N_OTHER_ALLELES": counts.n_other_alleles, "N_LD": with_ld,
                    "SETS_GWAS": sum(row["SIDE"] == "gwas" for row in one.sets), "SIGNS_AGREE": agree,
                    "N_OUTLIERS": None if one.findings is None else int(one.findings.outlier.sum()),
                    "STATUS": one.status,
                }  # fmt: skip
            rows.append(row)
    text, number, whole = pl.String(), pl.Float64(), pl.Int32()
    schema: dict[str, Any] = {
        "TRAIT": text, "REGION": text, "CHR": pl.Int8(), "START": whole, "END": whole, "SENTINEL": text,
        "POS": whole, "EA": text, "NEA": text, "MLOG10P": number, "N_GENES": whole, "N_QTL": whole,
        "N_SHARED": whole, "N_TURNED": whole, "N_OTHER_ALLELES": whole, "N_LD": whole, "SETS_GWAS": whole,
        "SIGNS_AGREE": number, "N_OUTLIERS": whole, "STATUS": text,
    }  # fmt: skip
    table = pl.DataFrame([{key: row.get(key) for key in schema} for row in rows], schema=schema, strict=False)
    return table.with_columns(pl.col("SIGNS_AGREE").fill_nan(None))


def rejected_table(found: GenomeColoc) -> pl.DataFrame:
    """What was left out: TRAIT, REGION, phenotype_id, REASON, N (rows or variants where many have one)."""
    import polars as pl

    rows: list[tuple[str | None, str | None, str | None, str, int]] = []
    for trait in found.traits:
        counts = trait.rejected["REASON"].value_counts().sort("REASON").iter_rows()
        rows += [(trait.gwas.name, None, None, f"gwas_{why}", number) for why, number in counts]
    rows += [(None, None, None, f"qtl_{why}", number) for why, number in sorted(found.spool.rejected.items())]
    rows += [(None, None, name, NO_TSS, 1) for name in found.genes.lost]
    rows += [(trait, region, None, NO_GENE, 1) for trait, region in found.empty]
    for trait_name, region_, one in found.results:
        for count in one.counts:
            rows += [
                (
                    trait_name,
                    region_.name,
                    None,
                    f"{count.name}_with_{PurePath(count.other).name}_{why}",
                    number,
                )
                for why, number in count.dropped.items()
            ]
        if one.status != "ok":
            rows.append((trait_name, region_.name, None, one.status, 1))
        for gene in one.genes:
            for key in ("STATUS", "STATUS_SUSIE"):
                if gene.get(key) not in (None, "ok"):
                    rows.append((trait_name, region_.name, gene["phenotype_id"], gene[key], 1))
    names = ("TRAIT", "REGION", "phenotype_id", "REASON")
    schema: dict[str, Any] = {**dict.fromkeys(names, pl.String()), "N": pl.Int64()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def log_bf_table(found: GenomeColoc) -> pl.DataFrame:
    """Log Bayes factors of all variants for the effect behind each credible set, to colocalise again with.

    TRAIT, REGION, SIDE, phenotype_id, CS, CHR, POS, SNPID, EA, NEA, LOG_BF.
    """
    import polars as pl

    parts = []
    for _, _, one in found.results:
        for row in one.log_bf:
            labels = {key: row[key] for key in ("TRAIT", "REGION", "SIDE", "phenotype_id", "CS")}
            parts.append(
                row["variants"].with_columns(
                    pl.Series("LOG_BF", row["LOG_BF"]),
                    *(pl.lit(value, pl.Int32 if key == "CS" else pl.String).alias(key)
                      for key, value in labels.items()),
                ).cast({"CHR": pl.Int8, "POS": pl.Int32})
            )  # fmt: skip
    names = ["TRAIT", "REGION", "SIDE", "phenotype_id", "CS", "CHR", "POS", "SNPID", "EA", "NEA", "LOG_BF"]
    if not parts:
        types = [pl.String] * 4 + [pl.Int32, pl.Int8, pl.Int32] + [pl.String] * 3 + [pl.Float32]
        return pl.DataFrame(schema=dict(zip(names, types)))
    return pl.concat(parts).select(names)
