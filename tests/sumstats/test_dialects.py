"""Every dialect is recognised by its header alone, with the right effect allele and numbers.

The samples are made up, in the layout that each program documents.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from postgwas.errors import ColumnError, UsageError
from postgwas.sumstats.dialects import known_dialects, plan_columns
from postgwas.sumstats.run import read_sumstats

# dialect, text, the first row's expected values
SAMPLES = [
    (
        "mtag",
        "snpid\tchr\tbpos\ta1\ta2\tfreq\tz\tn\tpval\nrs1\t1\t100\tA\tG\t0.3\t2.0\t1000\t0.0455\n",
        {"SNPID": "rs1", "CHR": 1, "POS": 100, "EA": "A", "NEA": "G", "EAF": 0.3, "Z": 2.0, "N": 1000.0},
    ),
    (
        "ssgac",
        "MarkerName\tCHR\tPOS\tA1\tA2\tEAF\tBeta\tSE\tPval\nrs1\t2\t100\tA\tC\t0.4\t0.03\t0.01\t2.7e-3\n",
        {"SNPID": "rs1", "EA": "A", "NEA": "C", "EAF": 0.4, "BETA": 0.03, "Z": 3.0},
    ),
    (
        "mtag-results",
        "SNP\tCHR\tBP\tA1\tA2\tZ\tN\tFRQ\tmtag_beta\tmtag_se\tmtag_z\tmtag_pval\n"
        "rs1\t1\t100\tA\tG\t1.0\t1000\t0.3\t0.02\t0.01\t2.0\t0.0455\n",
        {"EA": "A", "BETA": 0.02, "SE": 0.01, "Z": 2.0, "P": 0.0455},
    ),
    ("ldsc", "SNP\tA1\tA2\tZ\tN\nrs1\tA\tG\t1.5\t5000.000\n", {"EA": "A", "NEA": "G", "Z": 1.5, "N": 5000.0}),
    (
        "plink2",
        "#CHROM\tPOS\tID\tREF\tALT\tA1\tTEST\tOBS_CT\tBETA\tSE\tT_STAT\tP\tERRCODE\n"
        "1\t100\trs1\tA\tG\tA\tADD\t990\t0.02\t0.01\t2.0\t0.0455\t.\n",
        {"CHR": 1, "EA": "A", "NEA": "G", "BETA": 0.02, "SE": 0.01, "Z": 2.0, "N": 990.0},
    ),
    (
        "plink2",
        "#CHROM\tPOS\tID\tREF\tALT\tPROVISIONAL_REF?\tA1\tOMITTED\tA1_FREQ\tFIRTH?\tTEST\tOBS_CT\tOR\t"
        "LOG(OR)_SE\tZ_STAT\tLOG10_P\tERRCODE\n"
        "X\t100\trs1\tA\tG,T\tN\tT\tA\t0.2\tN\tADD\t990\t1.5\t0.1\t4.05465\t4.3\t.\n",
        {"CHR": 23, "EA": "T", "NEA": "A", "BETA": math.log(1.5), "SE": 0.1, "MLOG10P": 4.3, "EAF": 0.2},
    ),
    (
        "plink1-logistic",
        "  CHR         SNP         BP   A1       TEST    NMISS         OR         STAT            P \n"
        "   26         rs1        100    A        ADD      990      1.221          2.0       0.0455 \n",
        {"CHR": 25, "POS": 100, "EA": "A", "BETA": math.log(1.221), "Z": 2.0, "P": 0.0455, "N": 990.0},
    ),
    (
        "plink1-logistic",
        " CHR SNP BP A1 TEST NMISS BETA STAT P\n 25 rs1 100 A ADD 990 0.2 2.0 0.0455\n",
        {"CHR": 23, "EA": "A", "BETA": 0.2, "SE": 0.1, "Z": 2.0},
    ),
    (
        "plink1-assoc",
        " CHR  SNP   BP   A1      F_A      F_U   A2        CHISQ            P           OR \n"
        "   1  rs1  100    A     0.20     0.15    G            4       0.0455       1.4167 \n",
        {"EA": "A", "NEA": "G", "BETA": math.log(1.4167), "P": 0.0455, "EAF": 0.15},
    ),
    (
        "plink1-qassoc",
        " CHR  SNP   BP    NMISS       BETA         SE         R2        T            P \n"
        "   1  rs1  100      990       0.02       0.01      0.004      2.0       0.0455 \n",
        {"SNPID": "rs1", "BETA": 0.02, "SE": 0.01, "Z": 2.0, "N": 990.0},
    ),
    (
        "regenie",
        "CHROM GENPOS ID ALLELE0 ALLELE1 A1FREQ INFO N TEST BETA SE CHISQ LOG10P EXTRA\n"
        "1 100 rs1 G A 0.3 0.9 1000 ADD 0.02 0.01 4 1.3418 NA\n",
        {"EA": "A", "NEA": "G", "EAF": 0.3, "INFO": 0.9, "N": 1000.0, "MLOG10P": 1.3418, "Z": 2.0},
    ),
    (
        "bolt-lmm",
        "SNP\tCHR\tBP\tGENPOS\tALLELE1\tALLELE0\tA1FREQ\tF_MISS\tBETA\tSE\tP_BOLT_LMM_INF\tP_BOLT_LMM\n"
        "rs1\t1\t100\t0\tA\tG\t0.3\t0\t0.02\t0.01\t0.05\t0.0455\n",
        {"EA": "A", "NEA": "G", "EAF": 0.3, "P": 0.0455},
    ),
    (
        "saige",
        "CHR\tPOS\tMarkerID\tAllele1\tAllele2\tAC_Allele2\tAF_Allele2\tMissingRate\tBETA\tSE\tTstat\tvar\t"
        "p.value\tp.value.NA\tIs.SPA\tAF_case\tAF_ctrl\tN_case\tN_ctrl\n"
        "1\t100\trs1\tG\tA\t600\t0.3\t0\t0.02\t0.01\t1\t1\t0.0455\t0.04\tFALSE\t0.31\t0.3\t100\t900\n",
        {"EA": "A", "NEA": "G", "EAF": 0.3, "N": 360.0, "P": 0.0455},
    ),
    (
        "fastgwa",
        "CHR\tSNP\tPOS\tA1\tA2\tN\tAF1\tBETA\tSE\tP\n1\trs1\t100\tA\tG\t1000\t0.3\t0.02\t0.01\t0.0455\n",
        {"EA": "A", "NEA": "G", "EAF": 0.3, "N": 1000.0},
    ),
    (
        "gcta-mlma",
        "Chr\tSNP\tbp\tA1\tA2\tFreq\tb\tse\tp\n1\trs1\t100\tA\tG\t0.3\t0.02\t0.01\t0.0455\n",
        {"EA": "A", "NEA": "G", "EAF": 0.3, "BETA": 0.02},
    ),
    (
        "gcta-cojo",
        "SNP A1 A2 freq b se p N\nrs1 A G 0.3 0.02 0.01 0.0455 1000\n",
        {"EA": "A", "EAF": 0.3, "BETA": 0.02, "N": 1000.0},
    ),
    (
        "metal",
        "MarkerName\tAllele1\tAllele2\tFreq1\tFreqSE\tEffect\tStdErr\tP-value\tDirection\n"
        "rs1\ta\tg\t0.3\t0.01\t0.02\t0.01\t0.0455\t++\n",
        {"EA": "a", "NEA": "g", "EAF": 0.3, "BETA": 0.02, "Z": 2.0},
    ),
    (
        "metal",
        "MarkerName\tAllele1\tAllele2\tWeight\tZscore\tlog(P)\tDirection\nrs1\ta\tg\t1000\t40.0\t-349.437\t++\n",
        {"EA": "a", "Z": 40.0, "N": 1000.0, "MLOG10P": 349.437},
    ),
    (
        "gwas-ssf",
        "chromosome\tbase_pair_location\teffect_allele\tother_allele\tbeta\tstandard_error\t"
        "effect_allele_frequency\tneg_log_10_p_value\trsid\tn\n"
        "23\t100\tA\tG\t0.4\t0.01\t0.3\t350.2\trs1\t1000\n",
        {"CHR": 23, "SNPID": "rs1", "EA": "A", "NEA": "G", "MLOG10P": 350.2, "N": 1000.0, "Z": 40.0},
    ),
    (
        "gwas-ssf-harmonised",
        "hm_variant_id\thm_rsid\thm_chrom\thm_pos\thm_other_allele\thm_effect_allele\thm_beta\t"
        "hm_odds_ratio\thm_ci_lower\thm_ci_upper\thm_effect_allele_frequency\teffect_allele\tother_allele\t"
        "standard_error\tp_value\tbeta\n"
        "1_100_G_A\trs1\t1\t100\tG\tA\t0.02\tNA\tNA\tNA\t0.3\tG\tA\t0.01\t0.0455\t-0.02\n",
        {"EA": "A", "NEA": "G", "BETA": 0.02, "EAF": 0.3, "POS": 100},
    ),
    (
        "daner",
        "CHR\tSNP\tBP\tA1\tA2\tFRQ_A_1000\tFRQ_U_3000\tINFO\tOR\tSE\tP\tngt\n"
        "1\trs1\t100\tA\tG\t0.4\t0.2\t0.9\t1.5\t0.1\t5e-5\t0\n",
        {"EA": "A", "NEA": "G", "EAF": 0.25, "BETA": math.log(1.5), "N": 3000.0, "INFO": 0.9},
    ),
    (
        "daner",
        "CHR SNP BP A1 A2 FRQ_A_1000 FRQ_U_3000 INFO OR SE P ngt Direction Nca Nco Neff_half\n"
        "1 rs1 100 A G 0.4 0.2 0.9 1.5 0.1 5e-5 0 ++ 900 2700 1350\n",
        {"EA": "A", "EAF": 0.25, "N": 2700.0},
    ),
    (
        "pgc",
        "##fileformat=PGC\n##trait=x\n"
        "#CHROM\tPOS\tID\tA1\tA2\tBETA\tSE\tPVAL\tNGT\tFCAS\tFCON\tIMPINFO\tNEFFDIV2\tNCAS\tNCON\n"
        "1\t100\trs1\tA\tG\t0.02\t0.01\t0.0455\t0\t0.4\t0.2\t0.9\t180\t100\t300\n",
        {"EA": "A", "NEA": "G", "EAF": 0.25, "N": 360.0, "INFO": 0.9, "Z": 2.0},
    ),
    (
        "giant",
        "MarkerName\tAllele1\tAllele2\tFreq.Allele1.HapMapCEU\tb\tSE\tp\tN\n"
        "rs1\tA\tG\t0.3\t0.02\t0.01\t0.0455\t1000\n",
        {"EA": "A", "NEA": "G", "EAF": 0.3, "BETA": 0.02, "N": 1000.0},
    ),
    (
        "finngen",
        "#chrom\tpos\tref\talt\trsids\tnearest_genes\tpval\tmlogp\tbeta\tsebeta\taf_alt\taf_alt_cases\t"
        "af_alt_controls\n23\t100\tG\tA\trs1\tX\t0.0455\t1.342\t0.02\t0.01\t0.3\t0.31\t0.3\n",
        {"CHR": 23, "EA": "A", "NEA": "G", "EAF": 0.3, "MLOG10P": 1.342},
    ),
    (
        "neale-ukb",
        "variant\tminor_allele\tminor_AF\tlow_confidence_variant\tn_complete_samples\tAC\tytx\tbeta\tse\ttstat\t"
        "pval\n1:100:G:A\tG\t0.3\tfalse\t1000\t1400\t10\t0.02\t0.01\t2.0\t0.0455\n",
        {"CHR": 1, "POS": 100, "EA": "A", "NEA": "G", "EAF": 0.7, "Z": 2.0, "N": 1000.0},
    ),
    (
        "snptest",
        "# Analysis\n# with SNPTEST\n# three lines\n"
        "alternate_ids rsid chromosome position alleleA alleleB index info all_AA all_AB all_BB all_NULL "
        "all_total frequentist_add_pvalue frequentist_add_info frequentist_add_beta_1 frequentist_add_se_1 "
        "comment\n"
        "s1 rs1 01 100 G A 1 0.99 490 420 90 0 1000 0.0455 0.98 0.02 0.01 NA\n# Completed successfully\n",
        {"CHR": 1, "EA": "A", "NEA": "G", "EAF": 0.3, "N": 1000.0, "BETA": 0.02, "INFO": 0.98},
    ),
    (
        "gemma",
        "chr\trs\tps\tn_miss\tallele1\tallele0\taf\tbeta\tse\tlogl_H1\tl_remle\tp_wald\n"
        "1\trs1\t100\t0\tA\tG\t0.3\t0.02\t0.01\t-1\t1\t0.0455\n",
        {"EA": "A", "NEA": "G", "EAF": 0.3, "P": 0.0455},
    ),
    (
        "gwaslab",
        "SNPID\trsID\tCHR\tPOS\tEA\tNEA\tEAF\tBETA\tSE\tP\tN\tSTATUS\n"
        "1:100:G:A\trs1\t1\t100\tA\tG\t0.3\t0.02\t0.01\t0.0455\t1000\t1960075\n",
        {"SNPID": "rs1", "EA": "A", "NEA": "G", "Z": 2.0},
    ),
    (
        "gwas-vcf",
        "##fileformat=VCFv4.2\n##contig=<ID=1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tstudy\n"
        "1\t100\trs1\tG\tA\t.\tPASS\tAF=0.5\tES:SE:LP:AF:SS:NC\t0.02:0.01:1.3418:0.3:1000:100\n"
        "1\t200\t.\tG\tA\t.\tPASS\tAF=0.5\tES:SE:LP:SS:NC:ID\t0.02:0.01:1.3418:1000:100:rs2\n",
        {"SNPID": "rs1", "EA": "A", "NEA": "G", "EAF": 0.3, "N": 360.0, "MLOG10P": 1.3418, "Z": 2.0},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "text", "expected"), SAMPLES)
def test_recognised_and_read(tmp_path: Path, dialect: str, text: str, expected: dict[str, object]) -> None:
    path = tmp_path / "sample.txt"
    path.write_text(text)
    stats = read_sumstats(path)
    assert stats.dialect == dialect
    row = stats.frame.row(0, named=True)
    for name, value in expected.items():
        assert row[name] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), name
    assert stats.rejected.height == 0
    assert row["ROW"] == text[: text.index("rs1" if "rs1" in text else "1:100")].count("\n") + 1


@pytest.mark.parametrize(("dialect", "text"), [(dialect, text) for dialect, text, _ in SAMPLES])
def test_a_column_is_the_same_whatever_else_is_read(tmp_path: Path, dialect: str, text: str) -> None:
    path = tmp_path / "sample.txt"
    path.write_text(text)
    whole = read_sumstats(path)
    for name in whole.frame.columns[1:]:
        alone = read_sumstats(path, wanted=[name])
        assert alone.frame.columns == ["ROW", name]
        # P and -log10 P come from one another or from Z: equal to rounding only.
        for ours, theirs in zip(alone.frame[name], whole.frame[name], strict=True):
            assert ours == (pytest.approx(theirs, rel=1e-12) if isinstance(theirs, float) else theirs), name
        if name == "N":
            assert alone.n_kind == whole.n_kind


def test_every_dialect_has_a_sample() -> None:
    assert {d.name for d in known_dialects()} == {dialect for dialect, _, _ in SAMPLES}


def test_vcf_rows_of_other_formats_and_ids(tmp_path: Path) -> None:
    path = tmp_path / "sample.vcf"
    path.write_text(next(text for name, text, _ in SAMPLES if name == "gwas-vcf"))
    frame = read_sumstats(path).frame
    assert frame["SNPID"].to_list() == ["rs1", "rs2"]
    assert frame["EAF"].to_list() == [0.3, None]
    assert frame["ROW"].to_list() == [4, 5]


def test_plink2_other_allele_is_never_the_effect_allele(tmp_path: Path) -> None:
    path = tmp_path / "x.glm.linear"
    rows = ["A G A", "A G G", "A G,T T", "A G,T A", "A G C"]
    path.write_text(
        "#CHROM\tPOS\tID\tREF\tALT\tA1\tTEST\tOBS_CT\tBETA\tSE\tT_STAT\tP\n"
        + "".join(
            f"1\t{i}\trs{i}\t" + r.replace(" ", "\t") + "\tADD\t9\t1\t1\t1\t0.3\n" for i, r in enumerate(rows)
        )
    )
    # REF against several ALT has no single other allele, and C is none of both.
    assert read_sumstats(path).frame["NEA"].to_list() == ["G", "A", "A", None, None]


def test_rows_of_covariates_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "x.assoc.linear"
    path.write_text(
        " CHR SNP BP A1 TEST NMISS BETA STAT P\n"
        " 1 rs1 9 A ADD 99 0.2 2.0 0.0455\n 1 rs1 9 A COV1 99 5 9.0 1e-19\n"
    )
    stats = read_sumstats(path)
    assert stats.frame["BETA"].to_list() == [0.2]
    assert stats.rejected.rows() == [(3, "rs1", "not the additive test")]


@pytest.mark.parametrize(
    "names",
    [
        "SNP REF ALT BETA SE P",
        "SNP Allele1 Allele2 BETA SE P",
        "SNP AL1 AL2 BETA SE P",
        "rsid alleleA alleleB beta se p",
    ],
)
def test_ambiguous_effect_allele_is_refused_with_the_flag(names: str) -> None:
    with pytest.raises(ColumnError, match=r"whether \w+ or \w+ is the effect allele.*--a1_name"):
        plan_columns(names.split(), source="x.txt", flags={"EA": "--a1_name", "NEA": "--a2_name"})


def test_ambiguity_is_settled_by_naming_the_columns() -> None:
    plan = plan_columns(
        ["SNP", "REF", "ALT", "BETA", "SE", "P"], source="x", columns={"EA": "ALT", "NEA": "REF"}
    )
    assert plan.columns["EA"] == "ALT" and plan.columns["NEA"] == "REF"


def test_named_effect_allele_leaves_the_other_of_the_pair(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text(
        "SNP\tEffect_allele\tREF\tALT\tBETA\tSE\tP\nrs1\tC\tC\tT\t1\t1\t0.3\nrs2\tT\tC\tT\t1\t1\t0.3\n"
    )
    assert read_sumstats(path).frame["NEA"].to_list() == ["T", "C"]


def test_minor_allele_frequency_is_not_taken_for_eaf() -> None:
    plan = plan_columns(["SNP", "A1", "A2", "MAF", "BETA", "SE", "P"], source="x")
    assert "EAF" not in plan.columns
    assert any("MAF" in warning for warning in plan.warnings)


def test_generic_names_in_any_case() -> None:
    plan = plan_columns(
        ["rsID", "Chromosome", "Position", "Effect-Allele", "Other.Allele", "p value"], source="x"
    )
    assert plan.dialect == "generic"
    assert plan.columns == {
        "SNPID": "rsID",
        "CHR": "Chromosome",
        "POS": "Position",
        "EA": "Effect-Allele",
        "NEA": "Other.Allele",
        "P": "p value",
    }


def test_user_table_comes_first(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "dialects:\n  - name: biobank\n    requires: [marker, ref, alt, lnor]\n"
        "    columns: {SNPID: marker, EA: alt, NEA: ref, BETA: lnor, SE: stderr, N: people}\n"
    )
    plan = plan_columns(["marker", "ref", "alt", "lnor", "stderr", "people"], source="x", dialect_files=[own])
    assert plan.dialect == "biobank"
    assert plan.columns["EA"] == "alt"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dialects:\n  - name: x\n    requires: [a]\n", "needs name, requires and columns"),
        ("dialects:\n  - {name: x, requires: [a], columns: {EFFECT: a}}\n", "unknown field EFFECT"),
        ("- 1\n", "expected a mapping"),
        ("a: [", "not a YAML"),
    ],
)
def test_bad_user_tables(tmp_path: Path, text: str, message: str) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(text)
    with pytest.raises(UsageError, match=message):
        known_dialects([own])


def test_unknown_dialect_and_missing_table() -> None:
    with pytest.raises(UsageError, match="unknown dialect 'plonk'"):
        plan_columns(["SNP", "P"], source="x", dialect="plonk")
    with pytest.raises(UsageError, match=r"nowhere\.yaml"):
        known_dialects(["nowhere.yaml"])


def test_named_column_that_is_not_there() -> None:
    with pytest.raises(ColumnError, match=r"--z_name zz: no such column; columns found: SNP, P"):
        plan_columns(["SNP", "P"], source="x", columns={"Z": "zz"}, flags={"Z": "--z_name"})


def test_ldsc_names_with_places_keep_the_places(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("CHR\tPOS\tSNP\tA1\tA2\tEAF\tZ\tN\n1\t1000\trs1\tA\tG\t0.3\t1.5\t1000\n")
    found = read_sumstats(path).frame
    assert found.select("CHR", "POS", "EAF", "EA").row(0) == (1, 1000, 0.3, "A")


def test_a_dialect_file_with_aliases_is_refused_at_once(tmp_path: Path) -> None:
    """Nested ones would make these few bytes 9^9 entries."""
    own = tmp_path / "own.yaml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    own.write_text("\n".join([*lines, "dialects: *a8", ""]))
    with pytest.raises(UsageError, match="has aliases"):
        plan_columns(["marker"], source="x", dialect_files=[own])
