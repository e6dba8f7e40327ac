"""Records of a VCF or BCF file as batches of sites and genotypes, one variant an ALT allele."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.alleles import Multiallelic, variant_alleles
from postgwas.genotypes.genotypes import MISSING, Calls
from postgwas.genotypes.vcf_dosages import as_dosages, refuse_text_dosages

Site = tuple[str, str | None, int, str, str, bool]
"""CHROM, ID, POS, ALT, REF, and whether the record gave several variants."""

_BATCH, _BATCH_BYTES = 512, 1 << 23
_UNKNOWN, _NO_COPY = -1, -2
"""cyvcf2's codes of a missing allele, and of the second one of a haploid call."""


class RecordReader:
    """Turns records into batches; what could not be used is counted.

    Parameters
    ----------
    name : str
        File, for messages.
    n_samples : int
    dosage : bool
        FORMAT/DS rather than FORMAT/GT.
    multiallelic : {"split", "skip"}
    """

    def __init__(self, name: str, n_samples: int, *, dosage: bool, multiallelic: Multiallelic) -> None:
        self.name = name
        self.n_samples = n_samples
        self.multiallelic = multiallelic
        self.dosage = dosage
        self.skipped: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self._rows = int(np.clip(_BATCH_BYTES // (6 * n_samples), 1, _BATCH))

    def batches(self, records: Iterable[Any]) -> Iterator[tuple[list[Site], Calls]]:
        """Sites and genotypes, shape (sites, n_samples), of cyvcf2's records."""
        return self._dosage_batches(records) if self.dosage else self._call_batches(records)

    def _call_batches(self, records: Iterable[Any]) -> Iterator[tuple[list[Site], Calls]]:
        alleles = np.empty((self._rows, self.n_samples, 3), np.int16)
        numbers = np.empty(self._rows, np.int16)
        sites: list[Site] = []
        for record in readable(records, self.name):
            chosen, alts = self._chosen(record)
            if not chosen:
                continue
            values = self._alleles(record)
            if values is None:
                continue
            for number in chosen:
                alleles[len(sites)] = values
                numbers[len(sites)] = number
                sites.append(_site(record, alts[number - 1], len(chosen) > 1))
                if len(sites) == self._rows:
                    yield sites, copies_of(alleles, numbers)
                    sites = []
        yield sites, copies_of(alleles[: len(sites)], numbers[: len(sites)])

    def _dosage_batches(self, records: Iterable[Any]) -> Iterator[tuple[list[Site], Calls]]:
        dosages = np.empty((self._rows, self.n_samples), np.float32)
        sites: list[Site] = []
        for record in readable(records, self.name, dosage=True):
            chosen, alts = self._chosen(record)
            if not chosen:
                continue
            values = self._dosages(record, len(alts))
            if values is None:
                continue
            for number in chosen:
                dosages[len(sites)] = values[:, number - 1]
                sites.append(_site(record, alts[number - 1], len(chosen) > 1))
                if len(sites) == self._rows:
                    yield sites, self._checked(dosages, sites)
                    sites = []
        yield sites, self._checked(dosages[: len(sites)], sites)

    def _chosen(self, record: Any) -> tuple[Sequence[int], list[str]]:
        alts: list[str] = record.ALT
        if len(alts) == 1 and alts[0][0] in "ACGTacgt":
            return (1,), alts
        return variant_alleles(alts, self.skipped, self.notes, self.multiallelic), alts

    def _alleles(self, record: Any) -> NDArray[np.int16] | None:
        """Alleles of each sample's copies, and a last column that says whether they are phased."""
        genotype = record.genotype
        if genotype is None:
            raise no_field(self.name, _place(record), "GT", record.FORMAT)
        values: NDArray[np.int16] = genotype.array()
        if values.shape[1] == 3:
            return values
        if values.shape[1] > 3:
            self.skipped["more_than_two_copies"] += 1
            return None
        return np.insert(values, 1, _NO_COPY, axis=1)

    def _dosages(self, record: Any, n_alts: int) -> NDArray[np.float32] | None:
        given = record.format("DS")
        if given is None:
            raise no_field(self.name, _place(record), "DS", record.FORMAT)
        values = as_dosages(given, self.name, _place(record))
        if values.shape[1] != n_alts:
            self.skipped["dosages_not_one_an_allele"] += 1
            return None
        return values

    def _checked(self, dosages: NDArray[np.float32], sites: list[Site]) -> NDArray[np.float32]:
        known = np.isfinite(dosages)
        impossible = np.isinf(dosages) | (known & ((dosages < 0) | (dosages > 2)))
        if impossible.any():
            row, sample = np.argwhere(impossible)[0]
            chrom, _, position, *_ = sites[row]
            raise InputError(
                f"{self.name}: record {chrom}:{position}: DS is {dosages[row, sample]:g} in sample "
                f"{sample + 1}; expected 0 to 2"
            )
        return dosages


def _site(record: Any, alt: str, split: bool) -> Site:
    return record.CHROM, record.ID, record.POS, alt, record.REF, split


def readable(records: Iterable[Any], name: str, *, dosage: bool = False) -> Iterator[Any]:
    """The same records; what htslib raises among them is told as an InputError."""
    try:
        yield from records
    except InputError:
        raise
    except Exception as error:
        if dosage and not name.endswith(".bcf"):
            refuse_text_dosages(name)
        raise InputError(f"{name}: damaged or truncated: {error}") from None


def _place(record: Any) -> str:
    return f"{record.CHROM}:{record.POS}"


def no_field(name: str, place: str, field: str, fields: Sequence[str] | None) -> InputError:
    """What is said where a record lacks GT or DS."""
    return InputError(
        f"{name}: record {place} has no FORMAT/{field}; it has {', '.join(fields or ()) or 'none'}",
        hint="without --dosage, FORMAT/GT is read" if field == "DS" else "--dosage reads FORMAT/DS",
    )


def copies_of(alleles: NDArray[np.int16], numbers: NDArray[np.int16]) -> NDArray[np.int8]:
    """Copies of one allele; any other counts as not that one, as in ``bcftools norm -m-``.

    (cyvcf2's own gt_types takes a haploid 0 for a 0/1.)

    Parameters
    ----------
    alleles : ndarray of int16, shape (V, n, 3)
        First and second allele (-1 missing, -2 no second copy), phase.
    numbers : ndarray of int16, shape (V,)
        The allele to count.

    Returns
    -------
    ndarray of int8, shape (V, n)
        A haploid call counts as two copies; a call of which one allele is missing is -9.

    Examples
    --------
    >>> calls = np.array([[[0, 1, 0], [1, 2, 0], [1, -2, 0], [-1, 1, 0]]], np.int16)
    >>> copies_of(calls, np.array([1], np.int16)).tolist()
    [[1, 1, 2, -9]]
    """
    first, second = alleles[:, :, 0], alleles[:, :, 1]
    number = numbers[:, None]
    copies: NDArray[np.int8] = (first == number).view(np.int8)
    copies += (second == number).view(np.int8)
    lower = np.minimum(first, second)
    least = lower.min(initial=0)
    if least == _NO_COPY:
        copies[(second == _NO_COPY) & (first >= 0)] *= 2
        np.putmask(copies, (first == _UNKNOWN) | (second == _UNKNOWN), MISSING)
    elif least < 0:
        np.putmask(copies, lower < 0, MISSING)
    return copies
