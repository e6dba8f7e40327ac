"""Popcorn's inputs: scores of variants, and Z statistics of two populations on their alleles."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import ColumnError, InputError, NoVariantsError
from postgwas.genotypes.text_table import read_text
from postgwas.meta.mama_filters import COMPLEMENT

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

_ONE = ("chr", "pos", "id", "a1", "a2", "af1", "score1")
_TWO = ("chr", "pos", "id", "a1", "a2", "af1", "af2", "score1", "score2", "scoreX")

#: Our names of a file's columns, by which OUT.cross.ldscore.gz is told.
_OURS = {
    "CHR": "chr", "BP": "pos", "SNP": "id", "A1": "a1", "A2": "a2", "FRQ_1": "af1", "FRQ_2": "af2",
    "L2_1": "score1", "L2_2": "score2", "L2_CROSS": "scoreX",
}  # fmt: skip

_CODES = {"A": 0, "C": 1, "G": 2, "T": 3}

#: Names of a frequency that a dialect may leave aside.
FREQUENCIES = ("af", "eaf", "frq", "freq")

#: How far frequencies may be apart for A/T and C/G variants, Popcorn's.
TOLERANCE = 0.1


@dataclass(frozen=True)
class Scores:
    """Scores of variants, in genome order as far as the file is.

    Attributes
    ----------
    frame : polars.DataFrame
        chr, pos, id, a1, a2, af1, af2 (of a1), score1, score2, scoreX.
    m : int
        Variants behind the scores.
    one_population : bool
        The file has scores of one population, which stand for all three.
    n_repeated : int
        Rows left out as their id came before.
    per_allele : bool, optional
        Scores are weighed by p(1-p); None where the file does not tell.
    """

    frame: pl.DataFrame
    m: int
    one_population: bool
    n_repeated: int
    per_allele: bool | None = None


@dataclass(frozen=True)
class Aligned:
    """Variants that both populations and the scores have.

    Attributes
    ----------
    z, n : ndarray of float64, shape (V, 2)
        Z statistics of the scores' a1 or of its a2, the same in both; sample sizes.
    scores : ndarray of float64, shape (V, 3)
    counts : dict
        What became of the variants, step by step.
    rejected : list of polars.DataFrame
        ROW, SNPID, REASON of each population.
    """

    z: Floats
    n: Floats
    scores: Floats
    counts: dict[str, int]
    rejected: list[pl.DataFrame]


def read_scores(path: str) -> Scores:
    """Scores of ``popcorn compute`` (no header, 7 or 10 columns) or of ``postgwas ldsc --l2 --bfile2``.

    Scores weighed by p(1-p) (``--per_allele``) are divided by the mean weight, as Popcorn's are.

    Raises
    ------
    InputError
        If the file has neither layout.
    """
    import polars as pl

    data = read_text(path)
    if b"\0" in data[: 1 << 16]:
        raise InputError(f"{path}: binary data; expected a table of scores")
    lines = data.split(b"\n", 1)
    first = lines[0].decode("utf-8", "replace").split()
    if "L2_CROSS" in first:
        frame, m, weight, per_allele = _ours(path, data, first)
    else:
        m, weight, per_allele = 0, np.ones(3), None
        frame = _theirs(path, data)
    one = "scoreX" not in frame.columns
    if one:
        same = pl.col("score1")
        frame = frame.with_columns(pl.col("af1").alias("af2"), same.alias("score2"), same.alias("scoreX"))
    values = ("af1", "af2", "score1", "score2", "scoreX")
    bad = frame.select(
        pl.any_horizontal(pl.col(*values).is_null() | ~pl.col(*values).is_finite())
    ).to_series()
    if bad.any():
        raise InputError(
            f"{path}: row {int(bad.arg_true()[0]) + 1} has no number where a score or frequency is due"
        )
    frame = frame.with_columns(
        pl.col("a1", "a2").str.to_uppercase(),
        *(pl.col(name) / w for name, w in zip(("score1", "score2", "scoreX"), weight)),
    )
    distinct = frame["id"].is_first_distinct()
    return Scores(frame.filter(distinct), m or frame.height, one, int((~distinct).sum()), per_allele)


def _theirs(path: str, data: bytes) -> pl.DataFrame:
    import polars as pl

    body = b"\n".join(line for line in data.split(b"\n") if line.strip() and not line.startswith(b"#"))
    width = len(body.split(b"\n", 1)[0].split())
    names = {len(_ONE): _ONE, len(_TWO): _TWO}.get(width)
    if names is None:
        raise InputError(
            f"{path}: {width} columns; expected 7 (one population) or 10 (two) as popcorn compute writes "
            "them, or the header of postgwas ldsc --l2 --bfile2"
        )
    text = ("chr", "id", "a1", "a2")
    schema = {name: pl.String() if name in text else pl.Float64() for name in names}
    if b" " in body:
        body = b"\n".join(b"\t".join(line.split()) for line in body.split(b"\n"))
    # Popcorn's frequencies are of a2.
    of_a1 = [(1 - pl.col(name)).alias(name) for name in ("af1", "af2") if name in names]
    return _csv(path, body, schema).with_columns(of_a1)


def _ours(path: str, data: bytes, header: list[str]) -> tuple[pl.DataFrame, int, Floats, bool | None]:
    """Rows, variants behind them, mean weights, and whether there are weights, if that can be told."""
    import polars as pl

    missing = [name for name in _OURS if name not in header]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}; columns found: {', '.join(header)}")
    names = [_OURS.get(name, name) for name in header]
    text = ("chr", "id", "a1", "a2")
    numeric = set(_OURS.values()) - set(text)
    schema = {name: pl.Float64() if name in numeric else pl.String() for name in names}
    frame = _csv(path, data.split(b"\n", 1)[1], schema)
    weight, m, per_allele = np.ones(3), frame.height, None
    if path.endswith(".cross.ldscore.gz"):
        # Sums of weights: the number of variants without weights, of p(1-p) with.
        file = path.removesuffix(".cross.ldscore.gz") + ".cross.M"
        sums = np.array([float(word) for word in read_text(file).split()])
        per_allele = not np.allclose(sums, np.round(sums), rtol=1e-9, atol=0)
        if per_allele:
            weight = sums / frame.height
        else:
            m = round(float(sums[0]))
    return frame, m, weight, per_allele


def _csv(path: str, body: bytes, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    import polars as pl

    try:
        frame = pl.read_csv(
            io.BytesIO(body), has_header=False, separator="\t", schema=dict(schema), quote_char=None,
            null_values=["NA", "nan", "NaN"],
        )  # fmt: skip
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: cannot be read as scores: {str(error).splitlines()[0]}") from None
    if not frame.height:
        raise InputError(f"{path}: no rows")
    return frame


def read_population(
    path: str, *, columns: Mapping[str, str] | None = None, n: float | None = None
) -> pl.DataFrame:
    """One population: ROW, id, a1, a2, af, n, z and chr:pos as a second id.

    Raises
    ------
    InputError, ColumnError
        If the file is no table of summary statistics, or lacks ids and places, alleles, N or Z.
    """
    import polars as pl

    from postgwas.sumstats.run import read_sumstats

    wanted = ("SNPID", "CHR", "POS", "EA", "NEA", "EAF", "Z", "N")
    stats = read_sumstats(path, columns=columns, wanted=wanted, require=("EA", "NEA", "Z", "N"), n=n)
    own = [name for name in stats.header if name.lower() in FREQUENCIES]
    if own and "EAF" not in stats.frame.columns:
        # Popcorn's af by itself could be the frequency of any allele, and files of Z may be told to be
        # ldsc's, which have none. It is used for A/T and C/G variants alone, alike in both populations.
        columns = {**(columns or {}), "EAF": own[0]}
        stats = read_sumstats(path, columns=columns, wanted=wanted, n=n)
    frame = stats.frame
    for name, kind in (("SNPID", pl.String), ("CHR", pl.Int8), ("POS", pl.Int32), ("EAF", pl.Float64)):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, kind).alias(name))
    if frame["SNPID"].null_count() == frame.height and frame["POS"].null_count() == frame.height:
        raise ColumnError(
            f"{path}: neither ids nor places of variants; columns found: {', '.join(stats.header)}"
        )
    place = pl.format("chr{}:{}", pl.col("CHR"), pl.col("POS"))
    return frame.select(
        "ROW", pl.col("SNPID").alias("id"), place.alias("place"), pl.col("EA").str.to_uppercase().alias("a1"),
        pl.col("NEA").str.to_uppercase().alias("a2"), pl.col("EAF").alias("af"), pl.col("N").alias("n"),
        pl.col("Z").alias("z"),
    )  # fmt: skip


def usable(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that can be used, each id once; ROW, SNPID, REASON of the others."""
    import polars as pl

    bases = list(_CODES)
    reason = (
        pl.when(pl.col("id").is_null() & pl.col("place").is_null()).then(pl.lit("no_id"))
        .when(~pl.col("a1").is_in(bases) | ~pl.col("a2").is_in(bases)).then(pl.lit("not_a_snp"))
        .when(pl.col("z").is_null() | ~pl.col("z").is_finite()).then(pl.lit("no_z"))
        .when(pl.col("n").is_null() | ~(pl.col("n") > 0)).then(pl.lit("n_not_positive"))
        .when(~pl.coalesce("id", "place").is_first_distinct()).then(pl.lit("duplicate"))
    )  # fmt: skip
    marked = frame.with_columns(reason.alias("REASON"))
    bad = marked.filter(pl.col("REASON").is_not_null())
    return (
        marked.filter(pl.col("REASON").is_null()).drop("REASON"),
        bad.select("ROW", pl.coalesce("id", "place").alias("SNPID"), "REASON"),
    )


