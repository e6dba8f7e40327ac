"""Find ids in a list that has them in much the same order: both are walked through together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import Words

Places = npt.NDArray[np.int32]

NOWHERE = -1
#: Rows of either list that are held against each other at once; all working arrays stay in cache.
_ROWS = 16_384
_FEWEST = 1024
#: Slots of the small table: 16 bits of a hash number them.
_BITS = 16
#: Rows looked at for one that is done, at most: beyond, the orders have nothing in common.
_PATIENCE = 4
_NUMBERS = np.arange(_ROWS, dtype=np.int16)
#: Stands for the numbers of all rows.
_EVERY = np.empty(0, dtype=np.intp)


def find_in_step(pairs: Words, first: Words, second: Words) -> Places:
    """Places of ids in a list, of those that come in its order; -1 for all others, be they there or not.

    A stretch of each list is looked at, and both move on to behind the last id that they share. No
    order is needed for the result to be right: an id has the place of its equal, or none.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (V, 2)
        Two hashes of each id of the list, which are unique.
    first, second : ndarray of uint64, shape (T,)
        The hashes of the ids that are sought.

    Returns
    -------
    ndarray of int32, shape (T,)

    Examples
    --------
    >>> import numpy as np
    >>> pairs = np.arange(8, dtype=np.uint64).reshape(4, 2)
    >>> find_in_step(pairs, *np.array([[0, 9, 4], [1, 9, 5]], np.uint64)).tolist()
    [0, -1, 2]
    """
    found = np.full(first.size, NOWHERE, dtype=np.int32)
    table = np.zeros(1 << _BITS, dtype=np.int16)
    row = place = seen = 0
    n_rows = n_places = _ROWS
    while row < first.size and place < len(pairs) and seen <= _PATIENCE * (row + place + _ROWS):
        part = slice(row, row + n_rows)
        near = found[part]
        missed = _find_near(pairs[place : place + n_places], first[part], second[part], table, near)
        seen += n_rows + n_places
        last = _last_but(missed, near.size)
        if last < 0:
            row += n_rows
            continue
        near += np.int32(place)
        near[missed] = NOWHERE
        row, place = row + last + 1, int(near[last]) + 1
        # As many of either as were done: one list may have many that the other lacks.
        n_rows = min(max(2 * (last + 1), _FEWEST), _ROWS)
        n_places = min(max(2 * (place - int(near[0])), _FEWEST), _ROWS) if missed.size else _ROWS
    return found


def _find_near(
    window: Words, first: Words, second: Words, table: npt.NDArray[np.int16], near: Places
) -> npt.NDArray[np.intp]:
    """Places of ids in a stretch of the list, in `near`; the rows of those that are not in it, ascending."""
    keys, places = np.ascontiguousarray(window[:, 0]), _NUMBERS[: len(window)]
    left = _EVERY
    for shift in range(64 - _BITS, -1, -_BITS):
        # Of ids that share a slot the last one has it; the others have their turn with other bits.
        slots = _slots(keys, shift)
        table[slots] = places
        one, other = (first, second) if left is _EVERY else (first.take(left), second.take(left))
        at = table.take(_slots(one, shift))
        # What lies in a slot that no id of this stretch took is of another one, and may be past its end.
        there = window.take(at, axis=0, mode="clip")
        missed = np.flatnonzero((there[:, 0] != one) | (there[:, 1] != other))
        if left is _EVERY:
            near[:] = at
            left = missed
        else:
            near[left] = at
            left = left.take(missed)
        lost = np.flatnonzero(table.take(slots) != places) if left.size else left
        if not lost.size:
            break
        places, keys = places.take(lost), keys.take(lost)
    near[left] = NOWHERE
    return left


def _last_but(missed: npt.NDArray[np.intp], size: int) -> int:
    """The last of `size` rows that is not among those missed; -1 if all are."""
    # So many at the end are missed, one after the other.
    trailing = np.flatnonzero(missed[::-1] != size - 1 - np.arange(missed.size))
    return size - 1 - (int(trailing[0]) if trailing.size else missed.size)


def _slots(hashes: Words, shift: int) -> npt.NDArray[np.intp]:
    slots = hashes >> np.uint64(shift)
    if shift < 64 - _BITS:
        slots &= np.uint64((1 << _BITS) - 1)
    return slots.view(np.intp)
