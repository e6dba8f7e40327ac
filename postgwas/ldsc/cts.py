"""Cell-type analysis: ``postgwas.ldsc.h2_cts``, each cell type's coefficient beside one baseline model.

References
----------
.. [1] Finucane et al. (2018) Heritability enrichment of specifically expressed genes identifies
   disease-relevant tissues and cell types. Nat Genet 50:621-629.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.ldsc import h2_outputs as outputs
from postgwas.ldsc.fits import H2Fit
from postgwas.ldsc.h2_outputs import CELL_TYPES, Target, ldsc_log
from postgwas.ldsc.h2_reading import H2Inputs, input_files, read_inputs
from postgwas.ldsc.h2_settings import H2Settings, settings_of
from postgwas.ldsc.inputs import read_reference_scores, split_names
from postgwas.ldsc.lines_h2 import place
from postgwas.ldsc.munged import trait_name as trait_name_of
from postgwas.ldsc.regression import h2 as regress
from postgwas.runlog import get_logger
from postgwas.sumstats.write import write_delimited

log = get_logger(__name__)


@dataclass(frozen=True)
class CellType:
    """One line of the list: a name and the LD scores of its model, the cell type's first."""

    name: str
    prefixes: str


@dataclass(frozen=True)
class CellTypeFit:
    """Coefficients of the columns of one cell type's own LD scores.

    Attributes
    ----------
    name : str
    n_own : int
        How many coefficients are the cell type's; those of the baseline follow.
    fit : H2Fit
    """

    name: str
    n_own: int
    fit: H2Fit


