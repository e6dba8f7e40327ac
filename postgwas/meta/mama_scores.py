"""LD scores of all pairs of ancestries, from files of one layout or another."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, PanelError, UsageError
from postgwas.meta.mama_filters import COMPLEMENT
from postgwas.meta.mama_reading import read_ld_table

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

_NAMED = re.compile(r"([^,=/\\]+),([^,=/\\]+)=(.+)")


def find_score_files(places: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Files that patterns name, each with the ancestries given for it.

    Parameters
    ----------
    places : sequence of str
        Paths or patterns with ``*``, ``?``, ``[]``; ``ANC1,ANC2=FILE`` for
        OUT.cross.ldscore.gz of ``postgwas ldsc --l2 --bfile2``, which names no ancestries.

    Raises
    ------
    InputError
        If a pattern matches no file.
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    for place in places:
        named = _NAMED.fullmatch(place)
        pair: tuple[str, ...] = (named[1].strip(), named[2].strip()) if named else ()
        files = sorted(glob.glob(named[3] if named else place))
        if not files:
            raise InputError(f"--ld_scores {place}: no such file", hint="quote a pattern with * in the shell")
        found.extend((file, pair) for file in files)
    return found


def read_scores(
    places: Sequence[str],
    ancestries: Sequence[str],
    *,
    separator: str | None = None,
    mama_compat: bool = False,
    standardized: bool = False,
) -> tuple[pl.DataFrame, list[str], int]:
    """LD scores of all pairs of ancestries.

    Files with the same columns hold parts (chromosomes) of one table; files with other
    columns are joined by SNP.

    Parameters
    ----------
    places, ancestries : sequence of str
    separator : str, optional
    mama_compat : bool
        Leave out rows that lack any score of the file, of ancestries not asked for too, as
        mama.py does.
    standardized : bool
        The effects are those of standardised genotypes; otherwise scores of
        ``postgwas ldsc --l2 --bfile2 --per_allele`` are brought to allele-count units.

    Returns
    -------
    scores : polars.DataFrame
        SNP, each once; BP where files have it; a column for each pair of ancestries. Rows
        without one of the scores are left out.
    files : list of str
    n_repeated : int
        Rows left out as their SNP came before.

    Raises
    ------
    InputError, PanelError
        If a file is missing or unreadable, or no file has the scores of a pair.
    UsageError
        If scores of ``postgwas ldsc`` are in other units than the effects.
    """
    import polars as pl

    tables: dict[frozenset[str], list[pl.DataFrame]] = {}
    files = find_score_files(places)
    for file, pair in files:
        frame = read_ld_table(file, separator=separator, rename=pair)
        if pair:
            frame = _in_units(frame, file, pair, standardized=standardized)
        tables.setdefault(frozenset(frame.columns), []).append(frame)
    whole: pl.DataFrame | None = None
    n_repeated = 0
    for parts in tables.values():
        table = pl.concat([part.select(parts[0].columns) for part in parts])
        first = table["SNP"].is_first_distinct() & table["SNP"].is_not_null()
        n_repeated += int((~first & table["SNP"].is_not_null()).sum())
        table = table.filter(first)
        if whole is not None:
            table = table.drop([name for name in table.columns if name != "SNP" and name in whole.columns])
        whole = table if whole is None else whole.join(table, on="SNP", how="inner", maintain_order="left")
    assert whole is not None
    columns = [pair_column(whole.columns, one, two) for one, two in _pairs(ancestries)]
    missing = [f"{one}_{two}" for (one, two), name in zip(_pairs(ancestries), columns) if name is None]
    if missing:
        scores = [name for name in whole.columns if name not in ("SNP", "BP") and ":" not in name]
        raise PanelError(
            f"{', '.join(file for file, _ in files)}: no LD scores {', '.join(missing)}; columns found: "
            f"{', '.join(scores)}",
            hint="ancestries of --sumstats must be spelled as in the columns, ANC1_ANC2; "
            "ANC1,ANC2=FILE names those of postgwas ldsc --l2 --bfile2",
        )
    wanted = list(dict.fromkeys(name for name in columns if name is not None))
    place = [name for name in whole.columns if name == "BP" or name.startswith(("FRQ:", "A1:"))]
    if mama_compat:
        whole = whole.fill_nan(None).drop_nulls()
    kept = whole.select("SNP", *place, *wanted).with_columns(pl.col(wanted).fill_nan(None)).drop_nulls(wanted)
    if not kept.height:
        raise PanelError(f"{files[0][0]}: no SNP has LD scores of all pairs of {', '.join(ancestries)}")
    return kept, [file for file, _ in files], n_repeated


def pair_column(columns: Sequence[str], one: str, two: str) -> str | None:
    """The column of a pair, in either order; None if there is none."""
    for name in (f"{one}_{two}", f"{two}_{one}"):
        if name in columns:
            return name
    return None


def _in_units(frame: pl.DataFrame, file: str, pair: Sequence[str], *, standardized: bool) -> pl.DataFrame:
    """Scores of ``postgwas ldsc --l2 --bfile2`` in MAMA's units, as the sums of weights beside them tell.

    Weighed by p(1-p) and divided by the SNP's own weight they are those of effects per allele.
    """
    import polars as pl

    from postgwas.genotypes.text_table import read_text

    counts = f"{file.removesuffix('.cross.ldscore.gz')}.cross.M"
    if not file.endswith(".cross.ldscore.gz") or not os.path.exists(counts):
        return frame
    sums = np.array([float(word) for word in read_text(counts).split()])
    weighed = not np.allclose(sums, np.round(sums), rtol=1e-9, atol=0)
    if weighed == standardized:
        how = "weighed by p(1-p)" if weighed else "of standardised genotypes"
        hint = (
            "leave out --per_allele"
            if weighed
            else "--use_standardized_units, or make them with --per_allele"
        )
        raise UsageError(f"{file}: LD scores {how}, but effects are not", hint=hint)
    if not weighed:
        return frame
    one, two = pair
    own = {name: pl.col(f"FRQ:{name}") * (1 - pl.col(f"FRQ:{name}")) for name in pair}
    return frame.with_columns(
        pl.col(f"{one}_{one}") / own[one], pl.col(f"{two}_{two}") / own[two],
        pl.col(f"{one}_{two}") / (own[one] * own[two]).sqrt(),
    )  # fmt: skip


def with_frequencies(frame: pl.DataFrame, scores: pl.DataFrame, ancestry: str, *, path: str) -> pl.DataFrame:
    """A population's rows, missing frequencies filled with those of the samples behind the scores.

    Raises
    ------
    InputError
        If the scores have no frequencies of this ancestry.
    """
    import polars as pl

    theirs, allele = f"FRQ:{ancestry}", f"A1:{ancestry}"
    if theirs not in scores.columns:
        raise InputError(
            f"{path}: no frequencies, and none of {ancestry} in the LD scores either",
            hint="--ld_scores ANC1,ANC2=OUT.cross.ldscore.gz has them",
        )
    known = scores.select("SNP", theirs, allele)
    joined = frame.join(known, on="SNP", how="left", maintain_order="left")
    a1, a2, of = pl.col("A1"), pl.col("A2"), pl.col(allele)
    other = of.replace_strict(COMPLEMENT, default=None, return_dtype=pl.String)
    one = (a1 == of) | ((a1 == other) & (a2 != of))
    two = (a2 == of) | ((a2 == other) & (a1 != of))
    found = pl.when(one).then(pl.col(theirs)).when(two).then(1 - pl.col(theirs))
    return joined.with_columns(pl.col("FREQ").fill_null(found)).drop(theirs, allele)


def score_array(scores: pl.DataFrame, ancestries: Sequence[str]) -> Floats:
    """LD scores as an array of shape (V, K, K), for ancestries in this order (with repeats)."""
    k = len(ancestries)
    out = np.empty((scores.height, k, k))
    for i, one in enumerate(ancestries):
        for j, two in enumerate(ancestries):
            name = pair_column(scores.columns, one, two)
            assert name is not None
            out[:, i, j] = scores[name].to_numpy()
    return out


def _pairs(ancestries: Sequence[str]) -> list[tuple[str, str]]:
    distinct = list(dict.fromkeys(ancestries))
    return [(one, two) for i, one in enumerate(distinct) for two in distinct[i:]]
