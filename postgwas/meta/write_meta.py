"""Results of a meta-analysis into their files and the store, and what the log says of them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from postgwas.destination import Destination
from postgwas.genotypes.stored import Origin
from postgwas.meta.after_run import Extras, draw, endings_of
from postgwas.meta.settings import MetaSettings
from postgwas.meta.ssf_description import describe, known_build
from postgwas.meta.strand_account import strands_of
from postgwas.meta.studies import StudyList
from postgwas.runlog import get_logger, log_step
from postgwas.sumstats.write import compressor, write_delimited, write_rejected

if TYPE_CHECKING:
    import polars as pl

    from postgwas.meta.run_meta import MetaResult

log = get_logger("meta")

ENDINGS = {"tbl": ".tbl", "tsv": ".tsv.gz", "ssf": ".ssf.tsv.gz", "parquet": ".parquet", "mrmega": ".result"}

#: Tables that follow a run, by the endings of their files: where they are in the store, and their kinds.
STORED = {
    ".loci.tsv": "{}_loci", ".loci_studies.tsv": "{}_loci_studies", ".leave_one_out.tsv": "{}_leave_one_out",
    ".cumulative.tsv": "{}_cumulative", ".diagnostics.tsv": "{}_diagnostics",
}  # fmt: skip
KINDS = {
    ".loci.tsv": "lead-loci", ".loci_studies.tsv": "lead-loci-by-study",
    ".leave_one_out.tsv": "lead-loci-leave-one-out", ".cumulative.tsv": "lead-loci-cumulative",
    ".diagnostics.tsv": "study-checks",
}  # fmt: skip


def stored_names(chosen: MetaSettings) -> tuple[str, ...]:
    """What a run puts into the store: the method, and what follows it."""
    extra = [STORED[ending].format(chosen.method) for ending in endings_of(chosen) if ending in STORED]
    return (chosen.method, *extra)


def tell(result: MetaResult, studies: StudyList) -> None:
    """What a reader of the log should know."""
    dropped = [dict(study.dropped) for study in result.studies]
    for at, study in enumerate(result.studies):
        joined = sum(int(block.n_joined[at]) for block in result.blocks)
        late = Counter(why for block in result.blocks for k, _, _, why in block.rejected if k == at)
        reasons = {**dropped[at], **late}
        few = study.n_rows - sum(reasons.values()) - joined
        if few > 0:
            reasons["of variants in too few studies"] = few
        flipped = sum(int(block.n_flipped[at]) for block in result.blocks)
        log_step(log, study.name, rows_in=study.n_rows, rows_out=joined, dropped=reasons, unit="rows")
        if flipped:
            log.info(
                "%s: %s rows have the letters of the other strand than most studies",
                study.name,
                f"{flipped:,}",
            )
    by_studies = sum((block.n_by_studies for block in result.blocks), np.zeros(len(studies) + 1, np.int64))
    said = ", ".join(f"{count:,} in {k}" for k, count in enumerate(by_studies.tolist()) if count)
    log.info("%s variants: %s of %d studies", f"{result.n_variants:,}", said, len(studies))
    size, name = max(block.top for block in result.blocks)
    if name:
        log.info("Smallest P: -log10 P %.3f at %s", size, name)


def study_table(result: MetaResult, studies: StudyList) -> pl.DataFrame:
    """A row a study, in the order given: rows in and out, lambda, sizes."""
    import polars as pl

    rows = []
    strands = strands_of(result)
    for spec, at in zip(studies.studies, studies.display):
        study = result.studies[at]
        late = sum(1 for block in result.blocks for k, *_ in block.rejected if k == at)
        rows.append(
            {
                "STUDY": spec.name, "FILE": spec.path, "ANCESTRY": spec.ancestry, "BUILD": study.build.build,
                "ROWS": study.n_rows, "REJECTED": sum(study.dropped.values()) + late,
                "USED": sum(int(block.n_joined[at]) for block in result.blocks),
                "OTHER_STRAND": sum(int(block.n_flipped[at]) for block in result.blocks),
                "LAMBDA": study.lambda_gc, "LAMBDA_APPLIED": float(result.lambdas[at]),
                "N_MEDIAN": study.n_median, "N_MAX": study.n_max, "TRAIT_SD": study.sd_median,
            }
        )  # fmt: skip
        if strands:
            one = strands[at]
            rows[-1] |= {
                "PALINDROMIC_AS_WRITTEN": one.n_inferred - one.n_turned, "PALINDROMIC_TURNED": one.n_turned,
                "PALINDROMIC_ALONE": one.n_alone,
            }  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def rejected_tables(result: MetaResult, studies: StudyList) -> list[tuple[str, pl.DataFrame]]:
    """Rows set aside, a table a study in the order given."""
    import polars as pl

    tables = []
    for spec, at in zip(studies.studies, studies.display):
        rows = list(result.studies[at].rejected)
        rows += [
            (line, name, why) for block in result.blocks for k, line, name, why in block.rejected if k == at
        ]
        rows.sort()
        frame = pl.DataFrame(
            rows, schema={"ROW": pl.Int64(), "SNPID": pl.String(), "REASON": pl.String()}, orient="row"
        )
        tables.append((spec.path, frame))
    return tables


def write_results(
    result: MetaResult, studies: StudyList, chosen: MetaSettings, target: Destination, extras: Extras
) -> None:
    """All files together, then the store."""
    with target.together() as aside:
        for name in chosen.formats:
            path = aside.path(ENDINGS[name])
            if name == "parquet":
                _write_parquet(_frames(result), path)
            else:
                _join(result, name, path)
            if name == "ssf":
                _describe(result, studies, chosen, path, Path(target.out or "").name)
        write_rejected(aside.path(".rejected.tsv.gz"), rejected_tables(result, studies))
        write_delimited(study_table(result, studies), aside.path(".studies.tsv"))
        for ending, table in {**result.tables, **extras.tables}.items():
            write_delimited(table, aside.path(ending))
        draw(extras, chosen, aside.out or "")
    if target.store is not None:
        _store(result, studies, chosen, target, extras)
    log.info("Wrote %s", ", ".join(str(target.path(ending)) for ending in target.endings))


def _describe(result: MetaResult, studies: StudyList, chosen: MetaSettings, path: Path, trait: str) -> None:
    builds = [chosen.target_build] if chosen.target_build else [one.build.build for one in result.studies]
    names = ", ".join(study.name for study in studies.studies)
    describe(
        path, trait=trait, method=chosen.method, build=known_build(builds), is_sorted=not chosen.by_id,
        notes=f"meta-analysis of {names}",
    )  # fmt: skip


def _join(result: MetaResult, name: str, path: Path) -> None:
    with open(path, "wb") as raw, compressor(raw, path.suffix) as stream:
        stream.write(next(block.header[name] for block in result.blocks if name in block.header))
        for block in result.blocks:
            with open(block.files[name], "rb") as part:
                shutil.copyfileobj(part, stream, 1 << 20)


def _frames(result: MetaResult) -> Iterator[pl.DataFrame]:
    import polars as pl

    for block in result.blocks:
        with open(block.files["frame"], "rb") as stream:
            yield pl.read_ipc(stream)


def _write_parquet(frames: Iterator[pl.DataFrame], path: Path) -> None:
    import pyarrow.parquet as pq

    writer: pq.ParquetWriter | None = None
    for frame in frames:
        table = frame.to_arrow()
        if writer is None:
            writer = pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table.cast(writer.schema))
    if writer is not None:
        writer.close()


def _store(
    result: MetaResult, studies: StudyList, chosen: MetaSettings, target: Destination, extras: Extras
) -> None:
    import polars as pl

    from postgwas.store.study import Study

    assert target.store is not None
    table = pl.concat(list(_frames(result)), how="diagonal")
    reasons: Counter[str] = Counter()
    for study in result.studies:
        reasons.update(study.dropped)
    reasons.update(why for block in result.blocks for *_, why in block.rejected)
    origin = Origin(
        {**asdict(chosen), "studies": [asdict(study) for study in studies.studies]},
        [study.path for study in studies.studies],
        result.seconds,
        sum(study.n_rows for study in result.studies),
        table.height,
        dict(reasons),
    )
    home = Study.open(target.store, create=True)
    home.write_table(
        target.key(chosen.method), table, kind=f"meta-{chosen.method}", provenance=origin.provenance(),
        attrs={"studies": [study.name for study in studies.studies], "method": chosen.method},
        overwrite=target.overwrite,
    )  # fmt: skip
    keys = [target.key(chosen.method)]
    for ending, extra in extras.tables.items():
        if extra.width:
            keys.append(target.key(STORED[ending].format(chosen.method)))
            made = replace(origin, rows_out=extra.height).provenance()
            home.write_table(
                keys[-1], extra, kind=KINDS[ending], provenance=made,
                attrs={"of": keys[0]}, overwrite=target.overwrite,
            )  # fmt: skip
    log.info("Stored %s in %s", ", ".join(keys), target.store)
