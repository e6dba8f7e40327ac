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
    n_weightless : int
        Rows of good P-values without a weight above 0.
    """

    figures: FileFigures
    dropped: dict[str, int] = field(default_factory=dict)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    n_rows: int = 0
    n_weightless: int = 0

    def say(self, line: npt.NDArray[np.uint32], names: Texts, broken: Bools, why: str) -> None:
        """Set rows aside."""
        at = np.flatnonzero(broken)
        if at.size:
            self.dropped[why] = self.dropped.get(why, 0) + at.size
            texts = [name.decode("utf-8", "replace") for name in names[at].to_bytes()]
            self.rejected.extend(zip(line[at].tolist(), texts, [why] * at.size))


@dataclass
class _Gathered:
    """Usable rows of a file, in order."""

    line: list[npt.NDArray[np.uint32]] = field(default_factory=list)
    name: list[Texts] = field(default_factory=list)
    z: list[Floats] = field(default_factory=list)
    weight: list[Floats] = field(default_factory=list)
    freq: list[Floats] = field(default_factory=list)
    code: list[npt.NDArray[np.int32]] = field(default_factory=list)
    other: list[Bools] = field(default_factory=list)
    custom: dict[str, list[Floats]] = field(default_factory=dict)
    place: list[tuple[Texts, Texts]] = field(default_factory=list)
    first_allele: list[bytes] = field(default_factory=list)


def process_file(file: MetalFile, markers: Markers, sums: Sums, settings: MetalSettings) -> Processed:
    """Read a file and find the row of each marker that counts."""
    got = _Gathered(custom={name: [] for name in settings.custom})
    done = Processed(FileFigures(np.zeros(0, np.int32), np.zeros(0), np.zeros(0), None, {}))
    for rows in file.rows():
        _take(rows, file, settings, got, done)
    if not got.line:
        sums.grow(len(markers))
        return done
    line, code, other = np.concatenate(got.line), np.concatenate(got.code), np.concatenate(got.other)
    names = join_texts(got.name, got.name[0].keeper)
    if file.guess and not len(markers):
        done.say(line, names, np.ones(line.size, np.bool_), BAD_GUESS)
        return done
    marker = markers.numbers(names, add=not file.guess)
    sums.grow(len(markers))
    z, freq = np.concatenate(got.z), np.concatenate(got.freq) if got.freq else None
    if file.guess:
        told = _guess(got, marker, code, sums, file.book)
        done.say(line, names, code == 0, BAD_GUESS)
        z = z * told
        freq = None if freq is None else np.where(told < 0, 1.0 - freq, freq)
        marker = np.maximum(marker, 0)
    order, first = _in_order(marker, len(markers))
    if not file.guess:
        _learn_alleles(marker[first], code[first], other[first], sums)
        fits = code == sums.allele[marker]
    else:
        fits = code > 0
    bad = ~fits if not file.guess else np.zeros(fits.size, np.bool_)
    done.say(line, names, bad, BAD_ALLELES)
    if settings.track_positions:
        fits &= _tracked(got, marker, fits, order, sums, names, line, done)
    used = _first_fitting(marker, fits, order)
    done.say(line, names, fits & ~used, DUPLICATE)
    rows_used = np.flatnonzero(used)
    take = slice(None) if rows_used.size == used.size else rows_used
    done.figures = FileFigures(
        marker[take].astype(np.int32),
        z[take],
        np.concatenate(got.weight)[take],
        freq[take] if freq is not None else None,
        {name: np.concatenate(values)[take] for name, values in got.custom.items()},
        "allele2" in file.places or "allele1" not in file.places,
    )
    return done


def _in_order(
    marker: npt.NDArray[np.int64], n_markers: int
) -> tuple[npt.NDArray[np.intp] | None, npt.NDArray[np.intp]]:
    """Rows by marker, and the first row of each; None where no marker is there twice."""
    seen = np.zeros(n_markers, np.bool_)
    seen[marker] = True
    if int(seen.sum()) == marker.size:
        return None, np.arange(marker.size)
    order = np.argsort(marker, kind="stable")
    return order, order[np.concatenate(([True], marker[order][1:] != marker[order][:-1]))]


def _first_fitting(marker: npt.NDArray[np.int64], fits: Bools, order: npt.NDArray[np.intp] | None) -> Bools:
    """Of the rows that fit, the first of each marker."""
    if order is None:
        return fits.copy()
    fitting = order[fits[order]]
    used = np.zeros(marker.size, np.bool_)
    if fitting.size:
        used[fitting[np.concatenate(([True], marker[fitting][1:] != marker[fitting][:-1]))]] = True
    return used


def _take(rows: MetalRows, file: MetalFile, settings: MetalSettings, got: _Gathered, done: Processed) -> None:
    """Figures of a chunk's rows, without those that are no figures."""
    done.n_rows += rows.line.size
    z, weight, good = (
        _by_stderr(rows, file, done) if settings.by_stderr else _by_p(rows, file, settings, done)
    )
    if settings.flip:
        z = -z
    freq = rows.numbers.get("freq")
    code, other = np.zeros(z.size, np.int32), np.zeros(z.size, np.bool_)
    if rows.pairs is not None:
        code, other = rows.pairs.code, rows.pairs.complemented
        z = z * rows.pairs.sign
        if freq is not None:
            freq = rows.pairs.turned_frequency(freq)
    keep = slice(None) if good.all() else np.flatnonzero(good)
    got.line.append(rows.line[keep])
    got.name.append(rows.marker[keep])
    got.z.append(z[keep])
    got.weight.append(weight[keep])
    got.code.append(code[keep])
    got.other.append(other[keep])
    if file.guess:
        got.first_allele.extend(np.array(rows.first_allele, object)[keep].tolist())
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
    done.say(rows.line, rows.marker, ~good, BAD_P)
    z = -special.ndtri(np.where(good, p, 1.0) * 0.5)
    if tiny.size:
        z[tiny] = abs_z_from_mlog10p(np.array([rows.mlog10p[row] for row in tiny.tolist()]))
    if file.log_effect:
        odds = rows.numbers["effect"]
        done.say(rows.line, rows.marker, good & ~(odds > 0), BAD_EFFECT)
        good &= odds > 0
        z = np.where(odds < 1.0, -z, z)
    else:
        z = np.where(rows.minus, -z, z)
    weight = rows.numbers.get("weight")
    if weight is None:
        weight = np.full(z.size, settings.default_weight)
    weight = np.where(np.isnan(weight) | (weight < 0), 0.0, weight)
    done.n_weightless += int((good & (weight == 0)).sum())
    return z, weight, good