@dataclass(frozen=True, kw_only=True)
class CtsResult:
    """Cell types of one trait.

    Attributes
    ----------
    trait : str
    table : polars.DataFrame
        Name, Coefficient, Coefficient_std_error, Coefficient_P_value (one-sided: larger than 0),
        by P-value.
    fits : tuple of CellTypeFit
        In the order of the list.
    warnings : tuple of str
    """

    trait: str
    table: pl.DataFrame
    fits: tuple[CellTypeFit, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class CtsTask:
    """What a worker needs for one cell type; the trait and the baseline are read once a process."""

    sumstats: Any
    settings: H2Settings
    cell_type: CellType
    run: str
    name: str = field(default="", compare=False)


#: The inputs of the run that this process works for; a task brings the run's identity.
_inputs: dict[str, H2Inputs] = {}


def h2_cts(
    sumstats: Any,
    *,
    ref_ld_cts: str | os.PathLike[str],
    ref_ld: str | Sequence[str],
    w_ld: str | None = None,
    ref_by_chromosome: bool = True,
    w_by_chromosome: bool = True,
    print_all_cts: bool = False,
    out: str | os.PathLike[str] | None = None,
    trait_name: str | None = None,
    m: float | Sequence[float] | None = None,
    not_m_5_50: bool = False,
    no_intercept: bool = False,
    intercept_h2: float | None = None,
    chisq_max: float | None = None,
    n_blocks: int = 200,
    invert_anyway: bool = False,
    compat: bool = False,
    store: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
    quiet: bool = True,
    log_json: bool = False,
) -> CtsResult:
    """Coefficient of each cell type's LD scores, estimated together with those of a baseline ([1]_).

    Parameters
    ----------
    sumstats : path or DataFrame
        As in :func:`postgwas.ldsc.run_h2.h2`; the parameters that both have are the same.
    ref_ld_cts : path
        A line for each cell type: its name and LD score prefixes, comma separated.
    ref_ld : str or sequence
        The baseline model.
    print_all_cts : bool
        Report the coefficients of all prefixes of a line, not only of the first.

    Returns
    -------
    CtsResult

    Raises
    ------
    UsageError, InputError, PanelError, NoVariantsError, MatrixError, OutputError, StoreError
    """
    began = time.perf_counter()
    settings = settings_of(
        ref_ld=ref_ld, w_ld=w_ld, ref_by_chromosome=ref_by_chromosome, w_by_chromosome=w_by_chromosome, m=m,
        not_m_5_50=not_m_5_50, no_intercept=no_intercept, intercept_h2=intercept_h2, chisq_max=chisq_max,
        n_blocks=n_blocks, invert_anyway=invert_anyway, compat=compat,
    )  # fmt: skip
    is_file = isinstance(sumstats, (str, os.PathLike))
    if not is_file and (cores > 1 or scheduler or jobqueue):
        raise UsageError("a table cannot travel to other processes: give a file, or one core")
    source = os.fspath(sumstats) if is_file else sumstats
    name = trait_name or (trait_name_of(source) if is_file else "trait")
    target = Target(
        None if out is None else os.fspath(out), None if store is None else os.fspath(store), overwrite
    )
    target.check(outputs.ENDINGS, f"ldsc/h2_cts/{name}")
    cell_types = read_cell_types(ref_ld_cts)
    where = {
        "cores": cores,
        "scheduler": scheduler,
        "jobqueue": jobqueue,
        "jobqueue_options": jobqueue_options,
    }
    with ldsc_log(target, quiet=quiet, log_json=log_json):
        inputs = read_inputs(source, settings, name=name, limited=True)
        fits = _fits(source, settings, inputs, cell_types, where)
        shown = [len(split_names(one.prefixes)) for one in cell_types] if settings.compat else None
        table = results(fits, every=print_all_cts, at_most=shown)
        if target.out is not None:
            write_delimited(table, target.path(CELL_TYPES))
            log.info("Results printed to %s", target.path(CELL_TYPES))
        written = [CELL_TYPES, *outputs.write_rejects(target, inputs.munged.source, inputs.munged.rejected)]
        target.warn_of_leftovers(written)
        result = CtsResult(trait=name, table=table, fits=tuple(fits), warnings=inputs.warnings)
        if target.store is not None:
            _store(
                result, target, inputs, settings, input_files(source, settings, os.fspath(ref_ld_cts)), began
            )
    return result


def read_cell_types(path: str | os.PathLike[str]) -> list[CellType]:
    """The list of cell types (``.ldcts``): a name and LD score prefixes a line.

    Raises
    ------
    InputError
        The file is missing or empty, a line has not two fields, or a name comes twice.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: cannot be read: {why}", hint="--ref_ld_chr_cts FILE") from None
    found: list[CellType] = []
    for i, line in enumerate(lines, 1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 2:
            raise InputError(
                f"{path}: line {i}: expected a name and LD score prefixes (comma separated, without blanks), "
                f"found {len(fields)} fields"
            )
        if any(cell_type.name == fields[0] for cell_type in found):
            raise InputError(f"{path}: line {i}: the name {fields[0]} comes a second time")
        found.append(CellType(*fields))
    if not found:
        raise InputError(f"{path}: no cell types in it")
    return found


def results(
    fits: Sequence[CellTypeFit], *, every: bool, at_most: Sequence[int] | None = None
) -> pl.DataFrame:
    """ldsc's table: a row for each cell type (`every`: for each of its LD score columns), by P-value.

    `at_most` is the largest number of rows of each cell type: ldsc counts prefixes, of which each may
    have several columns.
    """
    rows = []
    for k, found in enumerate(fits):
        n_rows = min(found.n_own, at_most[k]) if at_most is not None else found.n_own
        for i in range(n_rows if every else 1):
            coef, se = float(found.fit.coef[i]), float(found.fit.coef_se[i])
            p = 0.5 * math.erfc(coef / se / math.sqrt(2.0)) if se > 0 else math.nan
            rows.append((found.name if i == 0 else f"{found.name}_{i}", coef, se, p))
    columns = ["Name", "Coefficient", "Coefficient_std_error", "Coefficient_P_value"]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    return table.sort("Coefficient_P_value", maintain_order=True)


def fit_cell_type(task: CtsTask) -> CellTypeFit:
    """One cell type; for :meth:`postgwas.compute.engine.Engine.map`.

    Raises
    ------
    PanelError, MatrixError
    NoVariantsError
        A variant of the regression lacks the cell type's LD score.
    """
    inputs = _inputs_of(task)
    settings, table = task.settings, inputs.table
    own = read_reference_scores(
        task.cell_type.prefixes, counts=settings.counts, by_chromosome=True, keep_constant=True
    )
    if own.ids.same(inputs.panel.ids):
        rows = table.panel_rows
    else:
        rows = own.ids.index.find(inputs.panel.ids.take(table.panel_rows)).astype(np.intp)
        missing = np.flatnonzero(rows < 0)
        if missing.size:
            first = inputs.panel.ids[int(table.panel_rows[missing[0]])]
            raise NoVariantsError(
                f"{task.cell_type.prefixes}: no LD scores for {missing.size:,} of "
                f"{table.n_variants:,} variants of the regression, such as {first}",
                hint="cell types need LD scores of all variants of --ref_ld_chr",
            )
    fit = regress(
        table.z**2,
        np.hstack([own.l2[rows], table.l2]),
        table.w_l2,
        table.n,
        np.concatenate([own.m, inputs.panel.m]),
        n_blocks=settings.n_blocks,
        intercept=settings.intercept,
        two_step=None,
        chisq_max=None,
        fixed_weights=True,
    )
    return CellTypeFit(task.cell_type.name, len(own.annotations), fit)


def _fits(
    source: Any,
    settings: H2Settings,
    inputs: H2Inputs,
    cell_types: Sequence[CellType],
    where: Mapping[str, Any],
) -> list[CellTypeFit]:
    from postgwas.compute.engine import engine

    run = f"{os.getpid()}-{time.time_ns()}"
    _inputs[run] = inputs
    try:
        for cell_type in cell_types:
            shown = place(cell_type.prefixes, by_chromosome=True)
            log.info("Reading cts reference panel LD Score from %s ... (ldscore_fromlist)", shown)
            log.info("Performing regression.")
        tasks = [CtsTask(source, settings, cell_type, run, inputs.munged.name) for cell_type in cell_types]
        with engine(**where) as eng:
            return eng.map(fit_cell_type, tasks, label="Cell types")
    finally:
        _inputs.pop(run, None)


def _inputs_of(task: CtsTask) -> H2Inputs:
    """The trait on its baseline: as the run read it, or read once more by a worker process."""
    if task.run not in _inputs:
        _inputs.clear()
        _inputs[task.run] = read_inputs(task.sumstats, task.settings, name=task.name, limited=True)
    return _inputs[task.run]


def _store(
    result: CtsResult,
    target: Target,
    inputs: H2Inputs,
    settings: H2Settings,
    files: Sequence[str],
    began: float,
) -> None:
    from postgwas.store.provenance import Provenance
    from postgwas.store.study import Study

    key = f"ldsc/h2_cts/{result.trait}"
    Study.open(str(target.store), create=True).write_table(
        key,
        result.table,
        kind="ldsc-h2-cts",
        attrs={"trait": result.trait, "warnings": list(result.warnings)},
        provenance=Provenance.collect(
            parameters=asdict(settings),
            inputs=files,
            rows_in=inputs.munged.n_rows,
            rows_out=inputs.table.n_variants,
            wall_seconds=time.perf_counter() - began,
        ),
        overwrite=target.overwrite,
    )
    log.info("Stored %s in %s", key, target.store)
