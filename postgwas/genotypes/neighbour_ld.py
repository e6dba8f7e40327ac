"""Whether variants look pruned: mean squared correlation of neighbours."""

from __future__ import annotations

import numpy as np

from postgwas.genotypes.genotypes import BlockSource
from postgwas.genotypes.standardise import Floats, Scale, standardised
from postgwas.genotypes.sweeps import part_of

_RUN = 128


def neighbour_r2(source: BlockSource, scale: Scale, chromosome: Floats, *, runs: int = 16) -> float:
    """Mean r^2 of adjacent variants of one chromosome, in runs spread evenly over the genome.

    Parameters
    ----------
    source : BlockSource
    scale : Scale
        Of its variants, all of which vary.
    chromosome : ndarray, shape (V,)
        Pairs across a border are left out.
    runs : int
        Stretches of 128 variants to look at.

    Returns
    -------
    float
        NaN where there is no pair.
    """
    n_variants = source.n_variants
    starts = np.unique(np.linspace(0, max(0, n_variants - _RUN), runs).astype(np.int64))
    total, pairs = 0.0, 0
    for start in starts.tolist():
        stop = min(start + _RUN, n_variants)
        rows = np.arange(stop - start)
        calls = part_of(source, start, stop).read(rows, None)
        z = standardised(calls, scale.of(slice(start, stop)), np.float64)
        z -= z.mean(axis=1, keepdims=True)
        length = np.sqrt(np.einsum("ij,ij->i", z, z))
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.einsum("ij,ij->i", z[1:], z[:-1]) / (length[1:] * length[:-1])
        beside = (chromosome[start + 1 : stop] == chromosome[start : stop - 1]) & np.isfinite(r)
        total += float((r[beside] ** 2).sum())
        pairs += int(beside.sum())
    return total / pairs if pairs else float("nan")
