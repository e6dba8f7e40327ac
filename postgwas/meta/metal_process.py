"""``PROCESSFILE``: which rows of a file count, in METAL's order of rules."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import special

from postgwas.columns.texts import Keeper, Texts, join_texts
from postgwas.meta.metal_alleles import PairBook, complement
from postgwas.meta.metal_markers import Markers
from postgwas.meta.metal_rows import MetalFile, MetalRows
from postgwas.meta.metal_settings import MetalSettings
from postgwas.meta.metal_sums import FileFigures, Sums
from postgwas.sumstats.derive import abs_z_from_mlog10p

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BAD_P = "invalid P-value"
BAD_SE = "invalid standard error"
BAD_EFFECT = "invalid effect: not above zero, to take the logarithm of"
BAD_ALLELES = "alleles do not match those of files before"
BAD_GUESS = "allele unknown or of ambiguous strand; the second cannot be guessed"
BAD_CHROMOSOME = "chromosome differs from that of files before"
BAD_POSITION = "position differs from that of files before"
DUPLICATE = "duplicated marker; the first row is used"


@dataclass(eq=False)
class Processed:
    """What became of a file.

    Attributes
    ----------
    figures : FileFigures
    dropped : dict of str to int
        Reason -> rows.
    rejected : list of (line, marker, reason)
    n_rows : int
        Rows that passed the filters.
    """

    figures: FileFigures
    dropped: dict[str, int] = field(default_factory=dict)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    n_rows: int = 0


@dataclass
class _Gathered:
    """Usable rows of a file, in order."""

    line: list[npt.NDArray[np.uint32]] = field(default_factory=list)
    marker: list[npt.NDArray[np.int64]] = field(default_factory=list)
    z: list[Floats] = field(default_factory=list)
    weight: list[Floats] = field(default_factory=list)
    freq: list[Floats] = field(default_factory=list)
    code: list[npt.NDArray[np.int32]] = field(default_factory=list)
    other: list[Bools] = field(default_factory=list)
    custom: dict[str, list[Floats]] = field(default_factory=dict)
    place: list[tuple[Texts, Texts]] = field(default_factory=list)


def process_file(file: MetalFile, markers: Markers, sums: Sums, settings: MetalSettings) -> Processed:
    """Read a file and find the row of each marker that counts."""
    got = _Gathered(custom={name: [] for name in settings.custom})
    done = Processed(FileFigures(np.zeros(0, np.int32), np.zeros(0), np.zeros(0), None, {}))
    for rows in file.rows():
        _take(rows, file, markers, sums, settings, got, done)
    sums.grow(len(markers))
    if not got.line:
        return done
    marker, line = np.concatenate(got.marker), np.concatenate(got.line)
    code, other = np.concatenate(got.code), np.concatenate(got.other)
    order = np.argsort(marker, kind="stable")
    first = np.concatenate(([True], marker[order][1:] != marker[order][:-1]))
    if not file.guess:
        _learn_alleles(marker[order[first]], code[order[first]], other[order[first]], sums)
    fits = code == sums.allele[marker]
    reject(done, markers, marker, line, ~fits, BAD_ALLELES)
    if settings.track_positions:
        fits &= _tracked(got, marker, fits, order, sums, markers, line, done)
    # Of the rows that fit, the first of each marker.
    fitting = order[fits[order]]
    lead = np.concatenate(([True], marker[fitting][1:] != marker[fitting][:-1])) if fitting.size else fitting
    used = np.zeros(marker.size, np.bool_)
    used[fitting[lead.astype(np.bool_)] if fitting.size else fitting] = True
    reject(done, markers, marker, line, fits & ~used, DUPLICATE)
    rows_used = np.flatnonzero(used)
    take = slice(None) if rows_used.size == used.size else rows_used
    done.figures = FileFigures(
        marker[take].astype(np.int32),
        np.concatenate(got.z)[take],
        np.concatenate(got.weight)[take],
        np.concatenate(got.freq)[take] if got.freq else None,
        {name: np.concatenate(values)[take] for name, values in got.custom.items()},
        "allele2" in file.places or "allele1" not in file.places,
    )
    return done


def _take(
    rows: MetalRows,
    file: MetalFile,
    markers: Markers,
    sums: Sums,
    settings: MetalSettings,
    got: _Gathered,
    done: Processed,
) -> None:
    """Figures of a chunk's rows, without those that are no figures."""
    done.n_rows += rows.line.size
    number = markers.numbers(rows.marker, add=not file.guess)
    z, weight, good = (
        _by_stderr(rows, file, done) if settings.by_stderr else _by_p(rows, file, settings, done)
    )
    if settings.flip:
        z = -z
    freq = rows.numbers.get("freq")
    code = np.zeros(z.size, np.int32)
    other = np.zeros(z.size, np.bool_)
    if rows.pairs is not None:
        code, other = rows.pairs.code, rows.pairs.complemented
        z = z * rows.pairs.sign
        if freq is not None:
            freq = rows.pairs.turned_frequency(freq)
    elif file.guess:
        sums.grow(len(markers))
        sign = _guessed(rows, number, good, code, sums, file.book)
        good &= code > 0
        _say(done, rows, number < 0, BAD_GUESS)
        _say(done, rows, (code == 0) & (number >= 0), BAD_GUESS)
        z = z * sign
        if freq is not None:
            freq = np.where(sign < 0, 1.0 - freq, freq)
    keep = slice(None) if good.all() else np.flatnonzero(good)
    got.line.append(rows.line[keep])
    got.marker.append(number[keep])
    got.z.append(z[keep])
    got.weight.append(weight[keep])
    got.code.append(code[keep])
    got.other.append(other[keep])
    if freq is not None:
        got.freq.append(freq[keep])
    for name, values in got.custom.items():
        values.append(rows.numbers[f"custom {name}"][keep])
    if rows.chromosome is not None and rows.position is not None:
        got.place.append((rows.chromosome[keep], rows.position[keep]))


