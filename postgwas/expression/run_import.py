"""Files of any quantifier to one matrix with its genes' places: what ``postgwas expression import`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from postgwas.destination import check_store
from postgwas.errors import InputError, UsageError
from postgwas.expression.annotate import MIN_FOUND, annotate, told_lost
from postgwas.expression.gather import Strand
from postgwas.expression.import_files import FORMATS, Prefix, file_names, placed, renamed, write_imported
from postgwas.expression.import_sources import Imported, Level, Summing, import_files, import_matrix
from postgwas.expression.matrix import ExpressionMatrix, Unit, some_names
from postgwas.expression.sample_sheet import inside_folder
from postgwas.expression.stored import matrix_keys
from postgwas.expression.tximport import Scaling
from postgwas.runlog import get_logger, log_step, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)


@dataclass(frozen=True)
class ImportOptions:
    """How files are read.

    Attributes
    ----------
    sheet : str, optional
        Table with columns sample and path, in place of files.
    unit : str, optional
        What a matrix holds; by default counts, and "unknown" of a BED.
    tpm : str, optional
        TPM of the same genes and samples as a matrix of counts.
    id_column, gene_column : str, optional
        Of a matrix: ids under an unusual name, and genes of transcripts.
    gtf : str, optional
        Places and lengths of genes, the gene of each transcript.
    tx2gene : str, optional
        Two columns, a transcript and its gene; goes before the GTF.
    level : {"gene", "transcript", "usage"}
        Sum transcripts to genes, leave them, or give each one's share of its gene.
    counts_from_abundance : {"no", "scaled_tpm", "length_scaled_tpm", "dtu_scaled_tpm"}
        tximport's rule.
    strand : {"auto", "unstranded", "forward", "reverse"}
        Column of STAR's counts.
    strip_versions, ignore_after_bar : bool
        Ids without .2 at their end; transcripts' ids end at the first |.
    min_annotated : float
        Least share of genes that the GTF must have.
    unannotated : {"keep", "drop", "refuse"}
        Genes that it does not have.
    rename : str, optional
        Two columns, a sample's name and its new one.
    collapsed : bool
        LENGTH by GTEx's collapsed gene models rather than by all exons.
    """

    sheet: str | None = None
    unit: Unit | None = None
    tpm: str | None = None
    id_column: str | None = None
    gene_column: str | None = None
    gtf: str | None = None
    tx2gene: str | None = None
    level: Level = "gene"
    counts_from_abundance: Scaling = "no"
    strand: Strand = "auto"
    strip_versions: bool = False
    ignore_after_bar: bool = False
    min_annotated: float = MIN_FOUND
    unannotated: Literal["keep", "drop", "refuse"] = "keep"
    rename: str | None = None
    collapsed: bool = False

    def check(self, paths: Sequence[str]) -> None:
        """Refuse what contradicts itself.

        Raises
        ------
        UsageError
        """
        if bool(paths) == bool(self.sheet):
            raise UsageError("give files, or --sheet with a file for each sample: one of the two")
        if not 0 <= self.min_annotated <= 1:
            raise UsageError(f"--min_annotated {self.min_annotated:g}: expected 0 to 1")
        if self.collapsed and not self.gtf:
            raise UsageError("--collapsed needs --gtf")
        if self.unannotated != "keep" and not self.gtf:
            raise UsageError(f"--unannotated {self.unannotated} needs --gtf")


def import_expression(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    *,
    out: str | os.PathLike[str],
    options: ImportOptions | None = None,
    formats: Sequence[str] | None = None,
    store: str | os.PathLike[str] | None = None,
    name: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> Imported:
    """Read expression, give genes their places, and write one clean matrix.

    Parameters
    ----------
    paths : path or sequence of paths
        One matrix (TSV, GCT, featureCounts, leafcutter, BED, Parquet), or a file a sample
        (salmon, kallisto, RSEM, STAR, htseq-count), whose samples are called as files or folders.
    out : path
        Prefix: ``<out>.counts.tsv.gz``, ``<out>.counts.parquet``, ``<out>.tpm.tsv.gz``,
        ``<out>.tpm.parquet`` and ``<out>.lengths.tsv.gz`` where they are known, ``<out>.genes.tsv.gz``,
        ``<out>.samples.tsv``, ``<out>.account.tsv``, ``<out>.log``. Other units go by their name.
    options : ImportOptions, optional
        sheet (TSV with columns sample and path), unit, tpm (a second matrix), id_column, gene_column, gtf,
        tx2gene, level (``gene``, ``transcript``, ``usage``: a transcript's share of its gene),
        counts_from_abundance, strand (STAR), strip_versions, ignore_after_bar, min_annotated,
        unannotated (``keep``, ``drop``, ``refuse``), rename (two columns: name, new name), collapsed
        (LENGTH by GTEx's collapsed gene models rather than by all exons).
    formats : sequence of {"tsv", "parquet", "bed"}, optional
        By default tsv and parquet, and bed where the unit is not counts and places are known.
    store : path, optional
        Put the result under ``expression/<unit>/<name>`` of this study.
    name : str, optional
        By default the prefix' last part.
    overwrite, quiet, log_json : bool

    Returns
    -------
    Imported

    Raises
    ------
    UsageError, InputError, OutputError, StoreError
        Nothing but the log is written then.
    """
    chosen = options or ImportOptions()
    given = [os.fspath(paths)] if isinstance(paths, (str, os.PathLike)) else [os.fspath(p) for p in paths]
    chosen.check(given)
    given = [inside_folder(path) for path in given]
    for form in formats or ():
        if form not in FORMATS:
            raise UsageError(f"--format {form}: expected {', '.join(FORMATS)}")
    prefix = Prefix.of(os.fspath(out))
    check_store(store)
    started = time.perf_counter()
    with run_log(prefix.folder / prefix.name("log"), quiet=quiet, json_lines=log_json):
        features = _features(chosen)
        raw = _read(given, chosen, features)
        imported, lost = _annotated(raw, chosen, features)
        if chosen.rename:
            imported = renamed(imported, _names(chosen.rename, imported.matrix))
        for note in imported.matrix.notes:
            log.warning("%s", note)
        wanted = list(formats) if formats else _usual_formats(imported.matrix)
        names = file_names(imported, wanted, prefix, unannotated=bool(lost))
        key = f"expression/{imported.matrix.unit}/{name or prefix.stem}"
        prefix.refuse_existing(names, store=store, keys=matrix_keys(key), overwrite=overwrite)
        dropped = _dropped(raw, lost, chosen)
        n_in = raw.n_read
        n_out = imported.matrix.n_genes
        log_step(log, "Import", rows_in=n_in, rows_out=n_out, dropped=dropped, unit="rows")
        account = _account(n_in, n_out, dropped, lost if chosen.unannotated == "keep" else [])
        write_imported(imported, prefix, formats=wanted, lost=lost, account=account)
        if store is not None:
            _store(
                imported,
                store,
                key,
                chosen,
                dropped,
                n_in,
                started,
                overwrite,
            )
        log.info(
            "%s genes x %s samples (%s) -> %s", f"{n_out:,}", f"{imported.matrix.n_samples:,}",
            imported.matrix.unit, prefix.folder / names[0],
        )  # fmt: skip
    return imported


def _features(options: ImportOptions) -> pl.DataFrame | None:
    """The GTF's lines."""
    if options.gtf is None:
        return None
    from postgwas.expression.gtf import read_gtf

    return read_gtf(options.gtf)


def _read(paths: Sequence[str], options: ImportOptions, features: pl.DataFrame | None) -> Imported:
    summing = Summing(
        options.level, options.counts_from_abundance, options.strip_versions, options.ignore_after_bar
    )
    genes = _tx2gene(options, features)
    files = _files(paths, options)
    if files is None:
        log.info("Reading %s", paths[0])
        return import_matrix(
            paths[0],
            unit=options.unit,
            id_column=options.id_column,
            gene_column=options.gene_column,
            tpm=options.tpm,
            genes=genes,
            summing=summing,
        )
    log.info(
        "Reading %d samples, such as %s from %s", len(files), next(iter(files)), next(iter(files.values()))
    )
    if options.unit not in (None, "counts") or options.tpm:
        raise UsageError("--unit and --tpm are for matrices; quantifiers' files say what they hold")
    return import_files(files, strand=options.strand, genes=genes, summing=summing)


def _files(paths: Sequence[str], options: ImportOptions) -> dict[str, str] | None:
    """Sample -> file; None where the one file is a matrix."""
    from postgwas.expression.per_sample import is_sample_file
    from postgwas.expression.sample_sheet import files_by_name, read_sheet, sheet_files

    if options.sheet:
        return sheet_files(read_sheet(options.sheet), options.sheet)
    if len(paths) == 1 and (paths[0].endswith((".parquet", ".pq")) or not is_sample_file(paths[0])):
        return None
    return files_by_name(paths)


def _tx2gene(options: ImportOptions, features: pl.DataFrame | None) -> dict[str, str] | None:
    from postgwas.expression.tx2gene import read_tx2gene, tx2gene_of_gtf

    if options.tx2gene:
        return read_tx2gene(options.tx2gene)
    return tx2gene_of_gtf(features) if features is not None else None


def _annotated(
    imported: Imported, options: ImportOptions, features: pl.DataFrame | None
) -> tuple[Imported, list[str]]:
    """Places from the GTF; genes that it does not have are kept, dropped or refused."""
    if options.gtf is None or features is None:
        return imported, []
    from postgwas.expression.gtf import genes_of_gtf, transcripts_of_gtf

    by_gene = imported.matrix.unit != "ratio" and options.level == "gene"
    table = genes_of_gtf(features) if by_gene else _as_genes(transcripts_of_gtf(features))
    if options.collapsed and by_gene:
        table = _collapsed_lengths(table, features)
    matrix, lost = annotate(
        imported.matrix, table, source=options.gtf, strip_versions=options.strip_versions,
        min_found=options.min_annotated,
    )  # fmt: skip
    if lost and options.unannotated == "refuse":
        raise InputError(f"{matrix.path}: {told_lost(lost)}", hint="--unannotated keep or drop")
    found = replace(imported, matrix=matrix, intervals=False)
    if lost:
        log.warning("%s", told_lost(lost))
        if options.unannotated == "drop":
            gone = set(lost)
            return _without([at for at, g in enumerate(matrix.gene_ids) if g not in gone], found), lost
    return found, lost


def _collapsed_lengths(genes: pl.DataFrame, features: pl.DataFrame) -> pl.DataFrame:
    """LENGTH by GTEx's collapsed models; 0 for a gene of which nothing is left."""
    import polars as pl

    from postgwas.expression.collapse import collapse_genes
    from postgwas.expression.gtf import union_lengths

    lengths = union_lengths(collapse_genes(features), "GENE_ID")
    joined = genes.drop("LENGTH").join(lengths, on="GENE_ID", how="left", maintain_order="left")
    return joined.with_columns(pl.col("LENGTH").fill_null(0.0)).select(genes.columns)


def _as_genes(transcripts: pl.DataFrame) -> pl.DataFrame:
    return transcripts.rename({"GENE_ID": "GROUP_ID"}).rename({"TRANSCRIPT_ID": "GENE_ID"})


def _without(rows: list[int], imported: Imported) -> Imported:
    import numpy as np

    kept = np.array(rows, np.intp)
    return replace(
        imported,
        matrix=imported.matrix.select(genes=kept),
        tpm=None if imported.tpm is None else imported.tpm[kept],
        lengths=None if imported.lengths is None else imported.lengths[kept],
    )


def _names(path: str, matrix: ExpressionMatrix) -> dict[str, str]:
    """Old name -> new name."""
    from postgwas.genotypes.text_table import read_columns

    frame = read_columns(path, ("old", "new"))
    names = dict(frame.rows())
    lost = [sample for sample in matrix.samples if sample not in names]
    if lost:
        raise InputError(
            f"{path}: {len(lost)} of {matrix.n_samples} samples have no other name in it: {some_names(lost)}"
        )
    return names


def _usual_formats(matrix: ExpressionMatrix) -> list[str]:
    return ["tsv", "parquet", *(["bed"] if matrix.unit != "counts" and placed(matrix) else [])]


def _dropped(raw: Imported, lost: list[str], options: ImportOptions) -> dict[str, int]:
    summed = {"summed into their genes": raw.n_summed} if raw.n_summed else {}
    gone = {"not in the annotation": len(lost)} if options.unannotated == "drop" else {}
    return {**raw.dropped, **summed, **gone}


def _account(n_in: int, n_out: int, dropped: Mapping[str, int], noted: list[str]) -> pl.DataFrame:
    import polars as pl

    rows = [("read", "", n_in), *((_step(reason), reason, count) for reason, count in dropped.items())]
    rows += [("noted", "not in the annotation", len(noted))] if noted else []
    return pl.DataFrame([*rows, ("written", "", n_out)], schema=["STEP", "REASON", "ROWS"], orient="row")


def _step(reason: str) -> str:
    return "summed" if reason.startswith("summed") else "dropped"


def _store(
    imported: Imported,
    store: str | os.PathLike[str],
    key: str,
    options: ImportOptions,
    dropped: Mapping[str, int],
    n_in: int,
    started: float,
    overwrite: bool,
) -> None:
    from dataclasses import asdict

    from postgwas.expression.stored import store_matrix
    from postgwas.store.provenance import Provenance

    beside = [f for f in (options.sheet, options.gtf, options.tx2gene, options.rename) if f]
    parameters: dict[str, Any] = asdict(options)
    made = Provenance.collect(
        parameters=parameters, inputs=[*imported.files, *beside], rows_in=n_in,
        rows_out=imported.matrix.n_genes, dropped=dropped, wall_seconds=time.perf_counter() - started,
    )  # fmt: skip
    store_matrix(store, key, imported.matrix, provenance=made, overwrite=overwrite)
    log.info("Stored %s in %s", key, store)
