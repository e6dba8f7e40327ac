"""Groups of samples from a sheet of samples."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from postgwas.errors import ColumnError, InputError
from postgwas.genotypes.groups import groups_of

SAMPLES = pl.DataFrame(
    {"FID": [None, None, None], "IID": ["a", "b", "c"]}, schema={"FID": pl.String, "IID": pl.String}
)


@pytest.mark.parametrize("name", ["sample", "sample_id", "SampleID", "#IID"])
def test_a_sheet_names_its_ids_as_it_likes(tmp_path: Path, name: str) -> None:
    sheet = tmp_path / "samples.tsv"
    sheet.write_text(f"{name}\tsex\tancestry\nb\tmale\tEUR\na\tfemale\tAFR\nz\tmale\tEAS\n")
    assert groups_of(SAMPLES, sheet, column="ancestry").labels() == ["AFR", "EUR", None]


def test_a_sheet_without_the_column_is_refused(tmp_path: Path) -> None:
    sheet = tmp_path / "samples.tsv"
    sheet.write_text("sample\tsex\tancestry\nb\tmale\tEUR\n")
    with pytest.raises(ColumnError, match="no header with IID"):
        groups_of(SAMPLES, sheet, column="POP")
    with pytest.raises(InputError, match="gives a group to none of the 3 samples"):
        groups_of(SAMPLES, sheet)


@pytest.mark.parametrize("above", [0, 2])
def test_lines_are_counted_from_the_first_of_the_file(tmp_path: Path, above: int) -> None:
    sheet = tmp_path / "groups.txt"
    sheet.write_text("\n" * above + "#IID GROUP\na X\nb Y Z\n")
    with pytest.raises(InputError, match=f"line {above + 3}: 3 columns found, expected 2"):
        groups_of(SAMPLES, sheet)
