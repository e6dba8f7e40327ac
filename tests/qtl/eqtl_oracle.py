"""Where peers' figures of the simulated eQTL study lie, and how their tables are read."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from postgwas.expression.covariate_files import read_covariates
from postgwas.expression.covariate_table import CovariateMatrix

PAIR = ["phenotype_id", "variant_id"]


class Oracle:
    """Paths of the study: 300 people, 10,900 variants of two chromosomes, 126 genes, 19 covariates."""

    def __init__(self, shared: Path) -> None:
        self.folder = shared / "oracle" / "eqtl"
        self.genotypes = self.folder / "sim_inputs" / "geno.pgen"
        self.phenotypes = self.folder / "expression_prep_gtex" / "cis.expression.bed.gz"
        self.covariates = self.folder / "sim_inputs" / "covariates.txt"
        self.sex = self.folder / "sim_inputs" / "interaction_sex.txt"

    def covariates_without_sex(self) -> CovariateMatrix:
        table = read_covariates(self.covariates)
        rows = [row for row, name in enumerate(table.names) if name != "sex"]
        return CovariateMatrix(table.values[rows], tuple(table.names[row] for row in rows), table.samples)

    def table(
        self,
        path: str,
        *,
        columns: list[str] | None = None,
        separator: str = "\t",
        numbers: tuple[str, ...] = (),
    ) -> pl.DataFrame:
        """A peer's table; `columns` names those of a file without a header, `numbers` are cast."""
        frame = pl.read_csv(
            self.folder / path, separator=separator, has_header=columns is None, new_columns=columns,
            null_values="NA", infer_schema_length=10_000,
        )  # fmt: skip
        texts = [name for name in numbers if frame[name].dtype == pl.String]
        return frame.with_columns(pl.col(texts).str.strip_chars().cast(pl.Float64))