def _by_p(
    rows: MetalRows, file: MetalFile, settings: MetalSettings, done: Processed
) -> tuple[Floats, Floats, Bools]:
    p = rows.numbers["p"]
    with np.errstate(invalid="ignore"):
        good = (p > 0) & (p <= 1)
    tiny = np.array(sorted(rows.mlog10p), np.int64)
    good[tiny] = True
    _say(done, rows, ~good, BAD_P)
    z = -special.ndtri(np.where(good, p, 1.0) * 0.5)
    if tiny.size:
        z[tiny] = abs_z_from_mlog10p(np.array([rows.mlog10p[row] for row in tiny.tolist()]))
    if file.log_effect:
        odds = rows.numbers["effect"]
        _say(done, rows, good & ~(odds > 0), BAD_EFFECT)
        good &= odds > 0
        z = np.where(odds < 1.0, -z, z)
    else:
        z = np.where(rows.minus, -z, z)
    weight = rows.numbers.get("weight")
    if weight is None:
        weight = np.full(z.size, settings.default_weight)
    weight = np.where(np.isnan(weight) | (weight < 0), 0.0, weight)
    return z, weight, good


def _by_stderr(rows: MetalRows, file: MetalFile, done: Processed) -> tuple[Floats, Floats, Bools]:
    effect, se = rows.numbers["effect"], rows.numbers["stderr"]
    good = np.ones(se.size, np.bool_)
    with np.errstate(divide="ignore", invalid="ignore"):
        if file.log_effect:
            good = effect > 0
            _say(done, rows, ~good, BAD_EFFECT)
            effect = np.log(effect)
        bad = ~(se > 0) | ~np.isfinite(effect)
        _say(done, rows, good & bad, BAD_SE)
        return effect, 1.0 / (se * se), good & ~bad


def _learn_alleles(
    marker: npt.NDArray[np.int64], code: npt.NDArray[np.int32], other: Bools, sums: Sums
) -> None:
    new = sums.allele[marker] == 0
    sums.allele[marker[new]] = code[new]
    sums.complemented[marker[new]] = other[new]