def align(scores: Scores, populations: tuple[pl.DataFrame, ...], *, maf: float) -> Aligned:
    """Variants in the scores and all populations, Z turned to the alleles of the scores.

    A/T and C/G variants are used where a population's frequency is within :data:`TOLERANCE` of
    that of the scores one way round; without frequencies they are left out.

    Raises
    ------
    NoVariantsError
        If none is left.
    """
    import polars as pl

    frame = scores.frame
    by_place = all(one["id"].null_count() == one.height for one in populations)
    if by_place:
        code = pl.col("chr").str.replace(r"\.0$", "").str.replace("^chr", "")
        frame = frame.with_columns(pl.format("chr{}:{}", code, pl.col("pos").cast(pl.Int64)).alias("id"))
        frame = frame.filter(pl.col("id").is_first_distinct())
    joined = frame
    parts, rejected = [], []
    for i, one in enumerate(populations):
        good, bad = usable(one.with_columns(pl.col("place").alias("id")) if by_place else one)
        rejected.append(bad)
        names = {name: f"{name}_{i}" for name in ("ROW", "a1", "a2", "af", "n", "z")}
        joined = joined.join(
            good.select("id", *names).rename(names), on="id", how="inner", maintain_order="left"
        )
        parts.append(good)
    if not joined.height:
        shown = "; ".join(
            f"{part.height:,}, such as {part['id'][0] if part.height else '-'}" for part in parts
        )
        raise NoVariantsError(
            f"no variant id is in the scores ({frame.height:,}, such as {frame['id'][0]}) and in all summary "
            f"statistics ({shown})",
            hint="ids of the scores are those of their genotypes",
        )
    counts = {"merged": joined.height}
    common = joined.filter(
        pl.all_horizontal(pl.col(name).is_between(maf, 1 - maf, closed="none") for name in ("af1", "af2"))
    )
    counts["maf"] = joined.height - common.height
    turns = [_turn(common, i) for i in range(len(populations))]
    keep = np.logical_and.reduce([turn != 0 for turn in turns])
    for i, turn in enumerate(turns):
        a1, a2 = pl.col(f"a1_{i}"), pl.col(f"a2_{i}")
        palindromic = a1.replace_strict(COMPLEMENT, default=None, return_dtype=pl.String) == a2
        why = pl.when(palindromic).then(pl.lit("palindromic")).otherwise(pl.lit("alleles_differ"))
        bad = common.filter(pl.Series(turn == 0)).select(
            pl.col(f"ROW_{i}").alias("ROW"),
            pl.col("id").alias("SNPID"),
            why.alias("REASON"),
        )
        rejected[i] = pl.concat([rejected[i], bad])
    counts["alleles"] = int((~keep).sum())
    counts["used"] = int(keep.sum())
    if not counts["used"]:
        raise NoVariantsError(f"of {joined.height:,} variants in all sources none is left ({counts})")
    z = np.column_stack([turn * common[f"z_{i}"].to_numpy() for i, turn in enumerate(turns)])[keep]
    n = common.select(f"n_{i}" for i in range(len(populations))).to_numpy()[keep]
    return Aligned(z, n, common.select("score1", "score2", "scoreX").to_numpy()[keep], counts, rejected)


def _turn(frame: pl.DataFrame, i: int) -> NDArray[np.int8]:
    """1 where a population's a1 is the scores' a1, -1 where it is a2, 0 where alleles differ."""
    import polars as pl

    r1, r2, a1, a2 = (
        frame[name].replace_strict(_CODES, default=-9, return_dtype=pl.Int8).to_numpy()
        for name in ("a1", "a2", f"a1_{i}", f"a2_{i}")
    )
    same = ((a1 == r1) & (a2 == r2)) | ((a1 == 3 - r1) & (a2 == 3 - r2))
    turned = ((a1 == r2) & (a2 == r1)) | ((a1 == 3 - r2) & (a2 == 3 - r1))
    palindromic = a1 == 3 - a2
    theirs = frame[f"af{i + 1}"].to_numpy()
    own = frame[f"af_{i}"].fill_null(np.nan).to_numpy()
    with np.errstate(invalid="ignore"):
        same &= ~palindromic | (np.abs(own - theirs) < TOLERANCE)
        turned &= ~palindromic | (np.abs(own - (1 - theirs)) < TOLERANCE)
    # Both at a frequency near one half: neither way round is known.
    return (same.astype(np.int8) - turned.astype(np.int8)).astype(np.int8)
