"""Posteriors that rest on too little of what was measured."""

from __future__ import annotations

from collections.abc import Mapping

from postgwas.coloc.genome_settings import MODERATE

#: With fewer shared variants two causes can hardly be told from one.
FEW_SHARED = 20
#: Least share of a trait's association that shared variants should hold.
LEAST_HELD = 0.5


def overlap_notes(pp_h4: float, n_shared: int, held: Mapping[str, float]) -> tuple[str, ...]:
    """Remarks on a PP.H4 that few shared variants, or the weaker ones of a trait, have made.

    With one shared variant H3, two causes, is impossible, whatever the data; with few it is hardly so. Where
    the strongest variants of a trait are not shared, what is compared is not its signal.

    Parameters
    ----------
    pp_h4 : float
        Remarks are made from 0.5 on.
    n_shared : int
        Variants that both traits have.
    held : mapping of str to float
        Trait to the share of its summed Bayes factors that shared variants hold.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> overlap_notes(0.99, 1, {"LDL": 1.0, "SORT1": 0.2})
    ('PP.H4 0.99 rests on 1 shared variant: two causes cannot be told from one', \
'PP.H4 0.99, but variants that are not shared hold 80 % of the association with SORT1')
    >>> overlap_notes(0.99, 300, {"LDL": 1.0, "SORT1": 0.9}), overlap_notes(0.1, 1, {"LDL": 1.0})
    ((), ())
    """
    if not pp_h4 >= MODERATE:
        return ()
    notes = []
    if n_shared < FEW_SHARED:
        variants = f"{n_shared} shared variant{'s' if n_shared > 1 else ''}"
        notes.append(f"PP.H4 {pp_h4:.2g} rests on {variants}: two causes cannot be told from one")
    notes += [
        f"PP.H4 {pp_h4:.2g}, but variants that are not shared hold {1 - share:.0%} of the association with "
        f"{name}".replace("%", " %", 1)
        for name, share in held.items()
        if share < LEAST_HELD
    ]
    return tuple(notes)
