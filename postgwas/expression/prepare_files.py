"""The files that `prepare` leaves behind, all or none, and what goes into the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.destination import check_prefix, check_store, refuse_existing
from postgwas.expression.bed import write_bed
from postgwas.expression.parquet import write_parquet
from postgwas.expression.stored import matrix_keys
from postgwas.runlog import get_logger
from postgwas.staging import appear_together
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    from postgwas.expression.run_prepare import Prepared

log = get_logger(__name__)

BED, PARQUET, FACTORS = ".expression.bed.gz", ".expression.parquet", ".size_factors.tsv"
GENES, FIGURE = ".genes.tsv.gz", ".prepare.png"

FACTORS_KIND = "expression-size-factors"
ACCOUNT_KIND = "expression-gene-account"


@dataclass(frozen=True)
class Destination:
    """Where results go; see :func:`postgwas.expression.run_prepare.prepare`."""

    out: Path
    bed: bool = True
    figures: bool = False
    store: str | os.PathLike[str] | None = None
    name: str | None = None
    overwrite: bool = False

    def key(self, what: str) -> str:
        """Under which a result lies in the store."""
        return f"expression/{what}/{self.name or self.out.name}"

    @property
    def endings(self) -> list[str]:
        """Of all files."""
        beds = [BED, f"{BED}.tbi"] if self.bed else []
        return [*beds, PARQUET, FACTORS, GENES, *([FIGURE] if self.figures else [])]

    def check(self) -> None:
        """Refuse what cannot be written before anything is computed.

        Raises
        ------
        OutputError
            The folder is not there, or a file exists already.
        StoreError
            The store has such a result already, or cannot be opened.
        """
        check_prefix(os.fspath(self.out), example="results/lcl")
        if not self.overwrite:
            refuse_existing(Path(f"{self.out}{ending}") for ending in self.endings)
        keys = [*matrix_keys(self.key("prepared")), self.key("size_factors"), self.key("gene_account")]
        check_store(self.store, keys, overwrite=self.overwrite)


def write_prepared(
    result: Prepared,
    destination: Destination,
    *,
    parameters: Mapping[str, Any],
    inputs: Sequence[str | os.PathLike[str]],
    seconds: Callable[[], float],
) -> None:
    """Write all files and the store's results.

    Raises
    ------
    OutputError, StoreError
        Nothing is left then.
    """
    out = destination.out
    with appear_together(out.parent) as aside:
        base = aside / out.name
        if destination.bed:
            write_bed(result.expression, f"{base}{BED}")
        write_parquet(result.expression, f"{base}{PARQUET}")
        write_delimited(result.samples, f"{base}{FACTORS}")
        write_delimited(result.genes, f"{base}{GENES}")
        if destination.figures:
            from postgwas.plot.expression_prepare import prepare_figure, view_of
            from postgwas.plot.saving import save_figure

            save_figure(prepare_figure(view_of(result)), f"{base}{FIGURE}")
        if destination.store is not None:
            _store(result, destination, parameters, inputs, seconds())
    shape = result.expression.values.shape
    log.info(
        "%s genes x %s samples -> %s",
        f"{shape[0]:,}",
        f"{shape[1]:,}",
        f"{out}{BED if destination.bed else PARQUET}",
    )


def _store(
    result: Prepared,
    destination: Destination,
    parameters: Mapping[str, Any],
    inputs: Sequence[str | os.PathLike[str]],
    seconds: float,
) -> None:
    from postgwas.expression.stored import store_matrix
    from postgwas.store import Study
    from postgwas.store.provenance import Provenance

    assert destination.store is not None
    made = Provenance.collect(
        parameters=parameters,
        inputs=inputs,
        rows_in=result.counts.n_genes,
        rows_out=result.expression.n_genes,
        dropped=result.dropped,
        wall_seconds=seconds,
    )
    key, replace = destination.key, destination.overwrite
    store_matrix(destination.store, key("prepared"), result.expression, provenance=made, overwrite=replace)
    study = Study.open(destination.store, create=True)
    for what, table, kind in (
        ("size_factors", result.samples, FACTORS_KIND),
        ("gene_account", result.genes, ACCOUNT_KIND),
    ):
        study.write_table(key(what), table, kind=kind, provenance=made, overwrite=replace)
    log.info("Stored %s in %s", key("prepared"), destination.store)
