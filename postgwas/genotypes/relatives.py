"""Whom to leave out so that nobody left is related to anybody else."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def drop_relatives(
    first: Ints, second: Ints, n_samples: int, *, n_missing: Ints | None = None
) -> NDArray[np.bool_]:
    """A greedy choice of people to leave out, the same whatever the order of the pairs.

    Whoever has the most relatives left goes first; of several, the one with more missing calls,
    then the one later in the file. At the end whoever has no relative among those who stay comes
    back, in the order of the file.

    Parameters
    ----------
    first, second : ndarray of int64, shape (P,)
        Pairs of relatives.
    n_samples : int
    n_missing : ndarray of int64, shape (n_samples,), optional
        Missing calls of each; all alike if None.

    Returns
    -------
    ndarray of bool, shape (n_samples,)
        Who goes.

    Examples
    --------
    >>> drop_relatives(np.array([0, 1, 3]), np.array([1, 2, 4]), 6).tolist()
    [False, True, False, False, True, False]
    """
    relatives: list[set[int]] = [set() for _ in range(n_samples)]
    for one, two in zip(np.asarray(first).tolist(), np.asarray(second).tolist()):
        if one != two:
            relatives[one].add(two)
            relatives[two].add(one)
    missing = [0] * n_samples if n_missing is None else np.asarray(n_missing).tolist()
    degree = [len(those) for those in relatives]
    heap = [(-degree[i], -missing[i], -i) for i in range(n_samples) if degree[i]]
    heapq.heapify(heap)
    gone = np.zeros(n_samples, np.bool_)
    while heap:
        number, _, negative = heapq.heappop(heap)
        person = -negative
        if gone[person] or -number != degree[person] or not degree[person]:
            continue  # an entry of before some relative went
        gone[person] = True
        for other in relatives[person]:
            if not gone[other]:
                degree[other] -= 1
                if degree[other]:
                    heapq.heappush(heap, (-degree[other], -missing[other], -other))
    for person in np.flatnonzero(gone).tolist():
        if all(gone[other] for other in relatives[person]):
            gone[person] = False
    return gone