def _by_stderr(rows: MetalRows, file: MetalFile, done: Processed) -> tuple[Floats, Floats, Bools]:
    effect, se = rows.numbers["effect"], rows.numbers["stderr"]
    good = np.ones(se.size, np.bool_)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if file.log_effect:
            good = effect > 0
            done.say(rows.line, rows.marker, ~good, BAD_EFFECT)
            effect = np.log(effect)
        weight = 1.0 / (se * se)
        bad = ~(se > 0) | ~np.isfinite(effect) | ~(weight > 0) | np.isinf(weight)
        done.say(rows.line, rows.marker, good & bad, BAD_SE)
        return effect, weight, good & ~bad


def _learn_alleles(
    marker: npt.NDArray[np.int64], code: npt.NDArray[np.int32], other: Bools, sums: Sums
) -> None:
    new = sums.allele[marker] == 0
    sums.allele[marker[new]] = code[new]
    sums.complemented[marker[new]] = other[new]


def _guess(
    got: _Gathered,
    marker: npt.NDArray[np.int64],
    code: npt.NDArray[np.int32],
    sums: Sums,
    book: PairBook,
) -> npt.NDArray[np.int8]:
    """Complete pairs of which the file names one allele, from the markers' pairs; the sign of each row."""
    sign = np.ones(marker.size, np.int8)
    for row in np.flatnonzero(marker >= 0).tolist():
        known = int(sums.allele[marker[row]])
        pair = book.texts(known)
        allele = got.first_allele[row].decode("utf-8", "replace").lower()
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
    order: npt.NDArray[np.intp] | None,
    sums: Sums,
    names: Texts,
    line: npt.NDArray[np.uint32],
    done: Processed,
) -> Bools:
    """Rows at the chromosome and position that their markers have; new ones teach theirs."""
    size = sums.weight.size
    order = np.argsort(marker, kind="stable") if order is None else order
    known_chromosome, known_position = (_longer(texts, size) for texts in (sums.chromosome, sums.position))
    chromosome, position = (
        join_texts([pair[which] for pair in got.place], known.keeper)
        for which, known in enumerate((known_chromosome, known_position))
    )
    fitting = order[fits[order]]
    if fitting.size:
        lead = fitting[np.concatenate(([True], marker[fitting][1:] != marker[fitting][:-1]))]
        new = lead[known_chromosome.words[marker[lead], 0] == 0]
        known_chromosome.words[marker[new]] = chromosome.words[new]
        known_position.words[marker[new]] = position.words[new]
    sums.chromosome, sums.position = known_chromosome, known_position
    same_chromosome = _equal(chromosome, known_chromosome[marker])
    same_position = _equal(position, known_position[marker])
    # Rows behind the one that counts are duplicates, whatever their place.
    there = same_chromosome & same_position
    first_good = np.full(size, np.iinfo(np.int64).max)
    rows = np.flatnonzero(fits & there)
    np.minimum.at(first_good, marker[rows], rows)
    before = np.arange(marker.size) < first_good[marker]
    done.say(line, names, fits & before & ~same_chromosome, BAD_CHROMOSOME)
    done.say(line, names, fits & before & same_chromosome & ~same_position, BAD_POSITION)
    return there | (fits & ~before)


def _longer(texts: Texts | None, size: int) -> Texts:
    old = np.zeros((0, 2), np.uint64) if texts is None else texts.words
    words = np.zeros((size, 2), np.uint64)
    words[: len(old)] = old
    return Texts(words, Keeper(2) if texts is None else texts.keeper)


def _equal(first: Texts, second: Texts) -> Bools:
    """Whether texts are the same but for case."""
    small = np.uint64(0x2020202020202020)
    same: Bools = ((first.words | small) == (second.words | small)).all(axis=1)
    # Rows of long texts hold numbers.
    for row in np.union1d(first.aside(), second.aside()).tolist():
        same[row] = first.text(row).lower() == second.text(row).lower()
    return same
