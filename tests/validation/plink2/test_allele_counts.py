"""Copies of every ALT allele against PLINK 2's.

Peer: PLINK v2.00a3.5 (9 Aug 2022), ``plink2 --vcf F --vcf-half-call m --make-pgen`` and
``plink2 --pfile|--bfile|--vcf F --freq counts``. Counts are whole numbers: no tolerance.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.genotypes import Genotypes, open_genotypes
from postgwas.genotypes.alleles import record_ids
from postgwas.genotypes.run_convert import Format, convert
from postgwas.genotypes.selection import all_moments

DATA = Path(__file__).parent / "data" / "multiallelic"

#: file: variants, sum of ALT_CTS, sum of OBS_CT, sum of row * ALT_CTS, rows without ALT
REAL = {
    "geno_1000G_eas504_chr7/1kg_eas_hg19.chr7_126253550_128253550.vcf.gz": (
        54234, 1744882, 54667872, 50888365092, 38798),
    "geno_1kg_hgdp_chr22_6pops/ref.chr22.pgen": (1000, 2277746, 6612868, 1061053488, 0),
    "geno_1000G_chr22_274mixed/chrom22_subsample20_maf0.10.bed": (49008, 7359173, 26856384, 181418206940, 0),
    "geno_1000G_eur489_22regions/1000G.subset.1.bed": (3895, 578974, 3809310, 1181621816, 0),
    "geno_1000G_eur489_22regions/1000G.subset.6.bed": (3607, 536273, 3527646, 959549578, 0),
    "geno_1000G_eur489_22regions/1000G.subset.10.bed": (4598, 675831, 4496844, 1557464631, 0),
    "geno_1000G_eur489_22regions/1000G.subset.16.bed": (3531, 441156, 3453318, 812800602, 0),
    "geno_1000G_eur489_22regions/1000G.subset.19.bed": (4883, 737341, 4775574, 1965981779, 0),
    "geno_1000G_eur489_22regions/1000G.subset.21.bed": (4965, 810529, 4855770, 1884203292, 0),
    "geno_1000G_eur489_22regions/1000G.subset.22.bed": (2608, 364163, 2550624, 464019373, 0),
}  # fmt: skip


def counted(genotypes: Genotypes) -> list[tuple[str, str, int, int]]:
    """Id of the record, ALT, its copies, alleles observed."""
    moments = all_moments(genotypes)
    columns = (record_ids(genotypes.variants), genotypes.variants["A1"], moments.total, moments.n_observed)
    return [(name, alt, int(copies), 2 * int(n)) for name, alt, copies, n in zip(*columns)]


def by_plink2(path: Path) -> list[tuple[str, str, int, int]]:
    table = pl.read_csv(path, separator="\t", infer_schema=False)
    return [
        (name, alt, int(copies), int(observed))
        for name, alts, counts, observed in table.select("ID", "ALT", "ALT_CTS", "OBS_CT").iter_rows()
        for alt, copies in zip(alts.split(","), counts.split(","))
    ]


@pytest.mark.parametrize("name", ["multiallelic.vcf", "multiallelic.pgen"])
def test_every_allele_of_multiallelic_records(name: str) -> None:
    no_alleles = ("*", "<NON_REF>", ".")
    found = [row for row in counted(open_genotypes(DATA / name)) if row[1] not in no_alleles]
    expected = [row for row in by_plink2(DATA / "multiallelic.acount") if row[1] not in no_alleles]
    named = [row for row, other in zip(found, expected) if other[0] != "."]
    assert named == [row for row in expected if row[0] != "."]
    assert [row[1:] for row in found] == [row[1:] for row in expected]
    assert len(found) == 102


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", REAL)
def test_real_files(shared: Path, tmp_path: Path, name: str) -> None:
    path = shared / "realdata" / name
    if name.endswith(".bed"):  # PLINK wants its three files under one name
        fam = next(path.parent.glob("*.fam"))
        (tmp_path / "any.bed").symlink_to(path)
        (tmp_path / "any.fam").symlink_to(fam)
        (tmp_path / "any.bim").write_bytes(gzip.decompress(path.with_suffix(".bim.gz").read_bytes()))
        path = tmp_path / "any.bed"
    genotypes = open_genotypes(path)
    moments = all_moments(genotypes)
    copies = moments.total.astype(np.int64)
    row = np.arange(1, len(copies) + 1)
    observed = 2 * int(moments.n_observed.sum())
    found = (len(copies), int(copies.sum()), observed, int((row * copies).sum()), int((copies == 0).sum()))
    assert found == REAL[name]
    block = genotypes.block(100, 400)
    np.testing.assert_array_equal(np.where(block > 0, block, 0).sum(axis=1), copies[100:400])


@pytest.mark.skipif(shutil.which("plink2") is None, reason="plink2 is not installed")
@pytest.mark.parametrize("form", ["bed", "pgen", "vcf"])
def test_plink2_reads_what_is_written(tmp_path: Path, form: Format) -> None:
    convert(DATA / "multiallelic.vcf", out=tmp_path / "out", format=form, quiet=True)
    file = ["--vcf", f"{tmp_path}/out.vcf.gz"] if form == "vcf" else [f"--{form[0]}file", f"{tmp_path}/out"]
    command = ["plink2", *file, "--freq", "counts", "--threads", "1", "--out", f"{tmp_path}/theirs"]
    subprocess.run(command, check=True, capture_output=True)
    table = pl.read_csv(tmp_path / "theirs.acount", separator="\t", infer_schema=False)
    source = open_genotypes(DATA / "multiallelic.vcf")
    moments = all_moments(source)
    assert table["ID"].to_list() == source.variants["SNPID"].to_list()
    assert table["ALT"].to_list() == source.variants["A1"].to_list()
    assert table["ALT_CTS"].cast(pl.Float64).to_list() == moments.total.tolist()
    assert table["OBS_CT"].cast(pl.Int64).to_list() == (2 * moments.n_observed).tolist()
