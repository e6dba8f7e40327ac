"""Which column is taken for what, and what is refused."""

from __future__ import annotations

import pytest

from postgwas.errors import ColumnError, UsageError
from postgwas.sumstats.munge.columns import Columns, columns_as_ldsc
from postgwas.sumstats.munge.header import columns_of_header
from postgwas.sumstats.munge.options import MungeOptions

BASIC = "SNP A1 A2 BETA P N"


def read(header: str, **options: object) -> Columns:
    return columns_of_header(header.split(), MungeOptions(**options), source="x.txt")  # type: ignore[arg-type]


def as_ldsc(header: str, **options: object) -> Columns:
    return columns_as_ldsc(header.split(), MungeOptions(ldsc_compat=True, **options), source="x.txt")  # type: ignore[arg-type]


@pytest.mark.parametrize("reading", [read, as_ldsc])
def test_names_are_compared_without_case_dashes_and_dots(reading) -> None:
    found = reading("rs-number Allele-1 allele.2 Log.Odds p-VALUE weight")
    wanted = {"SNPID": "rs-number", "EA": "Allele-1", "NEA": "allele.2", "P": "p-VALUE", "N": "weight"}
    assert found.fields == wanted | {"SIGNED": "Log.Odds"}
    assert (found.signed, found.null) == ("Log.Odds", 0.0)


@pytest.mark.parametrize("reading", [read, as_ldsc])
def test_ignored_columns_are_not_there(reading) -> None:
    found = reading(f"{BASIC} INFO Z", ignore="info,z")
    assert found.info == []
    assert found.signed == "BETA"


@pytest.mark.parametrize("reading", [read, as_ldsc])
@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("rsnum A1 A2 BETA P N", "could not find the SNP column"),
        ("SNP A1 A2 P N", "could not find a signed summary statistic column"),
        ("SNP A1 A2 BETA OR P N", "too many signed summary statistic columns: BETA, OR"),
        ("SNP A1 A2 BETA P", "could not determine N"),
        ("SNP A1 BETA P N", "could not find A1/A2 columns"),
        ("SNP A1 A2 BETA P P_VAL N", "found 2 different P columns: P, P_VAL"),
        ("SNP A1 A2 BETA P P N", "several columns named P"),
        ("SNP A1 A2 BETA P N_CAS", "could not determine N"),
    ],
)
def test_refused(reading, header: str, said: str) -> None:
    with pytest.raises(ColumnError, match=said):
        reading(header)


def test_without_p_neither_z_nor_se_helps_munge_sumstats() -> None:
    with pytest.raises(ColumnError, match="could not find the P column"):
        as_ldsc("SNP A1 A2 Z N")
    assert read("SNP A1 A2 Z N").size == "Z"
    assert read("SNP A1 A2 BETA SE N").size == "BETA/SE"
    with pytest.raises(ColumnError, match="could not find the P column"):
        read("SNP A1 A2 BETA N")


@pytest.mark.parametrize("reading", [read, as_ldsc])
def test_daner_takes_n_from_the_header(reading) -> None:
    found = reading("CHR SNP BP A1 A2 FRQ_A_100 FRQ_U_200 INFO OR SE P", daner=True)
    assert found.constant_n == 300
    assert found.fields["EAF"] == "FRQ_U_200"
    assert found.notes == ("Inferred that N_cas = 100.0, N_con = 200.0 from the FRQ_[A/U] columns.",)


@pytest.mark.parametrize("reading", [read, as_ldsc])
def test_daner_n_takes_n_from_columns(reading) -> None:
    found = reading("CHR SNP BP A1 A2 FRQ_A_100 FRQ_U_200 INFO OR SE P Nca Nco", daner_n=True)
    assert (found.fields["N_CAS"], found.fields["N_CON"], found.constant_n) == ("Nca", "Nco", None)
    with pytest.raises(ColumnError, match="could not find the column Nca"):
        reading("CHR SNP BP A1 A2 FRQ_A_100 FRQ_U_200 INFO OR SE P", daner_n=True)


