"""Codes of outcomes and remarks: stable, distinct, and each with its text."""

from __future__ import annotations

import numpy as np

from postgwas.sumstats.harmonise.outcomes import Outcome, Remark


def test_codes_fit_a_byte_and_name_one_outcome_each() -> None:
    codes = [o.value for o in Outcome]
    assert len(set(codes)) == len(Outcome.__members__)  # no member became an alias of another
    assert np.array(codes, dtype=np.uint8).tolist() == codes


def test_every_outcome_and_remark_has_its_own_text() -> None:
    texts = [o.text for o in Outcome] + [r.text for r in Remark]
    assert all(texts)
    assert len(set(texts)) == len(texts)


def test_codes_below_40_are_those_of_rows_kept() -> None:
    assert all(o.kept == (1 <= o < 40) for o in Outcome)


def test_remarks_fit_a_byte() -> None:
    assert int(Remark(sum(Remark))) < 256
