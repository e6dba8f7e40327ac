"""Missing calls, frequencies and Hardy-Weinberg tests of variants, by how many copies people have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.call_counts import AlleleCounts, CallCounts
from postgwas.genotypes.haploid import Copies
from postgwas.genotypes.hwe import HardyWeinberg, hwe_exact

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Sets of people that calls are counted in, before the groups: their columns.
ALL, MEN, WOMEN = 0, 1, 2
N_SETS = 3


@dataclass(frozen=True, eq=False)
class VariantQuality:
    """Of each variant.

    Attributes
    ----------
    n_people : ndarray of int64, shape (V,)
        Who could have a call: on Y men, elsewhere everybody.
    n_missing : ndarray of int64, shape (V,)
        Of these, without one.
    alleles : AlleleCounts
        Two copies a person; one for men on X, and for all on Y (men alone) and MT.
    impossible : ndarray of int64, shape (V,)
        Heterozygous calls where there is one copy (left out of the alleles), calls on Y in women.
    hom1, het, hom2 : ndarray of int64, shape (V,)
        Genotypes that are tested: of everybody, on X of women; 0 on Y and MT.
    hwe : HardyWeinberg
        Of these.
    by_group : tuple of HardyWeinberg
    """

    n_people: Ints
    n_missing: Ints
    alleles: AlleleCounts
    impossible: Ints
    hom1: Ints
    het: Ints
    hom2: Ints
    hwe: HardyWeinberg
    by_group: tuple[HardyWeinberg, ...]

    @property
    def missing_share(self) -> Floats:
        """NaN where nobody could have a call."""
        with np.errstate(invalid="ignore"):
            return self.n_missing / self.n_people


def sets_of_people(sex: NDArray[np.int8], groups: Bools) -> Bools:
    """Columns ALL, MEN, WOMEN, then the groups, then the women of each group.

    Parameters
    ----------
    sex : ndarray of int8, shape (n,)
        1 male, 2 female, 0 unknown.
    groups : ndarray of bool, shape (n, G)
    """
    women = sex == 2
    return np.column_stack([np.ones(len(sex), np.bool_), sex == 1, women, groups, groups & women[:, None]])


def variant_quality(
    counts: CallCounts, copies: NDArray[np.int8], *, n_groups: int, midp: bool
) -> VariantQuality:
    """Quality of variants from the calls of :func:`sets_of_people`.

    People of unknown sex count as having two copies of X, as in plink.

    Parameters
    ----------
    counts : CallCounts
    copies : ndarray of int8, shape (V,)
        :class:`postgwas.genotypes.haploid.Copies`.
    n_groups : int
    midp : bool
    """
    two, x, y = copies == Copies.TWO, copies == Copies.X, copies == Copies.Y
    people = np.where(y, MEN, ALL)
    rows = np.arange(len(copies))
    sizes = counts.hom1 + counts.het + counts.hom2 + counts.missing
    alleles = _alleles(counts, two, x, people)
    tested = np.where(x, WOMEN, ALL)
    possible = (two | x).astype(np.int64)
    genotypes = [one[rows, tested] * possible for one in (counts.hom1, counts.het, counts.hom2)]
    by_group = []
    for group in range(n_groups):
        of_group = np.where(x, N_SETS + n_groups + group, N_SETS + group)
        some = [one[rows, of_group] * possible for one in (counts.hom1, counts.het, counts.hom2)]
        by_group.append(hwe_exact(*some, midp=midp))
    called_women = sizes[:, WOMEN] - counts.missing[:, WOMEN]
    on_y = counts.het[:, MEN] + called_women
    one_copy = np.where(y, on_y, counts.het[:, ALL])
    impossible = np.where(two, 0, np.where(x, counts.het[:, MEN], one_copy))
    hom1, het, hom2 = genotypes
    return VariantQuality(
        sizes[rows, people], counts.missing[rows, people], alleles, impossible, hom1, het, hom2,
        hwe_exact(hom1, het, hom2, midp=midp), tuple(by_group),
    )  # fmt: skip


def _alleles(counts: CallCounts, two: Bools, x: Bools, people: Ints) -> AlleleCounts:
    """Copies of A1 and of both."""
    rows = np.arange(len(two))
    hom1, hom2 = counts.hom1[rows, people], counts.hom2[rows, people]
    het = counts.het[:, ALL]
    a1, total = 2 * hom1 + het, 2 * (hom1 + hom2 + het)
    # X: men's two copies are one, and their heterozygous calls are none.
    men = (counts.hom1[:, MEN], counts.het[:, MEN], counts.hom2[:, MEN])
    a1_x, total_x = a1 - men[0] - men[1], total - men[0] - men[2] - 2 * men[1]
    one = ~two & ~x
    return AlleleCounts(
        np.where(one, hom1, np.where(x, a1_x, a1)), np.where(one, hom1 + hom2, np.where(x, total_x, total))
    )
