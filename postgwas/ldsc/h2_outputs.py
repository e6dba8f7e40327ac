"""Files and store entries of heritability runs; names and layouts of ldsc.py's own files are kept."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.destination import check_store
from postgwas.errors import OutputError, UsageError
from postgwas.ldsc.row_table import write_rows
from postgwas.runlog import get_logger, run_log
from postgwas.store.atomic import atomic_file

if TYPE_CHECKING:
    import polars as pl

    from postgwas.ldsc.h2_result import H2Result

log = get_logger(__name__)

H2_TABLE, CATEGORIES, RESULTS = ".h2.tsv", ".categories.tsv", ".results"
COV, DELETE, PART_DELETE, PSEUDOVALUES = ".cov", ".delete", ".part_delete", ".pseudovalues.tsv"
CELL_TYPES = ".cell_type_results.txt"
#: Not ``.rejected.tsv.gz``, which munging leaves under the same prefix.
REJECTED = ".h2.rejected.tsv.gz"
#: Everything that a heritability run may write besides its log.
ENDINGS = (
    H2_TABLE, CATEGORIES, RESULTS, COV, DELETE, PART_DELETE, PSEUDOVALUES, CELL_TYPES, REJECTED,
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """Where results go.

    Attributes
    ----------
    out : str or None
        Prefix; None writes no files.
    store : str or None
    overwrite : bool
    """

    out: str | None = None
    store: str | None = None
    overwrite: bool = False

    def path(self, ending: str) -> Path:
        return Path(f"{self.out}{ending}")

    def check(self, endings: Sequence[str], key: str) -> None:
        """Refuse before anything is computed what could not be written afterwards.

        Raises
        ------
        OutputError
            No folder, a result exists, or the store cannot be written.
        StoreError
            The store is none, or the key is taken.
        """
        if self.out is not None:
            folder = Path(os.path.dirname(self.out) or ".")
            if not os.path.basename(self.out):
                raise UsageError(f"--out {self.out}: expected a prefix of file names, not a folder")
            if not folder.is_dir():
                raise OutputError(
                    f"--out {self.out}: the folder {folder} does not exist", hint="create it first"
                )
            present = [path for ending in endings if (path := self.path(ending)).exists()]
            if present and not self.overwrite:
                raise OutputError(
                    f"{present[0]}: the file exists already",
                    hint="--overwrite replaces it; or give another --out",
                )
        check_store(self.store, [key], overwrite=self.overwrite)

    def warn_of_leftovers(self, written: Sequence[str]) -> None:
        """Name results of an earlier run under this prefix that this run did not replace."""
        if self.out is None:
            return
        old = [ending for ending in ENDINGS if ending not in written and self.path(ending).exists()]
        if old:
            log.warning("of an earlier run, not of this one: %s", ", ".join(str(self.path(e)) for e in old))


@contextmanager
def ldsc_log(target: Target, *, quiet: bool, log_json: bool) -> Iterator[None]:
    """``<out>.log`` and the terminal with plain lines, begun and ended as ldsc does."""
    path = None if target.out is None else target.path(".log")
    with run_log(path, quiet=quiet, json_lines=log_json, stream_stdout=True, fresh=True, plain=True):
        began = time.time()
        log.info("Beginning analysis at %s", time.ctime(began))
        yield
        log.info("Analysis finished at %s", time.ctime())
        log.info("Total time elapsed: %ss", round(time.time() - began, 2))


def write_matrix(path: Path, values: Any) -> None:
    """Numbers as ``numpy.savetxt`` writes them, as ldsc's .cov and .delete."""
    buffer = io.BytesIO()
    np.savetxt(buffer, np.asarray(values))
    with atomic_file(path, overwrite=True) as temporary:
        temporary.write_bytes(buffer.getvalue())


def write_jackknife(result: H2Result, target: Target, *, cov: bool, delete: bool, pseudo: bool) -> list[str]:
    """Covariance, delete values, pseudovalues, as asked for; the endings written."""
    if target.out is None:
        return []
    fit, written = result.fit, []
    if cov:
        log.info("Printing covariance matrix of the estimates to %s.", target.path(COV))
        write_matrix(target.path(COV), fit.coef_cov)
        written.append(COV)
    if delete:
        log.info("Printing block jackknife delete values to %s.", target.path(DELETE))
        write_matrix(target.path(DELETE), fit.tot_delete_values)
        log.info("Printing partitioned block jackknife delete values to %s.", target.path(PART_DELETE))
        write_matrix(target.path(PART_DELETE), fit.part_delete_values)
        written += [DELETE, PART_DELETE]
    if pseudo:
        from postgwas.sumstats.write import write_delimited

        write_delimited(pseudovalue_frame(result), target.path(PSEUDOVALUES))
        written.append(PSEUDOVALUES)
    return written


