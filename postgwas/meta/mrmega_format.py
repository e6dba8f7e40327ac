"""MR-MEGA's own table: its columns and names."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from postgwas.columns.text_table import Characters, Fixed, Printed, Shortest, Significant, Whole, lines_of
from postgwas.meta.aligned import MetaBlock
from postgwas.meta.block_tables import _mean_frequency, _total_n, direction_bytes, tiny_p
from postgwas.meta.methods import Columns, Context
from postgwas.meta.tbl_format import _chromosomes, named
from postgwas.sumstats.derive import p_from_mlog10p

Floats = npt.NDArray[np.float64]
_DEGREES = np.array([*map(str, range(1000)), "NA"], "S3")


def mrmega_text(
    block: MetaBlock, columns: Columns, context: Context, display: tuple[int, ...]
) -> tuple[bytes, bytes]:
    """Header and lines of a block."""
    made: dict[str, Printed] = {
        "MarkerName": named(block),
        "Chromosome": _chromosomes(block),
        "Position": Whole(block.pos.astype(np.int64)),
        "EA": block.ea,
        "NEA": block.nea,
        "EAF": Significant(_mean_frequency(block)),
        "Nsample": Fixed(_total_n(block), 0),
        "Ncohort": Whole(block.present.sum(axis=0).astype(np.int64)),
        "Effects": Characters(direction_bytes(block, display)),
    }
    for name in columns:
        if name.startswith(("beta_", "se_")):
            made[name] = Significant(columns[name])
    for name in ("association", "ancestry_het", "environment_het", "residual_het"):
        if f"chisq_{name}" not in columns:
            continue
        size = columns["MLOG10P" if name == "association" else f"MLOG10P_{name}"]
        made[f"chisq_{name}"] = Significant(columns[f"chisq_{name}"])
        made[f"ndf_{name}"] = _degrees(columns[f"ndf_{name}"])
        made[f"P-value_{name}"] = _p_values(size)
    made["lnBF"] = Significant(columns["lnBF"])
    comments = columns["Comments"]
    made["Comments"] = Characters(comments.view(np.uint8).reshape(comments.size, -1))
    return ("\t".join(made) + "\n").encode(), b"".join(lines_of(list(made.values())))


def _degrees(values: Floats) -> Characters:
    """Whole numbers below 1,000; NA where there is none."""
    at = np.where(np.isnan(values), 1000, np.nan_to_num(values)).astype(np.int64)
    return Characters(_DEGREES[at].view(np.uint8).reshape(at.size, -1))


def _p_values(size: Floats) -> Printed:
    """P of any size; numbers unless one is below what a double can hold."""
    p = p_from_mlog10p(size)
    if not (size > 290).any():
        return Significant(p)
    # repr has an exponent below 1e-4.
    rows = np.flatnonzero(~(p >= 1e-4) & ~np.isnan(size)).tolist()
    texts = {row: tiny_p(float(size[row])) if size[row] > 290 else repr(float(p[row])) for row in rows}
    return Shortest(p, texts)
