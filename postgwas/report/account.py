"""What happened to the rows of every input, and where every result comes from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from postgwas.report.section import PageTable, Section

if TYPE_CHECKING:
    from postgwas.store.index import Entry
    from postgwas.store.study import Study


def account_section(study: Study, entries: Sequence[Entry]) -> Section:
    """Rows read, kept and set aside with their reasons, of every result that counts rows."""
    import polars as pl

    rows: list[dict[str, Any]] = []
    for one in entries:
        origin = study.provenance(one.key)
        if origin.rows_in is None:
            continue
        rows.append(_line(one, "read", origin.rows_in))
        rows += [_line(one, f"set aside: {reason}", n) for reason, n in sorted(origin.dropped.items()) if n]
        if origin.rows_out is not None:
            rows.append(_line(one, "kept", origin.rows_out))
            rest = origin.rows_in - origin.rows_out - sum(origin.dropped.values())
            if origin.dropped and rest:
                rows.append(_line(one, "joined, merged or not told apart", rest))
    schema = {"result": pl.String, "rows": pl.String, "number": pl.Int64}
    return Section(
        "What happened to every row", tables=[PageTable("Row account", pl.DataFrame(rows, schema=schema))]
    )


def provenance_section(study: Study, entries: Sequence[Entry]) -> Section:
    """Every result with the command that made it; every input with its checksum; versions."""
    import polars as pl

    results: list[dict[str, Any]] = []
    inputs: dict[tuple[str, str | None], dict[str, Any]] = {}
    versions: dict[str, str] = {}
    for one in entries:
        origin = study.provenance(one.key)
        results.append(
            {
                "result": one.key,
                "kind": one.kind,
                "rows": one.rows or None,
                "created": one.created[:19].replace("T", " "),
                "command": origin.command,
                "seed": origin.seed,
            }
        )
        for file in origin.inputs:
            inputs[(file.name, file.sha256)] = {
                "file": PurePath(file.name).name, "bytes": file.size, "SHA-256": file.sha256
            }  # fmt: skip
        versions |= origin.versions
    tables = [
        PageTable("Results", pl.DataFrame(results, infer_schema_length=None)),
        PageTable("Inputs", pl.DataFrame(list(inputs.values()), infer_schema_length=None)),
        PageTable("Versions", pl.DataFrame({"of": list(versions), "version": list(versions.values())})),
    ]
    return Section("Provenance", tables=[one for one in tables if one.table.height])


def _line(entry: Entry, what: str, number: int) -> dict[str, Any]:
    return {"result": entry.key, "rows": what, "number": int(number)}
