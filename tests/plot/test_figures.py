"""Figures are made and written whole; their pixels are not tested."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from postgwas.errors import MatrixError, OutputError, UsageError
from postgwas.plot.correlation import correlation_figure
from postgwas.plot.mtag import describe, mtag_figure, scan_of_table
from postgwas.plot.saving import save_figure


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(3)
    n = 4000
    z = rng.standard_normal(n)
    z[[10, 2000]] = 60.0, -9.0
    return pd.DataFrame(
        {
            "SNP": [f"rs{i}" for i in range(n)],
            "CHR": np.repeat([1, 2, 3, 23], n // 4),
            "BP": np.tile(np.arange(n // 4) * 50_000, 4),
            "Z": z,
            "N": np.where(np.arange(n) % 2, 1000.0, 900.0),
            "mtag_z": 1.1 * z,
        }
    )


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_the_figure_of_a_trait_is_written(table, tmp_path, suffix):
    scan = scan_of_table("height_100%$", table)
    assert describe(scan) == "4,000 SNPs, N = 900 to 1,000"
    figure = mtag_figure(scan)
    path = save_figure(figure, tmp_path / f"a.{suffix}")
    head = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[suffix]
    assert path.read_bytes().startswith(head)
    assert [p.name for p in tmp_path.iterdir()] == [f"a.{suffix}"]
    named = {t.get_text() for axes in figure.axes for t in axes.texts}
    assert {"rs10", "rs2000"} <= named


def test_names_may_be_a_polars_column(table):
    scan = replace(scan_of_table("t", table), snpid=pl.Series(table.SNP.tolist()))
    assert "rs10" in {t.get_text() for axes in mtag_figure(scan).axes for t in axes.texts}


def test_both_halves_share_genome_and_height(table):
    upper, lower, *_ = mtag_figure(scan_of_table("t", table)).axes
    assert upper.get_xlim() == lower.get_xlim()
    assert upper.get_ylim() == lower.get_ylim()[::-1]
    assert [t.get_text() for t in upper.get_xticklabels()] == ["1", "2", "3", "X"]


def test_without_positions_only_the_qq_plot_is_drawn(table):
    figure = mtag_figure(scan_of_table("t", table.drop(columns=["CHR", "BP"])))
    assert len(figure.axes) == 1
    assert figure.axes[0].get_xlabel().startswith("expected")


def test_chromosomes_as_text_are_understood(table):
    text = table.assign(CHR=table.CHR.map({1: "chr1", 2: "2", 3: "3", 23: "X"}))
    np.testing.assert_array_equal(scan_of_table("t", text).chrom, table.CHR)
    unknown = table.assign(CHR="scaffold")
    assert len(mtag_figure(scan_of_table("t", unknown)).axes) == 1


def test_all_missing_z_still_makes_a_figure(table, tmp_path):
    figure = mtag_figure(scan_of_table("t", table.assign(Z=np.nan, mtag_z=np.nan)))
    assert save_figure(figure, tmp_path / "a.png").stat().st_size > 1000


def test_pyplot_is_not_touched(table):
    mtag_figure(scan_of_table("t", table))
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_same_figure_same_bytes(table, tmp_path):
    drawn = [mtag_figure(scan_of_table("t", table)) for _ in "ab"]
    for form in ("svg", "pdf"):
        one, two = (save_figure(figure, tmp_path / f"{i}.{form}") for i, figure in enumerate(drawn))
        assert one.read_bytes() == two.read_bytes()
    files = [save_figure(figure, tmp_path / f"{i}.png") for i, figure in enumerate(drawn)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_saving_refuses_what_it_cannot_do(table, tmp_path):
    figure = correlation_figure(np.eye(2), names=["a", "b"])
    with pytest.raises(UsageError, match=r"\.png"):
        save_figure(figure, tmp_path / "a.jpeg")
    with pytest.raises(OutputError, match="missing"):
        save_figure(figure, tmp_path / "missing" / "a.png")
    save_figure(figure, tmp_path / "a.png")
    with pytest.raises(OutputError, match="exists"):
        save_figure(figure, tmp_path / "a.png", overwrite=False)


def test_heat_map_prints_correlation_and_standard_error():
    rg = np.array([[1, -0.001, 0.5], [-0.001, 1, np.nan], [0.5, np.nan, 1]])
    figure = correlation_figure(rg, np.full((3, 3), 0.034), names=["a", "b", "c"])
    assert [t.get_text() for t in figure.axes[0].texts] == ["0.00\n(0.03)", "0.50\n(0.03)"]


@pytest.mark.parametrize(
    ("rg", "se", "names"), [(np.eye(2), None, ["a"]), (np.eye(2), np.eye(3), ["a", "b"])]
)
def test_heat_map_of_the_wrong_size(rg, se, names):
    with pytest.raises(MatrixError):
        correlation_figure(rg, se, names=names)


def test_names_in_any_script_are_drawn_without_a_warning(tmp_path, caplog, monkeypatch):
    from postgwas.plot import signs
    from postgwas.plot.matrix import matrix_figure
    from postgwas.plot.saving import lay_out, save_figure

    signs._tell.cache_clear()
    monkeypatch.setattr(signs, "_others", lambda: ())
    names = ["Gr\u00f6\u00dfe \u03b2", "\u8eab\u9577", "\u8eab"]
    figure = matrix_figure(np.eye(3), names=names, title="x")
    with caplog.at_level("WARNING"):
        lay_out(figure)
        for suffix in (".png", ".svg"):
            assert save_figure(figure, tmp_path / f"a{suffix}").stat().st_size > 1000
    told = [one.getMessage() for one in caplog.records if "no font here" in one.getMessage()]
    assert len(told) == 1 and "\u8eab\u9577" in told[0] and "\u00f6" not in told[0]


def test_numbers_of_a_forest_plot_are_whole_in_svg_files():
    """Their layout is that of the PNG file, whose letters are narrower."""
    import io

    from matplotlib.backends.backend_svg import RendererSVG

    from postgwas.plot.forest import Forest, ForestRow, forest_figure
    from postgwas.plot.saving import lay_out

    rows = tuple(ForestRow(f"S{i}", 0.0111 * i, 0.0123, "S", "study") for i in range(1, 8))
    figure = forest_figure(Forest("LDL: rs1", rows, "effect"), width=6.2)
    lay_out(figure, dpi=130)
    figure.set_dpi(72)
    width, height = figure.get_size_inches() * 72
    renderer = RendererSVG(width, height, io.StringIO())
    assert max(text.get_window_extent(renderer).x1 for text in figure.axes[0].texts) <= width
