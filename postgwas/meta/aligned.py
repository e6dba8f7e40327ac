"""Studies side by side: a block of variants, every study's figures of one effect allele."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from postgwas.columns.texts import Texts

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MetaBlock:
    """V variants of K studies, studies in the order of their names.

    Which allele is the effect allele depends on the two alleles alone, not on studies: A of A/C, A/G and
    A/T, C of C/G, T of T/C and T/G, of others the first in the alphabet.

    Attributes
    ----------
    chr : ndarray of int8, shape (V,)
        1..22, X = 23, Y = 24, MT = 25; 0 where unknown.
    pos : ndarray of int32, shape (V,)
        1-based; 0 where unknown.
    snpid, ea, nea : Texts, V rows
        Of the first study, by name, that has an identifier.
    beta, se, z, n, eaf : ndarray of float64, shape (K, V)
        NaN where a study lacks the variant or the figure; `beta`, `z` and `eaf` of ``ea``.
    """

    chr: npt.NDArray[np.int8]
    pos: npt.NDArray[np.int32]
    snpid: Texts
    ea: Texts
    nea: Texts
    beta: Floats
    se: Floats
    z: Floats
    n: Floats
    eaf: Floats

    def __len__(self) -> int:
        return self.pos.size

    @property
    def n_studies(self) -> int:
        """K."""
        return len(self.z)

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Which studies have each variant, [shape: (K, V)]."""
        result: npt.NDArray[np.bool_] = np.isfinite(self.z)
        return result
