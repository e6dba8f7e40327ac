"""MR-MEGA's own table: its columns and names."""

from __future__ import annotations

import numpy as np

from postgwas.columns.text_table import Characters, Printed, Shortest, Whole, lines_of
from postgwas.columns.texts import Texts, texts_of_list
from postgwas.meta.aligned import MetaBlock
from postgwas.meta.block_tables import _mean_frequency, _total_n, direction_bytes, tiny_p
from postgwas.meta.methods import Columns, Context
from postgwas.meta.tbl_format import _chromosomes, named
from postgwas.sumstats.derive import p_from_mlog10p


def mrmega_text(
    block: MetaBlock, columns: Columns, context: Context, display: tuple[int, ...]
) -> tuple[bytes, bytes]:
    """Header and lines of a block."""
    from postgwas.columns.texts import Keeper

    made: dict[str, Printed] = {
        "MarkerName": named(block),
        "Chromosome": _chromosomes(block),
        "Position": Whole(block.pos.astype(np.int64)),
        "EA": block.ea,
        "NEA": block.nea,
        "EAF": Shortest(_mean_frequency(block)),
        "Nsample": Shortest(_total_n(block)),
        "Ncohort": Whole(block.present.sum(axis=0).astype(np.int64)),
        "Effects": Characters(direction_bytes(block, display)),
    }
    for name in columns:
        if name.startswith(("beta_", "se_")):
            made[name] = Shortest(columns[name])
    for name in ("association", "ancestry_het", "environment_het", "residual_het"):
        if f"chisq_{name}" not in columns:
            continue
        size = columns["MLOG10P" if name == "association" else f"MLOG10P_{name}"]
        made[f"chisq_{name}"] = Shortest(columns[f"chisq_{name}"])
        made[f"ndf_{name}"] = Shortest(columns[f"ndf_{name}"])
        made[f"P-value_{name}"] = _p_values(size, Keeper(2))
    made["lnBF"] = Shortest(columns["lnBF"])
    comments = columns["Comments"]
    made["Comments"] = Characters(comments.view(np.uint8).reshape(comments.size, -1))
    return ("\t".join(made) + "\n").encode(), b"".join(lines_of(list(made.values())))


def _p_values(size: np.ndarray, keeper: object) -> Printed:
    """P of any size; numbers unless one is below what a double can hold."""
    p = p_from_mlog10p(size)
    if not (size > 290).any():
        return Shortest(p)
    texts = [
        "NA" if log != log else tiny_p(log) if log > 290 else repr(value)
        for value, log in zip(p.tolist(), size.tolist())
    ]
    from postgwas.columns.texts import Keeper

    found: Texts = texts_of_list([text.encode() for text in texts], Keeper(2))
    return found
