"""Tables of the quality control of genotypes into a study's store, with where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from postgwas.destination import Destination
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

    from postgwas.store.provenance import Provenance

log = get_logger(__name__)


@dataclass(frozen=True)
class Origin:
    """Where a result comes from; see :class:`postgwas.store.provenance.Provenance`."""

    parameters: Mapping[str, Any]
    inputs: list[str]
    seconds: float
    rows_in: int
    rows_out: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    seed: int | None = None

    def provenance(self) -> Provenance:
        """With versions, command line and checksums of the inputs."""
        from postgwas.store.provenance import Provenance

        return Provenance.collect(
            parameters=self.parameters, inputs=self.inputs, rows_in=self.rows_in, rows_out=self.rows_out,
            dropped=self.dropped, wall_seconds=self.seconds, seed=self.seed,
        )  # fmt: skip


def store_tables(
    target: Destination,
    tables: Mapping[str, tuple[pl.DataFrame, str]],
    origin: Origin,
    *,
    attrs: Mapping[str, Any],
) -> None:
    """Put tables (what -> table and kind) under ``genotypes/<what>/<prefix>``.

    Raises
    ------
    StoreError, OutputError
        As :meth:`postgwas.store.study.Study.write_table`.
    """
    from postgwas.store.study import Study

    assert target.store is not None
    made = origin.provenance()
    study = Study.open(target.store, create=True)
    for what, (frame, kind) in tables.items():
        study.write_table(
            target.key(what), frame, kind=kind, provenance=made, attrs=attrs, overwrite=target.overwrite
        )
        log.info("Stored %s in %s", target.key(what), target.store)
