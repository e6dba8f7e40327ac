"""``ANALYZE``: METAL's table and its description, to METAL's digits.

Rows come in the order in which the files first name the markers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from postgwas.columns.text_table import Characters, Fixed, General, Printed, Whole, lines_of
from postgwas.columns.texts import Keeper, Texts, texts_of_list
from postgwas.meta.fixed_effects import i_squared
from postgwas.meta.metal_alleles import PairBook
from postgwas.meta.metal_markers import Markers
from postgwas.meta.metal_settings import MetalSettings
from postgwas.meta.metal_sums import Sums
from postgwas.meta.metal_tails import log10_p, normal_tail, printed_chi2_tail

Floats = npt.NDArray[np.float64]
_ROWS = 1 << 16
_LEAST_Q = 1e-7
_LARGE_Z = 20.0


@dataclass(frozen=True)
class Analysed:
    """What an ``ANALYZE`` wrote.

    Attributes
    ----------
    n_markers : int
    n_below_weight : int
        Markers left out by ``MINWEIGHT``.
    smallest : tuple of str
        P-value and marker of the smallest; empty of no marker.
    """

    n_markers: int
    n_below_weight: int
    smallest: tuple[str, str]


def write_tbl(
    path: Path, markers: Markers, sums: Sums, book: PairBook, settings: MetalSettings, *, heterogeneity: bool
) -> Analysed:
    """Write the table of all markers that have any weight."""
    n = len(markers)
    sums.grow(n)
    enough = sums.weight > 0
    light = enough & (sums.weight < settings.min_weight) & (not sums.by_stderr)
    rows = np.flatnonzero(enough & ~light)
    signs = _directions(sums, n)
    names = markers.names()
    q = sums.heterogeneity() if heterogeneity else None
    best, smallest = 0.0, ("", "")
    header: list[str] = []
    with open(path, "wb") as stream:
        for at in range(0, rows.size, _ROWS):
            some = rows[at : at + _ROWS]
            z = sums.statistic[some] / np.sqrt(sums.weight[some])
            columns = _columns(some, z, names, sums, book, settings, signs, q)
            if not header:
                header = list(columns)
                stream.write("\t".join(header).encode() + b"\n")
            for text in lines_of(list(columns.values())):
                stream.write(text)
            top = int(np.argmax(np.abs(z)))
            if abs(z[top]) > best:
                best = float(abs(z[top]))
                smallest = printed_p(best, log=settings.log_p), names.text(int(some[top]))
        if not header:
            none = np.zeros(0, np.int64)
            columns = _columns(none, np.zeros(0), names, sums, book, settings, signs, q)
            stream.write("\t".join(columns).encode() + b"\n")
    return Analysed(rows.size, int(light.sum()), smallest)


def _columns(
    rows: npt.NDArray[np.intp],
    z: Floats,
    names: Texts,
    sums: Sums,
    book: PairBook,
    settings: MetalSettings,
    signs: npt.NDArray[np.uint8],
    het: tuple[Floats, npt.NDArray[np.int64]] | None,
) -> dict[str, Printed]:
    weight = sums.weight[rows]
    made: dict[str, Printed] = {}
    if settings.track_positions and sums.chromosome is not None and sums.position is not None:
        made["Chromosome"], made["Position"] = sums.chromosome[rows], sums.position[rows]
    made["MarkerName"] = names[rows]
    made["Allele1"], made["Allele2"] = _alleles(sums.allele[rows], sums.complemented[rows], book)
    if settings.average_freq:
        # Not by Weight, to which OVERLAP adds: METAL does, and its frequencies are too small then.
        total = sums.freq_weight[rows]
        with np.errstate(invalid="ignore"):
            mean = sums.freq[rows] / total
            variance = np.maximum(sums.freq2[rows] / total - mean * mean, 0.0)
        made["Freq1"], made["FreqSE"] = Fixed(mean, 4), Fixed(np.sqrt(variance), 4)
    if settings.minmax_freq:
        made["MinFreq"], made["MaxFreq"] = Fixed(sums.low[rows], 4), Fixed(sums.high[rows], 4)
    if sums.by_stderr:
        made["Effect"] = Fixed(sums.statistic[rows] / weight, settings.effect_decimals)
        made["StdErr"] = Fixed(np.sqrt(1.0 / weight), settings.stderr_decimals)
    else:
        made["Weight"], made["Zscore"] = Fixed(weight, 2), Fixed(z, 3)
    if settings.overlap:
        made["N"] = Fixed(sums.samples[rows], 2)
    if settings.log_p:
        made["log(P)"] = Fixed(log10_p(np.abs(z)), 2)
    else:
        made["P-value"] = _p_values(z)
    made["Direction"] = Characters(signs[rows])
    if het is not None:
        q, df = het[0][rows], het[1][rows] - 1
        none = (q < _LEAST_Q) | (df <= 0)
        p = np.where(none, 1.0, printed_chi2_tail(np.where(none, 1.0, q), np.maximum(df, 1)))
        made["HetISq"] = Fixed(i_squared(q, df), 1)
        made["HetChiSq"] = Fixed(q, 3)
        made["HetDf"] = Whole(df)
        if settings.log_p:
            made["logHetP"] = _general_texts(np.where(p < 1.0, np.log(p) / np.log(10.0), 0.0))
        else:
            made["HetPVal"] = General(p)
    for name, values in sums.custom.items():
        made[name] = texts_of_list([b"%g" % value for value in values[rows].tolist()], Keeper(2))
    return made


def _directions(sums: Sums, n: int) -> npt.NDArray[np.uint8]:
    """A character a file and marker, [shape: (n_markers, n_files)]."""
    signs = np.full((n, max(len(sums.files), 1)), ord("?"), np.uint8)
    for at, file in enumerate(sums.files):
        signs[file.marker, at] = np.where(file.z > 0, ord("+"), np.where(file.z < 0, ord("-"), ord("0")))
    return signs


def _alleles(
    code: npt.NDArray[np.int32], complemented: npt.NDArray[np.bool_], book: PairBook
) -> tuple[Texts, Texts]:
    both = code.astype(np.int64) * 2 + complemented
    kinds = np.flatnonzero(np.bincount(both))
    which = np.zeros(int(kinds[-1]) + 1 if kinds.size else 0, np.int64)
    which[kinds] = np.arange(kinds.size)
    which = which[both]
    pairs = [book.texts(int(kind) // 2, complemented=bool(kind % 2)) for kind in kinds.tolist()]
    made = []
    for at in (0, 1):
        listed = [pair[at].encode() for pair in pairs]
        keeper = Keeper(max([1, *(-(-len(text) // 8) for text in listed if len(text) <= 64)]))
        made.append(texts_of_list(listed, keeper)[which])
    return made[0], made[1]


def _p_values(z: Floats) -> Printed:
    size = np.abs(z)
    p = 2.0 * normal_tail(size)
    large = np.flatnonzero(size >= _LARGE_Z).tolist()
    return General(p, {row: printed_p(float(size[row]), log=False) for row in large})


def printed_p(z: float, *, log: bool) -> str:
    """A two-sided P-value as METAL prints it.

    Examples
    --------
    >>> printed_p(1.0, log=False), printed_p(40.0, log=False), printed_p(1.0, log=True)
    ('0.3173', '7.31e-350', '-0.50')
    """
    at = np.array([abs(z)])
    size = -float(log10_p(at)[0])
    if log:
        return f"{-size:.2f}"
    if abs(z) < _LARGE_Z:
        return f"{2.0 * float(normal_tail(at)[0]):.4g}"
    exponent = -int(np.ceil(size))
    mantissa = 10.0 ** (-size - exponent)
    if mantissa >= 9.995:
        mantissa, exponent = mantissa / 10.0, exponent + 1
    return f"{mantissa:.2f}e{exponent}"


def _general_texts(values: Floats) -> Texts:
    return texts_of_list([b"%.4g" % (value + 0.0) for value in values.tolist()], Keeper(2))


def info_lines(
    path: str, files: Sequence[str], settings: MetalSettings, *, by_stderr: bool, heterogeneity: bool
) -> Iterator[str]:
    """The description of the columns that lies beside a table."""
    yield f"# Columns of {path}"
    yield ""
    if settings.track_positions:
        yield "# Chromosome, Position - of the marker, the same in all files that were used"
    yield "# MarkerName - the marker"
    yield "# Allele1   - the allele that effects and frequencies are of, on the strand of the first file"
    yield "# Allele2   - the other allele"
    if settings.average_freq:
        yield "# Freq1     - mean frequency of Allele1 over files, weighted"
        yield "# FreqSE    - its standard deviation over files"
    if settings.minmax_freq:
        yield "# MinFreq, MaxFreq - the smallest and the largest frequency of Allele1 in any file"
    if by_stderr:
        yield "# Effect    - of Allele1, over all files"
        yield "# StdErr    - of the effect"
    else:
        yield "# Weight    - sum of the files' weights, as a rule sample sizes"
        yield "# Zscore    - over all files"
    if settings.overlap:
        yield "# N         - people, those in several files counted once"
    yield "# log(P)    - log10 of the P-value" if settings.log_p else "# P-value   - two-sided"
    yield "# Direction - a sign a file: + - 0, ? where it lacks the marker"
    if heterogeneity:
        yield "# HetISq    - I^2, per cent of variation due to heterogeneity"
        yield "# HetChiSq  - Cochran's Q"
        yield "# HetDf     - its degrees of freedom"
        yield "# logHetP   - log10 of its P-value" if settings.log_p else "# HetPVal   - its P-value"
    for name in settings.custom:
        yield f"# {name:<9} - sum over files"
    yield ""
    yield "# Files:"
    for at, name in enumerate(files, 1):
        yield f"# --> Input File {at} : {name}"
    yield ""
