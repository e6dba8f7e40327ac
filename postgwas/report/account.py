"""What happened to the rows of every input, and where every result comes from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from postgwas.report.section import PageTable, Section

if TYPE_CHECKING:
    from postgwas.store.index import Entry
    from postgwas.store.study import Study


#: What the rows of a kind's inputs are, what is kept of them, and what it is called here; the first that a
#: kind begins with. Inputs come first, then what was made of them.
_COUNTED = (
    ("harmonised-sumstats", "GWAS", "variants", "variants"),
    ("genotype-qc", "Genotype QC", "variants", "variants"),
    ("expression-genes", "Expression", "genes", "genes"),
    ("expression-matrix", "Expression", "genes", "genes"),
    ("expression-gene", "Expression", "genes", "genes"),
    ("expression-size", "Expression", "genes", "genes"),
    ("expression-variance", "Variance between groups", "genes", "genes"),
    ("expression-factor", "Hidden factors", "genes", "genes"),
    ("expression-covariates", "Covariates", "covariates", "covariates"),
    ("fst", "F_ST", "variants", "variants"),
    ("pruned-variants", "Pruning", "variants", "variants"),
    ("pca", "Axes of ancestry", "variants", "variants"),
    ("ancestry", "Ancestry", "people", "people"),
    ("ld-scores", "LD scores", "variants", "variants"),
    ("cross-ld-scores", "Cross LD scores", "variants", "variants"),
    ("ldsc-h2", "Heritability", "variants", "variants"),
    ("ldsc-rg", "Genetic correlations", "pairs of traits", "pairs of traits"),
    ("mtag", "MTAG", "variants", "variants"),
    ("meta", "Meta-analysis", "variants", "variants"),
    ("mama", "MAMA", "variants", "variants"),
    ("finemap", "Fine-mapping", "variants", "those in regions"),
    ("qtl-cis_nominal", "Cis pairs", "genes", "genes"),
    ("qtl-cis_permutation", "eGenes", "genes", "genes"),
    ("qtl-cis_independent", "Independent signals", "genes", "genes"),
    ("qtl-finemap", "Fine-mapping of genes", "genes", "genes"),
    ("qtl-afc", "Allelic fold changes", "genes", "genes"),
    ("qtl-interaction", "Interactions", "genes", "genes"),
    ("qtl-group", "Effects in groups", "genes", "genes"),
    ("qtl-trans", "Pairs across the genome", "genes", "genes"),
    ("qtl-sharing", "Sharing", "signals", "signals"),
    ("qtl-", "QTLs", "genes", "genes"),
    ("coloc", "Colocalisation", "variants", "pairs of signals"),
)


def account_section(study: Study, entries: Sequence[Entry]) -> Section:
    """Rows read, kept and set aside with their reasons, a line for each step that counts rows."""
    import polars as pl

    lines: dict[tuple[object, ...], dict[str, Any]] = {}
    for one in entries:
        origin = study.provenance(one.key)
        if origin.rows_in is None:
            continue
        place, step, read, kept = _counted(one.kind)
        reasons = tuple((name, n) for name, n in sorted(origin.dropped.items()) if n)
        name = _last_name(one.key)
        # Results of one step share its account: one line.
        same = (step, name, origin.rows_in, origin.rows_out, reasons)
        lines.setdefault(
            same,
            {
                "input or result": f"{step}, {name}",
                "read": origin.rows_in,
                "kept": origin.rows_out,
                "counted": read if read == kept else f"{read} \u2192 {kept}",
                "set aside": "; ".join(f"{reason}: {n:,}" for reason, n in reasons),
                "place": place,
            },
        )
    schema = {
        "input or result": pl.String, "read": pl.Int64, "kept": pl.Int64, "counted": pl.String,
        "set aside": pl.String, "place": pl.Int64,
    }  # fmt: skip
    table = pl.DataFrame(list(lines.values()), schema=schema).sort("place", maintain_order=True).drop("place")
    note = (
        "Genes of QTL mapping are kept where variants are set aside; a meta-analysis reads a variant once for"
        " each file that has it. Files of the rows that were left out lie beside the results."
    )
    return Section("What happened to every row", tables=[PageTable("Row account", table, note)])


def _counted(kind: str) -> tuple[int, str, str, str]:
    """Place in the table and the words of :data:`_COUNTED`; a kind that is not there has its name."""
    for place, (begins, step, read, kept) in enumerate(_COUNTED):
        if kind.startswith(begins):
            return place, step, read, kept
    return len(_COUNTED), kind, "rows", "rows"


def _last_name(key: str) -> str:
    """The part of a key that names the trait, ancestry or tissue.

    Examples
    --------
    >>> _last_name("sumstats/EUR_LDL"), _last_name("ldsc/h2/EUR_LDL/summary")
    ('EUR_LDL', 'EUR_LDL')
    """
    parts = key.split("/")
    if key.startswith("ldsc/h2/") and len(parts) > 3:
        return parts[2]
    if key.startswith("meta/mama/") and len(parts) > 3:
        return ", ".join(parts[2:])
    if key.startswith("meta/") and len(parts) > 2:
        return ", ".join(parts[1:])
    if key.startswith("expression/prepared/") and len(parts) > 3:
        return parts[2]
    return parts[-1]


def made_with(study: Study, entries: Sequence[Entry]) -> dict[str, str]:
    """Programs that made the results, each with its version, or with all of them where results differ."""
    found: dict[str, dict[str, None]] = {}
    for one in entries:
        for name, version in study.provenance(one.key).versions.items():
            found.setdefault(name, {})[version] = None
    return {name: ", ".join(versions) for name, versions in found.items()}


def provenance_section(study: Study, entries: Sequence[Entry]) -> Section:
    """Every result with the command that made it; every input with its checksum; versions."""
    import polars as pl

    results: list[dict[str, Any]] = []
    inputs: dict[tuple[str, str | None], dict[str, Any]] = {}
    versions = made_with(study, entries)
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
    tables = [
        PageTable("Results", pl.DataFrame(results, infer_schema_length=None)),
        PageTable("Inputs", pl.DataFrame(list(inputs.values()), infer_schema_length=None)),
        PageTable("Versions", pl.DataFrame({"of": list(versions), "version": list(versions.values())})),
    ]
    return Section("Provenance", tables=[one for one in tables if one.table.height])
