"""estimate_s_rss and kriging_rss of susieR 0.12.35, check_alignment of coloc 6.0.1.

On the committed regions, as they are and with the signs of five z-scores turned. The peer stops its
search for s at 1e-8, and its mixture's weights at 1e-8; log likelihood ratios are up to 40.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from validation.susier.test_committed import DATA, load

from postgwas.finemap import LdSpectrum, check_alignment, dentist, estimate_s_rss, kriging_rss

CASES = ["r06", "r07"]


def case(name: str) -> tuple[np.ndarray, np.ndarray, LdSpectrum, dict[str, Any], np.ndarray]:
    import json

    region, _, _ = load(name)
    told = json.loads((DATA / f"{name}.json").read_text())
    z = region.beta1 / region.se1
    turned = z.copy()
    turned[told["s_rss"]["flipped_snps"]] *= -1
    return z, turned, LdSpectrum.of(region.r, z.size), told, region.r


@pytest.mark.parametrize("name", CASES)
def test_inconsistency(name: str) -> None:
    z, turned, spectrum, told, _ = case(name)
    for method in ("null-mle", "null-partialmle", "null-pseudomle"):
        found = estimate_s_rss(z, spectrum, told["n1"], method=method)
        assert found == pytest.approx(told["s_rss"][method], abs=2e-8)
    found = estimate_s_rss(turned, spectrum, told["n1"])
    assert found == pytest.approx(told["s_rss"]["flipped_5_null_mle"], abs=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_kriging(name: str) -> None:
    z, turned, spectrum, told, _ = case(name)
    with np.load(DATA / f"{name}_kriging.npz") as archive:
        expected = {key: archive[key] for key in archive.files}
    found = kriging_rss(z, spectrum, told["n1"])
    np.testing.assert_allclose(found.mean, expected["condmean"], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.variance, expected["condvar"], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.difference, expected["z_std_diff"], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.log_ratio, expected["logLR"], rtol=1e-5, atol=1e-4)
    assert not found.swapped.any()
    found = kriging_rss(turned, spectrum, told["n1"])
    np.testing.assert_allclose(found.log_ratio, expected["flip5_logLR"], rtol=1e-5, atol=1e-4)
    assert np.flatnonzero(found.swapped).tolist() == sorted(told["s_rss"]["flipped_snps"])


@pytest.mark.parametrize("name", CASES)
def test_alignment(name: str) -> None:
    z, _, _, told, r = case(name)
    assert check_alignment(z, r).share == pytest.approx(told["prop_positive"], abs=1e-12)


def test_dentist_finds_the_turned_signs_and_no_others() -> None:
    """In-sample LD (r06). The truth is known; there is no peer's figure."""
    z, turned, _, told, r = case("r06")
    assert not dentist(z, r).outlier.any()
    assert np.flatnonzero(dentist(turned, r).outlier).tolist() == sorted(told["s_rss"]["flipped_snps"])
