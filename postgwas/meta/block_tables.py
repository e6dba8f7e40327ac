"""A block's result as a table, and as text of each format."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.meta.aligned import MetaBlock
from postgwas.meta.methods import Columns, Context
from postgwas.meta.tbl_format import tbl_text
from postgwas.sumstats.derive import p_from_mlog10p
from postgwas.sumstats.harmonise.formats import CHROMOSOME_NAMES
from postgwas.sumstats.ssf import ssf_table

#: Columns that come first, in this order; a method's others follow.
ORDER = ("SNPID", "CHR", "POS", "EA", "NEA", "EAF", "BETA", "SE", "Z", "P", "MLOG10P", "N", "N_STUDIES")
Formatter = Callable[[MetaBlock, Columns, Context, tuple[int, ...]], tuple[bytes, bytes]]


def frame_of(block: MetaBlock, columns: Columns, display: tuple[int, ...]) -> pl.DataFrame:
    """The table of a block: who and where, the method's columns, N, number of studies, directions."""
    made: dict[str, pl.Series] = {
        "SNPID": block.snpid.to_series(),
        "CHR": pl.Series(block.chr, dtype=pl.Int8),
        "POS": pl.Series(block.pos, dtype=pl.Int32),
        "EA": block.ea.to_series(),
        "NEA": block.nea.to_series(),
    }
    given = dict(columns)
    if "MLOG10P" in given:
        given["P"] = p_from_mlog10p(given["MLOG10P"])
    if "EAF" not in given:
        given["EAF"] = _mean_frequency(block)
    given["N"] = _total_n(block)
    given["N_STUDIES"] = block.present.sum(axis=0).astype(np.int32)
    for name in [*(name for name in ORDER if name in given), *(name for name in given if name not in ORDER)]:
        values = given[name]
        series = pl.Series(name, values.tolist() if values.dtype.kind == "S" else values)
        if series.dtype == pl.Binary:
            series = series.cast(pl.String)
        made[name] = series.fill_nan(None) if series.dtype.is_float() else series
    made["DIRECTION"] = directions(block, display)
    return pl.DataFrame([series.alias(name) for name, series in made.items()])


def directions(block: MetaBlock, display: tuple[int, ...]) -> pl.Series:
    """A sign a study, in the order given: + - 0, ? where it lacks the variant."""
    codes = direction_bytes(block, display)
    width = codes.shape[1]
    return pl.Series(np.ascontiguousarray(codes).view(f"S{width}").ravel().tolist(), dtype=pl.Binary).cast(
        pl.String
    )


def direction_bytes(block: MetaBlock, display: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """The signs as characters, [shape: (V, K)]."""
    codes = np.empty((len(block), len(display)), np.uint8)
    with np.errstate(invalid="ignore"):
        for at, study in enumerate(display):
            z = block.z[study]
            codes[:, at] = _SIGNS[(z > 0) + 2 * (z < 0).view(np.uint8) + 3 * (z == 0).view(np.uint8)]
    return codes


_SIGNS = np.frombuffer(b"?+-0", np.uint8)


def _mean_frequency(block: MetaBlock) -> npt.NDArray[np.float64]:
    """Weighted by N; equally where a study does not tell it."""
    used = np.isfinite(block.eaf)
    untold = (used & ~np.isfinite(block.n)).any(axis=0)
    weight = np.where(used, np.where(untold, 1.0, block.n), 0.0)
    total = weight.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: npt.NDArray[np.float64] = (weight * np.nan_to_num(block.eaf)).sum(axis=0) / total
    return mean


def _total_n(block: MetaBlock) -> npt.NDArray[np.float64]:
    """People of all studies of a variant; NaN where one of them does not tell how many."""
    told = np.isfinite(block.n)
    total = np.where(block.present & told, block.n, 0.0).sum(axis=0)
    return np.where((block.present & ~told).any(axis=0), np.nan, total)


def _tsv(
    block: MetaBlock, columns: Columns, context: Context, display: tuple[int, ...]
) -> tuple[bytes, bytes]:
    frame = frame_of(block, columns, display)
    code = pl.col("CHR").replace_strict({0: None, **CHROMOSOME_NAMES}, return_dtype=pl.String)
    table = frame.with_columns(code, pl.when(pl.col("POS") > 0).then("POS").alias("POS"))
    return _text(_with_p_text(table), null="NA")


def _with_p_text(frame: pl.DataFrame) -> pl.DataFrame:
    """P as text where some are below the least double."""
    if "MLOG10P" not in frame.columns or not (frame["MLOG10P"] > 300).any():
        return frame
    size = frame["MLOG10P"].to_numpy()
    texts = frame["P"].cast(pl.String)
    rows = np.flatnonzero(size > 300)
    small = pl.Series([tiny_p(value) for value in size[rows].tolist()], dtype=pl.String)
    return frame.with_columns(texts.scatter(rows, small).alias("P"))


def tiny_p(mlog10p: float) -> str:
    """P of any size in scientific notation, of 20 characters at most; 0 below 1e-999999999999.

    Examples
    --------
    >>> tiny_p(544.6655), tiny_p(5e11 + 0.5), tiny_p(np.inf)
    ('2.1602e-545', '3.1623e-500000000001', '0')
    """
    if not mlog10p < 999_999_999_999:
        return "0"
    exponent = -int(np.ceil(mlog10p))
    mantissa = f"{10 ** (-mlog10p - exponent):.4f}"
    return f"1.0000e{exponent + 1}" if mantissa == "10.0000" else f"{mantissa}e{exponent}"


def _ssf(
    block: MetaBlock, columns: Columns, context: Context, display: tuple[int, ...]
) -> tuple[bytes, bytes]:
    frame = frame_of(block, columns, display).filter(pl.col("POS") > 0)
    return _text(ssf_table(frame, as_logs=True), null="#NA")


def _text(table: pl.DataFrame, *, null: str) -> tuple[bytes, bytes]:
    buffer = io.BytesIO()
    table.write_csv(buffer, include_header=False, separator="\t", null_value=null, quote_style="never")
    return ("\t".join(table.columns) + "\n").encode(), buffer.getvalue()


def _mrmega(
    block: MetaBlock, columns: Columns, context: Context, display: tuple[int, ...]
) -> tuple[bytes, bytes]:
    from postgwas.meta.mrmega_format import mrmega_text

    return mrmega_text(block, columns, context, display)


FORMATTERS: dict[str, Formatter] = {"tbl": tbl_text, "tsv": _tsv, "ssf": _ssf, "mrmega": _mrmega}
