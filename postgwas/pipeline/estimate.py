"""Roughly how long steps will take, from the size of what they read and from what steps took before.

No more than a help to tell minutes from hours: what a step does depends on more than megabytes.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from postgwas.pipeline.markers import Marker
from postgwas.pipeline.step import Step

#: Seconds at least, and seconds a megabyte of (packed) input, of each kind of step; one core of 2020's.
_COST = {
    "harmonise": (1.5, 1.5),
    "ld_scores": (1, 0.5),
    "cross_scores": (1, 0.5),
    "h2": (1, 0.03),
    "rg": (1, 0.03),
    "mtag": (2, 0.7),
    "meta": (1, 0.5),
    "mama": (2, 0.5),
    "finemap": (2, 1),
    "ancestry_prune": (1, 1),
    "ancestry_pca": (1, 1),
    "ancestry_project": (1, 0.5),
    "ancestry_groups": (1, 1),
    "genotypes_qc": (1, 0.5),
    "genotypes_fst": (1, 0.3),
    "genotypes_prune": (1, 1),
    "genotypes_pca": (1, 1),
    "expression_prepare": (1, 2),
    "expression_variance": (1, 1),
    "expression_peer": (1, 3),
    "expression_covariates": (0.5, 0),
    "eqtl_cis": (1, 1),
    "eqtl_permute": (1, 2),
    "eqtl_independent": (1, 2),
    "eqtl_finemap": (2, 3),
    "eqtl_interaction": (2, 4),
    "eqtl_trans": (1, 1),
    "eqtl_afc": (1, 1),
    "eqtl_sharing": (1, 1),
    "coloc": (2, 1),
    "report": (10, 1),
}
_MB = 1e6


def sizes_of(steps: Sequence[Step]) -> dict[str, int]:
    """Bytes that each step reads; what is still to be made counts as what its maker reads.

    Parameters
    ----------
    steps : sequence of Step
        All of a study's, in order.
    """
    sizes: dict[str, int] = {}
    makers = {str(step.out): step.name for step in steps}
    for step in steps:
        there, absent = 0, set()
        for name in step.reads:
            try:
                there += Path(name).stat().st_size
            except OSError:
                absent.add(next((makers[str(one)] for one in Path(name).parents if str(one) in makers), ""))
        if step.uses_store and not step.reads:  # the page shows what was harmonised
            absent |= {name for name in step.after if name.startswith("harmonise/")}
        sizes[step.name] = there + sum(sizes.get(name, 0) for name in absent)
    return sizes


def seconds_of(
    steps: Sequence[Step], sizes: Mapping[str, int], markers: Mapping[str, Marker]
) -> dict[str, float]:
    """Seconds that each step will take, about.

    A step that was run takes what it took. For others, how much faster or slower the finished steps of their
    kind (or all of them, where none is) were than expected is taken into account.
    """
    usual = {step.name: _usual(step, sizes[step.name]) for step in steps}
    ratios: dict[str, list[float]] = {}
    for step in steps:
        marker = markers.get(step.name)
        if marker is not None and marker.seconds > 0 and not marker.note:
            ratios.setdefault(step.kind, []).append(marker.seconds / usual[step.name])
    known = {kind: statistics.median(values) for kind, values in ratios.items()}
    other = statistics.median([one for values in ratios.values() for one in values] or [1.0])
    found = {}
    for step in steps:
        marker = markers.get(step.name)
        guess = usual[step.name] * known.get(step.kind, other)
        found[step.name] = guess if marker is None or marker.note else marker.seconds
    return found


def _usual(step: Step, size: int) -> float:
    least, each = _COST.get(step.kind, (2, 1))
    return least + each * size / _MB


def in_words(seconds: float) -> str:
    """About how long, with no more digits than are known.

    Examples
    --------
    >>> in_words(0.2), in_words(42.3), in_words(400), in_words(9000)
    ('1 s', '40 s', '7 min', '2.5 h')
    """
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{round(seconds / 10) * 10} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
