"""Colours and markers for groups that people with any kind of colour vision can tell apart."""

from __future__ import annotations

#: Okabe and Ito's colours without black, the darker ones first; grey is kept for "no group".
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F")
MARKERS = ("o", "^", "s", "D", "v", "P", "X")
NO_GROUP = "0.65"


def style(place: int) -> tuple[str, str]:
    """Colour and marker of the group at a place; after seven colours the markers change.

    Examples
    --------
    >>> style(0), style(8)
    (('#0072B2', 'o'), ('#D55E00', '^'))
    """
    return COLOURS[place % len(COLOURS)], MARKERS[(place // len(COLOURS)) % len(MARKERS)]
