"""Log Bayes factors of fine-mapped genes, from a store or the eQTL Catalogue: nothing is fitted again."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.fitted_side import FittedSide, stored_side
from postgwas.coloc.qtl_summary import NAMES, parse_ids
from postgwas.errors import ColumnError, InputError

if TYPE_CHECKING:
    import polars as pl

Rows = NDArray[np.int64]

_OURS = "lbf_"
_CATALOGUE = "lbf_variable"
_VARIANT = ("CHR", "POS", "EA", "NEA", "SNPID")


@dataclass(frozen=True, eq=False)
class GeneFit:
    """One gene's stored fit.

    Attributes
    ----------
    variants : polars.DataFrame
        SNPID, CHR, POS, EA, NEA.
    rows : ndarray of int64
        Rows of `variants` in the order of the fit's columns: all of them.
    side : FittedSide
    """

    variants: pl.DataFrame
    rows: Rows
    side: FittedSide


@dataclass(frozen=True)
class SpooledFits:
    """Where the fits of a region's genes are kept.

    Attributes
    ----------
    folder, name : str
        File ``name.arrow`` of the folder.
    genes : tuple of str
    chosen : bool
        Whether each effect is of a credible set.
    coverage : float
    digest : str
    """

    folder: str
    name: str
    genes: tuple[str, ...]
    chosen: bool
    coverage: float
    digest: str

    def read(self, genes: Sequence[str]) -> dict[str, GeneFit]:
        """The fits of these genes that are kept."""
        import polars as pl

        frame = pl.read_ipc(Path(self.folder) / f"{self.name}.arrow")
        found = {}
        for name in genes:
            if name not in self.genes:
                continue
            rows = frame.filter(pl.col("GENE") == name)
            effects = [column for column in _effects(rows.columns) if not rows[column].null_count()]
            factors = (
                rows.select(effects).cast(pl.Float64).to_numpy().T if effects else np.zeros((0, rows.height))
            )
            variants = rows.select("SNPID", "CHR", "POS", "EA", "NEA")
            side = stored_side(np.ascontiguousarray(factors), coverage=self.coverage, chosen=self.chosen)
            found[name] = GeneFit(variants, np.arange(rows.height), side)
        return found


def read_fits(path: str | os.PathLike[str], genes: Sequence[str]) -> tuple[pl.DataFrame, bool]:
    """GENE, SNPID, CHR, POS, EA, NEA and effects of some genes, and whether effects are of credible sets.

    Parameters
    ----------
    path : path or ``STUDY.h5::KEY``
        ``qtl/finemap_pip/NAME`` of a store, whose effects ``lbf_1`` ... are those of credible sets; or text
        with molecular_trait_id, variant, chromosome, position, ``lbf_variable1`` ..., one column for each
        effect of a fit, whether it is there or not.

    Raises
    ------
    ColumnError
        If there are no log Bayes factors, or no genes or variants.
    InputError
        If none of the genes is in it.
    """
    import polars as pl

    from postgwas.sumstats.values import chromosomes_from_text

    told = os.fspath(path)
    parts = [_named(part, told) for part in _pieces(told, genes)]
    wanted = pl.DataFrame({"GENE": list(genes)})
    frame = pl.concat(parts).join(wanted, on="GENE", how="semi") if parts else pl.DataFrame()
    if not frame.height:
        raise InputError(f"{told}: none of {len(genes):,} genes is in it")
    if frame["CHR"].dtype == pl.String:
        frame = frame.with_columns(chromosomes_from_text(frame["CHR"]).alias("CHR"))
    places = frame.select(
        pl.col("CHR").cast(pl.Int8, strict=False), pl.col("POS").cast(pl.Int32, strict=False)
    )
    odd = places["POS"].is_null() & frame["POS"].is_not_null()
    if odd.any():
        raise InputError(f"{told}: position {frame['POS'].filter(odd)[0]!r} is no whole number")
    frame = frame.with_columns(places)
    effects = _effects(frame.columns)
    frame = frame.with_columns(pl.col(effects).cast(pl.Float64, strict=False).fill_nan(None))
    frame = frame.drop_nulls(["CHR", "POS"]).sort("GENE", *_VARIANT)
    frame = frame.unique(["GENE", "CHR", "POS", "EA", "NEA"], keep="first", maintain_order=True)
    _refuse_gaps(frame, effects, told)
    return frame, not effects[0].startswith(_CATALOGUE)


def _refuse_gaps(frame: pl.DataFrame, effects: Sequence[str], told: str) -> None:
    """An effect that is not there has no Bayes factor at any variant; one that is has them all."""
    import polars as pl

    nulls = frame.group_by("GENE", maintain_order=True).agg(pl.len(), pl.col(effects).null_count())
    for name in effects:
        partly = nulls.filter((pl.col(name) > 0) & (pl.col(name) < pl.col("len")))
        if partly.height:
            raise InputError(
                f"{told}: {name} of {partly['GENE'][0]} is missing at {partly[name][0]:,} of "
                f"{partly['len'][0]:,} variants"
            )


def spool_fits(
    frame: pl.DataFrame, genes: Sequence[str], name: str, folder: Path, *, chosen: bool, coverage: float
) -> SpooledFits | None:
    """Keep the fits of one region's genes on disk; None where none has one."""
    import polars as pl

    part = frame.join(pl.DataFrame({"GENE": list(genes)}), on="GENE", how="semi", maintain_order="left")
    if not part.height:
        return None
    text: Any = io.BytesIO()
    part.write_ipc(text)
    content = text.getvalue()
    (folder / f"{name}.fits.arrow").write_bytes(content)
    there = tuple(part["GENE"].unique(maintain_order=True).to_list())
    return SpooledFits(
        str(folder), f"{name}.fits", there, chosen, coverage, hashlib.sha256(content).hexdigest()
    )


