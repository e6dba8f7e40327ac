"""A task of the engine: align some partitions, run the method on them, write their part of every output."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from postgwas.meta.aligned import Floats, MetaBlock
from postgwas.meta.common_strand import StrandRules
from postgwas.meta.merge_blocks import Merged, merge_partition
from postgwas.meta.methods import Columns, Context, columns_of, method_named
from postgwas.meta.settle_strands import StudyStrands, added
from postgwas.meta.spool import group_of, spool_file
from postgwas.meta.study_pairs import PairCounts, pair_counts

if TYPE_CHECKING:
    import polars as pl

BLOCK_ROWS = 1 << 16
"""Variants that are worked on at once; results do not depend on it."""


@dataclass(frozen=True)
class BlockTask:
    """One group of neighbouring partitions.

    Attributes
    ----------
    folder : Path
        Of the spool.
    partitions : tuple of int
        All that have rows of one :func:`~postgwas.meta.spool.group_of`.
    method : str
    context : str
        Pickled :class:`~postgwas.meta.methods.Context`.
    display : tuple of int
        The studies in the order given, by their place in the order of names.
    formats : tuple of str
        Text formats to write: "tbl", "tsv", "ssf".
    frames : bool
        Keep the table for Parquet, the store and figures.
    by_id, separate : bool
        As :func:`~postgwas.meta.merge_blocks.merge_partition`.
    min_studies : int
        Variants of fewer studies are left out.
    hits_from : float, optional
        -log10 P from which variants are kept for the loci.
    strands : StrandRules, optional
        Infer the strands of A/T and C/G SNPs by these.
    """

    folder: Path
    partitions: tuple[int, ...]
    method: str
    context: str
    display: tuple[int, ...]
    formats: tuple[str, ...]
    frames: bool
    by_id: bool
    separate: bool = False
    min_studies: int = 1
    hits_from: float | None = None
    strands: StrandRules | None = None

    @property
    def group(self) -> int:
        """Number of the group."""
        return group_of(self.partitions[0])


@dataclass(frozen=True, eq=False)
class BlockResult:
    """What came of a task.

    Attributes
    ----------
    files : dict of str to str
        Format -> file with these partitions' rows; "frame" is an Arrow file.
    header : dict of str to bytes
        Format -> its header line.
    n_variants : int
    n_by_studies : ndarray of int64, shape (K + 1,)
        Variants by number of studies.
    n_joined : ndarray of int64, shape (K,)
        Rows of each study in the result.
    n_flipped : ndarray of int64, shape (K,)
    n_too_few : int
        Variants of fewer studies than asked for.
    n_unplaced : int
        Variants in the result without a position.
    rejected : tuple of (study, line, id, reason)
    top : tuple of (mlog10p, id)
    hits : Hits, optional
        Of :func:`postgwas.meta.run_loci.hits_of`.
    strands : tuple of StudyStrands
        Of each study, where strands of A/T and C/G were inferred.
    pairs : tuple of PairCounts
        What pairs of studies have in common.
    """

    files: dict[str, str]
    header: dict[str, bytes]
    n_variants: int
    n_by_studies: npt.NDArray[np.int64]
    n_joined: npt.NDArray[np.int64]
    n_flipped: npt.NDArray[np.int64]
    n_too_few: int
    n_unplaced: int
    rejected: tuple[tuple[int, int, str, str], ...] = ()
    top: tuple[float, str] = field(default=(0.0, ""))
    hits: Any = None
    strands: tuple[StudyStrands, ...] = ()
    pairs: tuple[PairCounts, ...] = ()


def corrected(block: MetaBlock, lambdas: Floats) -> MetaBlock:
    """The block with genomic control: SE times the root of each study's lambda, Z divided by it."""
    root = np.sqrt(lambdas).reshape(-1, 1)
    if (root == 1).all():
        return block
    return replace(block, se=block.se * root, z=block.z / root)


def merged_partitions(task: BlockTask, n_studies: int, *, keep: bool = False) -> Iterator[Merged]:
    """Each partition's aligned studies.

    With `keep` they stay on disk in the place of the studies' rows, so that another pass need not align them.
    """
    path = task.folder / f"merged.{task.group}"
    if path.exists():
        with open(path, "rb") as stream:
            for _ in task.partitions:
                yield pickle.load(stream)
        return
    half = path.with_name(f"half.{task.group}")
    with open(half, "wb") if keep else nullcontext() as kept:
        for partition in task.partitions:
            merged = merge_partition(
                task.folder,
                n_studies,
                partition,
                by_id=task.by_id,
                separate=task.separate,
                strands=task.strands,
            )
            if kept is not None:
                pickle.dump(merged, kept, protocol=5)
            yield merged
    if keep:
        half.replace(path)
        for study in range(n_studies):
            spool_file(task.folder, study, task.group).unlink(missing_ok=True)


