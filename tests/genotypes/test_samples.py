"""Lists of samples and variants to keep."""

from __future__ import annotations

import logging
from pathlib import Path

import polars as pl
import pytest

from postgwas.errors import InputError
from postgwas.genotypes.samples import keep_samples, read_psam, read_sexes
from postgwas.genotypes.variants import listed_variants

SAMPLES = pl.DataFrame({"FID": ["A", "A", "B"], "IID": ["1", "2", "1"]})


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("B 1\nA 2\n", [1, 2]),
        ("1\n", [0, 2]),
        ("#FID IID\nA 1\n", [0]),
        ("#IID\n2\n", [1]),
        ("#IID SEX\n2 1\n", [1]),
        ("FID IID\nB 1\n", [2]),
        ("A 1 extra columns\r\n\r\n", [0]),
    ],
)
def test_lists_of_either_kind(tmp_path: Path, text: str, rows: list[int]) -> None:
    (tmp_path / "keep").write_text(text)
    assert keep_samples(SAMPLES, tmp_path / "keep").tolist() == rows


def test_first_column_as_iid(tmp_path: Path) -> None:
    (tmp_path / "keep").write_text("2 A\n")
    assert keep_samples(SAMPLES, tmp_path / "keep", first_column=True).tolist() == [1]


def test_ids_without_a_file() -> None:
    assert keep_samples(SAMPLES, ["2"]).tolist() == [1]


def test_nobody(tmp_path: Path) -> None:
    (tmp_path / "keep").write_text("C 1\nD 2\n")
    with pytest.raises(InputError, match="none of the 2 ids is a sample"):
        keep_samples(SAMPLES, tmp_path / "keep")


def test_psam_with_and_without_family(tmp_path: Path) -> None:
    (tmp_path / "a.psam").write_text("##note\n#IID SEX\nx 1\ny 2\n")
    assert read_psam(tmp_path / "a.psam").rows() == [(None, "x", 1), (None, "y", 2)]
    (tmp_path / "b.psam").write_text("#FID IID SEX\nf x 1\n")
    assert read_psam(tmp_path / "b.psam").rows() == [("f", "x", 1)]
    (tmp_path / "c.psam").write_text("#IID SEX\nx 1\nx 2\n")
    with pytest.raises(InputError, match="sample 'x' occurs more than once"):
        read_psam(tmp_path / "c.psam")


def test_variants_of_a_list(tmp_path: Path) -> None:
    variants = pl.DataFrame({"SNPID": ["a", "b", "c:A:T"], "A1": ["C", "C", "T"], "A2": "A"})
    (tmp_path / "extract").write_text("c 1\nb\nzzz\n")
    assert listed_variants(variants, tmp_path / "extract").tolist() == [False, True, True]
    with pytest.raises(InputError, match="none of the 1 ids is a variant"):
        listed_variants(variants, ["d"])


def test_ids_that_are_no_samples_are_named(caplog: pytest.LogCaptureFixture) -> None:
    samples = pl.DataFrame({"FID": ["F0", "F1"], "IID": ["I0", "I1"]})
    with caplog.at_level(logging.WARNING):
        assert keep_samples(samples, ["I1", "Q2", "Q1"]).tolist() == [1]
    assert caplog.messages == ["2 of 3 ids are no samples of the genotypes (Q1, Q2)"]
    caplog.clear()
    keep_samples(samples, ["I1", "I0"])
    assert not caplog.messages


def test_sexes_of_zero_and_one_are_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "sex").write_text("x 0\ny 1\n")
    with pytest.raises(InputError, match="does not tell who is male"):
        read_sexes(tmp_path / "sex")
    (tmp_path / "sex").write_text("x 0\ny 1\nz 2\n")
    assert read_sexes(tmp_path / "sex")["SEX"].to_list() == [None, 1, 2]
