"""METAL's sums: what a file adds to each marker, and what heterogeneity is measured against.

References
----------
Willer, Li and Abecasis (2010), Bioinformatics 26:2190, table 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from postgwas.columns.texts import Texts
from postgwas.meta.cumulative_overlap import OVERLAP_STEP, RunningSums
from postgwas.meta.genomic_control import CHI2_MEDIAN
from postgwas.meta.metal_markers import grown
from postgwas.meta.metal_settings import MetalSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FileFigures:
    """What one file says of its markers, one row a marker.

    Attributes
    ----------
    marker : ndarray of int32, shape (M,)
    z : ndarray of float64, shape (M,)
        Effects, or z-scores, of the markers' first alleles.
    weight : ndarray of float64, shape (M,)
        1/SE^2, or N.
    freq : ndarray of float64, shape (M,), optional
    custom : dict of str to ndarray
    two_alleles : bool
        The file names both alleles.
    """

    marker: npt.NDArray[np.int32]
    z: Floats
    weight: Floats
    freq: Floats | None
    custom: dict[str, Floats]
    two_alleles: bool = True


@dataclass
class Sums:
    """Sums over files by marker, and every file's own figures for heterogeneity.

    Attributes
    ----------
    statistic, weight : ndarray of float64
        Sum of weight x effect, or of sqrt(weight) x z; sum of weights.
    samples : ndarray of float64
        Sum of weights less the people counted twice.
    allele : ndarray of int32
        Number of each marker's pair, 0 until a usable row has told it.
    complemented : ndarray of bool
        The first file's letters were those of the other strand.
    freq, freq2, freq_weight : ndarray of float64
        Weighted sums of frequencies and their squares; of their weights.
    low, high : ndarray of float64
        NaN until there is a frequency.
    """

    by_stderr: bool
    statistic: Floats = field(default_factory=lambda: np.zeros(0))
    weight: Floats = field(default_factory=lambda: np.zeros(0))
    samples: Floats = field(default_factory=lambda: np.zeros(0))
    allele: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    complemented: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    freq: Floats = field(default_factory=lambda: np.zeros(0))
    freq2: Floats = field(default_factory=lambda: np.zeros(0))
    freq_weight: Floats = field(default_factory=lambda: np.zeros(0))
    low: Floats = field(default_factory=lambda: np.zeros(0))
    high: Floats = field(default_factory=lambda: np.zeros(0))
    custom: dict[str, Floats] = field(default_factory=dict)
    files: list[FileFigures] = field(default_factory=list)
    lambdas: list[float] = field(default_factory=list)
    chromosome: Texts | None = None
    position: Texts | None = None

    def grow(self, size: int) -> None:
        """Make room for so many markers."""
        for name in ("statistic", "weight", "samples", "allele", "complemented"):
            setattr(self, name, grown(getattr(self, name), size))
        if self.freq.size:
            for name in ("freq", "freq2", "freq_weight"):
                setattr(self, name, grown(getattr(self, name), size))
        self.low = grown(self.low, size, np.nan)  # type: ignore[assignment]
        self.high = grown(self.high, size, np.nan)  # type: ignore[assignment]
        self.custom = {name: grown(values, size) for name, values in self.custom.items()}  # type: ignore[misc]

    def add(self, figures: FileFigures, settings: MetalSettings, in_list: Bools | None) -> list[str]:
        """Add a file; gives what there is to say of it.

        Parameters
        ----------
        figures : FileFigures
        settings : MetalSettings
        in_list : ndarray of bool, shape (n_markers,), optional
            The markers of ``GENOMICCONTROL LIST``.
        """
        said: list[str] = []
        lam = 1.0
        if settings.genomic_control:
            lam, line = self._lambda(figures, settings, in_list)
            said.append(line)
        self.files.append(figures)
        self.lambdas.append(lam)
        rows, w = figures.marker, figures.weight
        if self.by_stderr:
            w = w / lam
            mine = w * figures.z
        else:
            mine = np.sqrt(w) * figures.z / np.sqrt(lam)
        if settings.overlap:
            said += self._add_overlapping(rows, mine, w, settings)
        else:
            self.statistic[rows] += mine
            self.weight[rows] += w
            self.samples[rows] += w
        if figures.freq is not None:
            self._add_frequencies(rows, w, figures.freq, settings)
        for name, values in figures.custom.items():
            self.custom[name][rows] += values
        return said

    def _lambda(
        self, figures: FileFigures, settings: MetalSettings, in_list: Bools | None
    ) -> tuple[float, str]:
        lam = settings.gc_lambda
        if lam == 0.0:
            chi2 = np.square(figures.z) * (figures.weight if self.by_stderr else 1.0)
            if in_list is not None:
                chi2 = chi2[in_list[figures.marker]]
            if not chi2.size:
                return 1.0, "genomic control: no marker to tell lambda from, no adjustment"
            middle = chi2.size // 2
            lam = float(np.partition(chi2, middle)[middle]) / CHI2_MEDIAN
        done = "statistics are adjusted" if lam > 1.0 else "no adjustment"
        return max(lam, 1.0), f"genomic control: lambda {lam:.3f}, {done}"

    def _add_overlapping(
        self, rows: npt.NDArray[np.int32], mine: Floats, w: Floats, settings: MetalSettings
    ) -> list[str]:
        """Count people that are in this file and in those before only once."""
        order = np.argsort(rows)
        rows, mine, w = rows[order], mine[order], w[order]
        sums = RunningSums(self.statistic, self.weight, self.samples)
        found = sums.estimate(rows, mine, w, cut=settings.z_cutoff)
        sums.add(rows, mine, w, found)
        return [
            f"overlap among {pairs:,} markers of total weight {step * OVERLAP_STEP:,} to "
            f"{(step + 1) * OVERLAP_STEP:,}: {rho:.10f}"
            for step, rho, pairs in zip(found.step.tolist(), found.rho.tolist(), found.pairs.tolist())
            if rho
        ]

    def _add_frequencies(
        self, rows: npt.NDArray[np.int32], w: Floats, freq: Floats, settings: MetalSettings
    ) -> None:
        if settings.average_freq:
            if not self.freq.size:
                self.freq, self.freq2, self.freq_weight = (np.zeros(self.weight.size) for _ in range(3))
            self.freq_weight[rows] += w
            self.freq[rows] += w * freq
            self.freq2[rows] += w * freq * freq
        if settings.minmax_freq:
            self.low[rows] = np.fmin(self.low[rows], freq)
            self.high[rows] = np.fmax(self.high[rows], freq)

    def heterogeneity(self) -> tuple[Floats, Ints]:
        """Q and the number of files behind it, by marker."""
        q, count = np.zeros(self.weight.size), np.zeros(self.weight.size, np.int64)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = self.statistic / self.weight
        for figures, lam in zip(reversed(self.files), reversed(self.lambdas)):
            rows = figures.marker
            if self.by_stderr:
                q[rows] += np.square(figures.z - mean[rows]) * figures.weight / lam
            else:
                expected = np.sqrt(figures.weight) * mean[rows]
                q[rows] += np.square(figures.z / np.sqrt(lam) - expected)
            count[rows] += 1
        return q, count
