"""What an MTAG run gives back: tables, matrices, a summary, and where to put them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

from postgwas.mtag.align import ALLELES
from postgwas.mtag.options import MtagOptions
from postgwas.mtag.run_merge import Aligned

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TraitSummary:
    """One line of the summary.

    Attributes
    ----------
    name, source : str
    n_variants : int
    n_max, n_mean : float
        Largest and mean GWAS sample size.
    gwas_mean_chi2 : float
        Mean Z^2 over this trait's element of Sigma.
    mtag_mean_chi2 : float
        Mean squared MTAG Z.
    gwas_equivalent_n : float
        Sample size at which the GWAS would have MTAG's mean chi2 (Turley et al. 2018, Methods).
    weight : float
        Mean sum of weights over all traits.
    n_significant_gwas, n_significant_mtag : int
        Variants with P < 5e-8.
    n_kind : str
        What N is: total, effective, given, ...
    unit : str
        Of ``mtag_beta`` and ``mtag_se``.
    """

    name: str
    source: str
    n_variants: int
    n_max: float
    n_mean: float
    gwas_mean_chi2: float
    mtag_mean_chi2: float
    gwas_equivalent_n: float
    weight: float
    n_significant_gwas: int
    n_significant_mtag: int
    n_kind: str
    unit: str = ""


@dataclass(frozen=True, repr=False)
class MtagResult:
    """Everything that a run found.

    Attributes
    ----------
    trait_names : list of str
    omega, sigma : ndarray, shape (n_traits, n_traits)
        Genetic covariance per variant (standardised scale) and covariance of estimation errors.
    omega_se, sigma_se : ndarray
        Block-jackknife standard errors; NaN where nothing was estimated.
    genetic_correlation, genetic_correlation_se : ndarray, shape (n_traits, n_traits)
    summaries : list of TraitSummary
    max_fdr : ndarray, shape (n_traits,), or None
    fdr : object or None
        The maxFDR search's own result (grid or optimiser).
    warnings : list of str
        Signs that MTAG's assumptions may not hold.
    timings : mapping
        Step -> (wall seconds, CPU seconds).
    traits : mapping
        Trait name -> DataFrame with mtag.py's columns; built when asked for.
    aligned, beta, se : Aligned, ndarray, ndarray
        Input on common alleles and standardised estimates, shape (n_variants, n_traits),
        in canonical order; NaN where a trait lacks a variant (--meta_format).
    """

    options: MtagOptions
    trait_names: list[str]
    omega: Floats
    omega_se: Floats
    genetic_correlation: Floats
    genetic_correlation_se: Floats
    sigma: Floats
    sigma_se: Floats
    aligned: Aligned
    beta: Floats
    se: Floats
    summaries: list[TraitSummary]
    warnings: list[str]
    timings: Mapping[str, tuple[float, float]]
    column_names: list[Mapping[str, str]]
    max_fdr: Floats | None = None
    fdr: Any = None
    provenance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def n_traits(self) -> int:
        return len(self.trait_names)

    @cached_property
    def traits(self) -> Mapping[str, pd.DataFrame]:
        return _LazyTables(self)

    def __repr__(self) -> str:
        """The summary: what a notebook shows of a result."""
        return self.summary()

    def frame(self, trait: int, *, order: str = "file") -> pl.DataFrame:
        """mtag.py's table of one trait.

        Parameters
        ----------
        trait : int
            Counted from 0.
        order : {"file", "genome"}
        """
        aligned = self.aligned
        rows = aligned.file_order if order == "file" else np.arange(len(aligned))
        if not aligned.present.all():
            rows = rows[aligned.present[rows, trait]]
            if self.options.meta_format and self.options.compat:
                rows = _by_number_of_traits(aligned, rows)
        z_name, n_name, f_name = "Z", "N", "FRQ"
        if self.options.meta_format and self.options.compat:
            names = self.column_names[trait]
            z_name, n_name, f_name = names.get("Z", "z"), names.get("N", "n"), names.get("EAF", "freq")
        columns = variant_columns(aligned, rows)
        columns[z_name] = pl.Series(aligned.z[rows, trait])
        columns[n_name] = pl.Series(aligned.n[rows, trait])
        if np.isfinite(aligned.eaf[:, trait]).any():
            columns[f_name] = pl.Series(aligned.eaf[rows, trait])
        columns.update(self._estimates(rows, trait, self._per_allele(rows, trait)))
        return pl.DataFrame(columns).fill_nan(None)

    def meta_frame(self) -> pl.DataFrame:
        """The one table of --perfect_gencov --equal_h2, on the mean frequency of the traits."""
        aligned = self.aligned
        rows = aligned.file_order
        mean = aligned.eaf[rows].mean(axis=1)
        columns = variant_columns(aligned, rows)
        columns["meta_freq"] = pl.Series(mean)
        unit = np.ones(len(rows)) if self.options.std_betas else _unstandardised(mean)
        columns.update(self._estimates(rows, 0, unit))
        return pl.DataFrame(columns).fill_nan(None)

    def _per_allele(self, rows: NDArray[np.int64], trait: int) -> Floats:
        """Factor from the standardised effect to the reported one."""
        if self.options.std_betas:
            return np.ones(len(rows))
        aligned = self.aligned
        if aligned.scale is not None and np.isfinite(aligned.scale[:, trait]).any():
            return aligned.scale[rows, trait]
        return _unstandardised(aligned.eaf[rows, trait])

    def _estimates(self, rows: NDArray[np.int64], trait: int, unit: Floats) -> dict[str, pl.Series]:
        beta, se = self.beta[rows, trait], self.se[rows, trait]
        z = beta / se
        return {
            "mtag_beta": pl.Series(beta * unit),
            "mtag_se": pl.Series(se * unit),
            "mtag_z": pl.Series(z),
            "mtag_pval": pl.Series(2 * ndtr(-np.abs(z))),
        }

    def summary(self) -> str:
        """The text block that ends mtag.py's log, with standard errors and warnings added."""
        from postgwas.mtag.summary import summary_text

        return summary_text(self)

    def plot(self, trait: int | str = 0) -> Figure:
        """Manhattan (GWAS above, MTAG below) and QQ figure of one trait."""
        from postgwas.plot.mtag import TraitScan, mtag_figure

        index = self.trait_names.index(trait) if isinstance(trait, str) else trait
        aligned = self.aligned
        rows = np.flatnonzero(aligned.present[:, index])
        scan = TraitScan(
            self.trait_names[index],
            aligned.z[rows, index],
            self.beta[rows, index] / self.se[rows, index],
            aligned.n[rows, index],
            None if aligned.chr is None else aligned.chr[rows].astype(np.int64),
            None if aligned.pos is None else aligned.pos[rows].astype(np.int64),
            aligned.snpid.gather(rows).to_numpy(),  # type: ignore[arg-type]
        )
        return mtag_figure(scan)

    def plot_correlations(self) -> Figure:
        """Heat map of the genetic correlations with their standard errors."""
        from postgwas.plot.correlation import correlation_figure

        return correlation_figure(
            self.genetic_correlation, self.genetic_correlation_se, names=self.trait_names
        )

    def to_store(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> list[str]:
        """Put tables, matrices and maxFDR into a study's store; returns the keys."""
        from postgwas.mtag.run_outputs import write_store

        return write_store(self, path, overwrite=overwrite)


class _LazyTables(Mapping[str, "pd.DataFrame"]):
    """Trait name -> pandas table, made on first use: ten million rows are not copied for nothing."""

    def __init__(self, result: MtagResult) -> None:
        self._result = result
        self._made: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._made:
            self._made[name] = self._result.frame(self._result.trait_names.index(name)).to_pandas()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._result.trait_names

    def __iter__(self) -> Iterator[str]:
        return iter(self._result.trait_names)

    def __len__(self) -> int:
        return self._result.n_traits


def variant_columns(aligned: Aligned, rows: NDArray[np.int64]) -> dict[str, pl.Series]:
    """SNP, CHR, BP, A1 and A2 of some rows."""
    columns = {"SNP": aligned.snpid.gather(rows)}
    if aligned.chr is not None and aligned.pos is not None:
        columns["CHR"] = chromosome_names(aligned.chr[rows])
        position = pl.Series(aligned.pos[rows])
        columns["BP"] = position.set(position == 0, None)
    letters = pl.Series([*ALLELES, None], dtype=pl.Enum(list(ALLELES)))
    for name, codes in (("A1", aligned.ea), ("A2", aligned.nea)):
        columns[name] = letters.gather(np.minimum(codes[rows], len(ALLELES)).astype(np.uint32))
    return columns


def chromosome_names(codes: NDArray[np.int8]) -> pl.Series:
    """Chromosome numbers, or text where there are X, Y or MT; unknown is missing."""
    if codes.size and codes.min() >= 1 and codes.max() <= 22:
        return pl.Series(codes)
    column = pl.Series(codes.astype(np.int16))
    column = column.set(column == 0, None)
    names = {23: "X", 24: "Y", 25: "MT"}
    return column.replace_strict(names, default=column.cast(pl.String), return_dtype=pl.String)


def _unstandardised(frequency: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 / np.sqrt(2 * frequency * (1 - frequency))


def _by_number_of_traits(aligned: Aligned, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    # mtag.py writes the union group by group, the SNPs of fewer traits first.
    return rows[np.argsort(aligned.present[rows].sum(axis=1), kind="stable")]