def _effects(columns: Sequence[str]) -> list[str]:
    catalogue = [name for name in columns if name.startswith(_CATALOGUE)]
    return catalogue or [name for name in columns if name.startswith(_OURS)]


def _pieces(path: str, genes: Sequence[str]) -> Iterator[pl.DataFrame]:
    import polars as pl

    if "::" in path:
        from postgwas.store import Study
        from postgwas.store.query import rows_of
        from postgwas.store.values import to_polars

        file, _, key = path.partition("::")
        study = Study.open(file)
        if not _effects(study.columns(key)):
            raise ColumnError(
                f"{path}: no log Bayes factors (lbf_1)", hint="qtl/finemap_pip/NAME of postgwas eqtl finemap"
            )
        found = rows_of(study, key, None, {"phenotype_id": list(genes)}, None)
        yield pl.DataFrame([to_polars(column, name) for name, column in found.items()])
        return
    if path.endswith((".parquet", ".pq")):
        from postgwas.sumstats.parquet_table import read_table

        yield read_table(path)
        return
    from postgwas.coloc.qtl_source import text_pieces

    wanted = pl.DataFrame({"GENE": list(genes)})
    for frame, header in text_pieces(path, partial(_header, path=path)):
        gene = next((name for name in NAMES["GENE"] if name in header[0]), None)
        yield frame if gene is None else frame.join(wanted, left_on=gene, right_on="GENE", how="semi")


def _header(data: bytes, path: str) -> tuple[list[str], str, None, int]:
    from postgwas.coloc.qtl_source import header_line

    line, _, _ = data.partition(b"\n")
    text = header_line(line, path)
    separator = "\t" if "\t" in text else "," if "," in text else " "
    return text.split(separator), separator, None, len(line) + 1


def _named(frame: pl.DataFrame, told: str) -> pl.DataFrame:
    """Under our names; places and alleles from ids where columns do not tell."""
    import polars as pl

    effects = _effects(frame.columns)
    low = {name.lower(): name for name in reversed(frame.columns)}
    found = {
        ours: next((low[name] for name in NAMES[ours] if name in low), None)
        for ours in ("GENE", "SNPID", "CHR", "POS", "EA", "NEA")
    }
    if not effects or found["GENE"] is None or found["SNPID"] is None:
        raise ColumnError(
            f"{told}: expected genes, variants and lbf_1 or lbf_variable1 ...; it has "
            f"{', '.join(frame.columns)}"
        )
    made = frame.select(
        *(pl.col(theirs).alias(ours) for ours, theirs in found.items() if theirs is not None), *effects
    )
    lacking = [ours for ours, theirs in found.items() if theirs is None]
    if not lacking:
        return made
    known = parse_ids(made["SNPID"].unique()).select("SNPID", *lacking)
    return made.join(known, on="SNPID", how="left", maintain_order="left").select(*found, *effects)
