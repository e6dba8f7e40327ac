"""Figures of regions: the numbers behind them, and that files stand."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from postgwas.errors import UsageError
from postgwas.plot.coloc_sensitivity import sensitivity_figure
from postgwas.plot.gene_models import genes_from
from postgwas.plot.gene_track import GeneModel, gene_rows
from postgwas.plot.genome import GENOME_WIDE
from postgwas.plot.locuscompare import locuscompare_figure
from postgwas.plot.pip_track import pip_figure
from postgwas.plot.region_numbers import LD_EDGES, height_pair, ld_classes, thinned, track
from postgwas.plot.regional import LD_COLOURS, regional_figure
from postgwas.plot.saving import save_figure

RNG = np.random.default_rng(3)
N = 50
IDS = [f"rs{row}" for row in range(N)]
PLACES = np.sort(RNG.integers(1_000_000, 1_200_000, N)).astype(float)
HEIGHTS = RNG.exponential(2.0, N)
GENES = [
    GeneModel("FURIN", 1_020_000, 1_060_000, "+", ((1_020_000, 1_021_000),)),
    GeneModel("FES", 1_061_000, 1_070_000),
]


@given(st.floats(0, 1))
def test_ld_classes_are_locuszooms(r2: float) -> None:
    expected = sum(r2 >= edge for edge in LD_EDGES)
    assert ld_classes([r2]).tolist() == [expected]


def test_colours_differ_in_lightness_for_any_kind_of_colour_vision() -> None:
    """Brightness of neighbouring classes differs, whatever their hues look like."""
    grey = [float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722))) for colour in LD_COLOURS]
    assert all(abs(one - other) > 0.05 for one, other in pairwise(grey))


def test_the_lead_is_the_figures_or_the_traits_own() -> None:
    given = track("a", IDS, PLACES, HEIGHTS, lead="rs7")
    assert given.names[given.lead] == "rs7"
    own = track("a", IDS, PLACES, HEIGHTS, lead="rs999")
    assert own.names[own.lead] == IDS[int(np.argmax(HEIGHTS))]


def test_missing_points_are_left_out() -> None:
    heights = HEIGHTS.copy()
    heights[3] = np.nan
    places = PLACES.copy()
    places[5] = np.nan
    found = track("a", IDS, places, heights, r2=np.linspace(0, 1, N))
    assert found.n == N - 2 and not {"rs3", "rs5"} & set(found.names)
    assert np.all(np.diff(found.megabases) >= 0)


@given(st.integers(0, 10_000))
def test_thinning_keeps_what_is_seen(seed: int) -> None:
    """Every point has a drawn one of its colour within a cell of the grid; top and lead stay."""
    rng = np.random.default_rng(seed)
    n = 5000
    crowd = track(
        "x", [str(i) for i in range(n)], rng.integers(0, 10**6, n), rng.exponential(1, n), r2=rng.random(n)
    )
    rows = thinned(crowd, across=40, up=20)
    assert crowd.lead in rows and rows.size < n and set(np.argsort(-crowd.height)[:50]) <= set(rows.tolist())
    width = np.ptp(crowd.megabases) / 39 * 1.001
    tall = np.ptp(crowd.height) / 19 * 1.001
    for row in rng.integers(0, n, 20):
        near = rows[crowd.ld_class[rows] == crowd.ld_class[row]]
        close = (np.abs(crowd.megabases[near] - crowd.megabases[row]) <= width) & (
            np.abs(crowd.height[near] - crowd.height[row]) <= tall
        )
        assert close.any()


def test_pairs_are_joined_by_name() -> None:
    order = RNG.permutation(N)
    found = height_pair(IDS, HEIGHTS, [IDS[row] for row in order], HEIGHTS[order] * 2)
    np.testing.assert_allclose(found.two, found.one * 2)
    assert found.correlation == pytest.approx(1.0) and found.lead == int(np.argmax(HEIGHTS))
    with pytest.raises(UsageError, match="share no variant: such as 'rs0' and 'x'"):
        height_pair(IDS, HEIGHTS, ["x"], [1.0])


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 300)), max_size=30))
def test_genes_and_names_do_not_overlap(places: list[tuple[int, int]]) -> None:
    genes = [
        GeneModel(f"GENE{i}", start * 100, (start + size) * 100)
        for i, (start, size) in enumerate(sorted(places))
    ]
    rows, n_rows = gene_rows(genes, start=0, stop=100_000, most=40)
    assert n_rows == max(rows, default=-1) + 1
    half = 0.5 * 0.075 * 7 * 100_000 / 7.0
    for row in range(n_rows):
        spans = []
        for gene, at in zip(genes, rows):
            if at == row:
                left, right = max(gene.start, 0), min(gene.stop, 100_000)
                middle = min(max((left + right) / 2, half), 100_000 - half)
                spans.append((min(left, middle - half), max(right, middle + half)))
        spans.sort()
        assert all(one[1] < other[0] for one, other in pairwise(spans))


def test_genes_of_a_gtf_near_a_region() -> None:
    features = pl.DataFrame(
        {
            "FEATURE": ["gene", "exon", "exon", "exon", "gene", "gene"],
            "CHROM": ["chr1"] * 4 + ["chr1", "chr2"],
            "START": [100, 100, 150, 400, 9000, 100], "END": [500, 200, 300, 500, 9500, 500],
            "STRAND": ["-"] * 4 + ["+", "+"], "GENE_ID": ["a"] * 4 + ["b", "c"],
            "GENE_NAME": ["A"] * 4 + [None, "C"],
        }
    )  # fmt: skip
    found = genes_from(features, 1, 450, 600)
    assert found == [GeneModel("A", 100, 500, "-", ((100, 300), (400, 500)))]
    assert [one.name for one in genes_from(features, 1, 0, 10_000)] == ["A", "b"]


def figures() -> dict[str, object]:
    r2 = np.linspace(0, 1, N)
    one = track("GWAS", IDS, PLACES, HEIGHTS, r2=r2)
    two = track("eQTL", IDS, PLACES, HEIGHTS[::-1], r2=r2)
    pair = height_pair(IDS, HEIGHTS, IDS, HEIGHTS[::-1], r2=dict(zip(IDS, r2)))
    grid = np.geomspace(1e-8, 1e-4, 20)
    share = np.linspace(0, 1, 20)
    five = np.stack([1 - share, share / 4, share / 4, share / 4, share / 4], axis=1)
    common = {"chromosome": "15", "genes": GENES}
    return {
        "regional": regional_figure([one], **common, marked=["FURIN"]),
        "stacked": regional_figure([one, two, two], chromosome="15"),
        "no_genes": regional_figure([one], chromosome="15", genes=[]),
        "locuscompare": locuscompare_figure(pair, ("GWAS", "eQTL"), tracks=(one, two), **common),
        "scatter": locuscompare_figure(pair, ("GWAS", "eQTL")),
        "pip": pip_figure([one], HEIGHTS / 20, PLACES / 1e6, [np.array([3, 4])], names=IDS, **common),
        "no_set": pip_figure([one], HEIGHTS / 20, PLACES / 1e6, [], names=IDS, chromosome="15"),
        "sensitivity": sensitivity_figure(grid, five, five[::-1], chosen=1e-5, strong=0.2),
    }  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> dict[str, object]:
    return figures()


def test_files_stand_and_are_the_same_bytes_again(drawn: dict[str, object], tmp_path: Path) -> None:
    for name, figure in drawn.items():
        assert save_figure(figure, tmp_path / f"{name}.png", dpi=40).stat().st_size > 2000
    assert save_figure(drawn["regional"], tmp_path / "regional.svg").stat().st_size > 3000
    save_figure(figures()["scatter"], tmp_path / "again.png", dpi=40)
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "scatter.png").read_bytes()


def test_colours_of_variants_that_one_trait_alone_has_are_in_the_legend() -> None:
    """A variant of the second trait has no LD; the pair of what both have knows no grey."""
    r2 = np.linspace(0, 1, N)
    one = track("GWAS", IDS, PLACES, HEIGHTS, r2=r2)
    two = track("eQTL", [*IDS, "own"], [*PLACES, PLACES[3]], [*HEIGHTS, 1.0], r2=[*r2, np.nan])
    pair = height_pair(IDS, HEIGHTS, IDS, HEIGHTS, r2=dict(zip(IDS, r2)))
    figure = locuscompare_figure(pair, ("GWAS", "eQTL"), tracks=(one, two), chromosome="15")
    (legend,) = (part.legends[0] for part in figure.subfigs if part.legends)
    assert [text.get_text() for text in legend.get_texts()][-1] == "not known"


@pytest.mark.parametrize("height", [6.3, 6.9, 7.25, 7.35, 9.0])
@pytest.mark.parametrize("n_tracks", [1, 3])
def test_the_name_of_the_lead_does_not_lie_on_the_line_of_significance(height: float, n_tracks: int) -> None:
    heights = np.minimum(HEIGHTS, 5.0)
    heights[10] = height
    figure = regional_figure([track("a", IDS, PLACES, heights)] * n_tracks, chromosome="15")
    figure.canvas.draw()
    for axes in figure.axes:
        (name,) = [one for one in axes.texts if one.get_text() == IDS[10]]
        box = name.get_window_extent()
        line = axes.transData.transform((0, GENOME_WIDE))[1]
        assert not box.y0 <= line <= box.y1
        assert box.y1 <= axes.get_window_extent().y1 + 2


def test_what_figures_say(drawn: dict[str, object]) -> None:
    def texts(name: str) -> list[str]:
        figure = drawn[name]
        from matplotlib.text import Text

        return [one.get_text() for one in figure.findobj(Text) if one.get_text()]

    lead = IDS[int(np.argmax(HEIGHTS))]
    assert lead in texts("regional") and "FURIN →" in texts("regional")
    assert "position on chromosome 15 (Mb)" in texts("stacked")
    assert "no genes here" in texts("no_genes")
    assert any("50 shared variants" in one for one in texts("locuscompare"))
    assert "set 1: 2 variants" in texts("pip") and "no credible set" in texts("no_set")
    assert "p12 = 1e-05" in texts("sensitivity") and "PP.H4 ≥ 0.2" in texts("sensitivity")


def test_many_points_are_rasterised_in_svg() -> None:
    n = 30_000
    places = np.linspace(1e6, 2e6, n)
    crowd = track("x", [str(i) for i in range(n)], places, RNG.exponential(1, n))
    figure = regional_figure([crowd], chromosome="1")
    lines = figure.axes[0].lines
    assert any(line.get_rasterized() for line in lines)
    assert sum(len(line.get_xdata()) for line in lines) < n
