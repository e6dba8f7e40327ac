"""BGEN: dosages, calls, haploid and multi-allelic records, samples, index, regions, what is refused."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from postgwas.errors import InputError, NoVariantsError
from postgwas.genotypes import open_genotypes
from postgwas.genotypes.genotypes import moments_of

bgen = pytest.importorskip("bgen")
NAN = float("nan")
DOSAGES = [[0, 1, 0.5, NAN], [0, 2, 2, 0], [0, 1, 0, 0], [0, 0, 1, 2], [1.95, 0, 1, 1.5]]


def written(path: Path, *, ids: bool = True, index: bool = True, n: int = 4) -> Path:
    """Five rows in four records: plain, haploid men on X, three alleles, phased."""
    names = [f"I{i}" for i in range(n)] if ids else []
    with bgen.BgenWriter(path, n, samples=names, compression="zlib") as out:
        out.add_variant("v1", "rs1", "01", 10, ["A", "C"],
                        np.array([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0], [NAN] * 3]), bit_depth=16)  # fmt: skip
        three = np.zeros((4, 6))
        three[[0, 1, 2, 3], [0, 1, 4, 5]] = 1  # AA, AC, CG, GG
        three[2] = [0, 0, 0, 1, 0, 0]  # AG
        out.add_variant("v3", ".", "01", 20, ["A", "C", "G"], three)
        men = np.array([[1, 0, 0], [0, 1, NAN], [0, 0, 1], [1, 0, NAN]])
        out.add_variant("v2", "rs2", "X", 5, ["A", "C"], men, ploidy=np.array([2, 1, 2, 1], np.uint8))
        phased = np.array([[0, 1, 0.05, 0.95], [1, 0, 1, 0], [1, 0, 0, 1], [0.5, 0.5, 0, 1]])
        out.add_variant("v4", "rs4", "X", 30, ["A", "C"], phased, phased=True, bit_depth=16)
    if not index:
        Path(f"{path}.bgi").unlink()
    return path


def expected() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([DOSAGES[0], DOSAGES[2], DOSAGES[3], DOSAGES[1], DOSAGES[4]])


@pytest.mark.parametrize("index", [True, False])
def test_dosages_and_calls(tmp_path: Path, index: bool) -> None:
    genotypes = open_genotypes(written(tmp_path / "any.bgen", index=index), dosage=True)
    assert genotypes.variants["SNPID"].to_list() == ["rs1", "v3:A:C", "v3:A:G", "rs2", "rs4"]
    assert genotypes.variants["CHR"].to_list() == [1, 1, 1, 23, 23]
    assert genotypes.variants.row(0) == (1, "01", "rs1", None, 10, "C", "A")
    assert genotypes.samples["IID"].to_list() == ["I0", "I1", "I2", "I3"]
    block = genotypes.block(0, 5)
    assert block.dtype == np.float32
    np.testing.assert_allclose(block, expected(), atol=2e-5)
    np.testing.assert_array_equal(genotypes.block(1, 4, np.array([0, 3])), block[1:4][:, [0, 3]])
    np.testing.assert_array_equal(genotypes.moments(0, 5).total, moments_of(block).total)
    calls = open_genotypes(tmp_path / "any").block(0, 5)
    assert calls.tolist() == [
        [0, 1, -9, -9], [0, 1, 0, 0], [0, 0, 1, 2], [0, 2, 2, 0], [2, 0, 1, -9]
    ]  # fmt: skip


@pytest.mark.parametrize("index", [True, False])
def test_regions(tmp_path: Path, caplog: pytest.LogCaptureFixture, index: bool) -> None:
    path = written(tmp_path / "any.bgen", index=index)
    whole = open_genotypes(path, dosage=True)
    with caplog.at_level(logging.WARNING, "postgwas"):
        part = open_genotypes(path, dosage=True, region=["X:1-29", "1:15-20", "chr1:20"])
    assert part.variants.equals(whole.variants[[1, 2, 3]])
    np.testing.assert_array_equal(part.block(0, 3), whole.block(1, 4))
    assert ("no index (.bgi)" in caplog.text) != index
    with pytest.raises(NoVariantsError, match="no variant lies in the region"):
        open_genotypes(path, region="1:30-40")
    with pytest.raises(InputError, match="nothing on chromosome 5; it has 01, X"):
        open_genotypes(path, region="5")


def test_sample_file(tmp_path: Path) -> None:
    path = written(tmp_path / "any.bgen", ids=False)
    with pytest.raises(InputError, match="has no sample ids"):
        open_genotypes(path)
    head = "ID_1 ID_2 missing sex\n0 0 0 D\n"
    lines = [f"f p{i} 0 {i % 3}\n" for i in range(4)]
    (tmp_path / "any.sample").write_text(head + "".join(lines))
    assert open_genotypes(path).samples.rows() == [
        ("f", "p0", None), ("f", "p1", 1), ("f", "p2", 2), ("f", "p3", None)
    ]  # fmt: skip
    for text, message in (
        (head + "".join(lines[:3]), r"any\.sample: 3 samples; .* has 4"),
        (head + lines[0] * 4, "sample 'f p0' occurs more than once"),
        ("p0\np1\n", r"not a \.sample file"),
        (head, "there are no samples"),
    ):
        (tmp_path / "any.sample").write_text(text)
        with pytest.raises(InputError, match=message):
            open_genotypes(path)


def test_truncated_or_of_another_file(tmp_path: Path) -> None:
    path = written(tmp_path / "any.bgen", index=False)
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(InputError, match="truncated"):
        open_genotypes(path)
    path.write_bytes(b"something else altogether")
    with pytest.raises(InputError, match="not a readable BGEN"):
        open_genotypes(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="the file is empty"):
        open_genotypes(path)
    path.unlink()
    written(path)
    path.write_bytes(whole[:-30])
    with pytest.raises(InputError, match=r"any\.bgen\.bgi: the index of another file"):
        open_genotypes(path)
    Path(f"{path}.bgi").write_text("no database")
    with pytest.raises(InputError, match="not a readable index"):
        open_genotypes(path)
