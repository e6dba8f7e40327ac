"""What the regressions read: munged traits, LD scores of the model, LD scores for the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from postgwas.errors import NoVariantsError, PanelError, UsageError
from postgwas.ld.id_index import Places
from postgwas.ld.panel import Counts, LDScorePanel, load_panel
from postgwas.ld.panel_files import found_place as found_place
from postgwas.ldsc.munged import Munged as Munged
from postgwas.ldsc.munged import read_munged as read_munged

#: Below this share of what could be found, the LD scores are not for these summary statistics.
SMALLEST_COVER = 0.05
#: ldsc warns of fewer variants than this.
FEW_VARIANTS = 200_000


@dataclass(frozen=True, eq=False)
class RegressionTable:
    """One trait on the LD scores of model and weights, in the order of the panel.

    Attributes
    ----------
    z, n : ndarray of float64, shape (K,)
    w_l2 : ndarray of float64, shape (K,)
    panel : LDScorePanel
        LD scores of the model.
    panel_rows : ndarray of int, shape (K,)
        Rows of the panel, ascending.
    rows : ndarray of int, shape (K,)
        Rows of the trait.
    n_read : int
        Complete rows of the trait, duplicates included.
    n_reference : int
        Variants left after the merge with the LD scores of the model.
    n_weights : int
        Variants left after the merge with those for the weights: K.
    same_scores : bool
        The LD scores of the model are those for the weights.
    """

    z: npt.NDArray[np.float64]
    n: npt.NDArray[np.float64]
    w_l2: npt.NDArray[np.float64]
    panel: LDScorePanel
    panel_rows: npt.NDArray[np.intp]
    rows: npt.NDArray[np.intp]
    n_read: int
    n_reference: int
    n_weights: int
    same_scores: bool = False

    @property
    def n_variants(self) -> int:
        return int(self.z.size)

    @cached_property
    def l2(self) -> npt.NDArray[np.float64]:
        """LD scores of the model, shape (K, A); gathered when first asked for, as they may be gigabytes."""
        return self.w_l2[:, None] if self.same_scores else self.panel.l2[self.panel_rows]


def split_names(names: str | Path | Sequence[str | Path]) -> list[str]:
    """Prefixes from one text with commas, or from a sequence."""
    if isinstance(names, (str, Path)):
        return [name.strip() for name in str(names).split(",") if name.strip()]
    return [str(name) for name in names]


def read_reference_scores(
    names: str | Path | Sequence[str | Path],
    *,
    counts: Counts = "M_5_50",
    m: Sequence[float] | None = None,
    by_chromosome: bool = True,
    keep_constant: bool = False,
    cache: bool = True,
) -> LDScorePanel:
    """LD scores of the model: the columns of one or several panels side by side.

    Parameters
    ----------
    names : str, path or sequence
        Folders, prefixes, files or registered names; in one text they are separated by commas.
    counts : {"M_5_50", "M", "none"}
        Which numbers of variants to read.
    m : sequence of float, optional
        Numbers of variants, one for each LD score column, instead of those in files.
    by_chromosome : bool
        False takes ``PREFIX.l2.ldscore`` first, as ``--ref_ld`` does.
    keep_constant : bool
        Keep columns that do not vary.
    cache : bool
        Keep and use parsed panels.

    Returns
    -------
    LDScorePanel
        `annotations` have the number of their panel at the end, as ldsc prints them (``L2_0``);
        columns that do not vary are left out and named in `dropped`.

    Raises
    ------
    PanelError
        A panel is missing or malformed; panels of different variants; no LD score varies.
    UsageError
        Not one M for each column.
    """
    wanted = split_names(names)
    if not wanted:
        raise UsageError("no LD scores given", hint="--ref_ld_chr PREFIX")
    parts = [
        load_panel(
            found_place(name, by_chromosome),
            cache=cache,
            counts="none" if m is not None else counts,
            require_variance=False,
        )
        for name in wanted
    ]
    for part in parts[1:]:
        _check_same_variants(parts[0], part)
    annotations = [f"{name}_{i}" for i, part in enumerate(parts) for name in part.annotations]
    scores = parts[0].l2 if len(parts) == 1 else np.hstack([part.l2 for part in parts])
    totals = np.concatenate([part.m for part in parts])
    if m is not None:
        totals = np.asarray(m, dtype=np.float64)
        if totals.size != len(annotations):
            raise UsageError(
                f"--M has {totals.size} numbers for {len(annotations)} LD score columns "
                f"({', '.join(annotations[:6])})"
            )
    label = ",".join(wanted)
    whole = replace(
        parts[0], l2=scores, m=totals, annotations=tuple(annotations), name=label, source=label, dropped=()
    )
    return whole if keep_constant else _varying(whole)


def read_weights(
    name: str | Path, *, by_chromosome: bool = True, cache: bool = True, panel: LDScorePanel | None = None
) -> LDScorePanel:
    """LD scores for the regression weights: one column; counts are not read.

    Parameters
    ----------
    name : str or path
    by_chromosome, cache
        As in :func:`read_reference_scores`.
    panel : LDScorePanel, optional
        The model's, found in the same way; taken as it is where it has the same name and one column.

    Raises
    ------
    PanelError
        The panel is missing or malformed, or has several columns.
    """
    if panel is not None and len(panel.annotations) == 1 and not panel.dropped and panel.name == str(name):
        return panel
    weights = load_panel(
        found_place(str(name), by_chromosome), cache=cache, counts="none", require_variance=False
    )
    if len(weights.annotations) != 1:
        raise PanelError(
            f"{name}: {len(weights.annotations)} LD score columns; weights take one "
            f"(found {', '.join(weights.annotations[:6])})",
            hint="--w_ld_chr",
        )
    return weights


def regression_table(
    panel: LDScorePanel, weights: LDScorePanel, munged: Munged, *, check_cover: bool = True
) -> RegressionTable:
    """Merge a trait with the LD scores of model and weights by id.

    Parameters
    ----------
    panel, weights : LDScorePanel
        From :func:`read_reference_scores` and :func:`read_weights`.
    munged : Munged
    check_cover : bool
        Refuse where hardly any variant has LD scores, rather than only where none has.

    Returns
    -------
    RegressionTable

    Raises
    ------
    NoVariantsError
        The LD scores are not for these summary statistics.
    """
    panel_rows, rows = _in_order(panel.ids.index.find(munged.ids))
    n_reference = int(panel_rows.size)
    _check_cover(n_reference, munged, panel, "--ref_ld_chr", check_cover)
    weight_rows = panel_rows
    if not weights.ids.same(panel.ids):
        found = weights.ids.index.find(panel.ids.take(panel_rows))
        kept = np.flatnonzero(found >= 0)
        weight_rows = found[kept].astype(np.intp)
        panel_rows, rows = panel_rows[kept], rows[kept]
        _check_cover(int(kept.size), munged, weights, "--w_ld_chr", check_cover)
    # As a rule a trait has hardly a variant that the panel lacks, and has them in its order.
    everything = rows.size == munged.n_variants and _ascending(rows)
    return RegressionTable(
        z=munged.z if everything else munged.z[rows],
        n=munged.n if everything else munged.n[rows],
        w_l2=weights.l2[weight_rows, 0],
        panel=panel,
        panel_rows=panel_rows,
        rows=rows,
        n_read=munged.n_read,
        n_reference=n_reference,
        n_weights=int(rows.size),
        same_scores=weights is panel and panel.l2.shape[1] == 1,
    )


def _in_order(places: Places) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """From each row's place in a panel, or -1: the places that are taken, ascending, and their rows."""
    if places.size and places.min() >= 0:
        rows, taken = np.arange(places.size), places.astype(np.intp)
    else:
        rows = np.flatnonzero(places >= 0)
        taken = places.take(rows).astype(np.intp)
    if not _ascending(taken):
        order = np.argsort(taken)
        taken, rows = taken[order], rows[order]
    return taken, rows


