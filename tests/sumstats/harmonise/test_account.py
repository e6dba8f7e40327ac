"""Counts that add up, or a defect."""

from __future__ import annotations

import pytest

from postgwas.sumstats.harmonise.account import Account, account_of
from postgwas.sumstats.harmonise.outcomes import Outcome, Remark


def test_chromosomes_add_up() -> None:
    account = account_of(
        10,
        {"wrong number of fields": 2},
        [{1: 3, 44: 1}, {1: 4, 80: 2}],
        [{Remark.EAF_DIFFERS: 1}, {Remark.EAF_DIFFERS: 2}],
    )
    assert (account.n_read, account.n_kept) == (12, 7)
    assert account.dropped == {
        "wrong number of fields": 2,
        Outcome.ALLELES_EQUAL.text: 1,
        Outcome.NOT_IN_REFERENCE.text: 2,
    }
    table = account.to_frame()
    assert table.columns == ["GROUP", "CODE", "MEANING", "ROWS"]
    assert table.filter(table["CODE"] == "eaf_differs")["ROWS"].to_list() == [3]


@pytest.mark.parametrize(
    ("n_read", "outcomes"),
    [(3, {Outcome.MATCHED: 2}), (2, {Outcome.MATCHED: 3}), (2, {Outcome.MATCHED: 1, Outcome.PENDING: 1})],
)
def test_rows_that_are_lost_doubled_or_undecided_are_a_defect(
    n_read: int, outcomes: dict[Outcome, int]
) -> None:
    with pytest.raises(RuntimeError, match="rows do not add up"):
        Account(n_read, {}, outcomes)