def blocks_of(merged: Merged, lambdas: Floats) -> Iterator[MetaBlock]:
    """Aligned studies with genomic control, :data:`BLOCK_ROWS` variants at a time."""
    block = corrected(merged.block, lambdas)
    for at in range(0, max(len(block), 1), BLOCK_ROWS):
        yield rows_of(block, slice(at, at + BLOCK_ROWS))


def rows_of(block: MetaBlock, rows: slice | npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> MetaBlock:
    """Some of a block's variants."""
    return MetaBlock(
        block.chr[rows], block.pos[rows], block.snpid[rows], block.ea[rows], block.nea[rows],
        *(values[:, rows] for values in (block.beta, block.se, block.z, block.n, block.eaf)),
    )  # fmt: skip


def run_block(task: BlockTask) -> BlockResult:
    """Align, combine, write (a task of the engine)."""
    from postgwas.meta.block_tables import FORMATTERS, frame_of

    context: Context = pickle.loads(Path(task.context).read_bytes())
    method = method_named(task.method)
    k = len(context.names)
    by_studies, joined, flipped = np.zeros(k + 1, np.int64), np.zeros(k, np.int64), np.zeros(k, np.int64)
    rejected: list[tuple[int, int, str, str]] = []
    strands: list[tuple[StudyStrands, ...]] = []
    files: dict[str, str] = {}
    header: dict[str, bytes] = {}
    n_variants = n_too_few = n_unplaced = 0
    top = (0.0, "")
    frames: list[pl.DataFrame] = []
    hits: list[Any] = []
    pairs = PairCounts.none(k)
    with ExitStack() as stack:
        streams = {name: stack.enter_context(open(_file(task, name), "wb")) for name in task.formats}
        for merged in merged_partitions(task, k):
            flipped += merged.n_flipped
            rejected += merged.rejected
            strands += [merged.strands] if merged.strands else []
            for block in blocks_of(merged, context.lambdas):
                count = block.present.sum(axis=0)
                enough = count >= task.min_studies
                if not enough.all():
                    n_too_few += int((~enough).sum())
                    block, count = rows_of(block, enough), count[enough]
                pairs = pairs + pair_counts(block)
                columns = columns_of(method, block, context)
                by_studies += np.bincount(count, minlength=k + 1)
                joined += block.present.sum(axis=1)
                n_variants += len(block)
                n_unplaced += int((block.pos == 0).sum())
                top = max(top, _top(block, columns))
                if task.hits_from is not None:
                    from postgwas.meta.run_loci import hits_of

                    hits.append(hits_of(block, columns, context, task.hits_from))
                for name, stream in streams.items():
                    header[name], text = FORMATTERS[name](block, columns, context, task.display)
                    stream.write(text)
                if task.frames:
                    frames.append(frame_of(block, columns, task.display))
        files |= {name: stream.name for name, stream in streams.items()}
    if frames:
        import polars as pl

        files["frame"] = _file(task, "arrow")
        pl.concat(frames).write_ipc(files["frame"])
    return BlockResult(
        files, header, n_variants, by_studies, joined, flipped, n_too_few, n_unplaced, tuple(rejected), top,
        hits=_joined(hits),
        strands=tuple(added(of) for of in zip(*strands)),
        pairs=(pairs,),
    )  # fmt: skip


def _joined(hits: list[Any]) -> Any:
    if not hits:
        return None
    from postgwas.meta.run_loci import joined

    return joined(hits)


def _file(task: BlockTask, name: str) -> str:
    return str(task.folder / f"out.{task.group}.{name}")


def _top(block: MetaBlock, columns: Columns) -> tuple[float, str]:
    size = columns.get("MLOG10P")
    if size is None or not size.size or not np.isfinite(size).any():
        return 0.0, ""
    at = int(np.nanargmax(size))
    return float(size[at]), block.snpid.text(at) or f"{block.chr[at]}:{block.pos[at]}"
