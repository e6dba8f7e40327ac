"""What ``--rg`` prints, with ldsc's words and numbers of digits: users' programs read these lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from postgwas.ldsc.fits import GencovFit, RgFit
from postgwas.ldsc.liability import covariance_factor
from postgwas.ldsc.lines_h2 import LDSC_WIDTH, estimate, h2_lines
from postgwas.ldsc.lines_h2 import number as any_number
from postgwas.ldsc.printed_table import MISSING, Cell, printed_table
from postgwas.ldsc.rg_pairs import PairFit

SUMMARY_TITLE = "Summary of Genetic Correlation Results"


def number(value: Any) -> str:
    """Numbers as ldsc prints them, wrapped where it wraps them."""
    return any_number(value, width=LDSC_WIDTH)


def heading(title: str) -> list[str]:
    """A title and dashes below it.

    Examples
    --------
    >>> heading("Genetic Covariance")
    ['Genetic Covariance', '------------------']
    """
    return [title, "-" * len(title)]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What the lines of one pair depend on besides its fit.

    Attributes
    ----------
    annotations : tuple of str
        Names of the LD score columns.
    factors : pair of float, optional
        Liability factors of the two traits; None on the observed scale.
    fixed : three numbers or None
        Constrained intercepts as given: of the two heritabilities, of the covariance. A whole
        number is printed as such.
    silly : bool
        Print a correlation beyond 1.2 (``--return_silly_things``).
    """

    annotations: tuple[str, ...]
    factors: tuple[float, float] | None
    fixed: tuple[float | None, float | None, float | None]
    silly: bool = False


def pair_lines(fit: RgFit, place: int, n_traits: int, wording: Wording, *, with_first: bool) -> list[str]:
    """The paragraphs of one pair.

    Parameters
    ----------
    fit : RgFit
    place : int
        Number of the second trait among all, from 1.
    n_traits : int
    wording : Wording
    with_first : bool
        Print the first trait's heritability too.
    """
    titles = [f"Heritability of phenotype {place}/{n_traits}"]
    fits = [(1, fit.hsq2)]
    if with_first:
        titles.insert(0, "Heritability of phenotype 1")
        fits.insert(0, (0, fit.hsq1))
    lines = []
    for title, (which, one) in zip(titles, fits):
        found = h2_lines(
            one,
            wording.annotations,
            None if wording.factors is None else wording.factors[which],
            no_intercept=isinstance(wording.fixed[which], int),
            width=LDSC_WIDTH,
        )
        lines += [*heading(title), *found, ""]
    lines += [*heading("Genetic Covariance"), *gencov_lines(fit.gencov, wording), ""]
    lines += [*heading("Genetic Correlation"), *correlation_lines(fit, silly=wording.silly), ""]
    return lines


def gencov_lines(fit: GencovFit, wording: Wording) -> list[str]:
    """Genetic covariance, its parts and its intercept."""
    factors = wording.factors
    scale = "Observed" if factors is None else "Liability"
    c = 1.0 if factors is None else covariance_factor(*factors)
    lines = [f"Total {scale} scale gencov: {estimate(c * fit.tot, c * fit.tot_se)}"]
    if fit.coef.size > 1:
        lines += [
            f"Categories: {' '.join(wording.annotations)}",
            f"{scale} scale gencov: {number(c * fit.cat)}",
            f"{scale} scale gencov SE: {number(c * fit.cat_se)}",
            f"Proportion of SNPs: {number(fit.m_prop)}",
            f"Proportion of gencov: {number(fit.prop)}",
            f"Enrichment: {number(fit.enrichment)}",
        ]
    lines.append(f"Mean z1*z2: {number(fit.mean_z1z2)}")
    if fit.constrained:
        lines.append(f"Intercept: constrained to {number(wording.fixed[2])}")
    else:
        lines.append(f"Intercept: {estimate(fit.intercept, fit.intercept_se)}")
    return lines


def correlation_lines(fit: RgFit, *, silly: bool = False) -> list[str]:
    """Genetic correlation, or why there is none."""
    if fit.status == "h2 out of bounds":
        return [
            *_no_numbers("h2  out of bounds"),
            "WARNING: One of the h2's was out of bounds.",
            "This usually indicates a data-munging error or that h2 or N is low.",
        ]
    if fit.status == "rg out of bounds" and not silly:
        cause = (
            "you have constrained the intercepts to the wrong values"
            if fit.gencov.constrained
            else "h2 is not significantly different from zero"
        )
        return [
            *_no_numbers("rg out of bounds"),
            "WARNING: rg was out of bounds.",
            f"This often means that {cause}.",
        ]
    return [
        f"Genetic Correlation: {estimate(fit.rg, fit.se)}",
        f"Z-score: {number(fit.z)}",
        f"P: {number(fit.p)}",
    ]


def _no_numbers(why: str) -> list[str]:
    # The blank at the end of the first line is ldsc's.
    return [
        f"Genetic Correlation: nan (nan) ({why}) ",
        f"Z-score: nan (nan) ({why})",
        f"P: nan (nan) ({why})",
    ]


def summary_table(
    names: Sequence[tuple[str, str]],
    fits: Sequence[PairFit],
    factors: Sequence[float] | None,
    fixed: Sequence[tuple[float | None, float | None]],
) -> str:
    """The table of all pairs at the end of the log.

    Parameters
    ----------
    names : sequence of pairs of str
        The two files of each pair.
    fits : sequence of PairFit
    factors : sequence of float, optional
        Liability factor of each pair's second trait.
    fixed : sequence of pairs
        The constrained intercepts (second trait's heritability, covariance) as given, or None.
    """
    h2_name = "h2_obs" if factors is None else "h2_liab"
    columns: dict[str, list[Cell]] = {
        name: []
        for name in (
            "p1", "p2", "rg", "se", "z", "p", h2_name, f"{h2_name}_se",
            "h2_int", "h2_int_se", "gcov_int", "gcov_int_se",
        )
    }  # fmt: skip
    for place, ((first, second), pair) in enumerate(zip(names, fits, strict=True)):
        c = 1.0 if factors is None else factors[place]
        cells = [first, second, *_cells(pair, c, *fixed[place])]
        for column, cell in zip(columns.values(), cells, strict=True):
            column.append(cell)
    return printed_table(columns)


def _cells(pair: PairFit, c: float, h2_fixed: float | None, gcov_fixed: float | None) -> list[Cell]:
    fit = pair.fit
    if fit is None:
        return [MISSING] * 10
    known = fit.status != "h2 out of bounds"
    return [
        *([fit.rg, fit.se, fit.z, fit.p] if known else [MISSING] * 4),
        c * fit.hsq2.tot,
        c * fit.hsq2.tot_se,
        *([fit.hsq2.intercept, fit.hsq2.intercept_se] if h2_fixed is None else [h2_fixed, MISSING]),
        *([fit.gencov.intercept, fit.gencov.intercept_se] if gcov_fixed is None else [gcov_fixed, MISSING]),
    ]
