"""maxFDR by optimisation in a run: starts over workers, progress, and a checkpoint to go on from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from postgwas.compute.engine import Engine
from postgwas.mtag.maxfdr_optimise import (
    MaxFDROptimum,
    combine_starts,
    optimise_start,
    optimise_tasks,
)
from postgwas.mtag.options import MtagOptions
from postgwas.runlog import get_logger

log = get_logger(__name__)

Floats = NDArray[np.float64]


def optimise(
    omega: Floats,
    sigma: Floats,
    sizes: Floats,
    counts: Floats | None,
    names: Sequence[str],
    options: MtagOptions,
    checkpoint: Path | None,
    eng: Engine,
) -> MaxFDROptimum:
    """Search the simplex from many starts; a run that was cut short goes on from its checkpoint."""
    tasks = optimise_tasks(
        omega, sigma, sizes, counts=counts, p_sig=options.p_sig, min_causal=1 / options.intervals,
        n_starts=options.fdr_starts, seed=options.seed,
    )  # fmt: skip
    log.info(
        "maxFDR by optimisation: %d starts for each of %d traits, at least %.3g of SNPs causal for each "
        "trait (1 / --intervals)",
        len(tasks) // len(names), len(names), 1 / options.intervals,
    )  # fmt: skip
    if checkpoint is not None and checkpoint.exists():
        log.info("Going on from the starts that an earlier run finished (%s)", checkpoint)
    best = combine_starts(
        tasks, eng.map(optimise_start, tasks, label="maxFDR optimisation", checkpoint=checkpoint)
    )
    for t, name in enumerate(names):
        log.info(
            "Max FDR of %s: %.12g (%d of %d starts agree; worst start %.3g%s)",
            name, best.maximum[t], best.agree[t], best.fdr.shape[1], best.fdr[t].min(),
            "; on the boundary where Omega is just possible" if best.on_boundary[t] else "",
        )  # fmt: skip
        if best.agree[t] == 1 and best.fdr.shape[1] > 1:
            log.warning(
                "Max FDR of %s was reached by one start only: a higher one may exist (--fdr_starts)", name
            )
    return best


def optimum_table(best: MaxFDROptimum, names: Sequence[str]) -> pl.DataFrame:
    """One line a trait and occupied state: maxFDR, the state's probability, and how sure the search is."""
    rows = []
    for t, name in enumerate(names):
        for state in np.flatnonzero(best.at[t] > 0):
            causal = [names[int(q)] for q in np.flatnonzero(best.states[state])]
            rows.append(
                {
                    "trait": name,
                    "max_fdr": float(best.maximum[t]),
                    "starts": int(best.fdr.shape[1]),
                    "starts_agreeing": int(best.agree[t]),
                    "lowest_start": float(best.fdr[t].min()),
                    "on_boundary": bool(best.on_boundary[t]),
                    "causal_traits": ",".join(causal) or "none",
                    "probability": float(best.at[t, state]),
                }
            )
    return pl.DataFrame(rows)
