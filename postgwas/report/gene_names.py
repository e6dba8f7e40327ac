"""Names and places of a study's genes, so that its tables answer searches for either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from postgwas.plot.gene_track import GeneModel
    from postgwas.store.index import Entry
    from postgwas.store.study import Study


@dataclass(frozen=True, eq=False)
class Genes:
    """Genes of the tissues whose expression is in the store.

    Attributes
    ----------
    table : polars.DataFrame
        phenotype_id, gene (its name, null where it is the id), CHR, START, END, STRAND, TSS; a row a gene.
    """

    table: pl.DataFrame

    def name(self, gene: str) -> str | None:
        """A gene's name; None where it has none beside its id."""
        found = self.table.filter(self.table["phenotype_id"] == gene)["gene"]
        return str(found[0]) if len(found) and found[0] is not None else None

    def named(self, table: pl.DataFrame, by: str = "phenotype_id") -> pl.DataFrame:
        """The table with a column `gene` beside its column of ids, where any of its genes has a name."""
        if by not in table.columns or "gene" in table.columns:
            return table
        names = self.table.select(self.table["phenotype_id"].alias(by), "gene")
        joined = table.join(names, on=by, how="left", maintain_order="left")
        if joined["gene"].null_count() == joined.height:
            return table
        at = table.columns.index(by)
        return joined.select(*table.columns[:at], "gene", *table.columns[at:])

    def placed(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table with CHR and POS of its variants, from their distance to the gene's start; and names."""
        import polars as pl

        if "CHR" in table.columns or not {"phenotype_id", "tss_distance"} <= set(table.columns):
            return self.named(table)
        joined = table.join(
            self.table.select("phenotype_id", "CHR", "TSS"),
            on="phenotype_id", how="left", maintain_order="left",
        )  # fmt: skip
        if joined["CHR"].null_count() == joined.height:
            return self.named(table)
        joined = joined.with_columns(POS=pl.col("TSS") + pl.col("tss_distance").cast(pl.Int64))
        at = table.columns.index("tss_distance")
        return self.named(joined.select(*table.columns[:at], "CHR", "POS", *table.columns[at:]))

    def models(self, chrom: int, start: int, end: int) -> list[GeneModel]:
        """The genes that reach into a region, by position, without exons."""
        import polars as pl

        from postgwas.plot.gene_track import GeneModel

        inside = (pl.col("CHR") == chrom) & (pl.col("END") >= start) & (pl.col("START") <= end)
        return [
            GeneModel(name or gene, low, high, strand or ".")
            for gene, name, low, high, strand in self.table.filter(inside)
            .sort("START", "END", "phenotype_id")
            .select("phenotype_id", "gene", "START", "END", "STRAND")
            .iter_rows()
        ]


def study_genes(study: Study, entries: Sequence[Entry]) -> Genes:
    """Genes of all tissues; of one that several have, the first."""
    import polars as pl

    schema = {
        "phenotype_id": pl.String, "gene": pl.String, "CHR": pl.Int64, "START": pl.Int64, "END": pl.Int64,
        "STRAND": pl.String, "TSS": pl.Int64,
    }  # fmt: skip
    source = ("GENE_ID", "GENE_NAME", "CHR", "START", "END", "STRAND", "POS")
    tables = [
        study.read_polars(one.key, list(source)).select(
            pl.col(old).cast(dtype).alias(new) for old, (new, dtype) in zip(source, schema.items())
        )
        for one in entries
        if one.kind == "expression-genes" and set(source) <= set(one.columns)
    ]
    every = pl.concat([pl.DataFrame(schema=schema), *tables]).unique(
        "phenotype_id", keep="first", maintain_order=True
    )
    same = (pl.col("gene") == pl.col("phenotype_id")) | (pl.col("gene") == "")
    return Genes(every.with_columns(pl.when(~same).then("gene").alias("gene")))
