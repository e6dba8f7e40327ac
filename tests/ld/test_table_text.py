"""Numbers as text against pandas, whose 0.20 ldsc.py prints its tables with."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from postgwas.ld.score_summary import correlations, score_lines, spread
from postgwas.ld.table_text import matrix_lines, series_lines

VALUES = st.one_of(
    st.just(float("nan")),
    st.integers(-3, 3).map(float),
    st.floats(-1e7, 1e7).map(lambda x: round(x, 2)),
    st.floats(-1.0, 1.0),
    st.floats(-1e-5, 1e-5),
    st.floats(-1e9, 1e9),
)
TABLES = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=5), elements=VALUES)


@given(TABLES, st.integers(0, 12))
def test_tables_and_series_as_pandas_prints_them(values: np.ndarray, longer: int) -> None:
    rows = [f"row{'x' * (i % 3)}{i}" for i in range(values.shape[0])]
    columns = [f"c{'y' * longer}{i}" for i in range(values.shape[1])]
    with pd.option_context("display.precision", 4, "display.width", 1000):
        assert matrix_lines(rows, columns, values) == pd.DataFrame(values, rows, columns).to_string().split(
            "\n"
        )
        assert series_lines(rows, values[:, 0]) == pd.Series(values[:, 0], rows).to_string().split("\n")


def test_integers_stay_integers() -> None:
    assert series_lines(["a", "bc"], np.array([-7, 1234])) == ["a       -7", "bc    1234"]


def test_spread_and_correlations_are_those_of_pandas() -> None:
    table = np.random.default_rng(3).normal(size=(40, 3)) * [1.0, 10.0, 0.0]
    frame = pd.DataFrame(table)
    np.testing.assert_allclose(spread(table), frame.describe().to_numpy()[1:], rtol=1e-12)
    expected = frame.corr().to_numpy()
    np.testing.assert_allclose(correlations(table), expected, rtol=1e-12)
    assert np.isnan(expected[2]).all()


def test_collinear_scores_are_warned_of() -> None:
    l2 = np.random.default_rng(4).normal(size=(50, 1)) * [1.0, 1.0] + [[0.0, 1e-9]]
    lines = score_lines(["aL2", "bL2"], "x.l2.ldscore.gz", np.linspace(0.1, 0.4, 50), l2)
    assert "WARNING: ill-conditioned LD Score Matrix!" in lines
    assert "LD Score Matrix Condition Number" not in score_lines(
        ["L2"], "x", np.linspace(0.1, 0.4, 50), l2[:, :1]
    )
