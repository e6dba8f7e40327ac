"""Real genotypes against figures that plink2 (v2.00a3.5) and plink 1.9 (v1.90b6.26) gave for them.

Of lists the number and the first digits of the SHA-256 of the ids, one a line; of tables counts and sums.
plink2 prints six digits, so that a sum over V rows of about the same size may be off by V times 5e-7.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from postgwas.genotypes import QcSettings, open_genotypes
from postgwas.genotypes.run_king import KingSettings, king
from postgwas.genotypes.run_prune import PruneSettings, prune
from postgwas.genotypes.run_qc import qc

pytestmark = pytest.mark.requires_shared


def digest(ids: list[str]) -> tuple[int, str]:
    text = "".join(f"{one}\n" for one in ids)
    return len(ids), hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.fixture(scope="module")
def mixed(shared: Path) -> Path:
    """274 people of 1000 Genomes, 49,008 variants of chr22."""
    return shared / "realdata" / "geno_1000G_chr22_274mixed" / "chrom22_subsample20_maf0.10.bed"


@pytest.fixture(scope="module")
def two_panels(shared: Path) -> Path:
    """3,313 people of 1000 Genomes and HGDP, 1,000 variants of chr22."""
    return shared / "realdata" / "geno_1kg_hgdp_chr22_6pops" / "ref.chr22.pgen"


def test_pruning_of_chr22(mixed: Path) -> None:
    """plink2 and plink 1.9, --indep-pairwise 50 5 0.2: the same list."""
    found = prune(mixed, settings=PruneSettings(50, "variants", 5, 0.2))
    ids = found.variants["SNPID"].filter(found.kept).to_list()
    assert digest(ids) == (4009, "801e1dba0a443b11")


def test_kinship_of_chr22(mixed: Path) -> None:
    """plink2 --make-king-table; nobody lacks a call, so that its NSNP is a count of variants."""
    found = king(mixed, settings=KingSettings(min_kinship=None)).table()
    assert found.height == 37_401 and found["NSNP"].sum() == 1_832_948_208
    assert (found["KINSHIP"] >= 0.0884).sum() == 8 and (found["KINSHIP"] >= 0.0442).sum() == 252
    off = found.height * 5e-7
    assert found["KINSHIP"].sum() == pytest.approx(-4637.8497816654, abs=off)
    assert found["IBS0"].sum() == pytest.approx(3533.69717, abs=off)
    assert found["HETHET"].sum() == pytest.approx(4624.8066616, abs=off)
    assert found["KINSHIP"].max() == pytest.approx(0.160801, abs=5.1e-7)
    assert found["KINSHIP"].min() == pytest.approx(-0.511373, abs=5.1e-7)


def test_hardy_weinberg_and_frequencies_of_two_panels(two_panels: Path) -> None:
    """plink2 --hardy --freq --missing."""
    result = qc(two_panels)
    table = result.variant_table()
    assert table["HET"].sum() == 996_234 and table["N_ALLELES"].sum() == 6_612_868
    assert result.sample_table()["N_MISSING"].sum() == table["N_MISSING"].sum() == 6566
    assert table["A1_FREQ"].sum() == pytest.approx(344.22342698, abs=1000 * 5e-7)
    assert (table["HWE_P"] < 1e-6).sum() == 354
    assert table["HWE_P"].min() == pytest.approx(5.99155e-95, rel=5.1e-6)
    assert table["HWE_MLOG10P"].sum() == pytest.approx(7330.5368673408, abs=1000 * 5.1e-6 / np.log(10))


def test_variants_of_two_panels_that_pass(two_panels: Path) -> None:
    """plink2 --hwe 1e-6 --maf 0.01 --geno 0.05 --write-snplist."""
    result = qc(two_panels, settings=QcSettings(hwe=1e-6, maf_min=0.01, max_missing=0.05))
    ids = open_genotypes(two_panels).variants["SNPID"].filter(result.sites.mask).to_list()
    assert digest(ids) == (637, "5c2d2920a420e50e")
