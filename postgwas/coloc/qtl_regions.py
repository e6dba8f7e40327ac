"""QTL summary statistics sorted into regions, on disk: each region is then read alone, by its worker."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.qtl_source import QtlSource
from postgwas.errors import ColumnError
from postgwas.finemap.region_list import MapRegion
from postgwas.store.position import Region

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

NO_PLACE, NO_EFFECT, TWICE = "no_position", "no_effect", "occurs_twice"
"""Why a row of QTL summary statistics is not used."""

_VARIANT = ("POS", "EA", "NEA", "SNPID")


@dataclass(frozen=True, eq=False)
class QtlBlock:
    """QTLs of the genes of a region.

    Attributes
    ----------
    variants : polars.DataFrame
        SNPID, CHR, POS, EA, NEA (EA comes first in the alphabet), EAF, MAF of the V variants that some gene
        was tested with, by position.
    beta, se : ndarray, shape (G, V)
        Effects of EA and standard errors; NaN where a gene was not tested.
    """

    variants: pl.DataFrame
    beta: Floats
    se: Floats


@dataclass(frozen=True)
class SpooledRegion:
    """Where a region's QTLs are kept, and of which genes.

    Attributes
    ----------
    folder, name : str
        Files ``name.arrow`` and ``name.npy`` in the folder.
    genes : tuple of str
        By TSS.
    tss : tuple of int
    n : tuple of float
        Sample size of each gene, the median over its variants; NaN where nothing tells.
    digest : str
        Of what is in the files.
    """

    folder: str
    name: str
    genes: tuple[str, ...]
    tss: tuple[int, ...]
    n: tuple[float, ...]
    digest: str

    def read(self) -> QtlBlock:
        """What is kept."""
        import polars as pl

        numbers = np.load(Path(self.folder) / f"{self.name}.npy")
        variants = pl.read_ipc(Path(self.folder) / f"{self.name}.arrow")
        return QtlBlock(variants, numbers[0], numbers[1])


@dataclass(frozen=True, eq=False)
class Spool:
    """All regions.

    Attributes
    ----------
    regions : dict of tuple to SpooledRegion
        By chromosome, start and end; regions without a gene that was tested there are not in it.
    rejected : dict of str to int
        Rows of the genes that are not used, by reason.
    tested : frozenset of str
        Genes with a row in a region.
    """

    regions: dict[tuple[int, int, int], SpooledRegion]
    rejected: dict[str, int]
    tested: frozenset[str]


def genes_in_regions(genes: pl.DataFrame, regions: Sequence[MapRegion]) -> pl.DataFrame:
    """REGION (number), GENE, CHR, TSS, START, END of each gene whose TSS is in a region, ends included."""
    import polars as pl

    listed = pl.DataFrame(
        {
            "REGION": range(len(regions)), "CHR": [one.chromosome for one in regions],
            "START": [one.start for one in regions], "END": [one.stop for one in regions],
        },
        schema_overrides={"CHR": pl.Int8, "REGION": pl.UInt32},
    )  # fmt: skip
    both = listed.join(genes.with_columns(pl.col("CHR").cast(pl.Int8)), on="CHR", maintain_order="left_right")
    return both.filter(pl.col("TSS").is_between(pl.col("START"), pl.col("END")))


def spool_regions(
    source: QtlSource, genes: pl.DataFrame, regions: Sequence[MapRegion], folder: Path
) -> Spool:
    """Read the summary statistics once and keep what the regions need.

    Parameters
    ----------
    source : QtlSource
    genes : polars.DataFrame
        GENE, CHR, TSS.
    regions : sequence of MapRegion
        Those of the same place are kept once.
    folder : Path
        Files are written there.

    Raises
    ------
    ColumnError
        If effects and standard errors are swapped.
    """
    import polars as pl

    places = {(one.chromosome, one.start, one.stop): one for one in regions}
    members = genes_in_regions(genes, list(places.values()))
    keys = list(places)
    numbers = members.select("GENE").unique().sort("GENE").with_row_index("gene")
    bounds = members.group_by("GENE", "CHR").agg(pl.col("START").min(), pl.col("END").max())
    bounds = bounds.join(numbers, on="GENE")
    rejected, below = dict.fromkeys((NO_PLACE, NO_EFFECT, TWICE), 0), {"BETA": 0, "SE": 0}
    wanted = [Region(*keys[row]) for row in sorted(members["REGION"].unique().to_list())]
    pieces: dict[int, list[Path]] = {}
    for number, piece in enumerate(source.pieces(wanted) if wanted else ()):
        for code, part in _needed(piece, bounds, rejected, below):
            file = folder / f"piece{number}.{code}.arrow"
            part.write_ipc(file)
            pieces.setdefault(code, []).append(file)
    _refuse_swapped(below, source.path)
    made: dict[tuple[int, int, int], SpooledRegion] = {}
    tested: set[str] = set()
    for code, files in sorted(pieces.items()):
        rows = pl.concat([pl.read_ipc(file) for file in files])
        for file in files:
            file.unlink()
        rows = _best_first(rows)
        again = ~rows.select(pl.struct("gene", *_VARIANT[:3]).is_first_distinct()).to_series()
        rejected[TWICE] += int(again.sum())
        rows = rows.filter(~again)
        for key, group in members.group_by("REGION", maintain_order=True):
            place = keys[int(key[0])]
            if place[0] != code:
                continue
            one = _region(rows, place, group.join(numbers, on="GENE").sort("TSS", "GENE"), folder)
            if one is not None:
                made[place] = one
                tested.update(one.genes)
    return Spool(made, {why: count for why, count in rejected.items() if count}, frozenset(tested))


def _best_first(rows: pl.DataFrame) -> pl.DataFrame:
    """By gene and variant; of rows that repeat one the largest N comes first, then the smallest error.

    Whatever their order in the files: further columns settle what is equal.
    """
    order = {"N": True, "SE": False, "BETA": False, "EAF": False, "MAF": False, "SNPID": False}
    by = ["gene", *_VARIANT[:3], *order]
    return rows.sort(by, descending=[False] * 4 + list(order.values()), nulls_last=True, maintain_order=True)


def _refuse_swapped(below: dict[str, int], path: str) -> None:
    """Refuse effects that are all positive beside standard errors that are not."""
    if below["SE"] and not below["BETA"]:
        raise ColumnError(
            f"{path}: effects and standard errors look swapped: {below['SE']:,} standard errors are "
            "negative, and no effect is",
            hint="rename the two columns",
        )


def _needed(
    piece: pl.DataFrame, bounds: pl.DataFrame, rejected: dict[str, int], below: dict[str, int]
) -> list[tuple[int, pl.DataFrame]]:
    """Rows of the genes within their regions, by chromosome; counts negative effects and errors."""
    import polars as pl

    rows = piece.join(
        bounds.select("GENE", "gene", "START", "END", pl.col("CHR").alias("CHR_GENE")), on="GENE",
        maintain_order="left",
    )  # fmt: skip
    placed = pl.col("CHR").is_not_null() & pl.col("POS").is_not_null()
    rejected[NO_PLACE] += rows.select((~placed).sum()).item()
    inside = pl.col("POS").is_between(pl.col("START"), pl.col("END")) & (pl.col("CHR") == pl.col("CHR_GENE"))
    rows = rows.filter(placed & inside)
    for name in below:
        below[name] += rows.select((pl.col(name) < 0).sum()).item()
    usable = (pl.col("BETA").is_finite() & pl.col("SE").is_finite() & (pl.col("SE") > 0)).fill_null(False)
    rejected[NO_EFFECT] += rows.select((~usable).sum()).item()
    rows = rows.filter(usable).with_columns(
        pl.col("EA", "NEA").fill_null(""), pl.col("SNPID").fill_null(pl.format("{}:{}", "CHR", "POS"))
    )
    # One order of alleles, for genes may count different ones of a variant.
    turned = pl.col("EA") > pl.col("NEA")
    rows = rows.with_columns(
        pl.when(turned).then("NEA").otherwise("EA").alias("EA"),
        pl.when(turned).then("EA").otherwise("NEA").alias("NEA"),
        pl.when(turned).then(-pl.col("BETA")).otherwise("BETA").alias("BETA"),
        pl.when(turned).then(1.0 - pl.col("EAF")).otherwise("EAF").alias("EAF"),
    )
    columns = ["gene", "CHR", *_VARIANT, "EAF", "MAF", "BETA", "SE", "N"]
    return [(int(key[0]), part) for key, part in rows.select(columns).group_by("CHR", maintain_order=True)]


def _region(
    rows: pl.DataFrame, place: tuple[int, int, int], genes: pl.DataFrame, folder: Path
) -> SpooledRegion | None:
    """Write one region: its variants, and effects by gene and variant."""
    import polars as pl

    here = rows.filter(
        pl.col("POS").is_between(place[1], place[2]) & pl.col("gene").is_in(genes["gene"].implode())
    )
    if not here.height:
        return None
    genes = genes.filter(pl.col("gene").is_in(here["gene"].implode()))
    variants = here.unique(_VARIANT[:3], keep="first", maintain_order=True).sort(_VARIANT).with_row_index("v")
    numbers = pl.DataFrame({"gene": genes["gene"], "g": np.arange(genes.height)})
    here = here.join(variants.select(*_VARIANT[:3], "v"), on=_VARIANT[:3]).join(numbers, on="gene")
    values = np.full((2, genes.height, variants.height), np.nan)
    at = here["g"].to_numpy(), here["v"].to_numpy()
    values[0][at], values[1][at] = here["BETA"].to_numpy(), here["SE"].to_numpy()
    sizes = here.group_by("g").agg(pl.col("N").median()).sort("g")["N"].fill_null(np.nan).to_list()
    table = variants.select(
        "SNPID", "CHR", "POS", *(pl.col(name).replace("", None) for name in ("EA", "NEA")), "EAF", "MAF"
    )
    name = f"{place[0]}_{place[1]}_{place[2]}"
    text: Any = io.BytesIO()
    table.write_ipc(text)
    content = text.getvalue()
    (folder / f"{name}.arrow").write_bytes(content)
    np.save(folder / f"{name}.npy", values)
    digest = hashlib.sha256(content)
    digest.update(values.tobytes())
    return SpooledRegion(
        str(folder), name, tuple(genes["GENE"].to_list()), tuple(genes["TSS"].to_list()),
        tuple(float(size) for size in sizes), digest.hexdigest(),
    )  # fmt: skip
