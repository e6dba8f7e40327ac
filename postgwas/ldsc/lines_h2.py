"""The lines that ldsc.py prints about a heritability, to the letter: users' programs read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from postgwas.ldsc.fits import H2Fit

#: ldsc prints numbers with four decimals, arrays with aligned columns.
_DECIMALS = 4
_ONE_LINE = 1_000_000
#: Where ldsc wraps its lines of many annotations.
LDSC_WIDTH = 1000


def number(value: Any, *, width: int = _ONE_LINE) -> str:
    """Numbers as ldsc prints them: numpy's text of a matrix without its brackets.

    Examples
    --------
    >>> number(0.348712), number(1.0), number(1), number([0.008, 0.00049])
    ('0.3487', '1.', '1', '0.008  0.0005')
    """
    text = np.array2string(
        np.atleast_2d(value), precision=_DECIMALS, max_line_width=width, threshold=_ONE_LINE
    )
    return text.replace("[", "").replace("]", "").strip()


def estimate(value: float, se: float) -> str:
    """An estimate and its standard error.

    Examples
    --------
    >>> estimate(0.348712, 0.02123)
    '0.3487 (0.0212)'
    """
    return f"{number(value)} ({number(se)})"


def h2_lines(
    fit: H2Fit,
    annotations: Sequence[str],
    factor: float | None = None,
    *,
    overlap: bool = False,
    no_intercept: bool = False,
    width: int = _ONE_LINE,
) -> list[str]:
    """From 'Total Observed scale h2' to the ratio.

    Parameters
    ----------
    fit : H2Fit
    annotations : sequence of str
        Names of the LD score columns.
    factor : float, optional
        From the observed to the liability scale; None for the observed scale.
    overlap : bool
        Leave shares and enrichments to the ``.results`` file.
    no_intercept : bool
        The intercept was constrained by ``--no_intercept``: ldsc prints 1 then, not 1.0.
    width : int
        Wrap lines as ldsc does (:data:`LDSC_WIDTH`); by default a line is a line.
    """
    c, scale = (1.0, "Observed") if factor is None else (factor, "Liability")

    def row(values: Any) -> str:
        return number(values, width=width)

    lines = [f"Total {scale} scale h2: {estimate(c * fit.tot, c * fit.tot_se)}"]
    if fit.coef.size > 1:
        lines.append("Categories: " + " ".join(annotations))
        if not overlap:
            lines += [
                f"{scale} scale h2: {row(c * fit.cat)}",
                f"{scale} scale h2 SE: {row(c * fit.cat_se)}",
                f"Proportion of SNPs: {row(fit.m_prop)}",
                f"Proportion of h2g: {row(fit.prop)}",
                f"Enrichment: {row(fit.enrichment)}",
                f"Coefficients: {row(fit.coef)}",
                f"Coefficient SE: {row(fit.coef_se)}",
            ]
    lines += [f"Lambda GC: {number(fit.lambda_gc)}", f"Mean Chi^2: {number(fit.mean_chisq)}"]
    if fit.constrained:
        return [*lines, f"Intercept: constrained to {number(1 if no_intercept else fit.intercept)}"]
    lines.append(f"Intercept: {estimate(fit.intercept, fit.intercept_se)}")
    if not fit.mean_chisq > 1:
        return [*lines, "Ratio: NA (mean chi^2 < 1)"]
    if fit.ratio < 0:
        return [*lines, "Ratio < 0 (usually indicates GC correction)."]
    return [*lines, f"Ratio: {estimate(fit.ratio, fit.ratio_se)}"]


def place(name: str, *, by_chromosome: bool) -> str:
    """An LD score prefix as ldsc names it in its log.

    Examples
    --------
    >>> place("eur_w_ld_chr/", by_chromosome=True)
    'eur_w_ld_chr/[1-22]'
    """
    if not by_chromosome:
        return name
    return (name if "@" in name else f"{name}@").replace("@", "[1-22]")
