"""Many samples' files into matrices of one order of features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.expression.matrix import some_names
from postgwas.expression.per_sample import Kind, SampleFile, read_sample_file

FloatArray = NDArray[np.float64]
Strand = Literal["auto", "unstranded", "forward", "reverse"]
_STRANDS: tuple[Strand, ...] = ("unstranded", "forward", "reverse")


@dataclass(frozen=True, eq=False)
class Gathered:
    """Matrices of shape (features, samples).

    Attributes
    ----------
    kind : str
        The quantifier.
    ids : list of str
        Features, in the order of the first file.
    samples : tuple of str
    counts : ndarray
    tpm, lengths : ndarray or None
    genes : list of str or None
        Gene of each transcript, where the files say.
    metrics : dict of str to ndarray, shape (samples,)
        Reads that were counted nowhere.
    notes : list of str
    """

    kind: Kind
    ids: list[str]
    samples: tuple[str, ...]
    counts: FloatArray
    tpm: FloatArray | None
    lengths: FloatArray | None
    genes: list[str] | None
    metrics: dict[str, FloatArray]
    of_transcripts: bool
    notes: list[str] = field(default_factory=list)


def gather(files: Mapping[str, str], *, strand: Strand = "auto") -> Gathered:
    """Read one file a sample and put them side by side.

    Parameters
    ----------
    files : mapping of sample to path
    strand : {"auto", "unstranded", "forward", "reverse"}
        STAR's column. ``auto`` tells it by the column sums of all samples together.

    Raises
    ------
    InputError
        If files are of several programs, their features differ, or the strand cannot be told.
    """
    samples = tuple(files)
    first = read_sample_file(files[samples[0]])
    place = {name: at for at, name in enumerate(first.ids)}
    shape = (len(first.ids), len(samples))
    strands = first.counts.shape[1] if first.counts.ndim == 2 else 1
    counts = np.empty((strands, *shape))
    tpm = np.empty(shape) if first.tpm is not None else None
    lengths = np.empty(shape) if first.lengths is not None else None
    metrics: dict[str, FloatArray] = {name: np.full(len(samples), np.nan) for name in first.metrics}
    for at, sample in enumerate(samples):
        one = first if at == 0 else read_sample_file(files[sample])
        rows = _rows(one, first, place, files[sample], files[samples[0]])
        counts[:, :, at] = one.counts[rows].reshape(shape[0], strands).T
        if tpm is not None and one.tpm is not None:
            tpm[:, at] = one.tpm[rows]
        if lengths is not None and one.lengths is not None:
            lengths[:, at] = one.lengths[rows]
        for name, value in one.metrics.items():
            metrics.setdefault(name, np.full(len(samples), np.nan))[at] = value
    notes: list[str] = []
    chosen = counts[0] if strands == 1 else _of_strand(counts, strand, samples, notes)
    return Gathered(
        first.kind,
        first.ids,
        samples,
        chosen,
        tpm,
        lengths,
        first.genes,
        metrics,
        first.of_transcripts,
        notes,
    )


def _rows(
    one: SampleFile, first: SampleFile, place: Mapping[str, int], path: str, first_path: str
) -> NDArray[np.intp] | slice:
    """Rows of `one` in the order of `first`."""
    if one.kind != first.kind:
        raise InputError(f"{path}: written by {one.kind}, but {first_path} by {first.kind}")
    if one.ids == first.ids:
        return slice(None)
    here = {name: at for at, name in enumerate(one.ids)}
    more = [name for name in one.ids if name not in place]
    lost = [name for name in first.ids if name not in here]
    if more or lost:
        raise InputError(
            f"{path}: other features than {first_path}: {len(lost):,} are missing"
            + (f" ({some_names(lost, 3)})" if lost else "")
            + f", {len(more):,} are new"
            + (f" ({some_names(more, 3)})" if more else ""),
            hint="quantify all samples with one index or annotation",
        )
    return np.array([here[name] for name in first.ids], np.intp)


def strand_of_sums(forward: float, reverse: float) -> Strand | None:
    """The library's strand by its counts in STAR's two stranded columns; None if they do not tell.

    At least 80 % on one side is stranded, 35 to 65 % is not.

    Examples
    --------
    >>> strand_of_sums(5, 95), strand_of_sums(48, 52), strand_of_sums(70, 30)
    ('reverse', 'unstranded', None)
    """
    total = forward + reverse
    share = forward / total if total else 0.5
    if share >= 0.8:
        return "forward"
    if share <= 0.2:
        return "reverse"
    return "unstranded" if 0.35 <= share <= 0.65 else None


def _of_strand(counts: FloatArray, strand: Strand, samples: tuple[str, ...], notes: list[str]) -> FloatArray:
    if strand == "auto":
        sums = counts.sum(axis=1)
        told = [strand_of_sums(float(f), float(r)) for f, r in zip(sums[1], sums[2])]
        kinds = {kind for kind in told if kind is not None}
        if len(kinds) != 1 or None in told:
            groups = {
                str(kind): [s for s, k in zip(samples, told) if k == kind] for kind in dict.fromkeys(told)
            }
            said = "; ".join(
                f"{'not clear' if kind == 'None' else kind}: {len(names)} ({some_names(names, 3)})"
                for kind, names in groups.items()
            )
            raise InputError(
                f"the strand of STAR's counts differs between samples or is not clear: {said}",
                hint="--strand unstranded, forward or reverse",
            )
        strand = kinds.pop()
        share = sums[1].sum() / max(sums[1].sum() + sums[2].sum(), 1.0)
        notes.append(
            f"STAR's {strand} counts are used: {share:.1%} of stranded counts are forward (--strand says it "
            "otherwise)"
        )
    return np.ascontiguousarray(counts[_STRANDS.index(strand)])
