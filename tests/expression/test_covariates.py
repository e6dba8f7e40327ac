"""Covariates: files either way round, categories, missing values, what depends on what."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from postgwas.errors import InputError, OutputError, UsageError
from postgwas.expression import (
    CovariateMatrix,
    CovariateOptions,
    CovariateTable,
    assemble_covariates,
    covariate_file,
    read_covariates,
    write_covariates,
)
from postgwas.expression.covariate_files import read_table

PEOPLE = tuple(f"s{i}" for i in range(12))


def table(**columns: object) -> CovariateTable:
    text = {name: [str(cell) for cell in cells] for name, cells in columns.items()}  # type: ignore[attr-defined]
    return CovariateTable(text, PEOPLE, "sheet.tsv")


AGE = [31, 45, 22, 67, 54, 39, 28, 71, 60, 33, 48, 52]
SEX = list("MFMFFMMFMFFM")
BATCH = [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]


@given(
    hnp.arrays(np.float64, (3, 5), elements=st.floats(allow_nan=False, allow_infinity=False)),
    st.sampled_from(["c.txt", "c.txt.gz"]),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, values: np.ndarray, name: str
) -> None:
    path = tmp_path_factory.mktemp("c") / name
    matrix = CovariateMatrix(values, ("PC1", "sex", "InferredCov1"), tuple("abcde"))
    write_covariates(matrix, path)
    back = read_covariates(path)
    assert (
        np.array_equal(back.values, values) and back.names == matrix.names and back.samples == matrix.samples
    )
    with pytest.raises(OutputError, match="exists already"):
        write_covariates(matrix, path)


def test_the_layout_that_fastqtl_and_tensorqtl_read(tmp_path: Path) -> None:
    matrix = CovariateMatrix(np.array([[1.0, 2.0], [0.25, -3.5]]), ("sex", "PC1"), ("a", "b"))
    write_covariates(matrix, tmp_path / "c.txt")
    assert (tmp_path / "c.txt").read_text() == "id\ta\tb\nsex\t1\t2\nPC1\t0.25\t-3.5\n"
    write_covariates(matrix, tmp_path / "c.txt.gz")
    assert gzip.decompress((tmp_path / "c.txt.gz").read_bytes()) == (tmp_path / "c.txt").read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "id\ta\tb\tc\nage\t1\t2\t3\nPC1\t.5\t.6\t.7\n",
        "#FID\tIID\tage\tPC1\nf1\ta\t1\t.5\nf2\tb\t2\t.6\nf3\tc\t3\t.7\n",
        "#IID age PC1\na 1 .5\nb 2 .6\nc 3 .7\n",
        "sample_id,age,PC1\na,1,.5\nb,2,.6\nc,3,.7\n",
    ],
)
def test_layouts_come_to_the_same(tmp_path: Path, text: str) -> None:
    (tmp_path / "f").write_text(text)
    for samples in (None, ["c", "a", "b"]):
        read = read_covariates(tmp_path / "f", samples=samples)
        assert read.samples == ("a", "b", "c") and read.names == ("age", "PC1")
        assert read.values.tolist() == [[1, 2, 3], [0.5, 0.6, 0.7]]


def test_orientation_is_never_guessed(tmp_path: Path) -> None:
    path = tmp_path / "f.tsv"
    path.write_text("x\ta\tb\na\t1\t2\nb\t3\t4\n")
    for samples in (None, ["a", "b"]):
        with pytest.raises(InputError, match="cannot be told whether samples are its rows"):
            read_table(path, samples=samples)
    assert read_covariates(path, layout="samples_are_rows").samples == ("a", "b")
    with pytest.raises(InputError, match=r"none of the 2 samples .*called q1, q2"):
        read_table(path, samples=["q1", "q2"])


def test_text_and_gaps_in_a_matrix_of_numbers(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("id\ta\tb\nsex\tM\tF\n")
    with pytest.raises(InputError, match="covariate sex of sample a is 'M', expected a number"):
        read_covariates(tmp_path / "f")
    (tmp_path / "f").write_text("id\ta\tb\nage\t1\n")
    with pytest.raises(InputError, match="line 2: 2 columns found, expected 3"):
        read_covariates(tmp_path / "f")
    (tmp_path / "f").write_text("id\ta\tb\nage\t1\tNA\n")
    with pytest.raises(InputError, match=r"NA"):
        read_covariates(tmp_path / "f")


def test_categories_and_their_reference() -> None:
    made = assemble_covariates([table(sex=SEX, batch=BATCH, age=AGE)], categorical=["batch"])
    assert made.matrix.names == ("sex:M", "batch:2", "batch:3", "batch:4", "age")
    assert made.matrix.row("sex:M").tolist() == [float(s == "M") for s in SEX]
    assert made.matrix.row("batch:3").tolist() == [float(b == 3) for b in BATCH]
    assert {name: detail for name, _, _, detail in made.account}["batch:2"] == "reference 1"
    other = assemble_covariates([table(sex=SEX)], references={"sex": "M"})
    assert other.matrix.names == ("sex:F",)
    with pytest.raises(InputError, match="no level X; it has F, M"):
        assemble_covariates([table(sex=SEX)], references={"sex": "X"})
    with pytest.raises(UsageError, match="no covariate centre"):
        assemble_covariates([table(sex=SEX)], categorical=["centre"])


def test_missing_values_are_refused_with_names_or_imputed_with_a_count() -> None:
    gaps = [*AGE[:3], "NA", *AGE[4:11], ""]
    with pytest.raises(InputError, match="covariate age has no value for 2 of 12 samples: s3, s11"):
        assemble_covariates([table(age=gaps)])
    made = assemble_covariates([table(age=gaps, sex=[*SEX[:11], "NA"])], impute="mean")
    assert made.n_imputed == {"age": 2, "sex": 1}
    mean = np.mean([v for i, v in enumerate(AGE) if i not in (3, 11)])
    assert np.isclose(made.matrix.row("age")[[3, 11]], mean).all()
    assert np.isclose(made.matrix.row("sex:M")[11], SEX[:11].count("M") / 11)
    with pytest.raises(InputError, match="no value at all"):
        assemble_covariates([table(age=["NA"] * 12)], impute="mean")


def test_text_among_numbers_and_text_that_is_no_group() -> None:
    with pytest.raises(
        InputError, match="1 values that are no numbers among 11 that are, such as '45y' of sample s1"
    ):
        assemble_covariates([table(age=[31, "45y", *AGE[2:]])])
    with pytest.raises(InputError, match="differs in every sample"):
        assemble_covariates([table(barcode=[f"x{i}" for i in range(12)])])
    with pytest.raises(InputError, match="infinite"):
        assemble_covariates([table(age=["inf", *AGE[1:]])])


def test_columns_that_depend_on_others_are_named() -> None:
    double = [2 * a + 3 for a in AGE]
    both = [a + (s == "M") for a, s in zip(AGE, SEX)]
    known = table(age=AGE, sex=SEX, double=double, site=["x"] * 12, both=both)
    made = assemble_covariates([known])
    outcomes = {name: (outcome, detail) for name, _, outcome, detail in made.account}
    assert made.matrix.names == ("age", "sex:M")
    assert outcomes["double"] == ("collinear", "depends on age")
    assert outcomes["both"] == ("collinear", "depends on age, sex:M")
    assert outcomes["site:x"] == ("constant", "1 in all samples")
    with pytest.raises(InputError, match=r"covariate double is collinear \(depends on age\)"):
        assemble_covariates([table(age=AGE, double=double)], collinear="refuse")


@given(st.integers(0, 10_000), st.floats(1e-12, 1e12))
def test_scale_and_a_small_real_difference_are_no_collinearity(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 12))
    near = a + 1e-4 * b
    made = assemble_covariates(
        [table(a=[repr(float(v * scale)) for v in a], near=[repr(float(v)) for v in near])]
    )
    assert made.matrix.names == ("a", "near")


def test_samples_are_matched_by_id() -> None:
    second = CovariateTable({"PC1": [str(i) for i in range(10)]}, tuple(reversed(PEOPLE[2:])), "pca.eigenvec")
    with pytest.raises(InputError, match=r"pca.eigenvec: 2 of 12 samples are not in it: s0, s1"):
        assemble_covariates([table(age=AGE), second])
    made = assemble_covariates([table(age=AGE), second], unmatched="drop")
    assert made.matrix.samples == PEOPLE[2:] and made.lost_samples == ("s0", "s1")
    assert made.matrix.row("age").tolist() == AGE[2:]
    assert made.matrix.row("PC1").tolist() == list(range(9, -1, -1))
    stranger = CovariateTable({"x": ["1"] * 2}, ("p", "q"), "other.tsv")
    with pytest.raises(InputError, match="no sample is in all of"):
        assemble_covariates([table(age=AGE), stranger], unmatched="drop")
    with pytest.raises(InputError, match=r"covariate age is in sheet.tsv and in sheet.tsv"):
        assemble_covariates([table(age=AGE), table(age=SEX)])


def test_more_covariates_than_samples() -> None:
    rng = np.random.default_rng(1)
    many = table(**{f"x{i}": rng.normal(size=12) for i in range(11)})
    with pytest.raises(InputError, match="11 covariates for 12 samples: no degrees of freedom"):
        assemble_covariates([many])


def test_what_hidden_factors_hold_already() -> None:
    rng = np.random.default_rng(3)
    age = np.array(AGE, float)
    factors = {"F1": age + rng.normal(size=12), "F2": rng.normal(size=12), "F3": rng.normal(size=12) * 1e-30}
    hidden = CovariateTable(
        {k: [repr(float(x)) for x in v] for k, v in factors.items()}, PEOPLE, "f", hidden=True
    )
    made = assemble_covariates([table(age=AGE, sex=SEX), hidden])
    design = np.column_stack([np.ones(12), factors["F1"], factors["F2"]])
    rest = age - design @ np.linalg.lstsq(design, age, rcond=None)[0]
    assert np.isclose(made.r2_hidden["age"], 1 - rest.var() / age.var())
    assert made.matrix.names == ("age", "sex:M", "F1", "F2")
    assert [a[2] for a in made.account if a[0] == "F3"] == ["switched_off"]
    assert assemble_covariates([table(age=AGE, sex=SEX), hidden], captured=0.9).matrix.names == (
        "sex:M",
        "F1",
        "F2",
    )


@pytest.mark.parametrize("name", ["known", "include", "exclude", "categorical"])
def test_a_text_alone_is_no_list_of_its_letters(tmp_path, name):
    options = CovariateOptions(**{"known": ["sheet.tsv"], name: "sheet.tsv"})
    with pytest.raises(UsageError, match=f"{name} is the text 'sheet.tsv'; expected several"):
        covariate_file(str(tmp_path / "out"), options=options)
    assert list(tmp_path.iterdir()) == []
