"""One scale for all samples: factors by any method, and expression on that scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from postgwas.errors import UsageError
from postgwas.expression.counts import Floats, Mask, library_sizes
from postgwas.expression.factors_geometric import rle, scaled_log2, size_factors
from postgwas.expression.factors_quantile import upper_quartile
from postgwas.expression.factors_tmm import tmm, tmm_reference
from postgwas.expression.factors_tmmwsp import tmmwsp
from postgwas.expression.per_million import MILLION, scaled_prior
from postgwas.expression.quantile_normal import quantile_normalise

Norm = Literal["tmm", "tmmwsp", "rle", "uq", "deseq2", "poscounts", "qn", "none"]
NORMS: tuple[Norm, ...] = ("tmm", "tmmwsp", "rle", "uq", "deseq2", "poscounts", "qn", "none")

#: Methods whose factors divide counts themselves rather than multiply library sizes.
SIZE_FACTORS: tuple[Norm, ...] = ("deseq2", "poscounts")


@dataclass(frozen=True)
class FactorOptions:
    """Options of the factors, with edgeR's names and defaults; see :func:`tmm` and :func:`upper_quartile`.

    Attributes
    ----------
    logratio_trim, sum_trim : float
        Shares trimmed of log ratios and of mean log expression, at each end (TMM, TMMwsp).
    do_weighting : bool
        Weight genes by the inverse of the asymptotic variance of their log ratio.
    acutoff : float
        Genes of lower mean log expression are left out.
    p : float
        Quantile of the upper quartile's factors.
    """

    logratio_trim: float = 0.3
    sum_trim: float = 0.05
    do_weighting: bool = True
    acutoff: float = -1e10
    p: float = 0.75


@dataclass(frozen=True, eq=False)
class SampleScale:
    """What puts samples on one scale.

    Attributes
    ----------
    norm : str
    lib_size : ndarray of float64, shape (samples,)
        Reads of each sample.
    factors : ndarray of float64, shape (samples,)
        Normalisation factors (times library size), or size factors (counts are divided by them); ones
        for quantile normalisation and for none.
    reference : int or None
        The sample that TMM compared with.
    """

    norm: Norm
    lib_size: Floats
    factors: Floats
    reference: int | None = None


def scale_samples(counts: Floats, norm: Norm, options: FactorOptions) -> SampleScale:
    """Factors of each sample.

    Parameters
    ----------
    counts : ndarray, shape (genes, samples)
    norm : str
        One of :data:`NORMS`.
    options : FactorOptions

    Raises
    ------
    InputError, UsageError
        As the method's own function.
    """
    sizes = library_sizes(counts)
    reference = None
    if norm == "tmm":
        reference = tmm_reference(counts)
        factors = tmm(
            counts,
            ref_column=reference,
            do_weighting=options.do_weighting,
            acutoff=options.acutoff,
            logratio_trim=options.logratio_trim,
            sum_trim=options.sum_trim,
        )
    elif norm == "tmmwsp":
        factors = tmmwsp(
            counts,
            do_weighting=options.do_weighting,
            logratio_trim=options.logratio_trim,
            sum_trim=options.sum_trim,
        )
    elif norm == "rle":
        factors = rle(counts)
    elif norm == "uq":
        factors = upper_quartile(counts, p=options.p)
    elif norm == "deseq2":
        factors = size_factors(counts)
    elif norm == "poscounts":
        factors = size_factors(counts, type="poscounts")
    elif norm in ("qn", "none"):
        factors = np.ones(len(sizes))
    else:
        raise UsageError(f"--norm {norm}: expected {', '.join(NORMS)}")
    return SampleScale(norm, sizes, factors, reference)


def scaled_expression(
    counts: Floats, tpm: Floats | None, kept: Mask, scale: SampleScale, *, log: bool, prior_count: float
) -> Floats:
    """Expression of the kept genes on the common scale.

    Parameters
    ----------
    counts, tpm : ndarray, shape (genes, samples)
        TPM is what quantile normalisation takes.
    kept : ndarray of bool, shape (genes,)
    scale : SampleScale
        Of all samples.
    log : bool
        log2: of CPM with edgeR's prior count; of count / size factor + 1; of quantile-normalised TPM + 1.
    prior_count : float
        See :func:`postgwas.expression.per_million.cpm`.

    Returns
    -------
    ndarray of float64, shape (kept genes, samples)
        CPM of effective libraries, counts over size factors, or quantile-normalised TPM; or log2.

    Raises
    ------
    UsageError
        Quantile normalisation without TPM; a prior count that is not positive.
    """
    if scale.norm == "qn":
        if tpm is None:
            raise UsageError("quantile normalisation takes TPM", hint="--tpm FILE, or lengths by --gtf")
        quantiles = quantile_normalise(tpm[kept])
        return np.log2(quantiles + 1.0) if log else quantiles
    if scale.norm in SIZE_FACTORS:
        return scaled_log2(counts[kept], scale.factors) if log else counts[kept] / scale.factors
    effective = scale.lib_size * scale.factors
    if not log:
        return counts[kept] * (MILLION / effective)
    prior = scaled_prior(effective, prior_count)
    return np.log2((counts[kept] + prior) / (effective + 2 * prior) * MILLION)