def _ascending(places: npt.NDArray[np.intp]) -> bool:
    return bool((places[1:] > places[:-1]).all())


def other_ids(munged: Munged, panel: LDScorePanel) -> str:
    """An id of each, to end a message with, where they are of another kind; two rsIDs would tell nothing."""
    ours, theirs = str(munged.ids[0]), str(panel.ids[0])
    if ours.startswith("rs") and theirs.startswith("rs"):
        return ""
    return f"; it has ids like {ours}, the LD scores like {theirs}"


def _check_cover(found: int, munged: Munged, panel: LDScorePanel, flag: str, refuse_few: bool) -> None:
    possible = min(munged.n_variants, panel.n_variants)
    if found and (found >= SMALLEST_COVER * possible or not refuse_few):
        return
    raise NoVariantsError(
        f"{panel.source}: LD scores for only {found:,} of {munged.n_variants:,} variants of {munged.source}, "
        f"with {panel.n_variants:,} in the LD scores{other_ids(munged, panel)}",
        hint=f"give LD scores of the same variants ({flag})",
    )


def _check_same_variants(first: LDScorePanel, other: LDScorePanel) -> None:
    if first.n_variants != other.n_variants:
        raise PanelError(
            f"{first.source} has LD scores of {first.n_variants:,} variants, {other.source} of "
            f"{other.n_variants:,}; LD scores side by side must be of the same variants"
        )
    differs = first.ids.differing(other.ids)
    if differs.size:
        row = int(differs[0])
        raise PanelError(
            f"{first.source} and {other.source} are LD scores of different variants: number {row + 1:,} is "
            f"{first.ids[row]} in one and {other.ids[row]} in the other"
        )


def _varying(panel: LDScorePanel) -> LDScorePanel:
    """Without the columns that are the same for all variants: they say nothing about an effect."""
    varies = np.ptp(panel.l2, axis=0) > 0
    if varies.all():
        return panel
    if not varies.any():
        raise PanelError(
            f"{panel.source}: all LD scores have zero variance ({', '.join(panel.annotations[:6])}): every "
            "variant has the same"
        )
    names: list[Any] = list(panel.annotations)
    return replace(
        panel,
        l2=np.ascontiguousarray(panel.l2[:, varies]),
        m=panel.m[varies],
        annotations=tuple(name for name, kept in zip(names, varies) if kept),
        dropped=tuple(name for name, kept in zip(names, varies) if not kept),
    )
