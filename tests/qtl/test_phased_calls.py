"""Phases of PLINK 2 and of VCF are the same, through selections too."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from genotypes.vcf_files import compressed

from postgwas import genotypes
from postgwas.errors import InputError
from postgwas.qtl.phased_calls import phased_calls

HEAD = (
    '##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description="G">\n##contig=<ID=1>\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\tc\td\n"
)


def test_each_kind_of_call(tmp_path: Path) -> None:
    path = tmp_path / "calls.vcf.gz"
    with gzip.open(path, "wt") as vcf:
        vcf.write(HEAD)
        vcf.write("1\t10\tx\tA\tC\t.\t.\t.\tGT\t0|1\t1|0\t0/1\t.|.\n")
        vcf.write("1\t20\ty\tA\tC,G\t.\t.\t.\tGT\t2|1\t1/1\t0|2\t0|0\n")
    opened = genotypes.open_genotypes(path)
    found = phased_calls(opened, np.arange(3))
    nan = np.nan
    np.testing.assert_array_equal(found[0], [[0, 1, 0.5, nan], [0, 1, 0, 0], [1, 0, 0, 0]])
    np.testing.assert_array_equal(found[1], [[1, 0, 0.5, nan], [1, 1, 0, 0], [0, 0, 1, 0]])
    some = phased_calls(opened.select(samples=np.array([1, 3])), np.array([2, 0]))
    np.testing.assert_array_equal(some, found[:, [2, 0]][:, :, [1, 3]])


def test_a_damaged_index_is_named(tmp_path: Path) -> None:
    (tmp_path / "v.vcf").write_text(HEAD + "1\t10\tx\tA\tC\t.\t.\t.\tGT\t0|1\t1|0\t0/1\t.|.\n")
    path = compressed(tmp_path / "v.vcf")
    opened = genotypes.open_genotypes(path)
    index = Path(f"{path}.tbi")
    index.write_bytes(index.read_bytes()[:20])
    with pytest.raises(InputError, match="damaged or truncated"):
        phased_calls(opened, np.array([0]))


@pytest.mark.requires_shared
def test_plink2_and_vcf_agree(shared: Path) -> None:
    folder = shared / "oracle" / "eqtl" / "sim_inputs"
    pgen = genotypes.open_genotypes(folder / "geno.pgen")
    vcf = genotypes.open_genotypes(folder / "genotypes.vcf.gz")
    rows = np.arange(5, 1500, 40)
    one = phased_calls(pgen, rows)
    place = {name: row for row, name in enumerate(vcf.variants["SNPID"].to_list())}
    two = phased_calls(vcf, np.array([place[name] for name in pgen.variants["SNPID"].gather(rows.tolist())]))
    np.testing.assert_array_equal(one, two)
    dosage = one.sum(axis=0)
    calls = np.stack([pgen.block(row, row + 1)[0] for row in rows]).astype(float)
    np.testing.assert_array_equal(np.nan_to_num(dosage, nan=-9), calls)
