"""What is drawn: positions, thinning, quantiles, scales, labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from postgwas.plot.correlation import correlation_of
from postgwas.plot.genome import GENOME_WIDE, layout_genome, lead_variants, peaks, thin, ticks_that_fit
from postgwas.plot.label_places import crowd_of, place_labels
from postgwas.plot.manhattan import height_scale
from postgwas.plot.qq import qq_points, ranks_to_draw
from postgwas.sumstats.derive import mlog10p_from_z


def test_the_significance_line_is_at_5e_8():
    assert -np.log10(5e-8) == pytest.approx(GENOME_WIDE, rel=1e-15)


def test_chromosomes_follow_each_other_without_overlap():
    chrom = np.array([2, 1, 1, 23, 2, 0])
    pos = np.array([500, 100, 1100, 7, 900, 3])
    layout = layout_genome(chrom, pos, gap=0.01)
    assert layout.names == ["1", "2", "X"]
    x = layout.x(chrom, pos)
    # Lengths are 1001, 401 and 1; the gap is 1 % of their sum.
    gap = 14.03
    np.testing.assert_allclose(
        x, [1001 + gap, 0.0, 1000.0, 1001 + 401 + 2 * gap, 1401 + gap, np.nan], rtol=0, atol=1e-9
    )
    np.testing.assert_array_equal(layout.starts, [x[1], x[0], x[3]])
    np.testing.assert_array_equal(peaks(layout, chrom, np.array([3.0, 1, 2, np.nan, 5, 9])), [2, 5, np.nan])


def test_a_genome_without_positions_is_empty():
    layout = layout_genome(np.zeros(3, int), np.zeros(3, int))
    assert layout.chromosomes.size == 0
    assert np.isnan(layout.x(np.array([1, 2]), np.array([5, 5]))).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), keep_above=st.sampled_from([2.0, 5.0]), columns=st.integers(1, 30))
def test_thinning_keeps_significant_points_and_the_outline(seed, keep_above, columns):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, 1e6, 3000))
    y = rng.exponential(1.0, 3000)
    y[rng.random(3000) < 0.05] = np.nan
    kept = thin(x, y, keep_above=keep_above, columns=columns, rows=10)
    assert np.array_equal(kept, np.unique(kept))
    assert np.isfinite(y[kept]).all()
    assert set(np.flatnonzero(y >= keep_above)) <= set(kept)
    assert kept.size <= np.count_nonzero(y >= keep_above) + columns * 12
    finite = np.isfinite(y)
    low, high = x[finite].min(), x[finite].max()
    column = np.minimum(((x - low) * (columns / (high - low))).astype(int), columns - 1)
    for c in range(columns):
        members = finite & (column == c) & (y < keep_above)
        if members.any():
            drawn = kept[(column[kept] == c) & (y[kept] < keep_above)]
            assert y[drawn].max() == y[members].max()
            assert (
                y[drawn].min() == y[finite & (column == c)].min()
                or y[finite & (column == c)].min() >= keep_above
            )


def test_thinning_shrinks_a_large_scan_to_its_picture():
    rng = np.random.default_rng(1)
    y = mlog10p_from_z(rng.standard_normal(500_000))
    kept = thin(np.arange(500_000.0), y)
    assert kept.size < 120_000


def test_leads_are_a_window_apart_and_strongest_first():
    chrom = np.array([1, 1, 1, 2, 2, 0])
    pos = np.array([100, 900_000, 1_300_000, 100, 5_000_000, 1])
    y = np.array([9.0, 30.0, 20.0, 8.0, 7.0, 99.0])
    # Row 0 and row 2 lie in the window of row 1; row 4 is not significant; row 5 has no place.
    assert lead_variants(chrom, pos, y, threshold=7.3).tolist() == [1, 3]
    assert lead_variants(chrom, pos, y, threshold=7.3, window=500_000 - 100_000).tolist() == [1, 2, 0, 3]
    assert lead_variants(chrom, pos, y, threshold=7.3, limit=1).tolist() == [1]
    assert lead_variants(chrom, pos, y, threshold=100).size == 0


def test_qq_is_the_sorted_scan_against_uniform_quantiles():
    z = np.random.default_rng(2).standard_normal(400)
    qq = qq_points(np.append(z, np.nan), top=50, spaced=40)
    rank = ranks_to_draw(400, top=50, spaced=40)
    p = 2 * stats.norm.sf(np.abs(z))
    np.testing.assert_allclose(qq.observed, -np.log10(np.sort(p))[rank - 1], rtol=1e-12)
    np.testing.assert_allclose(qq.expected, -np.log10(rank / 401), rtol=1e-14)
    band = [stats.beta(i, 401 - i).ppf([0.975, 0.025]) for i in rank]
    np.testing.assert_allclose(np.column_stack([qq.lower, qq.upper]), -np.log10(band), rtol=1e-9)
    assert qq.lambda_gc == pytest.approx(np.median(z**2) / stats.chi2.median(1), rel=1e-9)
    assert qq.mean_chi2 == pytest.approx(np.mean(z**2), rel=1e-12)
    assert qq.n_variants == 400
    assert rank[0] == 1 and rank[-1] == 400


def test_qq_of_a_huge_z_does_not_underflow():
    assert qq_points(np.array([60.0, 1.0])).observed[0] == pytest.approx(783.607, abs=1e-3)


def test_qq_of_nothing_is_empty():
    assert qq_points(np.array([np.nan])).n_variants == 0


@given(st.floats(9, 5000), st.lists(st.floats(0, 5000), min_size=1, max_size=20))
def test_height_scale_is_monotone_and_invertible(top, others):
    scale = height_scale([top, *others])
    y = np.linspace(0, scale.top, 200)
    height = scale.forward(y)
    assert (np.diff(height) > 0).all()
    np.testing.assert_allclose(scale.inverse(height), y, rtol=1e-9, atol=1e-9)
    assert scale.top >= max(top, *others)
    assert (scale.ticks() <= scale.top + 1e-9).all()


def test_axis_breaks_only_for_a_lonely_peak():
    assert not height_scale([12.0, 11.0, 30.0, 8.0]).broken
    assert not height_scale([300.0] * 10).broken
    scale = height_scale([12.0] * 20 + [780.0])
    assert scale.broken and scale.break_at == 20
    assert scale.forward(np.array(20.0)) / scale.forward(np.array(780.0)) == pytest.approx(0.65)


def test_labels_do_not_overlap_and_the_first_wins():
    x, y = np.array([0.5, 0.56, 0.51, 0.01]), np.array([0.5, 0.5, 0.5, 0.2])
    placed = place_labels(x, y, np.full(4, 0.1), height=0.05, levels=2)
    # The second moves aside; every way up from the third crosses the first; the last stays inside.
    assert [p.index for p in placed] == [0, 1, 3]
    assert (placed[0].x, placed[0].y) == (0.5, pytest.approx(0.52))
    assert placed[1].x == pytest.approx(0.615)
    assert placed[2].x - 0.05 >= 0
    assert place_labels(np.array([0.5]), np.array([0.99]), np.array([0.1]), height=0.05) == []


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_no_two_labels_overlap(seed):
    rng = np.random.default_rng(seed)
    x, y, widths = rng.random(12), 0.8 * rng.random(12), rng.uniform(0.05, 0.15, 12)
    placed = place_labels(x, y, widths, height=0.06)
    assert placed[0].index == 0
    for i, a in enumerate(placed):
        assert a.y + 0.06 <= 1 and a.y > y[a.index]
        for b in placed[:i]:
            aside = abs(a.x - b.x) >= (widths[a.index] + widths[b.index]) / 2 - 1e-12
            assert aside or abs(a.y - b.y) >= 0.06 - 1e-12


def test_chromosome_names_are_thinned_to_fit():
    assert ticks_that_fit(np.array([0.0, 1, 10, 11, 20]), total=20, spacing=0.1).tolist() == [0, 2, 4]


def test_correlation_of_a_covariance_with_a_negative_variance():
    rg = correlation_of([[4.0, 1, 0.1], [1, 1, 0.1], [0.1, 0.1, -1]])
    assert rg[0, 1] == pytest.approx(0.5)
    assert np.isnan(rg[2]).all()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_no_label_covers_a_point(seed):
    rng = np.random.default_rng(seed)
    x, y, widths = rng.random(12), 0.8 * rng.random(12), rng.uniform(0.05, 0.15, 12)
    others = np.column_stack([np.repeat(x, 20) + rng.normal(0, 0.01, 240), rng.random(240)])
    others = others[others[:, 1] < np.repeat(y, 20)]
    crowd = crowd_of(*others.T, reach=(0.002, 0.005))
    placed = place_labels(x, y, widths, height=0.06, levels=12, crowd=crowd)
    for one in placed:
        half = widths[one.index] / 2
        covered = (np.abs(others[:, 0] - one.x) < half + 0.002) & (others[:, 1] > one.y - 0.005)
        assert not (covered & (others[:, 1] < one.y + 0.065)).any()


def test_a_label_beside_a_higher_peak_moves_over_it_or_aside():
    peak = np.full(40, 0.53)
    crowd = crowd_of(peak, np.linspace(0.1, 0.6, 40), reach=(0.001, 0.003))
    (one,) = place_labels(np.array([0.5]), np.array([0.3]), np.array([0.1]), height=0.05, crowd=crowd)
    assert one.x < 0.5 - 0.019 and one.y == pytest.approx(0.32)
    alone = place_labels(np.array([0.5]), np.array([0.3]), np.array([0.1]), height=0.05)
    assert alone[0].x == 0.5
