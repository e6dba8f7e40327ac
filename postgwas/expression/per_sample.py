"""One sample's file from a quantifier: salmon, kallisto, RSEM, STAR, HTSeq; the header tells which."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.expression.matrix import check_unique, some_names
from postgwas.expression.text_matrix import lines_of
from postgwas.genotypes.text_table import read_text, split_columns

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["salmon", "kallisto", "rsem-genes", "rsem-isoforms", "star", "htseq"]
FloatArray = NDArray[np.float64]

#: Kind -> its columns of ids, counts, effective lengths, TPM.
_COLUMNS: dict[Kind, tuple[str, str, str, str]] = {
    "salmon": ("Name", "NumReads", "EffectiveLength", "TPM"),
    "kallisto": ("target_id", "est_counts", "eff_length", "tpm"),
    "rsem-genes": ("gene_id", "expected_count", "effective_length", "TPM"),
    "rsem-isoforms": ("transcript_id", "expected_count", "effective_length", "TPM"),
}
_STAR = ("N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous")
_RSEM_GROUPS = ("gene_id", "transcript_id", "transcript_id(s)")


@dataclass(frozen=True, eq=False)
class SampleFile:
    """What one file says of one sample.

    Attributes
    ----------
    kind : str
    ids : list of str
        Genes (RSEM's genes, STAR, HTSeq) or transcripts.
    counts : ndarray, shape (ids,), or (ids, 3) for STAR
        STAR's columns are counts without strand, forward (read 1 on the RNA's strand) and reverse.
    lengths, tpm : ndarray, shape (ids,), or None
        Effective length in bases, transcripts per million.
    genes : list of str or None
        Gene of each transcript, where the file says.
    metrics : dict of str to float
        Reads that were counted nowhere, by the file's own names.
    """

    kind: Kind
    ids: list[str]
    counts: FloatArray
    lengths: FloatArray | None = None
    tpm: FloatArray | None = None
    genes: list[str] | None = None
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def of_transcripts(self) -> bool:
        """Whether the ids are transcripts'."""
        return self.kind in ("salmon", "kallisto", "rsem-isoforms")


def kind_of(data: bytes) -> Kind | None:
    """Which quantifier wrote this text; None if none that is known.

    Examples
    --------
    >>> kind_of(b"Name\\tLength\\tEffectiveLength\\tTPM\\tNumReads\\n")
    'salmon'
    """
    first = data[: data.find(b"\n") if b"\n" in data else None].decode(errors="replace").split("\t")
    names = {name.strip() for name in first}
    if first[0] == _STAR[0] and len(first) == 4:
        return "star"
    if first[0] == "transcript_id" and {"gene_id", "expected_count"} <= names:
        return "rsem-isoforms"
    if first[0] == "gene_id" and {"transcript_id(s)", "expected_count"} <= names:
        return "rsem-genes"
    for kind in ("salmon", "kallisto"):
        if set(_COLUMNS[kind]) <= names:
            return kind
    return "htseq" if b"\n__no_feature\t" in data or data.startswith(b"__no_feature\t") else None


def is_sample_file(path: str | os.PathLike[str]) -> bool:
    """Whether a quantifier wrote the file; reads it whole only where its first line does not tell."""
    from postgwas.sumstats.compression import ByteStream

    with ByteStream(path) as stream:
        head = stream.read(1 << 20)
    first = head[: head.find(b"\n") if b"\n" in head else None]
    return kind_of(read_text(path) if first.count(b"\t") == 1 else head) is not None


def read_sample_file(path: str | os.PathLike[str]) -> SampleFile:
    """Read one sample's file.

    Raises
    ------
    InputError
        If the layout is not known, or a cell is not what it should be.
    """
    name = os.fspath(path)
    if name.endswith(".h5"):
        raise InputError(
            f"{name}: kallisto's HDF5 output is not read", hint="give abundance.tsv, which lies beside it"
        )
    data = read_text(path)
    kind = kind_of(data)
    if kind is None:
        head = data[: data.find(b"\n") if b"\n" in data else 80].decode(errors="replace")
        raise InputError(
            f"{name}, line 1: not a file that salmon, kallisto, RSEM, STAR or htseq-count wrote; it begins "
            f"{head[:60]!r}"
        )
    return {"star": _star, "htseq": _htseq}.get(kind, _quantified)(data, name, kind)


