"""Quality control compared with a plain loop over rows, and its promises one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.errors import ColumnError, InputError, NoVariantsError
from postgwas.sumstats.qc import REASONS, QCRules, quality_control
from postgwas.sumstats.table import CANONICAL, Sumstats

GOOD = {
    "SNPID": "rs1",
    "EA": "A",
    "NEA": "G",
    "EAF": 0.3,
    "SE": 0.1,
    "Z": 0.05,
    "P": 0.5,
    "N": 1000.0,
    "INFO": 1.0,
}


def table(rows: list[dict[str, object]]) -> Sumstats:
    full = [{"ROW": i + 2, **GOOD, "SNPID": f"rs{i}", **row} for i, row in enumerate(rows)]
    schema = {c: CANONICAL[c] for c in ("ROW", *GOOD)}
    return Sumstats(pl.DataFrame(full, schema=schema), "x.txt", "mtag", {})


def naive(rows: list[dict], rules: QCRules) -> dict[int, str]:
    """Row number -> reason, one rule after another over all rows."""
    reason: dict[int, str] = {}

    def drop(why: str, broken) -> None:  # type: ignore[no-untyped-def]
        for row in rows:
            if row["ROW"] not in reason and broken(row):
                reason[row["ROW"]] = why

    def missing(v: object) -> bool:
        return v is None or v != v

    drop(REASONS[0], lambda r: any(missing(r[c]) for c in rules.require))
    drop(
        REASONS[1],
        lambda r: rules.info_min is not None and (missing(r["INFO"]) or r["INFO"] < rules.info_min),
    )
    drop(
        REASONS[2],
        lambda r: (
            rules.maf_min is not None
            and not missing(r["EAF"])
            and (not 0 <= r["EAF"] <= 1 or min(r["EAF"], 1 - r["EAF"]) <= rules.maf_min)
        ),
    )
    drop(REASONS[3], lambda r: missing(r["SE"]) or r["SE"] < 0)
    drop(
        REASONS[4],
        lambda r: (
            not missing(r["P"])
            and not 0 < r["P"] <= 1
            and not (r["P"] == 0 and not rules.drop_zero_p and not missing(r["Z"]))
        ),
    )
    letters = set("ACGT")

    def pair(r: dict) -> tuple[str, str]:
        return (r["EA"] or "").upper(), (r["NEA"] or "").upper()

    drop(
        REASONS[5],
        lambda r: rules.snps_only and (not set(pair(r)) <= letters or pair(r)[0] == pair(r)[1]),
    )
    drop(REASONS[6], lambda r: not rules.keep_ambiguous and "".join(sorted(pair(r))) in {"AT", "CG"})
    seen: set[str] = set()
    for row in rows:
        if row["ROW"] in reason or row["SNPID"] is None:
            continue
        if row["SNPID"] in seen:
            reason[row["ROW"]] = REASONS[7]
        seen.add(row["SNPID"])
    left = [r["N"] for r in rows if r["ROW"] not in reason and not missing(r["N"])]
    n_min = rules.n_min if rules.n_min is not None else (np.quantile(left, 0.9) / 1.5 if left else 0)
    drop(REASONS[8], lambda r: n_min > 0 and (missing(r["N"]) or r["N"] < n_min))
    drop(REASONS[9], lambda r: rules.n_max is not None and not missing(r["N"]) and r["N"] > rules.n_max)
    return reason


rows_strategy = st.lists(
    st.fixed_dictionaries(
        {
            "SNPID": st.sampled_from(["rs1", "rs2", "rs3", "rs4", "rs5", None]),
            "EA": st.sampled_from(["A", "c", "G", "t", "AT", "I", None]),
            "NEA": st.sampled_from(["a", "C", "g", "T", "D", None]),
            "EAF": st.sampled_from([0.3, 0.01, 0.991, -0.1, 1.2, None, float("nan")]),
            "SE": st.sampled_from([0.1, 0.0, -1.0, None]),
            "Z": st.sampled_from([0.0, 0.05, -0.05, None]),
            "P": st.sampled_from([0.5, 1.0, 0.0, 1.1, -0.1, None]),
            "N": st.sampled_from([1000.0, 900.0, 500.0, 100.0, None]),
            "INFO": st.sampled_from([1.0, 0.9, 0.5, None]),
        }
    ),
    min_size=1,
    max_size=40,
)


@given(
    rows=rows_strategy,
    require=st.sets(st.sampled_from(["SNPID", "EA", "NEA", "EAF", "Z", "P", "N"])),
    info_min=st.sampled_from([None, 0.9]),
    maf_min=st.sampled_from([None, 0.01]),
    n_min=st.sampled_from([None, 0.0, 600.0]),
    n_max=st.sampled_from([None, 950.0]),
    switches=st.tuples(*[st.booleans()] * 3),
)
def test_equals_a_loop_over_rows(rows, require, info_min, maf_min, n_min, n_max, switches) -> None:  # type: ignore[no-untyped-def]
    keep_ambiguous, snps_only, drop_zero_p = switches
    rules = QCRules(
        require=tuple(require),
        info_min=info_min,
        maf_min=maf_min,
        n_min=n_min,
        n_max=n_max,
        keep_ambiguous=keep_ambiguous,
        snps_only=snps_only,
        drop_zero_p=drop_zero_p,
    )
    stats = table(rows)
    expected = naive(stats.frame.to_dicts(), rules)
    if len(expected) == len(rows):
        with pytest.raises(NoVariantsError):
            quality_control(stats, rules)
        return
    result = quality_control(stats, rules)
    assert dict(zip(result.rejected["ROW"], result.rejected["REASON"], strict=True)) == expected
    assert sum(result.counts.values()) == result.rejected.height == len(rows) - len(result.stats)
    assert result.stats.frame["ROW"].to_list() == [r for r in stats.frame["ROW"] if r not in expected]
    kept = stats.frame.filter(pl.col("ROW").is_in(result.stats.frame["ROW"].to_list()))
    assert result.stats.frame["EA"].to_list() == kept["EA"].str.to_uppercase().to_list()
    assert result.stats.frame["NEA"].to_list() == kept["NEA"].str.to_uppercase().to_list()


@given(rows_strategy, st.data())
def test_letter_case_of_alleles_does_not_matter(rows, data) -> None:  # type: ignore[no-untyped-def]
    upper = table(
        [{**r, "EA": r["EA"] and r["EA"].upper(), "NEA": r["NEA"] and r["NEA"].upper()} for r in rows]
    )
    try:
        expected = quality_control(upper)
    except NoVariantsError as error:
        with pytest.raises(NoVariantsError, match=str(error)[:20]):
            quality_control(table(rows))
        return
    result = quality_control(table(rows))
    assert result.counts == expected.counts
    assert result.stats.frame.equals(expected.stats.frame)


def test_zero_p_is_kept_where_its_size_is_known() -> None:
    stats = table([{"P": 0.0}, {}])
    assert len(quality_control(stats).stats) == 2
    assert quality_control(stats, QCRules(drop_zero_p=True)).counts["P out of bounds"] == 1
    without = Sumstats(stats.frame.drop("Z"), "x", "mtag", {})
    rules = QCRules(require=("SNPID", "P"))
    assert quality_control(without, rules).counts["P out of bounds"] == 1


def test_a_computed_se_that_is_missing_drops_nothing() -> None:
    stats = table([{"SE": None, "Z": 0.0}, {}])
    assert quality_control(stats).counts["SE negative or missing"] == 1
    derived = replace(stats, derived=("SE from BETA and Z",))
    assert quality_control(derived).counts["SE negative or missing"] == 0


def test_default_limit_on_n() -> None:
    result = quality_control(table([{"N": 1500.0}] * 9 + [{"N": 999.0}]))
    assert result.n_min == 1000.0
    assert result.counts["N below limit"] == 1


def test_rejected_lines_of_the_reader_are_counted_first() -> None:
    stats = table([{}, {"P": 3.0}])
    lines = pl.DataFrame(
        {"ROW": [9], "SNPID": ["rs"], "REASON": ["wrong number of fields"]},
        schema={"ROW": pl.UInt32, "SNPID": pl.String, "REASON": pl.String},
    )
    result = quality_control(Sumstats(stats.frame, "x", "mtag", {}, rejected=lines))
    assert next(iter(result.counts.items())) == ("wrong number of fields", 1)
    assert result.rejected["ROW"].to_list() == [9, 3]


def test_nothing_left_counts_where_rows_went() -> None:
    with pytest.raises(
        NoVariantsError, match=r"none of 3 rows passed.*INFO below limit: 2, P out of bounds: 1"
    ):
        quality_control(table([{"INFO": 0.1}, {"INFO": None}, {"P": 2.0}]))


def test_median_z_far_from_zero_stops() -> None:
    with pytest.raises(
        InputError, match=r"median of Z .* is 0\.2, expected 0 within 0\.1.*--median_z_cutoff"
    ):
        quality_control(table([{"Z": 0.2}] * 3))
    assert quality_control(table([{"Z": 0.2}] * 3), QCRules(median_z_max=None)).median_z == 0.2


def test_missing_required_column() -> None:
    with pytest.raises(ColumnError, match="quality control needs CHR; the table has ROW, SNPID"):
        quality_control(table([{}]), QCRules(require=("SNPID", "CHR")))


def test_duplicates_without_identifiers_go_by_position_and_alleles() -> None:
    frame = table([{}, {}, {"EA": "C"}]).frame.drop("SNPID").with_columns(CHR=pl.lit(1), POS=pl.lit(5))
    rules = QCRules(require=("EA", "NEA"), keep_ambiguous=True)
    result = quality_control(Sumstats(frame, "x", "mtag", {}), rules)
    assert result.stats.frame["ROW"].to_list() == [2, 4]
