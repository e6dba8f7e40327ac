"""Published files, harmonised without naming a column, with the account of every row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from postgwas.errors import ColumnError, InputError
from postgwas.sumstats.harmonise.results import Harmonised
from postgwas.sumstats.harmonise.run import harmonise

pytestmark = pytest.mark.requires_shared

GLUCOSE = [f"metal_glucose/expected_test_{n}.TBL.gz" for n in ("01", "03", "06", "08", "09")]
GLUCOSE_WITHOUT_N = [f"metal_glucose/expected_test_{n}.TBL.gz" for n in ("04", "05", "07", "10")]
ALONE: dict[str, tuple[str | None, str, dict[str, int]]] = {
    "formats/bolt_lmm_excerpt.tsv": (None, "unknown", {"not_compared": 6}),
    "formats/genopred_BODY04_chr22.txt.gz": (None, "total", {"not_compared": 885}),
    "formats/gwasvcf_ieu-a-2.vcf.gz": ("GRCh37", "total", {"not_compared": 92}),
    "formats/metal_like_EstBB_UKB_meta_test.tsv.gz": (None, "total", {"not_compared": 29310}),
    "formats/nealeUKB2017_3064_PEF_chr1.tsv": ("GRCh37", "total", {"not_compared": 1936}),
    "formats/pgc3_scz_100k_random.tsv.gz": ("GRCh37", "effective", {"not_compared": 100_000}),
    "formats/regenie_step2_excerpt.regenie": (None, "total", {"not_compared": 10}),
    "formats/ssgac_eduAttainOkbay.txt": ("GRCh37", "unknown", {"not_compared": 93}),
    "formats/t1d_b38_pvalue_as_text_27715.tsv.gz": ("GRCh38", "total", {"not_compared": 27_715}),
    "bmi_height_chr22/EAS_BMI_CKB_BBJ_chr22.txt.gz": (
        "GRCh37",
        "total",
        {"duplicate": 122, "not_compared": 119_435},
    ),
    "bmi_height_chr22/GIANT_BMI_EUR_chr22.sumstats.gz": (None, "total", {"not_compared": 32_256}),
    "bmi_height_chr22/GIANT_HEIGHT_EUR_chr22.sumstats.gz": (None, "total", {"not_compared": 32_169}),
    "bmi_height_chr22/yengo2022_height_eas_chr22_hm3subset.ssf.txt.gz": (
        "GRCh37",
        "total",
        {"not_compared": 883},
    ),
    "bmi_height_chr22/yengo2022_height_eur_chr22_hm3subset.ssf.txt.gz": (
        "GRCh37",
        "total",
        {"not_compared": 888},
    ),
    "coloc_moloc_FURIN/eqtl.tsv.gz": (None, "total", {"duplicate": 144, "not_compared": 253}),
    # Indels written as I2 and D, and SNPs twice, under two names.
    "coloc_moloc_FURIN/gwas.tsv.gz": (
        None,
        "total",
        {"alleles_unreadable": 39, "duplicate": 259, "not_compared": 448},
    ),
    # Older builds than GRCh37, so neither is called.
    "metal_glucose/DGI_three_regions.txt": (None, "total", {"not_compared": 2369}),
    "metal_glucose/MAGIC_FUSION_Results.txt.gz": (None, "total", {"not_compared": 2293}),
    **{name: (None, "total", {"not_compared": 2495}) for name in GLUCOSE},
    **{name: (None, "unknown", {"not_compared": 2495}) for name in GLUCOSE_WITHOUT_N},
    "mrmega_env_7afr_SIMULATED/acb.tsv.gz": (None, "total", {"chromosome_unknown": 2, "not_compared": 48}),
    "sushie_3anc_locus/EUR.gwas": ("GRCh37", "unknown", {"not_compared": 109}),
}

REFUSED: dict[str, tuple[type[InputError], str]] = {
    # No header: only the user knows what the columns are.
    "bmi_height_chr22/GIANT_BMI_EUR_chr22.txt.gz": (InputError, "looks like data, not like a header"),
    "bmi_height_chr22/GIANT_HEIGHT_EUR_chr22.txt.gz": (InputError, "looks like data, not like a header"),
    # No alleles.
    "coloc_locuscomparer_PHACTR1/gwas.tsv": (ColumnError, "no column for EA"),
    "coloc_locuscomparer_PHACTR1/eqtl.tsv": (ColumnError, "no column for EA"),
    # Nothing says which allele the effects are of.
    "coloc_locusfocus/MI_GWAS.cftr.txt.gz": (ColumnError, "whether REF or ALT is the effect allele"),
    "coloc_locusfocus/gtex_v7_eqtl.cftr.lung.txt.gz": (ColumnError, "whether ref or alt"),
    "metal_glucose/magic_SARDINIA.tbl": (ColumnError, "whether AL1 or AL2 is the effect allele"),
    # Tables of other things.
    "coloc_moloc_FURIN/published_moloc_summary.tsv.gz": (ColumnError, "duplicated column name"),
    "eqtl_geuvadis_ceu89/GEUVADIS_test_ge.permuted.tsv.gz": (ColumnError, "no column for EA"),
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGWAS_CACHE", str(tmp_path / "cache"))


def run(path: Path, folder: Path, **settings: Any) -> Harmonised:
    return harmonise(path, out=folder / "out", report=False, **settings)[0]


def outcomes(result: Harmonised) -> dict[str, int]:
    return {outcome.name.lower(): n for outcome, n in result.account.outcomes.items()}


@pytest.mark.parametrize("name", ALONE)
def test_read_without_naming_a_column(shared: Path, tmp_path: Path, name: str) -> None:
    build, n_kind, expected = ALONE[name]
    result = run(shared / "realdata" / name, tmp_path)
    assert (result.call.build, result.n_kind, outcomes(result)) == (build, n_kind, expected)
    assert not result.account.unreadable


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name(shared: Path, tmp_path: Path, name: str) -> None:
    kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        run(shared / "realdata" / name, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} <= {"out.log", "cache"}


PANEL = "geno_1000G_chr22_274mixed/chrom22_subsample20_maf0.10.bim.gz"


def test_against_a_panel_of_the_same_build(shared: Path, tmp_path: Path) -> None:
    data = shared / "realdata"
    path = data / "bmi_height_chr22/EAS_BMI_CKB_BBJ_chr22.txt.gz"
    result = run(path, tmp_path, reference=data / PANEL)
    assert outcomes(result) == {
        "duplicate": 23, "not_in_reference": 75_074, "alleles_differ": 14, "palindromic_dropped": 6_285,
        "matched": 21_839, "swapped": 16_322,
    }  # fmt: skip


def test_positions_by_id(shared: Path, tmp_path: Path) -> None:
    data = shared / "realdata"
    result = run(data / "formats/genopred_BODY04_chr22.txt.gz", tmp_path, reference=data / PANEL)
    assert outcomes(result) == {"id_unknown": 340, "matched": 295, "swapped": 250}
