"""Tell GRCh37 from GRCh38 by the positions of known SNPs, or by the bases of a sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from postgwas.reference.known_snps import known_snps
from postgwas.sumstats.harmonise.assembly import BUILDS
from postgwas.sumstats.harmonise.row_arrays import BASE_CODES, AlleleBytes, row_integers

MIN_KNOWN = 3
"""Fewest known SNPs at a build's positions that make a call: one alone may be a slip."""

MIN_SHARE = 0.9
"""Least share of the known SNPs that must be at the build's positions."""

MIN_PLACES = 20
"""Fewest rows without an rsID that must be at places of known SNPs."""

MAX_CHANCE = 0.1
"""Of another build's places as many rows, at most, as this share: that many meet by chance."""

MIN_COMPARED = 100
"""Fewest SNVs that are compared with a sequence for a call."""

MIN_FITTING = 0.9
"""Least share of them that must hold the sequence's base; of another build half would."""


@dataclass(frozen=True)
class BuildCall:
    """What the positions of a file say of its build.

    Attributes
    ----------
    build : str or None
        ``"GRCh37"`` or ``"GRCh38"`` (by a sequence also its own); None if the evidence is too
        little or contradicts itself.
    n_known : int
        Rows whose SNPID is in the table of known SNPs and which have a position.
    n_grch37, n_grch38 : int
        Of them, those at the SNP's position in the build.
    n_zero_based : int
        Of them, those one base before the position in either build.
    reason : str
        The counts in words, and where `build` is None why.
    n_places_grch37, n_places_grch38 : int
        Rows without an rsID that are at the place of any known SNP.
    """

    build: str | None
    n_known: int
    n_grch37: int
    n_grch38: int
    n_zero_based: int
    reason: str
    n_places_grch37: int = 0
    n_places_grch38: int = 0


