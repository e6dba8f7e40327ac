"""Write one trait's files from its finished parts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

import postgwas
from postgwas.compute.engine import Engine
from postgwas.errors import ColumnError
from postgwas.runlog import get_logger
from postgwas.sumstats.harmonise.chromosome import PART_SCHEMA
from postgwas.sumstats.harmonise.formats import (
    TEXT_FORMATS,
    FormatTask,
    format_part,
    header_of,
    ldsc_table,
    ssf_source,
    table_of,
)
from postgwas.sumstats.harmonise.join import (
    index_vcf,
    join_bgzf,
    join_gzip,
    join_parquet,
    merged,
    write_rejected_rows,
    write_table,
)
from postgwas.sumstats.harmonise.mismatch import given_refs_told
from postgwas.sumstats.harmonise.options import ENDINGS, HarmoniseOptions
from postgwas.sumstats.harmonise.run_file import Work
from postgwas.sumstats.harmonise.spill import NOWHERE
from postgwas.sumstats.harmonise.staging import Stage
from postgwas.sumstats.harmonise.vcf_lines import vcf_header
from postgwas.sumstats.ssf import describe_ssf, ssf_table

log = get_logger(__name__)

_NEEDS = {
    "ssf": ("CHR", "POS", "BETA", "SE", "EAF"),
    "vcf": ("CHR", "POS", "EFFECT_IS_ALT"),
    "ldsc": ("SNPID", "Z", "N"),
}
_FLAGS = {"N": "--n", "EAF": "--eaf_name", "SNPID": "--snp_name", "BETA": "--beta_name", "SE": "--se_name"}


def write_trait(
    name: str, work: Work, options: HarmoniseOptions, stage: Stage, engine: Engine
) -> tuple[dict[str, Path], dict[str, int]]:
    """Write all tables of a trait aside.

    Returns
    -------
    files : dict of str to Path
        Format -> the name that the file will have.
    n_written : dict of str to int
        Format -> rows, of formats that demand more than the table has.

    Raises
    ------
    ColumnError
        A format needs a column that nothing gives.
    """
    columns = work.columns
    for kind in options.formats:
        refuse_lacking(work.spilled.summary.source, kind, columns)
    counts = _counts(options)
    files: dict[str, Path] = {}
    kinds = tuple(kind for kind in TEXT_FORMATS if kind in options.formats)
    effective = work.spilled.summary.n_kind == "effective"
    as_logs = any(result.tiny for result in work.results)
    placed = [result for result in work.results if result.chromosome != NOWHERE]
    parts = {"tsv": work.results}
    tasks = [
        FormatTask(
            result.part,
            tuple(k for k in kinds if result in parts.get(k, placed)),
            columns,
            effective=effective,
            as_logs=as_logs,
            counts=counts,
            given_refs=given_refs_told({int(code): n for code, n in work.account.outcomes.items()}),
        )
        for result in work.results
    ]
    done = engine.map(format_part, tasks, label=f"Writing {name}") if kinds else []
    empty = pl.DataFrame(schema=PART_SCHEMA)
    for kind in kinds:
        members = [part.files[kind] for part in done if kind in part.files]
        path = stage.path(ENDINGS[kind])
        files[kind] = stage.final(ENDINGS[kind])
        if kind == "tsv":
            join_gzip(path, header_of(table_of(empty, columns, effective=effective)), members)
        elif kind == "ldsc":
            join_gzip(path, header_of(ldsc_table(empty)), members)
        elif kind == "ssf":
            join_gzip(
                path, header_of(ssf_table(ssf_source(empty, columns, counts), as_logs=as_logs)), members
            )
            _describe(name, path, files[kind], work, options, stage)
        else:
            _finish_vcf(name, path, members, work, stage, counts)
    if "parquet" in options.formats:
        parts_in_order = [result.part for result in work.results]
        join_parquet(stage.path(ENDINGS["parquet"]), parts_in_order, columns, effective=effective)
        files["parquet"] = stage.final(ENDINGS["parquet"])
    write_table(stage.path(".account.tsv"), work.account.to_frame())
    write_rejected_rows(
        stage.path(".rejected.tsv.gz"),
        work.spilled.summary.source,
        work.spilled.rejected,
        [result.rejected for result in work.results],
    )
    files["account"], files["rejected"] = stage.final(".account.tsv"), stage.final(".rejected.tsv.gz")
    return files, _fewer(merged(part.n_rows for part in done), work.account.n_kept)


def refuse_lacking(source: str, kind: str, columns: Sequence[str]) -> None:
    """Stop where a format needs what the table does not have.

    Raises
    ------
    ColumnError
    """
    lacking = [column for column in _NEEDS.get(kind, ()) if column not in columns]
    if kind == "ssf" and not {"P", "MLOG10P"} & set(columns):
        lacking.append("P")
    if not lacking:
        return
    if "EFFECT_IS_ALT" in lacking:
        raise ColumnError(
            f"{source}: GWAS-VCF needs the reference alleles of its build, and nothing tells them",
            hint="--fasta tells them",
        )
    what = {"ssf": "GWAS-SSF", "vcf": "GWAS-VCF", "ldsc": "LDSC's .sumstats"}[kind]
    flag = next((_FLAGS[c] for c in lacking if c in _FLAGS), None)
    ids = "so do the ids of a --reference, " if "SNPID" in lacking else ""
    raise ColumnError(
        f"{source}: {what} needs {', '.join(lacking)}, which the file does not have",
        hint=f"{flag} gives it, {ids}or leave --format {kind} out" if flag else f"leave --format {kind} out",
    )


def _counts(options: HarmoniseOptions) -> tuple[float, float] | None:
    if options.n_cases is None or options.n_controls is None:
        return None
    return options.n_cases + options.n_controls, options.n_cases


def _finish_vcf(
    name: str,
    path: Path,
    members: Sequence[str],
    work: Work,
    stage: Stage,
    counts: tuple[float, float] | None,
) -> None:
    header = vcf_header(
        name,
        build=work.plan.target or "unknown",
        chromosomes=[r.chromosome for r in work.results if r.chromosome != NOWHERE],
        n_kind=work.spilled.summary.n_kind,
        counts=counts,
        source=f"postgwas {postgwas.__version__}",
    )
    join_bgzf(path, header, members)
    index_vcf(path)
    stage.files.append(f"{stage.files[-1]}.tbi")


def _describe(
    name: str, path: Path, final: Path, work: Work, options: HarmoniseOptions, stage: Stage
) -> None:
    size: dict[str, Any] = {}
    if options.n_cases is not None and options.n_controls is not None:
        size = {
            "samples": [
                {
                    "sample_size": math.floor(options.n_cases + options.n_controls),
                    "case_control_study": True,
                    "case_count": math.floor(options.n_cases),
                    "control_count": math.floor(options.n_controls),
                }
            ]
        }
    elif options.n is not None:
        size = {"samples": [{"sample_size": math.floor(options.n)}]}
    if work.spilled.summary.n_kind == "effective" and options.n_cases is None:
        size = {"author_notes": "n is the effective sample size, 4 / (1/cases + 1/controls)"}
    compared = options.reference or options.fasta
    against = {"harmonisation_reference": Path(compared).name} if compared else {}
    metadata: Mapping[str, Any] = {
        "trait_description": [name],
        "genome_assembly": work.plan.target,
        **size,
        # The forward strand is known from REF alone.
        "is_harmonised": options.compares and work.ref_known,
        **against,
        "is_sorted": True,
        **options.ssf_metadata,
    }
    text = describe_ssf(metadata, path, name=final.name)
    stage.path(f"{ENDINGS['ssf']}-meta.yaml").write_text(text, encoding="utf-8")


def _fewer(n_rows: Mapping[str, int], n_kept: int) -> dict[str, int]:
    return {kind: n for kind, n in n_rows.items() if n != n_kept}