def pseudovalue_frame(result: H2Result) -> pl.DataFrame:
    """One row a block: BLOCK, H2, INTERCEPT and the coefficient of each annotation."""
    import polars as pl

    values = result.pseudovalues()
    columns: dict[str, Any] = {"BLOCK": np.arange(1, result.fit.n_blocks + 1), "H2": values["h2"]}
    if "intercept" in values:
        columns["INTERCEPT"] = values["intercept"]
    taus = {f"TAU_{name}": values["coefficients"][:, i] for i, name in enumerate(result.annotations)}
    return pl.DataFrame(columns | taus)


def results_table(result: H2Result, *, coefficients: bool) -> pl.DataFrame:
    """The columns of ldsc's ``.results``."""
    import polars as pl

    overlap, fit = result.overlap, result.fit
    assert overlap is not None
    columns: dict[str, Any] = {
        "Category": list(result.annotations),
        "Prop._SNPs": overlap.prop_snps,
        "Prop._h2": overlap.prop_h2,
        "Prop._h2_std_error": overlap.prop_h2_se,
        "Enrichment": overlap.enrichment,
        "Enrichment_std_error": overlap.enrichment_se,
        "Enrichment_p": overlap.enrichment_p,
    }
    if coefficients:
        columns |= {
            "Coefficient": fit.coef,
            "Coefficient_std_error": fit.coef_se,
            "Coefficient_z-score": fit.coef / fit.coef_se,
        }
    return pl.DataFrame(columns)


def write_h2(
    result: H2Result, target: Target, rejected: pl.DataFrame | None, *, coefficients: bool
) -> list[str]:
    """Tables of a heritability; the endings written."""
    if target.out is None:
        return []
    written = [H2_TABLE]
    write_rows([result.row()], target.path(H2_TABLE))
    if result.fit.coef.size > 1:
        from postgwas.sumstats.write import write_delimited

        write_delimited(result.categories(), target.path(CATEGORIES))
        written.append(CATEGORIES)
    if result.overlap is not None:
        from postgwas.sumstats.write import write_delimited

        write_delimited(results_table(result, coefficients=coefficients), target.path(RESULTS))
        log.info("Results printed to %s", target.path(RESULTS))
        written.append(RESULTS)
    return written + write_rejects(target, result.source, rejected)


def write_rejects(target: Target, source: str, rejected: pl.DataFrame | None) -> list[str]:
    """Rows that were set aside, if there are any."""
    if target.out is None or rejected is None:
        return []
    from postgwas.sumstats.write import write_rejected

    write_rejected(target.path(REJECTED), [(source, rejected)])
    return [REJECTED]


def store_h2(result: H2Result, target: Target, provenance: Mapping[str, Any]) -> None:
    """Summary, categories and jackknife values of a heritability into a study's store."""
    if target.store is None:
        return
    from postgwas.store.provenance import Provenance
    from postgwas.store.study import Study

    study, made = Study.open(target.store, create=True), Provenance.collect(**provenance)
    key, fit = f"ldsc/h2/{result.trait}", result.fit
    attrs = {
        "trait": result.trait,
        "scale": result.scale,
        "summary": result.summary(),
        "warnings": list(result.warnings),
    }
    tables = {"summary": result.frame(), "categories": result.categories()}
    for name, frame in tables.items():
        study.write_table(
            f"{key}/{name}", frame, kind=f"ldsc-h2-{name}", attrs=attrs, provenance=made,
            overwrite=target.overwrite,
        )  # fmt: skip
    arrays = {
        "tot_delete_values": fit.tot_delete_values,
        "part_delete_values": fit.part_delete_values,
        "coef_cov": fit.coef_cov,
        **{f"pseudovalues_{name}": values for name, values in result.pseudovalues().items()},
    }
    if fit.intercept_delete_values is not None:
        arrays["intercept_delete_values"] = fit.intercept_delete_values
    study.write_arrays(
        f"{key}/jackknife", arrays, kind="ldsc-h2-jackknife", attrs=attrs, provenance=made,
        overwrite=target.overwrite,
    )  # fmt: skip
    log.info("Stored %s in %s", key, target.store)