@pytest.mark.parametrize("reading", [read, as_ldsc])
def test_daner_without_its_headers(reading) -> None:
    with pytest.raises(ColumnError, match="--daner expects columns FRQ_A_<cases> and FRQ_U_<controls>"):
        reading(BASIC, daner=True)


def test_n_given_goes_before_the_column() -> None:
    assert "N" not in read(BASIC, n=5000.0).fields
    assert as_ldsc(BASIC, n=5000.0).fields["N"] == "N"


def test_a_flag_goes_before_the_name() -> None:
    assert read(f"{BASIC} n_total", n_col="n_total").fields["N"] == "n_total"
    with pytest.raises(ColumnError, match="found 2 different N columns: N, n_total"):
        as_ldsc(f"{BASIC} n_total", n_col="n_total")


def test_a_flag_that_names_no_column_is_an_error() -> None:
    with pytest.raises(ColumnError, match="--frq AF: no such column"):
        read(BASIC, frq="AF")


def test_several_info_columns() -> None:
    assert read(f"{BASIC} I1 I2", info_list="I1,I2").info == ["INFO", "INFO_2"]
    with pytest.raises(ColumnError, match="found 2 different INFO columns: I1, I2"):
        as_ldsc(f"{BASIC} I1 I2", info_list="I1,I2")


def test_the_dialect_tells_the_effect_allele() -> None:
    """SAIGE's Allele2 is the effect allele; by name alone Allele1 would be taken for it."""
    saige = "CHR POS MarkerID Allele1 Allele2 AC_Allele2 AF_Allele2 BETA SE Tstat p.value N"
    found = read(saige)
    assert (found.dialect, found.fields["EA"], found.fields["NEA"]) == ("saige", "Allele2", "Allele1")
    assert as_ldsc(saige, p="p.value", snp="MarkerID").fields["EA"] == "Allele1"


def test_log10_p_is_read() -> None:
    found = read("CHROM GENPOS ID ALLELE0 ALLELE1 A1FREQ N TEST BETA SE CHISQ LOG10P EXTRA")
    assert (found.size, found.fields["MLOG10P"], found.dialect) == ("MLOG10P", "LOG10P", "regenie")
    assert found.additive_rows is not None


def test_a_dialect_says_which_signed_column_is_read() -> None:
    found = read("snpid chr bpos a1 a2 freq z n pval beta se")
    assert found.signed == "z"
    assert found.notes == ("z gives the direction of effects; not read: beta.",)


def test_oa_is_the_other_allele() -> None:
    assert read("SNP EA OA BETA P N").fields["NEA"] == "OA"
    with pytest.raises(ColumnError, match="could not find A1/A2"):
        as_ldsc("SNP EA OA BETA P N")


def test_an_effect_allele_taken_by_name_alone_is_warned_of() -> None:
    found = read("SNP ALLELE1 ALLELE2 BETA P N")
    assert found.fields["EA"] == "ALLELE1"
    assert "does not tell the effect allele; ALLELE1 is taken" in found.warnings[0]
    assert read("SNP ALLELE1 ALLELE2 BETA P N", a1="ALLELE2", a2="ALLELE1").warnings == ()


def test_ref_and_alt_are_not_guessed() -> None:
    with pytest.raises(ColumnError, match="REF or ALT is the effect allele"):
        read("SNP REF ALT BETA P N")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"no_alleles": True, "merge_alleles": "x"}, "--no_alleles and --merge_alleles are not compatible"),
        ({"daner": True, "daner_n": True}, "--daner and --daner_n are not compatible"),
        ({"signed_sumstats": "BETA"}, "--signed_sumstats BETA: expected a column and its null value"),
        ({"signed_sumstats": "BETA,x"}, "--signed_sumstats BETA,x: expected"),
        ({"n": 0.0}, "--N 0: expected a number above 0"),
        ({"n_cas": 5.0}, "cases and of controls must be given together"),
        ({"chunksize": 0}, "--chunksize 0"),
    ],
)
def test_contradictions_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        MungeOptions(**options).check()  # type: ignore[arg-type]
