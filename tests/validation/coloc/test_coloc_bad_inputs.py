"""What coloc 6.0.1's check_dataset says to malformed copies of coloc_test_data's D1, and what we say.

`bad_inputs_coloc_abf.json` names each copy; here is how ours is made and which reason it is refused for. The
peer takes some that we refuse: they are marked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from postgwas import coloc
from postgwas.errors import PostgwasError, PostgwasWarning

Given = dict[str, Any]


def at(name: str, value: float) -> Callable[[Given], Given]:
    """One value of a vector is another."""

    def change(given: Given) -> Given:
        vector = np.array(given[name], np.float64)
        vector[2] = value
        return given | {name: vector}

    return change


def without(*names: str, **more: Any) -> Callable[[Given], Given]:
    return lambda given: {key: value for key, value in given.items() if key not in names} | more


def put(**more: Any) -> Callable[[Given], Given]:
    return lambda given: given | more


def from_p(change: Callable[[Given], Given] | None = None) -> Callable[[Given], Given]:
    bare = without("beta", "se")
    return bare if change is None else lambda given: change(bare(given))


REFUSED: dict[str, tuple[Callable[[Given], Given], str]] = {
    "type_missing": (without("type"), "type is missing"),
    "type_wrong": (put(type="binary"), "type = 'binary': expected quant or cc"),
    "snp_missing": (without("snp"), "snp"),
    "dup_snp": (lambda given: given | {"snp": ["s1", "s1", *given["snp"][2:]]}, "variant 's1' occurs twice"),
    "na_beta": (at("beta", np.nan), r"beta: nan at variant 2 \('s3'\)"),
    "na_varbeta": (at("se", np.nan), r"se: nan at variant 2 \('s3'\)"),
    "inf_beta": (at("beta", np.inf), r"beta: inf at variant 2 \('s3'\)"),
    "zero_varbeta": (at("se", 0), r"se: 0 at variant 2 \('s3'\), expected numbers above 0"),
    "negative_varbeta": (at("se", -0.1), r"se: -0\.1 at variant 2"),
    "maf_zero": (at("maf", 0), "maf: 0 at variant 's3', expected values above 0 and below 1"),
    "maf_one": (at("maf", 1), "maf: 1 at variant 's3', expected values above 0 and below 1"),
    "maf_character": (
        lambda given: given | {"maf": [str(one) + "x" for one in given["maf"]]},
        "maf: .*numbers",
    ),
    "length_mismatch": (lambda given: given | {"beta": given["beta"][:10]}, "beta: 10 values, expected 500"),
    "no_sdY_no_MAF": (without("sd_y", "maf"), "needs sd_y, or maf and n"),
    "no_sdY_no_N": (without("sd_y", "n"), "needs sd_y, or maf and n"),
    "cc_s_1": (put(type="cc", case_fraction=1.0), "case_fraction = 1: expected a share between 0 and 1"),
    "cc_s_0": (put(type="cc", case_fraction=0.0), "case_fraction = 0: expected a share between 0 and 1"),
    "no_beta_no_p": (without("beta", "se", "p"), "p missing: without beta and se, p, maf and n are needed"),
    "varbeta_missing": (without("se"), "beta without se"),
    "p_zero": (from_p(at("p", 0)), "p: 0 at variant 's3', expected values above 0 and up to 1"),
    "p_na": (from_p(at("p", np.nan)), "p: nan at variant 2"),
    "p_no_N": (from_p(without("n")), "n missing"),
    "p_no_MAF": (from_p(without("maf")), "maf missing"),
    "p_cc_no_s": (from_p(put(type="cc")), "P-values of case-control data need the share of cases"),
    # Taken by the peer:
    "N_zero": (put(n=0), "n: 0"),
    "N_negative": (put(n=-5), "n: -5"),
    "sdY_negative": (put(sd_y=-1.0), "sd_y = -1: expected a standard deviation above 0"),
    "sdY_zero": (put(sd_y=0.0), "sd_y = 0: expected a standard deviation above 0"),
    "cc_s_33": (put(type="cc", case_fraction=33), "case_fraction = 33: expected a share between 0 and 1"),
    "p_gt1": (from_p(at("p", 1.5)), r"p: 1\.5 at variant 's3'"),
}
TAKEN_BY_THE_PEER = {"N_zero", "N_negative", "sdY_negative", "sdY_zero", "cc_s_33", "p_gt1"}

TAKEN: dict[str, Callable[[Given], Given]] = {
    "ok": put(),
    "maf_above_half": lambda given: given | {"maf": 1 - given["maf"]},
    "no_sdY_with_MAF_N": without("sd_y"),
    "cc_no_s_beta": without("sd_y", type="cc"),
    "p_only": from_p(without("sd_y")),
    "p_only_sdY": from_p(),
}
#: There is nothing to make: a factor and a list are R's, and n may be one a variant here.
NOT_OURS = {"snp_factor", "list_not", "N_vector"}
ELSEWHERE = {"no_common_snps", "weak_minp", "se_given_as_varbeta"}


@pytest.fixture(scope="module")
def told(shared: Path) -> dict[str, Any]:
    folder = shared / "oracle" / "rpeers" / "coloc_pkg_testdata"
    return {row["input"]: row for row in json.loads((folder / "bad_inputs_coloc_abf.json").read_text())}


@pytest.fixture(scope="module")
def data(shared: Path) -> list[Given]:
    folder = shared / "oracle" / "rpeers" / "coloc_pkg_testdata"
    made = []
    for number in (1, 2):
        table = pl.read_csv(folder / f"D{number}.tsv.gz", separator="\t", infer_schema_length=None)
        meta = json.loads((folder / f"D{number}_meta.json").read_text())
        beta, se = table["beta"].to_numpy(), np.sqrt(table["varbeta"].to_numpy())
        from scipy.stats import norm

        made.append(
            {
                "snp": table["snp"].to_list(), "beta": beta, "se": se, "maf": table["MAF"].to_numpy(),
                "p": 2 * norm.sf(np.abs(beta / se)), "n": meta["N"], "type": meta["type"],
                "sd_y": meta["sdY"],
            }
        )  # fmt: skip
    return made


@pytest.mark.requires_shared
def test_every_input_is_looked_at(told: dict[str, Any]) -> None:
    assert set(told) == set(REFUSED) | set(TAKEN) | NOT_OURS | ELSEWHERE
    for name in REFUSED:
        assert (told[name]["outcome"] == "ok") == (name in TAKEN_BY_THE_PEER), name


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", REFUSED)
def test_refused(data: list[Given], name: str) -> None:
    change, reason = REFUSED[name]
    with pytest.raises((PostgwasError, TypeError)) as caught:
        coloc.Dataset(**change(data[0]))
    assert re.search(reason, str(caught.value)), str(caught.value)


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", TAKEN)
def test_taken(data: list[Given], told: dict[str, Any], name: str) -> None:
    found = coloc.abf(coloc.Dataset(**TAKEN[name](data[0])), coloc.Dataset(**data[1]))
    expected = [told[name]["summary"][f"PP.H{number}.abf"] for number in range(5)]
    np.testing.assert_allclose(found.pp, expected, rtol=1e-6)


@pytest.mark.requires_shared
def test_no_variant_in_common(data: list[Given]) -> None:
    other = data[1] | {"snp": [f"x{number}" for number in range(500)]}
    with pytest.raises(PostgwasError, match="the traits share no variant"):
        coloc.abf(coloc.Dataset(**data[0]), coloc.Dataset(**other))


@pytest.mark.requires_shared
def test_variances_given_as_errors_are_named(data: list[Given]) -> None:
    """The peer's own accident, the other way round: its varbeta given as our se."""
    with pytest.warns(PostgwasWarning, match="trait 1: standard errors look like variances"):
        coloc.abf(coloc.Dataset(**data[0] | {"se": data[0]["se"] ** 2}), coloc.Dataset(**data[1]))


@pytest.mark.requires_shared
def test_ld(shared: Path, data: list[Given]) -> None:
    """`bad_inputs_runsusie.json`: not square, holes, names lacking; here asymmetry is refused, too."""
    good = np.eye(500)
    holed, slanted = good.copy(), good.copy()
    holed[3, 4] = holed[4, 3] = np.nan
    slanted[3, 4] = 0.4
    names = data[0]["snp"]
    for more, reason in (
        ({"ld": good[:, :400]}, "not square"), ({"ld": holed}, "nan between .*missing values"),
        ({"ld": slanted}, "not symmetric"),
        ({"ld": good, "ld_snp": ["x", *names[1:]]}, "'s1' is not in the LD"),
        ({"ld": good, "ld_snp": names[::-1]}, "variant 0 is 's1' but 's500' in the LD matrix"),
    ):  # fmt: skip
        with pytest.raises(PostgwasError, match=reason):
            coloc.Dataset(**data[0], **more)
