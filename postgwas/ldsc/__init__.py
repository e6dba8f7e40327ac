"""LD score regression: heritability, genetic covariance and correlation, intercepts."""

from __future__ import annotations

from postgwas.ldsc.fits import GencovFit, H2Fit, RegressionFit, RgFit
from postgwas.ldsc.regression import gencov, h2, rg

__all__ = ["GencovFit", "H2Fit", "RegressionFit", "RgFit", "gencov", "h2", "rg"]
