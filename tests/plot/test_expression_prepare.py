"""The figure of `postgwas expression prepare`: its numbers, and that it is drawn from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from postgwas.expression import ExpressionMatrix, FilterOptions, PrepareOptions, gene_table, prepare
from postgwas.expression.run_prepare import Prepared
from postgwas.plot.expression_prepare import histograms, prepare_figure, view_of


def result(transform: str, norm: str = "tmm") -> Prepared:
    rng = np.random.default_rng(4)
    counts = rng.poisson(np.exp(rng.normal(2, 1.5, (200, 1))), (200, 90)).astype(np.float64)
    genes = gene_table([f"g{i}" for i in range(200)])
    matrix = ExpressionMatrix(counts, genes, tuple(f"s{j}" for j in range(90)))
    options = PrepareOptions(
        filter=FilterOptions(rule="custom", min_count=5),
        transform=transform,  # type: ignore[arg-type]
        norm=norm,  # type: ignore[arg-type]
    )
    return prepare(matrix, options=options)


@pytest.mark.parametrize(
    ("transform", "norm", "label"),
    [("int", "tmm", "normal quantile"), ("log2", "rle", "log2 expression"), ("none", "deseq2", "log2(expr")],
)
def test_what_is_drawn(transform: str, norm: str, label: str) -> None:
    prepared = result(transform, norm)
    view = view_of(prepared)
    assert view.after_label.startswith(label)
    assert view.n_kept + sum(view.dropped.values()) == 200
    for middles, shares in (view.before, view.after):
        assert shares.shape == (60, len(middles))  # no more than 60 of the 90 samples
        np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    figure = prepare_figure(view)
    before, after, bars, scatter = figure.axes
    assert len(before.lines) == len(after.lines) == 60
    assert [bar.get_width() for bar in bars.patches] == [view.n_kept, *view.dropped.values()]
    np.testing.assert_allclose(
        scatter.collections[0].get_offsets(), np.column_stack([view.lib_size / 1e6, view.factors])
    )


def test_equal_values_have_a_histogram() -> None:
    middles, shares = histograms(np.zeros((5, 2)))
    assert np.isfinite(middles).all()
    np.testing.assert_array_equal(shares.sum(axis=1), 1.0)


def test_the_file_is_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    matrix = ExpressionMatrix(
        rng.poisson(20, (30, 6)).astype(np.float64),
        gene_table([f"g{i}" for i in range(30)]),
        tuple("abcdef"),
    )
    prepare(
        matrix,
        options=PrepareOptions(filter=FilterOptions(rule="edger")),
        out=tmp_path / "x",
        bed=False,
        figures=True,
        quiet=True,
    )
    assert (tmp_path / "x.prepare.png").read_bytes().startswith(b"\x89PNG")