class BuildVotes:
    """Counts over the chunks of a file; their order and size change nothing.

    Examples
    --------
    >>> votes = BuildVotes()
    >>> votes.add(pl.Series(["rs3131972", "rs12184325"]), [1, 1], [752721, 754105])
    >>> votes.call().build is None  # two rows are too few
    True
    """

    def __init__(self) -> None:
        self._known = self._grch37 = self._grch38 = self._zero_based = 0
        self._places = dict.fromkeys(BUILDS, 0)
        self._fits: dict[str | None, tuple[int, int]] = {}

    def add(self, snpid: pl.Series | None, chr: ArrayLike | pl.Series, pos: ArrayLike | pl.Series) -> None:
        """Count a chunk's rows.

        Parameters
        ----------
        snpid : pl.Series of String, shape (n_rows,), or None
            rsIDs; rows with other ids or none are counted by their place alone.
        chr, pos : array_like of int or polars Series, shape (n_rows,)
            Codes 1..25 and 1-based positions; rows with nulls or zeros are passed over.
        """
        codes, places = row_integers(chr), row_integers(pos)
        if snpid is None:
            self._add_places(codes, places)
            return
        numbers = snpid.str.strip_prefix("rs").cast(pl.UInt32, strict=False).fill_null(0)
        # A bare number is no rsID, and no place without one either.
        bare = (numbers > 0) & ~snpid.str.starts_with("rs").fill_null(False)
        if bare.any():
            rows = np.flatnonzero(~bare.to_numpy())
            self.add_numbers(numbers.to_numpy()[rows], codes[rows], places[rows])
            return
        self.add_numbers(numbers.to_numpy(), codes, places)

    def add_numbers(
        self, numbers: NDArray[np.uint32], chr: NDArray[np.integer], pos: NDArray[np.integer]
    ) -> None:
        """As :meth:`add`, of numbers of rsIDs; 0 where a row's id is none."""
        known = known_snps()
        codes, places = row_integers(chr), row_integers(pos)
        nameless = np.flatnonzero(numbers == 0)
        if nameless.size:
            self._add_places(codes[nameless], places[nameless])
        rows, index = known.find(numbers)
        if not rows.size:
            return
        codes, places = codes[rows], places[rows]
        here = codes == known.chr[index]
        self._known += int(((codes > 0) & (places > 0)).sum())
        self._grch37 += int((here & (places == known.grch37[index])).sum())
        self._grch38 += int((here & (places == known.grch38[index])).sum())
        before = (places + 1 == known.grch37[index]) | (places + 1 == known.grch38[index])
        self._zero_based += int((here & before).sum())

    def _add_places(self, codes: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        for build in BUILDS:
            self._places[build] += known_snps().count_at(build, codes, places)

    def add_reference(self, build: str | None, fits: int, compared: int) -> None:
        """Count rows compared with a sequence of `build` by :func:`votes_from_reference`."""
        before = self._fits.get(build, (0, 0))
        self._fits[build] = (before[0] + fits, before[1] + compared)

    def call(self) -> BuildCall:
        """The build that the rows so far speak for.

        Known SNPs decide where there are at least `MIN_KNOWN` of them, else a sequence where one
        was given, else the places of rows without rsIDs.
        """
        build, reason = self._by_known_snps()
        if self._known < MIN_KNOWN and self._fits:
            build, reason = self._by_sequence()
        elif self._known < MIN_KNOWN and any(self._places.values()):
            build, reason = self._by_places()
        return BuildCall(
            build=build,
            n_known=self._known,
            n_grch37=self._grch37,
            n_grch38=self._grch38,
            n_zero_based=self._zero_based,
            reason=reason,
            n_places_grch37=self._places["GRCh37"],
            n_places_grch38=self._places["GRCh38"],
        )

    def _by_known_snps(self) -> tuple[str | None, str]:
        n, best = self._known, max(self._grch37, self._grch38)
        if not n:
            return None, "no rsID of the table of known SNPs is in the file with a position"
        said = f"of {n:,} known SNPs {self._grch37:,} are at their GRCh37 and {self._grch38:,} at their " + (
            "GRCh38 positions"
        )
        if best >= MIN_KNOWN and best >= MIN_SHARE * n:
            return ("GRCh37" if best == self._grch37 else "GRCh38"), said
        if n < MIN_KNOWN:
            return None, f"{said}: too few to tell, {MIN_KNOWN} are needed"
        if self._zero_based >= MIN_KNOWN and self._zero_based >= MIN_SHARE * n:
            return None, f"{said}, {self._zero_based:,} are one base before: positions seem to count from 0"
        if self._grch37 + self._grch38 >= MIN_SHARE * n:
            return None, f"{said}: the file mixes builds"
        return None, f"{said}: the positions are of another build, such as NCBI36 (hg18), or wrong"

    def _by_places(self) -> tuple[str | None, str]:
        """In the file's own build most common SNPs are there, in another some by chance."""
        best, other = sorted(BUILDS, key=lambda build: self._places[build], reverse=True)
        most, fewest = self._places[best], self._places[other]
        said = f"of rows without rsID {most:,} are at places of known SNPs in {best}, {fewest:,} in {other}"
        if most < MIN_PLACES:
            return None, f"{said}: too few to tell, {MIN_PLACES} are needed"
        if fewest > MAX_CHANCE * most:
            return None, f"{said}: that tells neither build"
        return best, said

    def _by_sequence(self) -> tuple[str | None, str]:
        build, (fits, compared) = max(self._fits.items(), key=lambda item: item[1][0] / max(item[1][1], 1))
        said = f"{fits:,} of {compared:,} SNVs hold the base of the {build or 'given'} sequence"
        if compared < MIN_COMPARED:
            return None, f"{said}: too few to tell, {MIN_COMPARED} are needed"
        if build is None or fits < MIN_FITTING * compared:
            return None, f"{said}: the positions seem to be of another build"
        return build, said


def votes_from_reference(
    pos: ArrayLike | pl.Series, ea: pl.Series, nea: pl.Series, sequence: NDArray[np.uint8]
) -> tuple[int, int]:
    """Rows of one chromosome whose SNV alleles hold the reference base, and rows compared.

    For files without rsIDs. In the right build nearly all forward-strand alleles do; in another
    about half do by chance.

    Parameters
    ----------
    pos : array_like of int, shape (n_rows,)
        1-based.
    ea, nea : pl.Series of String, shape (n_rows,)
    sequence : ndarray of uint8, shape (n_bases,)
        From :meth:`~postgwas.sumstats.harmonise.fasta.Fasta.sequence`.

    Returns
    -------
    fits, compared : int
    """
    places = row_integers(pos)
    first, second = AlleleBytes.of(ea), AlleleBytes.of(nea)
    a, b = BASE_CODES[first.first], BASE_CODES[second.first]
    usable = (first.length == 1) & (second.length == 1) & (a < 4) & (b < 4)
    usable &= (places >= 1) & (places <= sequence.size)
    rows = np.flatnonzero(usable)
    base = BASE_CODES[sequence[places[rows] - 1]]
    known = base < 4
    fits = known & ((base == a[rows]) | (base == b[rows]))
    return int(fits.sum()), int(known.sum())
