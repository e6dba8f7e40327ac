"""LD score panels: a folder, a prefix or a registered name, as one object."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from postgwas.errors import PanelError
from postgwas.ld.ldscore_files import read_counts, read_scores
from postgwas.ld.panel_cache import KeptPanel, cache_path, read_cache, write_cache
from postgwas.ld.panel_files import PanelFiles, find_files
from postgwas.ld.variant_ids import VariantIds

if TYPE_CHECKING:
    import polars as pl

Counts = Literal["M_5_50", "M", "none"]


@dataclass(frozen=True, eq=False)
class LDScorePanel:
    """LD scores of variants in genome order.

    Attributes
    ----------
    ids : VariantIds
        Variant ids, each once.
    chr : ndarray of int8, shape (V,)
    pos : ndarray of int32, shape (V,)
        1-based position.
    l2 : ndarray of float64, shape (V, A)
        LD scores, one column an annotation.
    m : ndarray of float64, shape (A,)
        Variants behind the LD scores, over all chromosomes (0 with counts="none").
    annotations : tuple of str
        Names of the columns of `l2`.
    name : str
        What the panel was asked for by.
    source : str
        Folder or prefix that it was read from.
    dropped : tuple of str
        Annotations left out because their LD score does not vary.
    """

    ids: VariantIds
    chr: npt.NDArray[np.int8]
    pos: npt.NDArray[np.int32]
    l2: npt.NDArray[np.float64]
    m: npt.NDArray[np.float64]
    annotations: tuple[str, ...]
    name: str
    source: str
    dropped: tuple[str, ...] = ()

    @property
    def n_variants(self) -> int:
        return len(self.ids)

    @cached_property
    def snpid(self) -> pl.Series:
        """The ids as text: polars Series of String, length V."""
        return self.ids.series

    def match(self, ids: pl.Series) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
        """Rows of the panel and of `ids` that name the same variant, in the panel's order.

        Parameters
        ----------
        ids : polars.Series of String, length T
            Nulls match nothing; an id that occurs twice matches twice.

        Returns
        -------
        panel_rows, rows : ndarray of uint32, shape (K,)
            ``snpid[panel_rows] == ids[rows]``; equal panel rows keep the order of `ids`.
        """
        from postgwas.ld.matching import match_ids

        return match_ids(self.snpid, ids)

    def index(self) -> pl.DataFrame:
        """SNPID and PANEL_ROW (UInt32, 0-based), to join a table of variants with.

        Sorting matches by PANEL_ROW brings them in genome order, and ``l2[rows]``
        are their LD scores: only ids travel through the join.
        """
        import polars as pl

        return pl.DataFrame([self.snpid.alias("SNPID"), _rows("PANEL_ROW", self.n_variants)])


def _rows(name: str, length: int) -> pl.Series:
    import polars as pl

    return pl.Series(name, np.arange(length, dtype=np.uint32))


def load_panel(
    name: str | Path, *, cache: bool = True, counts: Counts = "M_5_50", require_variance: bool = True
) -> LDScorePanel:
    """Read an LD score panel with ldsc's rules.

    Parameters
    ----------
    name : str or path
        A folder with ``1.l2.ldscore.gz`` ... ``22.l2.ldscore.gz`` (as ``eur_w_ld_chr``),
        a prefix with or without ``@`` for the chromosome, one ``.l2.ldscore`` file,
        or the name of a registered panel (``postgwas reference list``). What exists
        on disk wins over a name.
    cache : bool
        Use and keep a parsed copy in the cache folder.
    counts : {"M_5_50", "M", "none"}
        Count variants with MAF above 5 % (ldsc's default), all (ldsc's
        ``--not-M-5-50``), or do not read counts (regression weights have none).
    require_variance : bool
        Drop annotations without variance, as ldsc does for regressors.

    Returns
    -------
    LDScorePanel
        Sorted by CHR and POS; of variants that occur twice the first is kept.

    Raises
    ------
    PanelError
        If there is no such panel, a file is missing or malformed, or no LD score varies.
    """
    text, files = locate_panel(name)
    count_files = () if counts == "none" else files.counts(f".l2.{counts}")
    _check_present(count_files)
    read = _read(files, count_files, use_cache=cache)
    annotations, sums = list(read.attrs["annotations"]), np.array(read.attrs["m"], dtype=np.float64)
    dropped: list[str] = []
    scores = read.l2
    if require_variance:
        varies = scores.max(axis=0) > scores.min(axis=0)
        if not varies.any():
            raise PanelError(f"{text}: no LD score varies between variants ({', '.join(annotations)})")
        dropped = [annotation for annotation, kept in zip(annotations, varies) if not kept]
        annotations = [annotation for annotation, kept in zip(annotations, varies) if kept]
        scores, sums = (scores, sums) if varies.all() else (scores[:, varies], sums[varies])
    return LDScorePanel(
        ids=read.ids,
        chr=read.chr,
        pos=read.pos,
        l2=np.ascontiguousarray(scores),
        m=sums,
        annotations=tuple(annotations),
        name=str(name),
        source=text,
        dropped=tuple(dropped),
    )


def locate_panel(name: str | Path) -> tuple[str, PanelFiles]:
    """Folder or prefix of a panel and its files, for :func:`load_panel` and early checks.

    Raises
    ------
    PanelError
        If there is no such panel on this machine; names the command that brings a registered one.
    """
    text = str(name)
    files = find_files(text)
    if files is None:
        if Path(text).expanduser().is_dir():
            raise PanelError(f"{text}: no LD score files (N.l2.ldscore.gz) in this folder")
        text = str(_registered(text))
        files = find_files(text)
        if files is None:
            raise PanelError(
                f"{text}: no LD score files (N.l2.ldscore.gz) in it, though '{name}' is registered there"
            )
    return text, files


def read_without_cache(place: str | Path) -> LDScorePanel:
    """A panel exactly as its files have it: for checksums."""
    return load_panel(place, cache=False, require_variance=False)


def _check_present(count_files: tuple[Path, ...]) -> None:
    missing = [path for path in count_files if not path.is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise PanelError(
            f"{missing[0]}{more}: no such file; it should hold the number of variants behind the LD scores",
            hint="give the whole panel: each N.l2.ldscore.gz needs its N.l2.M_5_50 (or N.l2.M)",
        )


def _read(files: PanelFiles, count_files: tuple[Path, ...], *, use_cache: bool) -> KeptPanel:
    path = cache_path([*files.scores, *count_files]) if use_cache else None
    if path is not None and (found := read_cache(path, lambda: _concatenated(files)[0]["SNPID"])) is not None:
        return found
    frame, digests = _concatenated(files)
    annotations = [name for name in frame.columns if name not in ("SNPID", "CHR", "POS")]
    sums = read_counts(count_files, len(annotations))
    parsed = KeptPanel(
        attrs={"annotations": annotations, "m": sums.tolist(), "files": digests},
        ids=VariantIds.of(frame["SNPID"]),
        chr=frame["CHR"].to_numpy(),
        pos=frame["POS"].to_numpy(),
        l2=np.ascontiguousarray(frame.select(annotations).to_numpy(), dtype=np.float64),
    )
    if path is not None:
        write_cache(path, parsed)
    return parsed


def _concatenated(files: PanelFiles) -> tuple[pl.DataFrame, dict[str, Any]]:
    """All files one below the other, in genome order, the first of duplicates kept."""
    import polars as pl

    frames: list[pl.DataFrame] = []
    digests: dict[str, str] = {}
    for path in files.scores:
        frame, digest = read_scores(path)
        if frames and frame.columns != frames[0].columns:
            raise PanelError(
                f"{path}: its columns ({', '.join(frame.columns[3:])}) are not those of "
                f"{files.scores[0]} ({', '.join(frames[0].columns[3:])})"
            )
        frames.append(frame)
        digests[str(path)] = digest
    whole = pl.concat(frames, rechunk=True)
    order = np.lexsort((whole["POS"].to_numpy(), whole["CHR"].to_numpy()))
    if not np.array_equal(order, np.arange(order.size)):
        whole = whole[order]
    if whole["SNPID"].n_unique() < whole.height:
        whole = whole.unique("SNPID", keep="first", maintain_order=True)
    return whole, digests


def _registered(name: str) -> Path:
    """Folder of a registered panel that is on this machine."""
    from postgwas.reference.registry import panel_folder

    return Path(panel_folder(name))
