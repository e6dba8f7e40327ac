"""Pairs of a matrix on several processes: the numbers of one process, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from ldsc.rg_study import RgStudy, other_strand, three_traits

import postgwas.ldsc


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> RgStudy:
    return three_traits(tmp_path_factory.mktemp("rg"))


def uneven(study: RgStudy) -> list[pl.DataFrame]:
    """Traits on different variants, with N that varies, one of them without a Z anywhere."""
    one, two, three = study.traits
    rows = pl.Series(range(two.height))
    return [
        one.with_columns(N=pl.col("N") + rows % 7),
        other_strand(two, (rows % 2 == 0).to_numpy()).filter(rows % 11 != 0),
        one.with_columns(Z=pl.lit(None, dtype=pl.Float64)),
        three.filter(rows % 13 != 1),
    ]


@pytest.mark.parametrize("settings", [{}, {"two_step": 30.0}, {"chisq_max": 20.0}])
def test_processes_change_no_bit(study: RgStudy, tmp_path: Path, settings: dict[str, float]) -> None:
    files = study.write(*uneven(study))
    tables = []
    for cores in (1, 2):
        out = tmp_path / f"c{cores}"
        matrix = postgwas.ldsc.rg_matrix(
            files, ref_ld=study.panel, out=out, cores=cores, print_delete_vals=True, **settings
        )
        assert [pair.status == "failed" for pair in matrix.pairs] == [False, True, False, True, False, True]
        tables.append({p.name[2:]: p.read_bytes() for p in tmp_path.glob(f"c{cores}*") if p.suffix != ".log"})
    assert tables[0] == tables[1] and len(tables[0]) > 9
    assert not list(tmp_path.glob(".postgwas-*"))


def test_reasons_are_those_of_one_process(study: RgStudy) -> None:
    one, two, three = study.traits
    traits = [one, two.head(40), three.tail(40)]
    found = [
        postgwas.ldsc.rg_matrix(traits, ref_ld=study.panel, cores=cores, n_blocks=20).table()
        for cores in (1, 2)
    ]
    assert found[0].write_csv() == found[1].write_csv()
    assert "no variant in common" in str(found[1]["reason"][2])
