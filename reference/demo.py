"""The embedded demo study: three simulated traits whose Omega and Sigma are known.

Nothing real is in it. For variant j with LD score l_j and trait t

    effect_j = sqrt(l_j v_j) g_j,            g_j ~ N(0, omega)      omega: per SNP
    Z_jt     = sqrt(N_jt) effect_jt + e_jt,  e_j ~ N(0, Sigma)

where v_j is the polygenicity of j's locus (mean 1: a tenth of the loci carry eleven times the
variance of the others) and g and e are correlated between neighbours, so that signals look like
loci. Hence E[Z Z'] = l_j D omega D + Sigma, the model of LD score regression and of MTAG, and the
Omega that MTAG's method of moments estimates is the mean over variants of l_j omega.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from postgwas.reference.demo_files import Variants

FloatArray = NDArray[np.float64]

SEED = 20240229
TRAITS = ("depression", "neuroticism", "wellbeing")
N_VARIANTS = 100_000
#: Common variants that the panel's variants stand for (the sum of the M_5_50 files).
N_COMMON = 1_173_000

_SAMPLES = np.array([160_000.0, 110_000.0, 90_000.0])
_HERITABILITY = np.array([0.14, 0.15, 0.08])
_GENETIC_CORRELATION = np.array([[1.0, 0.72, -0.65], [0.72, 1.0, -0.60], [-0.65, -0.60, 1.0]])
_PHENOTYPIC_CORRELATION = np.array([[1.0, 0.45, -0.35], [0.45, 1.0, -0.40], [-0.35, -0.40, 1.0]])
_SHARED_SAMPLES = np.array([[160e3, 60e3, 30e3], [60e3, 110e3, 45e3], [30e3, 45e3, 90e3]])
#: Intercepts: what stratification adds to the variance of Z.
_INTERCEPTS = np.array([1.02, 1.00, 1.01])
#: Decay of effects' and errors' correlation from one variant to the next.
_LINKAGE = 0.4
#: Autosomes' lengths in megabases (GRCh37).
_MEGABASES = (
    (249, 243, 198, 191, 181, 171, 159, 146, 141, 136, 135, 134, 115, 107, 103, 90, 81, 78, 59, 63, 48, 51)
)  # fmt: skip


@dataclass(frozen=True)
class DemoTruth:
    """What the demo's estimates are compared with.

    Attributes
    ----------
    trait_names : tuple of str
    omega_per_snp : ndarray, shape (n_traits, n_traits)
        Genetic covariance of standardised effects per unit of LD score.
    omega : ndarray, shape (n_traits, n_traits)
        Mean over variants of l_j omega_per_snp: what GMM Omega estimates.
    rg : ndarray, shape (n_traits, n_traits)
        Genetic correlations.
    sigma : ndarray, shape (n_traits, n_traits)
        Covariance of the estimation errors of Z; off the diagonal it comes from shared samples.
    heritability : ndarray, shape (n_traits,)
    n_samples : ndarray, shape (n_traits,)
    shared_samples : ndarray, shape (n_traits, n_traits)
    seed : int
    """

    trait_names: tuple[str, ...]
    omega_per_snp: FloatArray
    omega: FloatArray
    rg: FloatArray
    sigma: FloatArray
    heritability: FloatArray
    n_samples: FloatArray
    shared_samples: FloatArray
    seed: int

    def to_json(self) -> str:
        """The truth as JSON text."""
        fields = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }
        return json.dumps(fields, indent=1) + "\n"


@dataclass(frozen=True)
class DemoStudy:
    """Where the demo's files lie, and the truth behind them.

    Attributes
    ----------
    folder : Path
    sumstats : tuple of Path
        One raw file per trait, each in another program's format.
    ld_ref_panel : Path
        Folder in eur_w_ld_chr layout.
    truth : DemoTruth
        Also in `folder`/truth.json.
    snpid, ea : ndarray of str, shape (n_variants,)
        The variants and the allele that `effects` refer to.
    effects : ndarray of float64, shape (n_variants, n_traits)
        True standardised marginal effects. Also in `folder`/true_effects.tsv.gz.
    """

    folder: Path
    sumstats: tuple[Path, ...]
    ld_ref_panel: Path
    truth: DemoTruth
    snpid: NDArray[np.str_]
    ea: NDArray[np.str_]
    effects: FloatArray


def write_demo(
    folder: str | os.PathLike[str],
    *,
    seed: int = SEED,
    n_variants: int = N_VARIANTS,
    overwrite: bool = False,
) -> DemoStudy:
    """Simulate the demo study and write its raw files.

    Parameters
    ----------
    folder : path
        Made if missing.
    seed : int
        Same seed, same files.
    n_variants : int
        Variants in the LD score panel.
    overwrite : bool
        Replace a demo study that lies in `folder`.

    Returns
    -------
    DemoStudy

    Raises
    ------
    OutputError
        The folder holds a demo study and `overwrite` is false, or it cannot be written.
    """
    from postgwas.errors import OutputError
    from postgwas.reference.demo_files import write_effects, write_panel, write_sumstats, write_text

    folder = Path(folder)
    if (folder / "truth.json").exists() and not overwrite:
        raise OutputError(f"{folder} holds a demo study", hint="--overwrite replaces it")
    rng = np.random.default_rng(seed)
    variants = simulate_variants(rng, n_variants)
    truth = make_truth(variants.l2, seed)
    effects, noise = simulate_effects(rng, variants.l2, truth)
    n = simulate_samples(rng, truth.n_samples, variants.l2.size)
    z = np.sqrt(n) * effects + noise
    try:
        (folder / "eur_sim_ld_chr").mkdir(parents=True, exist_ok=True)
        write_panel(folder / "eur_sim_ld_chr", variants)
        paths = write_sumstats(rng, folder, variants, truth.trait_names, z, n)
        write_effects(folder / "true_effects.tsv.gz", variants, truth.trait_names, effects)
        # Last, so that its presence means that the study is whole.
        write_text(folder / "truth.json", truth.to_json())
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{error.filename or folder}: cannot write the demo: {reason}") from error
    return DemoStudy(folder, paths, folder / "eur_sim_ld_chr", truth, variants.snpid, variants.ea, effects)


def make_truth(l2: FloatArray, seed: int) -> DemoTruth:
    """The parameters of the simulation; `l2`: the panel's LD scores, shape (n_variants,)."""
    omega_per_snp = _GENETIC_CORRELATION * np.sqrt(np.outer(_HERITABILITY, _HERITABILITY)) / N_COMMON
    sigma = _PHENOTYPIC_CORRELATION * _SHARED_SAMPLES / np.sqrt(np.outer(_SAMPLES, _SAMPLES))
    np.fill_diagonal(sigma, _INTERCEPTS)
    return DemoTruth(
        trait_names=TRAITS,
        omega_per_snp=omega_per_snp,
        omega=omega_per_snp * float(l2.mean()),
        rg=_GENETIC_CORRELATION.copy(),
        sigma=sigma,
        heritability=_HERITABILITY.copy(),
        n_samples=_SAMPLES.copy(),
        shared_samples=_SHARED_SAMPLES.copy(),
        seed=seed,
    )


