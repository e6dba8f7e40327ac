"""Pairs of a matrix of genetic correlations on several processes.

Arrays are written once and mapped into each worker's memory, so that a task is a list of places. A
pair's numbers come from its own arrays alone: the same bits wherever it is fitted.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from postgwas.errors import OutputError
from postgwas.ldsc.rg_pairs import AlignedTrait, PairFit, PairFitter, Scores

#: Lists of pairs for each process: more even out their times, fewer share more heritabilities.
LISTS_PER_PROCESS = 2


@dataclass(frozen=True)
class PairTask:
    """Some pairs of traits in a spill folder.

    Attributes
    ----------
    folder : str
    pairs : tuple of (first, other, constrained intercept of the covariance or None)
    intercept_h2 : tuple of float or None
        By place of the trait.
    m : tuple of float
    n_blocks, two_step, chisq_max
        As in :class:`~postgwas.ldsc.rg_pairs.Scores`.
    """

    folder: str
    pairs: tuple[tuple[int, int, float | None], ...]
    intercept_h2: tuple[float | None, ...]
    m: tuple[float, ...]
    n_blocks: int
    two_step: float | None
    chisq_max: float | None


def fit_on_processes(
    scores: Scores,
    traits: Mapping[int, AlignedTrait],
    pairs: Sequence[tuple[int, int, float | None]],
    intercept_h2: Sequence[float | None],
    where: Mapping[str, Any],
    scratch: Path | None,
) -> list[PairFit]:
    """Fits of all pairs, in their order.

    Parameters
    ----------
    scores : Scores
    traits : mapping of place to AlignedTrait
    pairs : sequence of (first, other, constrained intercept or None)
    intercept_h2 : sequence of float or None
        By place of the trait.
    where : mapping
        Arguments of :func:`postgwas.compute.engine.engine`.
    scratch : path or None
        Folder for the arrays, which all workers see; None is the system's for temporary files.

    Raises
    ------
    OutputError
        The arrays cannot be written.
    EngineError
        Workers cannot be had, or died.
    """
    from postgwas.compute.engine import engine

    try:
        place = tempfile.TemporaryDirectory(prefix=".postgwas-", dir=scratch)
    except OSError as error:
        raise OutputError(f"cannot keep arrays for the workers in {scratch}: {error.strerror}") from None
    with place as folder, engine(**where) as eng:
        _spill(Path(folder), scores, traits)
        step = max(math.ceil(len(pairs) / (LISTS_PER_PROCESS * eng.cores)), 1)
        tasks = [
            PairTask(
                folder, tuple(pairs[start : start + step]), tuple(intercept_h2),
                tuple(np.atleast_1d(scores.m).tolist()), scores.n_blocks, scores.two_step, scores.chisq_max,
            )
            for start in range(0, len(pairs), step)
        ]  # fmt: skip
        parts = eng.map(fit_some, tasks, label="Correlating")
    return [fit for part in parts for fit in part]


def fit_some(task: PairTask) -> list[PairFit]:
    """The pairs of one task; runs on a worker."""
    folder = Path(task.folder)
    scores = Scores(
        l2=_mapped(folder, "l2"), w_l2=_mapped(folder, "w_l2"), m=np.array(task.m), n_blocks=task.n_blocks,
        two_step=task.two_step, chisq_max=task.chisq_max,
    )  # fmt: skip
    places = {place for first, other, _ in task.pairs for place in (first, other)}
    traits = {place: _trait(folder, place) for place in sorted(places)}
    fitter = PairFitter(scores, traits, task.intercept_h2)
    return [fitter.fit(*pair) for pair in task.pairs]


def _spill(folder: Path, scores: Scores, traits: Mapping[int, AlignedTrait]) -> None:
    arrays: dict[str, npt.NDArray[Any]] = {"l2": scores.l2, "w_l2": scores.w_l2}
    for place, trait in traits.items():
        arrays |= {f"z{place}": trait.z, f"n{place}": trait.n, f"kind{place}": trait.kind}
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)


def _trait(folder: Path, place: int) -> AlignedTrait:
    return AlignedTrait(
        z=_mapped(folder, f"z{place}"), n=_mapped(folder, f"n{place}"), kind=_mapped(folder, f"kind{place}")
    )


def _mapped(folder: Path, name: str) -> npt.NDArray[Any]:
    return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))
