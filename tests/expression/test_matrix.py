"""The matrix refuses what it may not hold, by name, and gives back what is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from postgwas.errors import InputError, UsageError
from postgwas.expression import ExpressionMatrix, gene_table


def matrix(
    values: list[list[float]], genes: list[str], samples: list[str], unit: str = "counts"
) -> ExpressionMatrix:
    return ExpressionMatrix(np.array(values, float), gene_table(genes), tuple(samples), unit, "m.tsv")  # type: ignore[arg-type]


def test_select_by_name_by_row_and_by_mask() -> None:
    m = matrix([[1, 2, 3], [4, 5, 6]], ["g", "h"], ["a", "b", "c"])
    assert m.select(samples=["c", "a"]).values.tolist() == [[3, 1], [6, 4]]
    chosen = m.select(genes=np.array([1]), samples=np.array([False, True, True]))
    assert (chosen.values.tolist(), chosen.gene_ids, chosen.samples) == ([[5, 6]], ["h"], ("b", "c"))


def test_names_that_are_not_there() -> None:
    with pytest.raises(UsageError, match="1 samples are not in it: z"):
        matrix([[1]], ["g"], ["a"]).select(samples=["z"])


@pytest.mark.parametrize("genes, samples, said", [
    (["g", "g"], ["a", "b"], "1 gene ids occur more than once: g"),
    (["g", "h"], ["a", "a"], "1 sample ids occur more than once: a"),
])  # fmt: skip
def test_ids_that_occur_twice(genes: list[str], samples: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        matrix([[1, 2], [3, 4]], genes, samples)


@pytest.mark.parametrize("value, said", [
    (np.nan, "1 counts values are not finite numbers, such as nan of gene h in sample b"),
    (np.inf, "1 counts values are not finite numbers, such as inf of gene h in sample b"),
    (-3.0, "1 counts values are negative, such as -3 of gene h in sample b"),
])  # fmt: skip
def test_counts_that_cannot_be(value: float, said: str) -> None:
    with pytest.raises(InputError, match=said):
        matrix([[1, 2], [3, value]], ["g", "h"], ["a", "b"])


def test_normalised_values_may_be_missing_but_not_infinite() -> None:
    assert matrix([[np.nan, -1]], ["g"], ["a", "b"], "normalised").n_samples == 2
    with pytest.raises(InputError, match="infinite"):
        matrix([[np.inf, -1]], ["g"], ["a", "b"], "normalised")


def test_shape() -> None:
    with pytest.raises(InputError, match=r"shape \(1, 2\), expected float64 of 1 genes x 1 samples"):
        matrix([[1, 2]], ["g"], ["a"])
