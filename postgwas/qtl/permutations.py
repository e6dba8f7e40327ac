"""Permutations of samples that depend on the seed and on their own number alone.

The same permutations serve every phenotype, whichever worker asks for them; a run with more permutations
begins with those of a run with fewer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int32]

#: permutations that are drawn from one stream
BLOCK = 100


def permutations(seed: int, n_samples: int, *, start: int, stop: int) -> Index:
    """Permutations ``start`` to ``stop`` of those that a seed has.

    Parameters
    ----------
    seed : int
        Not negative.
    n_samples : int
        Samples.
    start, stop : int
        Numbers of the first permutation and of the one past the last.

    Returns
    -------
    (stop - start, n_samples) int32
        Each row is a permutation: the sample whose value goes to each place.

    Notes
    -----
    Each block of 100 permutations has a stream of its own: numpy's ``SeedSequence`` with the number of the
    block as spawn key.

    Examples
    --------
    >>> some = permutations(1, 5, start=0, stop=250)
    >>> bool((some[120:250] == permutations(1, 5, start=120, stop=250)).all())
    True
    """
    first, last = start // BLOCK, -(-stop // BLOCK)
    blocks = [_block(seed, number, n_samples) for number in range(first, last)]
    rows: Index = np.concatenate(blocks) if blocks else np.empty((0, n_samples), dtype=np.int32)
    return rows[start - first * BLOCK : stop - first * BLOCK]


def _block(seed: int, number: int, n_samples: int) -> Index:
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
    rows = np.broadcast_to(np.arange(n_samples, dtype=np.int32), (BLOCK, n_samples))
    return np.asarray(rng.permuted(rows, axis=1))