def _guessed(
    rows: MetalRows,
    number: npt.NDArray[np.int64],
    good: Bools,
    code: npt.NDArray[np.int32],
    sums: Sums,
    book: PairBook,
) -> npt.NDArray[np.int8]:
    """Complete pairs of which the file names one allele, from the marker's pair; the sign of each row."""
    sign = np.ones(number.size, np.int8)
    for row in np.flatnonzero(good & (number >= 0)).tolist():
        known = int(sums.allele[number[row]])
        pair = book.texts(known)
        allele = rows.first_allele[row].decode("utf-8", "replace").lower()
        allele = {"1": "a", "2": "c", "3": "g", "4": "t"}.get(allele, allele)
        turned = complement(allele)
        if not known or {allele, turned} == set(pair):
            continue
        if allele in pair or turned in pair:
            code[row] = known
            at = pair.index(allele) if allele in pair else pair.index(turned)
            sign[row] = 1 if at == 0 else -1
    return sign


def _tracked(
    got: _Gathered,
    marker: npt.NDArray[np.int64],
    fits: Bools,
    order: npt.NDArray[np.intp],
    sums: Sums,
    markers: Markers,
    line: npt.NDArray[np.uint32],
    done: Processed,
) -> Bools:
    """Rows at the chromosome and position that their markers have; new ones teach theirs."""
    chromosome, position = (join_texts([pair[which] for pair in got.place], Keeper(2)) for which in (0, 1))
    size = len(markers)
    known_chromosome, known_position = (_longer(texts, size) for texts in (sums.chromosome, sums.position))
    fitting = order[fits[order]]
    if fitting.size:
        lead = fitting[np.concatenate(([True], marker[fitting][1:] != marker[fitting][:-1]))]
        new = lead[known_chromosome.words[marker[lead], 0] == 0]
        known_chromosome.words[marker[new]] = chromosome.words[new]
        known_position.words[marker[new]] = position.words[new]
    sums.chromosome, sums.position = known_chromosome, known_position
    same_chromosome = _equal(chromosome.words, known_chromosome.words[marker])
    same_position = _equal(position.words, known_position.words[marker])
    # Rows behind the one that counts are duplicates, whatever their place.
    there = same_chromosome & same_position
    first_good = np.full(size, np.iinfo(np.int64).max)
    rows = np.flatnonzero(fits & there)
    np.minimum.at(first_good, marker[rows], rows)
    before = np.arange(marker.size) < first_good[marker]
    reject(done, markers, marker, line, fits & before & ~same_chromosome, BAD_CHROMOSOME)
    reject(done, markers, marker, line, fits & before & same_chromosome & ~same_position, BAD_POSITION)
    return there | (fits & ~before)


def _longer(texts: Texts | None, size: int) -> Texts:
    old = np.zeros((0, 2), np.uint64) if texts is None else texts.words
    words = np.zeros((size, 2), np.uint64)
    words[: len(old)] = old
    return Texts(words, Keeper(2) if texts is None else texts.keeper)


def _equal(first: npt.NDArray[np.uint64], second: npt.NDArray[np.uint64]) -> Bools:
    """Whether texts are the same but for case."""
    small = np.uint64(0x2020202020202020)
    same: Bools = ((first | small) == (second | small)).all(axis=1)
    return same


def _say(done: Processed, rows: MetalRows, broken: Bools, why: str) -> None:
    at = np.flatnonzero(broken)
    if at.size:
        done.dropped[why] = done.dropped.get(why, 0) + at.size
        done.rejected.extend((int(rows.line[row]), rows.marker.text(row), why) for row in at.tolist())


def reject(
    done: Processed,
    markers: Markers,
    marker: npt.NDArray[np.int64],
    line: npt.NDArray[np.uint32],
    broken: Bools,
    why: str,
) -> None:
    """Set rows aside that were read already."""
    at = np.flatnonzero(broken)
    if at.size:
        done.dropped[why] = done.dropped.get(why, 0) + at.size
        names = markers.some(marker[at])
        done.rejected.extend(zip(line[at].tolist(), names, [why] * at.size))
