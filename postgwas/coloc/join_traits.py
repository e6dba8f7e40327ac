"""Several traits' datasets on the variants that all of them have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.trait_data import Dataset
from postgwas.errors import NoVariantsError

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Joined:
    """Rows of each trait.

    Attributes
    ----------
    snp : tuple of str
        In the order of the first trait.
    rows : tuple of ndarray of int64
    notes : tuple of str
        What is wrong with a trait, with its name.
    """

    snp: tuple[str, ...]
    rows: tuple[Rows, ...]
    notes: tuple[str, ...]


def join_datasets(datasets: Sequence[Dataset], names: Sequence[str]) -> Joined:
    """Join by the names of variants.

    Raises
    ------
    NoVariantsError
        If no variant is in all traits.
    """
    where = [{name: row for row, name in enumerate(one.snp)} for one in datasets]
    shared = tuple(name for name in where[0] if all(name in other for other in where[1:]))
    if not shared:
        told = ", ".join(f"{name}: {len(one.snp)} variants" for name, one in zip(names, datasets))
        raise NoVariantsError(
            f"no variant is in all {len(datasets)} traits ({told})",
            hint="name variants the same way in all",
        )
    rows = tuple(np.array([one[name] for name in shared], np.int64) for one in where)
    notes = tuple(
        f"{one.name or f'trait {name}'}: {note}" for name, one in zip(names, datasets) for note in one.notes
    )
    return Joined(shared, rows, notes)