def simulate_variants(rng: np.random.Generator, n_variants: int) -> Variants:
    """Positions, alleles, frequencies and LD scores of the panel's variants.

    Log LD scores have the mean, spread and slow and fast waves along the chromosome that
    European HapMap 3 panels show.
    """
    from postgwas.reference.demo_files import Variants

    lengths = np.array(_MEGABASES, dtype=np.float64)
    counts = np.maximum(np.round(n_variants * lengths / lengths.sum()).astype(np.int64), 2)
    chrom = np.repeat(np.arange(1, counts.size + 1), counts)
    size = chrom.size
    # Distinct sorted positions: even spacing, moved by less than half a step.
    step = np.repeat(lengths * 1e6 / counts, counts)
    index = np.concatenate([np.arange(k) for k in counts])
    pos = ((index + 0.5 + rng.uniform(-0.45, 0.45, size)) * step).astype(np.int64) + 1
    waves = np.sqrt(0.55) * _smooth(rng.standard_normal((size, 1)), 0.97)
    waves += np.sqrt(0.45) * _smooth(rng.standard_normal((size, 1)), 0.5)
    l2 = np.exp(2.9 + 0.72 * waves[:, 0])
    maf = np.clip(rng.beta(0.9, 1.6, size) * 0.5, 0.012, 0.5)
    rare = rng.random(size) < 0.015
    maf[rare] = rng.uniform(0.001, 0.009, int(rare.sum()))
    freq = np.where(rng.random(size) < 0.5, maf, 1.0 - maf)
    pairs = np.array(["AG", "GA", "CT", "TC", "AC", "CA", "GT", "TG", "AT", "TA", "CG", "GC"])
    weights = np.array([0.92 / 8] * 8 + [0.08 / 4] * 4)
    alleles = rng.choice(pairs, size, p=weights).astype("U2").view("U1").reshape(size, 2)
    first = np.sort(rng.choice(9_000_000, size, replace=False)) + 1_000_000
    snpid = np.char.add("rs", first.astype("U8"))
    common = np.round(N_COMMON * counts / counts.sum()).astype(np.int64)
    return Variants(snpid, chrom, pos, alleles[:, 0].copy(), alleles[:, 1].copy(), freq, maf, l2, common)


def simulate_effects(
    rng: np.random.Generator, l2: FloatArray, truth: DemoTruth
) -> tuple[FloatArray, FloatArray]:
    """True standardised effects and the errors of Z, each of shape (n_variants, n_traits)."""
    size, n_traits = l2.size, len(truth.trait_names)
    locus = np.arange(size) // 20
    heavy = rng.random(locus[-1] + 1) < 0.1
    polygenicity = np.where(heavy, 5.5, 0.5)[locus]
    g = _smooth(rng.standard_normal((size, n_traits)), _LINKAGE) @ np.linalg.cholesky(truth.omega_per_snp).T
    e = _smooth(rng.standard_normal((size, n_traits)), _LINKAGE) @ np.linalg.cholesky(truth.sigma).T
    return g * np.sqrt(l2 * polygenicity)[:, None], e


def simulate_samples(rng: np.random.Generator, n_samples: FloatArray, size: int) -> FloatArray:
    """N of each variant and trait: a twentieth of the variants were typed in some cohorts only."""
    n = np.tile(n_samples, (size, 1))
    partial = rng.random(n.shape) < 0.05
    share: FloatArray = np.where(partial, rng.uniform(0.25, 0.95, n.shape), 1.0)
    return np.round(n * share)


def _smooth(white: FloatArray, decay: float) -> FloatArray:
    """Correlate rows with their neighbours; each entry keeps its variance of 1."""
    reach = int(np.ceil(np.log(0.02) / np.log(decay)))
    kernel = decay ** np.abs(np.arange(-reach, reach + 1))
    kernel /= np.sqrt((kernel**2).sum())
    # Circular, so that the ends have the same variance as the middle.
    padded = np.pad(white, ((reach, reach), (0, 0)), mode="wrap")
    smoothed: FloatArray = np.empty(white.shape)
    for column in range(white.shape[1]):
        smoothed[:, column] = np.convolve(padded[:, column], kernel)[2 * reach : -2 * reach]
    return smoothed
