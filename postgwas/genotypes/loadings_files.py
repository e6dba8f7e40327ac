"""Files of loadings: our own, and plink2's .eigenvec.allele with its .afreq and .eigenval."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import ColumnError, InputError
from postgwas.genotypes.loadings import Loadings
from postgwas.genotypes.standardise import Floats, Scale
from postgwas.genotypes.text_table import read_text, split_columns
from postgwas.genotypes.variants import variant_table

if TYPE_CHECKING:
    import polars as pl

_FIRST = "##postgwas_loadings=1"
_PLACES = ("CHROM", "POS", "SNPID", "A1", "A2")


def write_loadings(loadings: Loadings, path: Path) -> None:
    """``.loadings.tsv.gz``: three lines that begin with ##, then a line a variant.

    The weights have the digits of float32; means and deviations all theirs.
    """
    import polars as pl

    from postgwas.sumstats.write import write_delimited

    values = ",".join(map(repr, loadings.eigenvalues.tolist()))
    head = f"{_FIRST}\n##eigenvalues={values}\n##n_samples={loadings.n_samples}\n"
    frame = loadings.variants.select(_PLACES).with_columns(
        pl.Series("MEAN", loadings.scale.mean), pl.Series("SD", loadings.scale.sd)
    )
    weights = loadings.weights.astype(np.float32)
    frame = frame.with_columns(pl.Series(f"PC{i + 1}", column) for i, column in enumerate(weights.T))
    write_delimited(frame, path, preamble=head)


def read_loadings(path: str | os.PathLike[str], *, frequencies: str | None = None) -> Loadings:
    """Loadings that ``postgwas genotypes pca`` or ``plink2 --pca allele-wts`` wrote.

    Parameters
    ----------
    path : path-like
        ``.loadings.tsv.gz``, or plink2's ``.eigenvec.allele`` (two alleles a variant).
    frequencies : str, optional
        plink2's .afreq; by default the file beside that has the same prefix. The .eigenval
        must lie there too.

    Raises
    ------
    InputError
        If a file is missing or damaged, or has NaN or text where numbers are expected.
    ColumnError
        If columns are missing.
    """
    name = os.fspath(path)
    data = read_text(name)
    if data.startswith(_FIRST.encode()):
        return _own(data, name)
    if data.startswith(b"##postgwas_loadings="):
        raise InputError(f"{name}: loadings of a newer postgwas", hint="update postgwas")
    header = data.split(b"\n", 1)[0].decode(errors="replace").lstrip("#").split()
    if {"ID", "REF", "ALT", "A1", "PC1"} <= set(header):
        return _plink(data, header, name, frequencies)
    raise ColumnError(
        f"{name}: these are no loadings; its first line is '{' '.join(header)[:60]}'",
        hint="expected .loadings.tsv.gz of postgwas genotypes pca, or .eigenvec.allele of plink2 --pca",
    )


def _own(data: bytes, name: str) -> Loadings:
    lines = data.split(b"\n", 3)
    said = dict(
        line.decode(errors="replace").lstrip("#").split("=", 1) for line in lines[1:3] if b"=" in line
    )
    if len(lines) < 4 or not {"eigenvalues", "n_samples"} <= set(said):
        raise InputError(f"{name}: lines 2 and 3 should say the eigenvalues and the number of samples")
    header, _, rows = lines[3].partition(b"\n")
    columns = header.decode(errors="replace").split("\t")
    axes = [column for column in columns if column.startswith("PC")]
    absent = [column for column in (*_PLACES, "MEAN", "SD", "PC1") if column not in columns]
    if absent:
        raise ColumnError(f"{name}, line 4: the header has no column {', '.join(absent)}")
    text = split_columns(rows, columns, name, first_line=5)
    numbers = _numbers(text, ["MEAN", "SD", *axes], name, 5)
    try:
        values = np.array([float(value) for value in said["eigenvalues"].split(",")])
        n_samples = int(said["n_samples"])
    except ValueError:
        raise InputError(f"{name}: line 2 or 3: not numbers") from None
    if len(values) != len(axes):
        raise InputError(f"{name}: {len(values)} eigenvalues, but {len(axes)} axes")
    variants = variant_table(text.select(_PLACES), name, first_line=5)
    return _checked(variants, Scale(numbers[:, 0], numbers[:, 1]), numbers[:, 2:], values, n_samples, name)


def _plink(data: bytes, header: list[str], name: str, frequencies: str | None) -> Loadings:
    import polars as pl

    text = split_columns(data.partition(b"\n")[2], header, name, first_line=2)
    text = text.with_columns(pl.int_range(2, pl.len() + 2).alias("LINE")).filter(
        pl.col("A1") == pl.col("ALT")
    )
    if not text.height:
        raise InputError(f"{name}: no variant of two alleles")
    axes = [column for column in header if column.startswith("PC") and column[2:].isdigit()]
    numbers = _numbers(text, axes, name, None)
    stem = name.removesuffix(".gz").removesuffix(".zst").removesuffix(".eigenvec.allele")
    frequency = _frequencies(text["ID"], frequencies or f"{stem}.afreq")
    values = _eigenvalues(f"{stem}.eigenval", len(axes))
    variants = pl.DataFrame({
        "CHROM": text["CHROM"], "SNPID": text["ID"], "POS": pl.Series(["0"]).new_from_index(0, text.height),
        "A1": text["ALT"], "A2": text["REF"],
    })  # fmt: skip
    variants = variant_table(variants, name)
    scale = Scale(2.0 * frequency, np.sqrt(2.0 * frequency * (1.0 - frequency)))
    length = np.linalg.norm(numbers, axis=0)
    return _checked(variants, scale, numbers / length, values, 0, name)


def _frequencies(ids: pl.Series, path: str) -> Floats:
    import polars as pl

    if not Path(path).is_file():
        raise InputError(
            f"{path}: no such file; plink2's loadings need the frequencies of the reference (plink2 --freq)",
            hint="--frequencies",
        )
    data = read_text(path)
    header = data.split(b"\n", 1)[0].decode(errors="replace").lstrip("#").split()
    if not {"ID", "ALT_FREQS"} <= set(header):
        raise ColumnError(f"{path}: the header has no column ID or ALT_FREQS")
    table = split_columns(data.partition(b"\n")[2], header, path, first_line=2).select("ID", "ALT_FREQS")
    found = pl.DataFrame({"ID": ids}).join(table.unique("ID"), on="ID", how="left", maintain_order="left")
    absent = int(found["ALT_FREQS"].null_count())
    if absent:
        raise InputError(f"{path}: lacks {absent:,} of the {len(ids):,} variants of the loadings")
    return _numbers(found, ["ALT_FREQS"], path, None)[:, 0]


def _eigenvalues(path: str, n_axes: int) -> Floats:
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; plink2's loadings need its eigenvalues beside them")
    try:
        values = np.array([float(text) for text in read_text(path).split()])
    except ValueError:
        raise InputError(f"{path}: expected a number a line") from None
    if len(values) < n_axes:
        raise InputError(f"{path}: {len(values)} eigenvalues for {n_axes} axes")
    return values[:n_axes]


def _numbers(text: pl.DataFrame, columns: list[str], name: str, first_line: int | None) -> Floats:
    import polars as pl

    numbers = text.select(pl.col(columns).cast(pl.Float64, strict=False)).to_numpy()
    bad = ~np.isfinite(numbers)
    if bad.any():
        row, column = map(int, np.argwhere(bad)[0])
        line = (
            text["LINE"][row] if "LINE" in text.columns else None if first_line is None else first_line + row
        )
        place = f"{name}, line {line}" if line is not None else name
        raise InputError(
            f"{place}: '{text[columns[column]][row]}' in column {columns[column]} is not a number"
        )
    return np.ascontiguousarray(numbers)


def _checked(
    variants: pl.DataFrame, scale: Scale, weights: Floats, values: Floats, n_samples: int, name: str
) -> Loadings:
    bad: NDArray[np.bool_] = ~(scale.sd > 0) | ~(scale.mean >= 0) | ~(scale.mean <= 2)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{name}: variant {variants['SNPID'][row]} has mean {scale.mean[row]:g} and deviation "
            f"{scale.sd[row]:g}; expected 0 to 2, and above 0"
        )
    if not np.all(values > 0):
        raise InputError(f"{name}: eigenvalues must be above 0, found {float(values.min()):g}")
    return Loadings(variants, scale, weights, values, n_samples)
