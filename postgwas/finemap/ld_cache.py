"""LD matrices kept in a study's store, found by what they were computed from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import StoreError
from postgwas.finemap.region_correlation import RegionLd, region_ld

VERSION = 1
"""Of what is stored, and how LD is computed."""


@dataclass(frozen=True)
class LdKey:
    """Where a region's LD lies in the store."""

    digest: str

    @property
    def text(self) -> str:
        return f"finemap/ld/{self.digest}"


def ld_key(calls: NDArray[np.int8] | NDArray[np.float32], basis: NDArray[np.float64] | None) -> LdKey:
    """The key of LD: a hash of every call and covariate.

    Examples
    --------
    >>> calls = np.array([[0, 1, 2]], np.int8)
    >>> ld_key(calls, None) == ld_key(calls.copy(), None), ld_key(calls, None) == ld_key(2 - calls, None)
    (True, False)
    """
    digest = hashlib.sha256(f"{VERSION} {calls.dtype} {calls.shape}".encode())
    digest.update(np.ascontiguousarray(calls).tobytes())
    if basis is not None:
        digest.update(f" {basis.shape}".encode())
        digest.update(np.ascontiguousarray(basis).tobytes())
    return LdKey(digest.hexdigest()[:32])


def cached_ld(
    calls: NDArray[np.int8] | NDArray[np.float32], basis: NDArray[np.float64] | None, store: str
) -> RegionLd:
    """LD from the store if it is there, else computed and put there; the same bits either way."""
    from postgwas.store.provenance import Provenance
    from postgwas.store.study import Study

    key = ld_key(calls, basis).text
    study = Study.open(store, create=True)
    try:
        held = study.read_arrays(key)
        return _unpacked(held["varies"].astype(np.bool_), held["missing"], held["upper"])
    except StoreError:  # not there, or damaged: computed again
        pass
    made = region_ld(calls, basis=basis)
    upper = made.matrix[np.triu_indices(made.matrix.shape[0], 1)]
    arrays = {"varies": made.varies.astype(np.int8), "missing": made.missing, "upper": upper}
    provenance = Provenance.collect("LD of a region", parameters={"n_people": int(calls.shape[1])})
    study.write_arrays(key, arrays, kind="ld-matrix", provenance=provenance, overwrite=True)
    return made


def _unpacked(
    varies: NDArray[np.bool_], missing: NDArray[np.float64], upper: NDArray[np.float32]
) -> RegionLd:
    size = int(varies.sum())
    matrix = np.zeros((size, size), np.float32)
    matrix[np.triu_indices(size, 1)] = upper
    matrix += matrix.T
    np.fill_diagonal(matrix, 1.0)
    return RegionLd(varies, matrix, missing)