def _quantified(data: bytes, path: str, kind: Kind) -> SampleFile:
    ids, counts, lengths, tpm = _COLUMNS[kind]
    lines = lines_of(data, path)
    lost = [column for column in (counts, lengths, tpm) if column not in lines.header]
    if lost:
        raise InputError(f"{path}, line 1: no column {lost[0]}, which {kind} writes")
    frame = lines.frame(text=[ids, *(c for c in _RSEM_GROUPS if c in lines.header)])
    genes = frame["gene_id"].to_list() if kind == "rsem-isoforms" else None
    numbers = {column: frame[column].to_numpy() for column in (counts, lengths, tpm)}
    for column, values in numbers.items():
        _check(values, frame[ids], column, path)
    names = frame[ids].to_list()
    check_unique(names, "transcript" if kind != "rsem-genes" else "gene", path)
    return SampleFile(kind, names, numbers[counts], numbers[lengths], numbers[tpm], genes)


def _star(data: bytes, path: str, kind: Kind) -> SampleFile:
    frame, numbers = _headless(data, path, 4)
    ids = frame.to_series(0)
    apart = ids.str.starts_with("N_").to_numpy()
    told = ids.filter(apart).to_list()
    if tuple(told) != _STAR:
        raise InputError(f"{path}: expected STAR's four lines {', '.join(_STAR)}, found {some_names(told)}")
    metrics = {name: float(row[0]) for name, row in zip(told, numbers[apart])}
    names = ids.filter(~apart).to_list()
    check_unique(names, "gene", path)
    return SampleFile(kind, names, np.ascontiguousarray(numbers[~apart]), metrics=metrics)


def _htseq(data: bytes, path: str, kind: Kind) -> SampleFile:
    frame, numbers = _headless(data, path, 2)
    ids = frame.to_series(0)
    apart = ids.str.starts_with("__").to_numpy()
    metrics = {name: float(row[0]) for name, row in zip(ids.filter(apart), numbers[apart])}
    names = ids.filter(~apart).to_list()
    check_unique(names, "gene", path)
    return SampleFile(kind, names, np.ascontiguousarray(numbers[~apart, 0]), metrics=metrics)


def _headless(data: bytes, path: str, width: int) -> tuple[pl.DataFrame, FloatArray]:
    """Ids and numbers of a file without header."""
    import polars as pl

    names = [f"column {at}" for at in range(1, width + 1)]
    first = data[: data.find(b"\n") if b"\n" in data else None].decode(errors="replace").split("\t")
    if len(first) != width and width == 2:
        raise InputError(
            f"{path}, line 1: {len(first)} columns found, expected 2: a gene and its count",
            hint="files of htseq-count with several samples or names are given as a gene x sample table",
        )
    frame = split_columns(data, names, path)
    numbers = frame.select(
        pl.col(names[1:]).cast(pl.Float64, strict=False).fill_null(float("nan"))
    ).to_numpy()
    bad = np.argwhere(~np.isfinite(numbers) | (numbers < 0))
    if len(bad):
        row, column = (int(at) for at in bad[0])
        raise InputError(
            f"{path}, line {row + 1}: {frame[row, column + 1]!r} is not a count (of {frame[row, 0]})"
        )
    return frame, numbers


def _check(values: FloatArray, ids: pl.Series, column: str, path: str) -> None:
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if len(bad):
        row = int(bad[0])
        raise InputError(
            f"{path}, line {row + 2}, column {column}: {values[row]:g} of {ids[row]} is not a "
            "number from 0 up"
        )
