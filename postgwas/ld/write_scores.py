"""Write LD scores under ldsc.py's names, all files or none, and into the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.destination import check_prefix, check_store, refuse_existing
from postgwas.ld.frame_columns import float_column
from postgwas.staging import appear_together
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

    from postgwas.store.provenance import Provenance

Floats = NDArray[np.float64]

#: What ldsc.py writes LD scores with.
LDSC_DECIMALS = 3

SCORES, M, M_5_50, BINNED = ".l2.ldscore.gz", ".l2.M", ".l2.M_5_50", ".annot.gz"
#: Not ``.l2.ldscore.gz``: nobody is to take the three columns for a partition of one population's.
CROSS, CROSS_M = ".cross.ldscore.gz", ".cross.M"


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """LD scores as they are written.

    Attributes
    ----------
    variants : polars.DataFrame
        CHR, CHROM, SNPID, POS, CM, MAF; V rows.
    l2 : ndarray of float64, shape (V, A)
    columns : tuple of str, length A
        Names of the columns of LD scores.
    m, m_5_50 : ndarray of float64, shape (A,)
        Sums of the annotations over all variants of the panel, and over those of MAF above 5 %.
    """

    variants: pl.DataFrame
    l2: Floats
    columns: tuple[str, ...]
    m: Floats
    m_5_50: Floats


def score_columns(annotations: Sequence[str], exponent: float | None, *, per_allele: bool) -> tuple[str, ...]:
    """Names of the columns of LD scores: ``L2``, or ``nameL2`` of several annotations.

    Examples
    --------
    >>> score_columns(["base", "coding"], None, per_allele=False), score_columns(["x"], 0.5, per_allele=False)
    (('baseL2', 'codingL2'), ('L2_S0.5',))
    """
    suffix = "_S1" if per_allele else "" if exponent is None else f"_S{float(exponent)}"
    if len(annotations) == 1:
        return (f"L2{suffix}",)
    return tuple(f"{name}L2{suffix}" for name in annotations)


@dataclass(frozen=True)
class Destination:
    """Where LD scores go, and in whose format.

    Attributes
    ----------
    out : str
        Prefix of the files.
    store : str, optional
        A study's store.
    overwrite : bool
        Replace what exists.
    binned : bool
        Binned annotations are written too.
    cross : bool
        The scores are those of two populations.
    compat : bool
        Files as ldsc.py writes them.
    """

    out: str
    store: str | None = None
    overwrite: bool = False
    binned: bool = False
    cross: bool = False
    compat: bool = False

    @property
    def names(self) -> list[Path]:
        """The files to be written, the log apart: scores, M, M_5_50, binned annotations."""
        endings = (CROSS, CROSS_M) if self.cross else (SCORES, M, M_5_50, *((BINNED,) if self.binned else ()))
        return [Path(self.out + ending) for ending in endings]

    @property
    def key(self) -> str:
        """Key in the store."""
        return f"ld_scores/{Path(self.out).name}"

    def check(self) -> None:
        """Refuse before any work is done: no prefix, folder missing or not writable, results there already.

        Raises
        ------
        OutputError, UsageError, StoreError
        """
        check_prefix(self.out, example="results/eur.22")
        if not self.overwrite:
            refuse_existing(self.names)
        check_store(self.store, [self.key], overwrite=self.overwrite)

    def leftovers(self) -> list[Path]:
        """Results of an earlier run under this prefix that this one does not replace."""
        paths = (Path(self.out + ending) for ending in (SCORES, M, M_5_50, BINNED, CROSS, CROSS_M))
        return [path for path in paths if path not in self.names and path.exists()]


@contextmanager
def together(names: Sequence[Path]) -> Iterator[list[Path]]:
    """Names in a folder aside for these files of one folder; they get their own when the block ends well.

    Raises
    ------
    OutputError
        If the files cannot be written or moved.
    """
    with appear_together(names[0].parent) as aside:
        yield [aside / name.name for name in names]


def score_frame(table: ScoreTable, *, compat: bool = False) -> pl.DataFrame:
    """CHR SNP BP and the LD scores; chromosomes are numbers, or with `compat` as the genotypes have them."""
    places = place_columns(table.variants, compat=compat)
    return places.with_columns(float_column(name, table.l2[:, i]) for i, name in enumerate(table.columns))


def place_columns(variants: pl.DataFrame, *, compat: bool = False) -> pl.DataFrame:
    """CHR, SNP, BP as in LD score files."""
    import polars as pl

    chromosome = variants["CHROM"] if compat or variants["CHR"].null_count() else variants["CHR"]
    return pl.DataFrame(
        [chromosome.alias("CHR"), variants["SNPID"].alias("SNP"), variants["POS"].alias("BP")]
    )


def write_scores(table: ScoreTable, path: Path, *, compat: bool = False) -> None:
    """``.l2.ldscore.gz``: all digits, or three decimals with `compat`."""
    write_delimited(score_frame(table, compat=compat), path, decimals=LDSC_DECIMALS if compat else None)


def write_counts(sums: Floats, path: Path, *, whole: bool | None = None) -> None:
    """``.l2.M`` or ``.l2.M_5_50``: one line, tab separated.

    Parameters
    ----------
    sums : ndarray of float64, shape (A,)
    path : Path
    whole : bool, optional
        Write integers; None: those that are. ldsc.py writes ``582.0`` where the annotations
        were read as floats.
    """
    texts = [
        str(round(value)) if (value.is_integer() if whole is None else whole) else repr(value)
        for value in sums.tolist()
    ]
    path.write_text("\t".join(texts) + "\n")


def write_binned_annotations(
    variants: pl.DataFrame, values: Floats, names: Sequence[str], path: Path
) -> None:
    """``.annot.gz``: CHR SNP BP CM and the annotations; integers where all are."""
    import polars as pl

    whole = bool(np.all(values == np.floor(values)))
    columns = values.astype(np.int64) if whole else values
    frame = variants.select(
        pl.col("CHROM").alias("CHR"),
        pl.col("SNPID").alias("SNP"),
        pl.col("POS").alias("BP"),
        pl.col("CM").fill_null(0.0),
    )
    write_delimited(frame.with_columns(pl.Series(name, columns[:, i]) for i, name in enumerate(names)), path)


def store_scores(
    frame: pl.DataFrame, destination: Destination, *, provenance: Provenance, attrs: Mapping[str, Any]
) -> None:
    """Put a table of variants and scores into the store of the destination.

    Parameters
    ----------
    frame : polars.DataFrame
        CHR, POS, SNPID, ... and columns of scores, whose names `attrs` has under "columns".
    destination : Destination
    provenance : Provenance
    attrs : mapping
    """
    from postgwas.store.study import Study

    assert destination.store is not None
    Study.open(destination.store, create=True).write_table(
        destination.key,
        frame,
        kind="cross-ld-scores" if destination.cross else "ld-scores",
        attrs=attrs,
        units=dict.fromkeys(attrs["columns"], "variants"),
        provenance=provenance,
        overwrite=destination.overwrite,
    )
