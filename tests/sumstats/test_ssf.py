"""GWAS-SSF as the GWAS Catalog's validator wants it; its rules are restated here."""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path

import polars as pl
import pytest
import yaml

from postgwas.errors import ColumnError, UsageError
from postgwas.sumstats.run import from_table, read_sumstats
from postgwas.sumstats.ssf import ssf_table, write_ssf

META = {"genome_assembly": "GRCh37", "trait_description": ["height"], "samples": [{"sample_size": 1000}]}
ORDER = [
    "chromosome",
    "base_pair_location",
    "effect_allele",
    "other_allele",
    "beta",
    "standard_error",
    "effect_allele_frequency",
]


def table(**changes: list[object]) -> pl.DataFrame:
    columns = {
        "SNPID": ["rs1", "1:200", "rs3"],
        "CHR": [1, 1, 23],
        "POS": [100, 200, 300],
        "EA": ["a", "AT", "C"],
        "NEA": ["G", "A", "T"],
        "EAF": [0.25, 0.5, 0.75],
        "BETA": [0.02, -0.01, 0.4],
        "SE": [0.01, 0.01, 0.01],
        "P": [0.0455, 0.3173, 1e-300],
        "N": [1000.4, 999.6, 1000.0],
    }
    return pl.DataFrame({**columns, **changes})


def check(path: Path) -> pl.DataFrame:
    """Column order, types and ranges of the specification, version 1.0."""
    frame = pl.read_csv(path, separator="\t", null_values="#NA", infer_schema=False)
    p_value = frame.columns[7]
    assert frame.columns[:7] == ORDER
    assert p_value in {"p_value", "neg_log_10_p_value"}
    for row in frame.iter_rows(named=True):
        assert 1 <= int(row["chromosome"]) <= 25 and int(row["base_pair_location"]) >= 0
        assert re.fullmatch("[ACGT]+", row["effect_allele"]) and re.fullmatch("[ACGT]+", row["other_allele"])
        assert all(math.isfinite(float(row[c])) for c in ("beta", "standard_error"))
        assert 0 <= float(row["effect_allele_frequency"]) <= 1
        p = float(row[p_value])
        assert 0 < p <= 1 if p_value == "p_value" else p >= 0
        assert re.fullmatch("[A-Za-z0-9_]+", row["variant_id"])
        assert row["rsid"] is None or re.fullmatch("rs[0-9]+", row["rsid"])
        assert row["n"] is None or row["n"].isdigit()
    return frame


def test_table_and_description(tmp_path: Path) -> None:
    written = write_ssf(table(), tmp_path / "x.tsv", META)
    frame = check(written.path)
    assert (written.n_variants, written.n_left_out) == (3, 0)
    assert frame["rsid"].to_list() == ["rs1", None, "rs3"]
    assert frame["variant_id"].to_list() == ["1_100_G_A", "1_200_A_AT", "23_300_T_C"]
    described = yaml.safe_load(written.metadata_path.read_text())
    assert written.metadata_path.name == "x.tsv-meta.yaml"
    assert described["data_file_md5sum"] == hashlib.md5(written.path.read_bytes()).hexdigest()
    assert described["data_file_name"] == "x.tsv"
    assert described["file_type"] == "GWAS-SSF v1.0"
    assert described["genome_assembly"] == "GRCh37" and described["is_sorted"] is True


def test_tiny_p_makes_the_column_neg_log_10(tmp_path: Path) -> None:
    frame = table(P=[0.0455, 0.3, 0.0], MLOG10P=[1.34, 0.52, 1755.278])
    written = write_ssf(frame, tmp_path / "x.tsv.gz", META)
    assert check(written.path)["neg_log_10_p_value"].to_list()[2] == "1755.278"
    back = read_sumstats(written.path)
    assert back.dialect == "gwas-ssf"
    assert back.frame["MLOG10P"].to_list() == [1.34, 0.52, 1755.278]
    assert back.frame["EA"].to_list() == ["A", "AT", "C"]


def test_rows_without_a_mandatory_value_are_left_out(tmp_path: Path) -> None:
    written = write_ssf(table(EAF=[None, 0.5, 1.5]), tmp_path / "x.tsv", META)
    assert (written.n_variants, written.n_left_out) == (1, 2)


def test_from_sumstats_with_everything_derived(tmp_path: Path) -> None:
    stats = from_table(table().drop("P"))
    check(write_ssf(stats, tmp_path / "x.tsv", META).path)


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"named \.tsv or \.tsv\.gz"):
        write_ssf(table(), tmp_path / "x.txt", META)
    with pytest.raises(UsageError, match="genome assembly"):
        write_ssf(table(), tmp_path / "x.tsv", {})
    with pytest.raises(ColumnError, match="GWAS-SSF needs EAF"):
        write_ssf(table().drop("EAF"), tmp_path / "x.tsv", META)
    with pytest.raises(ColumnError, match="GWAS-SSF needs P"):
        write_ssf(table().drop("P"), tmp_path / "x.tsv", META)
    assert list(tmp_path.iterdir()) == []


def test_ids_and_ref_follow_the_reference_allele_where_it_is_known() -> None:
    made = ssf_table(table().with_columns(EFFECT_IS_ALT=pl.Series([True, False, None])))
    assert made["ref_allele"].to_list() == ["OA", "EA", None]
    assert made["variant_id"].to_list() == ["1_100_G_A", "1_200_AT_A", None]
    assert "ref_allele" not in ssf_table(table()).columns
