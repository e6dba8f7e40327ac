"""Known covariates, genotype axes and hidden factors in one full-rank matrix."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.covariate_coding import Coding, Impute, code
from postgwas.expression.covariate_table import CovariateMatrix, CovariateTable
from postgwas.expression.matrix import some_names

Array = NDArray[np.float64]
Collinear = Literal["drop", "refuse"]
Unmatched = Literal["refuse", "drop"]

#: A column is collinear if less than this share of its norm is left by those before it (as R's lm).
COLLINEAR = 1e-7

#: PEER's factors have variance 1 before it sees data; one that it switched off decays to nothing.
SWITCHED_OFF = 1e-6


@dataclass(frozen=True, eq=False)
class Assembled:
    """Covariates that are ready, and what was done to get there.

    Attributes
    ----------
    matrix : CovariateMatrix
    account : list of tuple
        (covariate, source, outcome, detail) for each: outcome ``kept``, ``constant``,
        ``collinear``, ``switched_off`` (a hidden factor that decayed to nothing, whose direction is
        rounding) or ``captured``.
    r2_hidden : dict of str to float
        R squared of each known covariate on the hidden factors; empty if there are none.
    n_imputed : dict of str to int
    lost_samples : tuple of str
        Samples left out because a file does not have them.
    """

    matrix: CovariateMatrix
    account: list[tuple[str, str, str, str]]
    r2_hidden: dict[str, float]
    n_imputed: dict[str, int]
    lost_samples: tuple[str, ...] = ()


def assemble_covariates(
    tables: Sequence[CovariateTable],
    samples: Sequence[str] | None = None,
    *,
    exclude: Collection[str] = (),
    categorical: Collection[str] = (),
    references: Mapping[str, str] | None = None,
    impute: Impute = "refuse",
    collinear: Collinear = "drop",
    unmatched: Unmatched = "refuse",
    captured: float | None = None,
) -> Assembled:
    """Put tables of covariates together, check them, and make them a matrix of full rank.

    Parameters
    ----------
    tables : sequence of CovariateTable
        In order of precedence: where columns depend on each other, the later one goes.
    samples : sequence of str, optional
        Those of the expression, in its order; by default those of the first table.
    exclude : collection of str
        Covariates to leave out.
    categorical, references, impute
        See :class:`postgwas.expression.covariate_coding.Coding`.
    collinear : {"drop", "refuse"}
        What becomes of columns that are constant or depend linearly on those before.
    unmatched : {"refuse", "drop"}
        What becomes of samples that a table does not have.
    captured : float, optional
        Leave out known covariates with an R squared of this or more on the hidden factors.

    Returns
    -------
    Assembled

    Raises
    ------
    InputError
        If samples do not match, a name occurs twice, values are missing or text, columns depend
        on each other (with ``collinear="refuse"``), or there are as many covariates as samples.

    Examples
    --------
    >>> known = CovariateTable({"sex": ["1", "2", "2", "1"], "one": ["3"] * 4}, ("a", "b", "c", "d"))
    >>> made = assemble_covariates([known])
    >>> made.matrix.names, made.account[1][2]
    (('sex',), 'constant')
    """
    if not tables:
        raise UsageError("there are no covariates to put together")
    wanted = list(tables[0].samples if samples is None else samples)
    kept, lost = _common(tables, wanted, unmatched)
    coding = Coding(categorical=categorical, references=references, impute=impute)
    columns, imputed = _columns([t.select(kept) for t in tables], exclude, coding)
    _check_named(columns, exclude, categorical, references or {})
    _check_excluded(tables, exclude)
    account = _independent(columns, collinear)
    r2 = _captured(columns, account)
    if captured is not None:
        _drop_captured(columns, account, r2, captured)
    chosen = [name for name in columns if account[name][2] == "kept"]
    if len(chosen) > len(kept) - 2:
        raise InputError(
            f"{len(chosen)} covariates for {len(kept)} samples: no degrees of freedom are left to test "
            "anything",
            hint="fewer hidden factors, or --exclude",
        )
    if not chosen:
        raise InputError(f"none of {len(columns)} covariates is left: all are constant or depend on others")
    values = np.array([columns[name].values for name in chosen])
    flags = tuple(columns[name].hidden for name in chosen)
    matrix = CovariateMatrix(values, tuple(chosen), tuple(kept), flags)
    return Assembled(matrix, list(account.values()), r2, imputed, tuple(lost))


@dataclass(frozen=True, eq=False)
class _Column:
    values: Array
    source: str
    hidden: bool
    note: str


def _common(
    tables: Sequence[CovariateTable], wanted: list[str], unmatched: Unmatched
) -> tuple[list[str], list[str]]:
    """Samples to use; refuses here or leaves it to :meth:`CovariateTable.select`."""
    if unmatched not in ("refuse", "drop"):
        raise UsageError(f"unmatched '{unmatched}': expected refuse or drop")
    if unmatched == "refuse":
        return wanted, []
    everywhere = set(wanted).intersection(*(table.samples for table in tables))
    kept = [name for name in wanted if name in everywhere]
    if not kept:
        paths = some_names([table.path for table in tables])
        raise InputError(f"no sample is in all of {paths}; samples are called {some_names(wanted, 3)}")
    return kept, [name for name in wanted if name not in everywhere]


def _columns(
    tables: Sequence[CovariateTable], exclude: Collection[str], coding: Coding
) -> tuple[dict[str, _Column], dict[str, int]]:
    columns: dict[str, _Column] = {}
    imputed: dict[str, int] = {}
    sources: dict[str, str] = {}
    for table in tables:
        for covariate in table.columns:
            if covariate in exclude:
                continue
            _check_once(covariate, table.path, sources)
            coded = code(covariate, table, coding)
            if coded.n_imputed:
                imputed[covariate] = coded.n_imputed
            for name, row in zip(coded.names, coded.rows):
                _check_once(name, table.path, sources if name != covariate else {})
                columns[name] = _Column(row, table.path, table.hidden, coded.note)
    return columns, imputed


def _check_once(name: str, path: str, sources: dict[str, str]) -> None:
    if name in sources:
        raise InputError(
            f"covariate {name} is in {sources[name]} and in {path}", hint="rename it in one of them"
        )
    sources[name] = path


def _check_named(
    columns: Mapping[str, _Column],
    exclude: Collection[str],
    categorical: Collection[str],
    references: Mapping[str, str],
) -> None:
    """Names that a user gave and no file has are mistakes."""
    known = {name.partition(":")[0] for name in columns} | set(columns)
    for flag, names in (("categorical", categorical), ("reference", references)):
        lost = [name for name in names if name not in known and name not in exclude]
        if lost:
            raise UsageError(
                f"--{flag}: there is no covariate {lost[0]}; there are {some_names(sorted(known), 20)}"
            )


def _check_excluded(tables: Sequence[CovariateTable], exclude: Collection[str]) -> None:
    known = {name for table in tables for name in table.columns}
    lost = [name for name in exclude if name not in known]
    if lost:
        raise UsageError(
            f"--exclude: there is no covariate {lost[0]}; there are {some_names(sorted(known), 20)}"
        )


def _independent(
    columns: Mapping[str, _Column], collinear: Collinear
) -> dict[str, tuple[str, str, str, str]]:
    """One pass in order: what of each column the intercept and those before do not explain."""
    if collinear not in ("drop", "refuse"):
        raise UsageError(f"collinear '{collinear}': expected drop or refuse")
    account: dict[str, tuple[str, str, str, str]] = {}
    used: list[str] = []
    basis = np.empty((len(next(iter(columns.values())).values), 0)) if columns else np.empty((0, 0))
    for name, column in columns.items():
        scale = np.abs(column.values).max()
        row = column.values / scale if scale > 0 else column.values
        centred = row - row.mean()
        size = float(np.linalg.norm(centred))
        if size <= COLLINEAR * np.sqrt(len(row)) * max(float(np.abs(row).max()), 1e-300):
            outcome, detail = "constant", f"{column.values[0]:g} in all samples"
        elif column.hidden and scale < SWITCHED_OFF:
            outcome, detail = "switched_off", f"largest value {scale:.1g}"
        else:
            rest = centred - basis @ (basis.T @ centred)
            rest -= basis @ (basis.T @ rest)
            left = float(np.linalg.norm(rest))
            if left > COLLINEAR * size:
                basis = np.column_stack([basis, rest / left])
                used.append(name)
                account[name] = (name, column.source, "kept", column.note)
                continue
            outcome = "collinear"
            detail = f"depends on {_partners(centred, used, columns)}"
        if collinear == "refuse" and outcome != "switched_off":
            raise InputError(
                f"{column.source}: covariate {name} is {outcome} ({detail})",
                hint=f"--exclude {name}, or --collinear drop",
            )
        account[name] = (name, column.source, outcome, detail)
    return account


def _partners(centred: Array, used: Sequence[str], columns: Mapping[str, _Column]) -> str:
    """Names of the columns that a collinear one is made of."""
    others = np.array([columns[name].values for name in used])
    others = others - others.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(others, axis=1)
    weights = np.linalg.lstsq((others / sizes[:, None]).T, centred, rcond=None)[0]
    size = float(np.linalg.norm(centred))
    return some_names([name for name, weight in zip(used, weights) if abs(weight) > 1e-6 * size])


def _captured(
    columns: Mapping[str, _Column], account: Mapping[str, tuple[str, str, str, str]]
) -> dict[str, float]:
    """R squared of known covariates on hidden factors."""
    kept = [name for name in columns if account[name][2] == "kept"]
    hidden = [columns[name].values for name in kept if columns[name].hidden]
    known = [name for name in kept if not columns[name].hidden]
    if not hidden or not known:
        return {}
    factors = np.array(hidden) - np.mean(hidden, axis=1, keepdims=True)
    basis = np.linalg.qr((factors / np.linalg.norm(factors, axis=1, keepdims=True)).T)[0]
    result = {}
    for name in known:
        centred = columns[name].values - columns[name].values.mean()
        result[name] = float(((basis.T @ centred) ** 2).sum() / (centred @ centred))
    return result


def _drop_captured(
    columns: Mapping[str, _Column],
    account: dict[str, tuple[str, str, str, str]],
    r2: Mapping[str, float],
    limit: float,
) -> None:
    if not 0 < limit <= 1:
        raise UsageError(f"captured {limit}: expected a share above 0 and up to 1")
    for name, value in r2.items():
        if value >= limit:
            account[name] = (name, columns[name].source, "captured", f"R2 {value:.4f} on hidden factors")
