"""Files that are no reference, or a damaged one, are refused by one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sumstats.harmonise.reference_files import (
    BIM,
    HEAD,
    SITES,
    as_parquet,
    bcf,
    bgzipped,
    vcf,
    write,
)

from postgwas.errors import ColumnError, InputError, PostgwasError, UsageError
from postgwas.sumstats.harmonise.reference import (
    open_reference,
)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda f: f / "no.vcf", InputError, "no such file"),
        (lambda f: f, InputError, "is a folder; expected a file"),
        (lambda f: f / "chr@.vcf", InputError, "no such file for any chromosome, as in "),
        (lambda f: write(f / "a.vcf", ""), InputError, "the file is empty"),
        (lambda f: write(f / "a.vcf", HEAD), InputError, "no line that begins with #CHROM"),
        (lambda f: write(f / "a.vcf", HEAD + "#CHROM\tPOS\n"), InputError, "has no ID, REF, ALT"),
        (lambda f: vcf(f, []), InputError, "no variants with a position and two alleles (no rows)"),
        (lambda f: vcf(f, ["22\tx\trs1\tA\tG\t.\t.\t."]), InputError, "unknown chromosome or no position: 1"),
        (lambda f: vcf(f, ["22\t5\trs1"], samples=2), InputError, "line 15: fewer than 8 fields"),
        (lambda f: vcf(f, [*SITES, "22\t5\trs1"]), InputError, "line 24: not 8 fields parted by tabs"),
        (lambda f: write(f / "a.bim", "22 rs1 5\n"), InputError, "line 1 has 3 fields; expected the 6"),
        (lambda f: write(f / "a.bim", BIM + "22 rs9\n"), InputError, "line 6: not 6 fields"),
        (lambda f: write(f / "a.txt", "CHR POS A1\n1 2 A\n"), ColumnError, "no column for A2"),
        (lambda f: write(f / "a.txt", "SNP P\nrs1 0.1\n"), ColumnError, "no column for CHR, POS, A2, A1"),
        (lambda f: write(f / "a.bed", "x"), InputError, "no a.bim beside it"),
    ],
)  # fmt: skip
def test_what_is_no_reference_is_refused(
    make: Callable[[Path], Path], error: type[PostgwasError], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error) as caught:
        open_reference(make(tmp_path))
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("field", "message"),
    [("EUR_AF", "no INFO field 'EUR_AF'; found AF, AFR_AF, MAF"), ("MAF", "is a minor allele's frequency")],
)
@pytest.mark.parametrize("make", [vcf, bcf])
def test_field_that_is_not_there(
    make: Callable[[Path], Path], field: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        open_reference(make(tmp_path), af_field=field)
    assert message in str(caught.value)


@pytest.mark.parametrize("make", [bgzipped, bcf])
@pytest.mark.parametrize("keep", [0.6, 0.97])
def test_truncated_files_are_refused(make: Callable[[Path], Path], keep: float, tmp_path: Path) -> None:
    path = make(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(InputError, match="truncated"):
        open_reference(path)


def test_truncated_parquet_is_refused(tmp_path: Path) -> None:
    path = as_parquet(tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="damaged Parquet"):
        open_reference(path)
