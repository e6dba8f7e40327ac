"""What genetic correlation runs return: pairs with a first trait, or all pairs as matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from postgwas.ldsc.fits import RgFit
from postgwas.ldsc.jackknife import Array
from postgwas.ldsc.liability import covariance_factor
from postgwas.ldsc.rg_pairs import PairFit

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

#: Matrices of :class:`RgMatrix`, in the order in which they are written.
MATRICES = ("rg", "se", "z", "p", "mlog10p", "gencov", "gencov_se", "gcov_int", "gcov_int_se", "n_snps")


@dataclass(frozen=True, kw_only=True, eq=False)
class RgPair:
    """Genetic correlation of two traits.

    Attributes
    ----------
    p1, p2 : str
        Names of the traits.
    found : PairFit
        The regressions on the observed scale, counts of variants, status and reason.
    factors : pair of float
        Liability factors of the two traits; 1 on the observed scale.
    """

    p1: str
    p2: str
    found: PairFit
    factors: tuple[float, float] = (1.0, 1.0)

    @property
    def fit(self) -> RgFit | None:
        """Regressions of the pair; None where they failed."""
        return self.found.fit

    @property
    def status(self) -> str:
        """``ok``, ``h2 out of bounds``, ``rg out of bounds``, ``no standard error`` or ``failed``."""
        return self.found.status

    @property
    def rg(self) -> float:
        return math.nan if self.fit is None else self.fit.rg

    @property
    def se(self) -> float:
        return math.nan if self.fit is None else self.fit.se

    @property
    def delete_values(self) -> Array:
        """Genetic correlation without each jackknife block, shape (B,); empty where there is none."""
        fit = self.fit
        if fit is None or math.isnan(fit.rg):
            return np.empty(0)
        with np.errstate(invalid="ignore"):
            scale = np.sqrt(fit.hsq1.tot_delete_values * fit.hsq2.tot_delete_values)
        return np.asarray(fit.gencov.tot_delete_values / scale)

    @property
    def pseudovalues(self) -> Array:
        """Jackknife pseudovalues of the genetic correlation, shape (B,)."""
        left_out = self.delete_values
        return np.asarray(left_out.size * self.rg - (left_out.size - 1) * left_out)

    def row(self) -> dict[str, Any]:
        """One row of ``PREFIX.rg.tsv``."""
        fit, nan = self.fit, math.nan
        c1, c2 = self.factors
        both = covariance_factor(c1, c2)
        one, two, cov = (None, None, None) if fit is None else (fit.hsq1, fit.hsq2, fit.gencov)
        return {
            "p1": self.p1,
            "p2": self.p2,
            "rg": self.rg,
            "se": self.se,
            "z": nan if fit is None else fit.z,
            "p": nan if fit is None else fit.p,
            "h2_obs": nan if two is None else two.tot,
            "h2_obs_se": nan if two is None else two.tot_se,
            "h2_int": nan if two is None else two.intercept,
            "h2_int_se": nan if two is None else two.intercept_se,
            "gcov_int": nan if cov is None else cov.intercept,
            "gcov_int_se": nan if cov is None else cov.intercept_se,
            "mlog10p": nan if fit is None else fit.mlog10p,
            "gencov": nan if cov is None else cov.tot,
            "gencov_se": nan if cov is None else cov.tot_se,
            "h2_obs_p1": nan if one is None else one.tot,
            "h2_obs_p1_se": nan if one is None else one.tot_se,
            "h2_int_p1": nan if one is None else one.intercept,
            "h2_int_p1_se": nan if one is None else one.intercept_se,
            "h2_liab": nan if two is None else c2 * two.tot,
            "h2_liab_se": nan if two is None else c2 * two.tot_se,
            "h2_liab_p1": nan if one is None else c1 * one.tot,
            "h2_liab_p1_se": nan if one is None else c1 * one.tot_se,
            "gencov_liab": nan if cov is None else both * cov.tot,
            "gencov_liab_se": nan if cov is None else both * cov.tot_se,
            "n_snps": self.found.n_snps,
            "n_mismatched": self.found.n_mismatched,
            "status": self.status,
            "reason": self.found.reason,
        }


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RgResult:
    """Genetic correlations of the first trait with each of the others.

    Attributes
    ----------
    names : tuple of str
        Names of the traits, in the order given.
    sources : tuple of str
        Their files or store tables.
    annotations : tuple of str
        LD score columns of the model.
    pairs : tuple of RgPair
    liability : bool
        Whether prevalences were given.
    """

    names: tuple[str, ...]
    sources: tuple[str, ...]
    annotations: tuple[str, ...]
    pairs: tuple[RgPair, ...]
    liability: bool = False

    def __getitem__(self, names: tuple[str, str]) -> RgPair:
        """The pair of two traits by their names, in either order."""
        for pair in self.pairs:
            if names in ((pair.p1, pair.p2), (pair.p2, pair.p1)):
                return pair
        raise KeyError(names)

    def __repr__(self) -> str:
        """One line a pair: what a notebook shows of a result."""
        return "\n".join(f"rg({pair.p1}, {pair.p2}) = {pair.rg:.4f} ({pair.se:.4f})" for pair in self.pairs)

    @property
    def failed(self) -> tuple[RgPair, ...]:
        """Pairs for which no regression could be made."""
        return tuple(pair for pair in self.pairs if pair.status == "failed")

    def rows(self) -> list[dict[str, Any]]:
        """One row a pair, full precision: the columns of ``PREFIX.rg.tsv``."""
        rows = [pair.row() for pair in self.pairs]
        if self.liability:
            return rows
        return [{key: value for key, value in row.items() if "_liab" not in key} for row in rows]

    def table(self) -> pl.DataFrame:
        """:meth:`rows` as a table."""
        import polars as pl

        return pl.DataFrame(self.rows())


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RgMatrix(RgResult):
    """Genetic correlations of all pairs of traits.

    Attributes
    ----------
    rg, se, z, p, mlog10p : ndarray, shape (T, T)
        Symmetric; NaN where a pair has none. The diagonal of `rg` is 1, that of the rest NaN.
    gencov, gencov_se, gcov_int, gcov_int_se : ndarray, shape (T, T)
        Genetic covariances (liability scale where prevalences were given) and their intercepts;
        NaN on the diagonal, since a trait's heritability is fitted on each pair's own variants.
    n_snps : ndarray of int64, shape (T, T)
        Variants of each pair; on the diagonal those of the trait.
    """

    rg: Array
    se: Array
    z: Array
    p: Array
    mlog10p: Array
    gencov: Array
    gencov_se: Array
    gcov_int: Array
    gcov_int_se: Array
    n_snps: npt.NDArray[np.int64]

    def status(self) -> npt.NDArray[np.str_]:
        """Status of each pair, shape (T, T); empty text on the diagonal."""
        out = np.full(self.rg.shape, "", dtype="U32")
        for pair, (i, j) in zip(self.pairs, pair_places(len(self.names))):
            out[i, j] = out[j, i] = pair.status
        return out

    def plot(self, *, order: str = "cluster", title: str = "Genetic correlations") -> Figure:
        """Heat map of the matrix; see :func:`postgwas.plot.rg_heatmap.rg_heatmap`."""
        from postgwas.plot.rg_heatmap import rg_heatmap

        return rg_heatmap(self.rg, self.se, self.p, names=self.names, order=order, title=title)


def pair_places(n_traits: int) -> list[tuple[int, int]]:
    """All pairs of traits, in the order of :class:`RgMatrix`.

    Examples
    --------
    >>> pair_places(3)
    [(0, 1), (0, 2), (1, 2)]
    """
    return [(i, j) for i in range(n_traits) for j in range(i + 1, n_traits)]


def matrix_of(result: RgResult, n_own: Sequence[int]) -> RgMatrix:
    """Matrices from all pairs in the order of :func:`pair_places`.

    Parameters
    ----------
    result : RgResult
        With all pairs.
    n_own : sequence of int, length T
        Variants of each trait.
    """
    size = len(result.names)
    rows = [pair.row() for pair in result.pairs]
    scale = "_liab" if result.liability else ""
    sources = {name: name for name in MATRICES} | {
        "gencov": f"gencov{scale}",
        "gencov_se": f"gencov{scale}_se",
    }
    filled: dict[str, Any] = {}
    for name, column in sources.items():
        matrix = np.full((size, size), math.nan)
        for row, (i, j) in zip(rows, pair_places(size), strict=True):
            matrix[i, j] = matrix[j, i] = row[column]
        filled[name] = matrix
    np.fill_diagonal(filled["rg"], 1.0)
    np.fill_diagonal(filled["n_snps"], n_own)
    filled["n_snps"] = filled["n_snps"].astype(np.int64)
    return RgMatrix(
        names=result.names,
        sources=result.sources,
        annotations=result.annotations,
        pairs=result.pairs,
        liability=result.liability,
        **filled,
    )
