"""``--diagnostics``: a pass over the aligned studies, and over the P-values of their files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.meta.aligned import MetaBlock
from postgwas.meta.diagnostics import StudyChecks, mean_of_others, remarks, study_checks
from postgwas.meta.methods import Context
from postgwas.meta.studies import StudySpec
from postgwas.plot.study_checks import StudyPoints
from postgwas.runlog import get_logger
from postgwas.sumstats.derive import mlog10p_from_z

if TYPE_CHECKING:
    import polars as pl

    from postgwas.meta.read_study import ReadStudy

Floats = NDArray[np.float64]
log = get_logger("meta.diagnostics")

SAMPLE = 30_000
"""About so many variants are compared and drawn: they are chosen by their positions."""
_MIX = np.uint64(0x9E3779B97F4A7C15)


def diagnose(
    blocks: Iterable[MetaBlock], context: Context, specs: Sequence[StudySpec], read: Sequence[ReadStudy]
) -> tuple[pl.DataFrame, list[StudyPoints], StudyChecks]:
    """Table of checks (a row a study, in the order of names), what is drawn, and the checks.

    Parameters
    ----------
    blocks : iterable of MetaBlock
    context : Context
    specs : sequence of StudySpec
        In the order of names.
    read : sequence of ReadStudy
    """
    import polars as pl

    largest = max(study.n_used for study in read)
    share = np.uint64(min(max(largest // SAMPLE, 1), 2**32))
    se, n, eaf = [], [], []
    for block in blocks:
        rows = ((block.pos.astype(np.uint64) * _MIX) >> np.uint64(20)) % share == 0
        se.append(block.se[:, rows])
        n.append(block.n[:, rows])
        eaf.append(block.eaf[:, rows])
    errors, sizes, frequencies = (np.concatenate(parts, axis=1) for parts in (se, n, eaf))
    checks = study_checks(errors, sizes, frequencies)
    for line in remarks(context.names, checks):
        log.warning("%s", line)
    others = mean_of_others(frequencies, sizes)
    points, table = [], []
    for at, (spec, study) in enumerate(zip(specs, read)):
        given, from_z, off = _p_values(spec)
        if off > 0.01:
            log.warning("%s: P and BETA / SE disagree in %.1f %% of rows", spec.name, 100 * off)
        both = np.isfinite(frequencies[at]) & np.isfinite(others[at])
        points.append(
            StudyPoints(
                spec.name,
                spec.ancestry,
                study.lambda_gc,
                frequencies[at, both],
                others[at, both],
                given,
                from_z,
            )
        )
        table.append(
            {
                "STUDY": spec.name, "ANCESTRY": spec.ancestry,
                "N_VARIANTS": study.n_used, "N_MAX": study.n_max,
                "LAMBDA": study.lambda_gc, "SE_MEDIAN": _median(errors[at]), "TRAIT_SD": study.sd_median,
                "SE_N_RATIO": float(checks.scale[at]), "EAF_CORRELATION": float(checks.eaf_correlation[at]),
                "EAF_FAR": float(checks.eaf_far[at]), "EAF_OPPOSITE": float(checks.eaf_opposite[at]),
                "P_Z_ROWS": given.size, "P_Z_DISAGREE": off,
            }
        )  # fmt: skip
    return pl.DataFrame(table, infer_schema_length=None).fill_nan(None), points, checks


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _p_values(spec: StudySpec) -> tuple[Floats, Floats, float]:
    """-log10 P as given and of BETA / SE of the first rows, and the share that are 10 % and 0.05 apart."""
    from postgwas.sumstats.stream import iter_sumstats

    empty = np.zeros(0)
    with iter_sumstats(
        spec.path, columns=spec.columns or None, header=spec.header, wanted=["BETA", "SE", "P"], require=()
    ) as stream:
        if not {"BETA", "SE", "P"} <= set(stream.job.fields):
            return empty, empty, float("nan")
        for block in stream.blocks():
            frame = stream.frame_of(block)
            break
        else:
            return empty, empty, float("nan")
    beta, se, p = (frame[name].cast(float).fill_null(np.nan).to_numpy() for name in ("BETA", "SE", "P"))
    with np.errstate(divide="ignore", invalid="ignore"):
        known = (p > 0) & (p <= 1) & np.isfinite(beta) & (se > 0)
        given, from_z = -np.log10(p[known]), mlog10p_from_z(beta[known] / se[known])
        off = np.abs(given - from_z) > np.maximum(0.1 * from_z, 0.05)
    return given[:SAMPLE], from_z[:SAMPLE], float(off.mean()) if off.size else float("nan")
