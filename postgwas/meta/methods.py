"""Which methods there are: each takes a block of aligned studies and gives columns of the result.

A new method is a module of numerics, a function here (or in a module of its own) that fits them to a
:class:`~postgwas.meta.aligned.MetaBlock`, and an entry in :data:`METHODS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from postgwas.errors import UsageError
from postgwas.meta.aligned import MetaBlock

Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Context:
    """What a method is told beside the block.

    Attributes
    ----------
    names : tuple of str
        Of the studies, in the order of the block's rows.
    ancestries : tuple of str or None
        Of each study.
    environment : ndarray of float64, shape (K, E)
    environment_names : tuple of str
    lambdas : ndarray of float64, shape (K,)
        Genomic control that was applied to SE and Z of each study; 1 where none was.
    options : mapping
        The method's own settings; small and picklable.
    has : frozenset of str
        Figures that some study of the run has, of "beta", "se", "z", "n", "eaf": a method's columns follow
        from this and from the options, never from what one block has, so that all blocks have the same.
    prepared : Any
        What the method's `prepare` gave; None without one.
    """

    names: tuple[str, ...]
    ancestries: tuple[str | None, ...]
    environment: npt.NDArray[np.float64]
    environment_names: tuple[str, ...] = ()
    lambdas: npt.NDArray[np.float64] = field(default_factory=lambda: np.ones(0))
    options: Mapping[str, Any] = field(default_factory=dict)
    has: frozenset[str] = frozenset()
    prepared: Any = None


@dataclass(frozen=True)
class Method:
    """How a method is run.

    Attributes
    ----------
    name : str
    needs : tuple of str
        Figures that a study must have for a row to be used: of "beta", "se", "z", "n", "eaf". Rows without
        are set aside with a reason.
    compute : str
        ``module:function`` of ``(MetaBlock, Context) -> columns``: name -> array of V, NaN where there is
        no value. Canonical names: BETA, SE, Z, MLOG10P, Q, Q_DF, I2, MLOG10P_HET; others as they are.
        P is made of MLOG10P; SNPID, CHR, POS, EA, NEA, EAF, N, N_STUDIES, DIRECTION come by themselves.
    prepare : str, optional
        ``module:function`` of ``(iterator of MetaBlock, Context) -> Any``, a first pass over all variants
        whose result becomes ``Context.prepared``; blocks come by chromosome and position, and may be
        gone through again.
    tables : str, optional
        ``module:function`` of ``Context -> {ending: table}``: small tables of the whole run.
    endings : tuple of str
        Of these tables.
    """

    name: str
    needs: tuple[str, ...]
    compute: str
    prepare: str | None = None
    tables: str | None = None
    endings: tuple[str, ...] = ()


METHODS: dict[str, Method] = {
    "fixed": Method(
        "fixed",
        ("z",),
        "postgwas.meta.run_fixed:fixed_columns",
        "postgwas.meta.run_overlap:prepare_overlap",
    ),
    "random": Method("random", ("beta", "se"), "postgwas.meta.run_random:random_columns"),
    "re2": Method("re2", ("beta", "se"), "postgwas.meta.run_re2:re2_columns"),
    "mrmega": Method(
        "mrmega",
        ("beta", "se", "eaf"),
        "postgwas.meta.run_mrmega:mrmega_columns",
        "postgwas.meta.run_mrmega:prepare_axes",
        "postgwas.meta.run_mrmega:axes_table",
        (".pcs.tsv",),
    ),
}


def method_named(name: str) -> Method:
    """An entry of :data:`METHODS`.

    Raises
    ------
    UsageError
        If there is none.
    """
    if name not in METHODS:
        raise UsageError(f"unknown method {name!r}; expected one of {', '.join(METHODS)}", hint="--method")
    return METHODS[name]


def loaded(reference: str) -> Callable[..., Any]:
    """The function that ``module:function`` names."""
    module, _, function = reference.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def columns_of(method: Method, block: MetaBlock, context: Context) -> Columns:
    """The method's columns for a block."""
    found: Columns = loaded(method.compute)(block, context)
    return found
