"""Sums over annotation files do not depend on how the files are read."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from postgwas.errors import InputError, PanelError
from postgwas.ldsc import annotation_overlap
from postgwas.ldsc.annotation_overlap import OverlapTask, add_overlaps, overlap_of, overlap_tasks

ROWS = 400


def write(path: Path, values: np.ndarray, names: list[str], *, thin: bool = False, blank: str = "\t") -> None:
    head = [] if thin else ["CHR", "BP", "SNP", "CM"]
    lines = [blank.join([*head, *names])]
    for i, row in enumerate(values):
        place = [] if thin else ["1", str(i), f"rs{i}", "0.5"]
        lines.append(blank.join([*place, *(repr(float(value)) for value in row)]))
    text = "\n".join(lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


@pytest.fixture
def values() -> np.ndarray:
    rng = np.random.default_rng(8)
    return np.column_stack([np.ones(ROWS), rng.random(ROWS) < 0.3, rng.normal(size=ROWS)])


@pytest.mark.parametrize("name", ["a.annot", "a.annot.gz"])
@pytest.mark.parametrize("thin", [True, False])
@pytest.mark.parametrize("blank", ["\t", " "])
def test_sums(tmp_path: Path, values: np.ndarray, name: str, thin: bool, blank: str) -> None:
    write(tmp_path / name, values, ["base", "cat", "score"], thin=thin, blank=blank)
    found = overlap_of(OverlapTask((str(tmp_path / name),), None))
    np.testing.assert_allclose(found.products, values.T @ values, rtol=1e-12)
    np.testing.assert_allclose(found.sums, values.sum(axis=0), rtol=1e-12)
    assert (found.m_tot, found.n_rows, found.annotations) == (ROWS, ROWS, ("base", "cat", "score"))


def test_small_pieces_and_two_prefixes(
    tmp_path: Path, values: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotation_overlap, "_READ", 997)
    write(tmp_path / "a.annot", values[:, :1], ["base"])
    write(tmp_path / "b.annot", values[:, 1:], ["cat", "score"], thin=True)
    frequency = np.random.default_rng(1).uniform(0, 0.5, ROWS).round(3)
    (tmp_path / "f.frq").write_text(
        " CHR SNP A1 A2 MAF\n" + "".join(f" 1 rs{i} A G {f}\n" for i, f in enumerate(frequency))
    )
    task = OverlapTask((str(tmp_path / "a.annot"), str(tmp_path / "b.annot")), str(tmp_path / "f.frq"))
    found = overlap_of(task)
    common = values[frequency > 0.05]
    np.testing.assert_allclose(found.products, common.T @ common, rtol=1e-12)
    assert (found.m_tot, found.n_rows) == (common.shape[0], ROWS)


def test_borders_are_not_common_and_missing_frequencies_neither(tmp_path: Path, values: np.ndarray) -> None:
    write(tmp_path / "a.annot", values[:5], ["base", "cat", "score"])
    frequencies = ["0.05", "0.95", "0.0501", "NA", "0.9499"]
    (tmp_path / "f.frq").write_text(
        "CHR SNP MAF\n" + "".join(f"1 rs{i} {f}\n" for i, f in enumerate(frequencies))
    )
    assert overlap_of(OverlapTask((str(tmp_path / "a.annot"),), str(tmp_path / "f.frq"))).m_tot == 2


@pytest.mark.parametrize("rows", [ROWS - 3, ROWS + 3])
def test_prefixes_of_different_lengths(tmp_path: Path, values: np.ndarray, rows: int) -> None:
    write(tmp_path / "a.annot", values[:, :1], ["base"])
    write(tmp_path / "b.annot", np.resize(values, (rows, 3)), ["x", "y", "z"])
    with pytest.raises(InputError, match=r"fewer variants|more variants"):
        overlap_of(OverlapTask((str(tmp_path / "a.annot"), str(tmp_path / "b.annot")), None))


def test_frequency_file_without_frequencies(tmp_path: Path, values: np.ndarray) -> None:
    write(tmp_path / "a.annot", values, ["base", "cat", "score"])
    (tmp_path / "f.frq").write_text("CHR SNP P\n1 rs0 0.5\n")
    with pytest.raises(InputError, match="line 1 lacks SNP or MAF"):
        overlap_of(OverlapTask((str(tmp_path / "a.annot"),), str(tmp_path / "f.frq")))


def test_frequencies_that_are_no_numbers(tmp_path: Path, values: np.ndarray) -> None:
    write(tmp_path / "a.annot", values[:3], ["base", "cat", "score"])
    (tmp_path / "f.frq").write_text("CHR SNP MAF\n1 rs0 NA\n1 rs1 0,25\n1 rs2 0.3\n")
    with pytest.raises(InputError, match="line 3: MAF '0,25' is not a number"):
        overlap_of(OverlapTask((str(tmp_path / "a.annot"),), str(tmp_path / "f.frq")))


def test_a_missing_id_among_annotations_of_the_same_variants(tmp_path: Path) -> None:
    for name, ids in (("a", ["rs0", "rs1"]), ("b", ["rs0", ""])):
        rows = "".join(f"1\t{i}\t{one}\t0\t1\n" for i, one in enumerate(ids, 1))
        (tmp_path / f"{name}.annot").write_text(f"CHR\tBP\tSNP\tCM\t{name}\n{rows}")
    with pytest.raises(InputError, match=r"a\.annot and .*b\.annot are of different variants: rs1 against"):
        overlap_of(OverlapTask((str(tmp_path / "a.annot"), str(tmp_path / "b.annot")), None))


def test_chromosomes_of_different_annotations(tmp_path: Path, values: np.ndarray) -> None:
    write(tmp_path / "a.1.annot", values, ["base", "cat", "score"])
    write(tmp_path / "a.2.annot", values, ["base", "dog", "score"])
    tasks = overlap_tasks([f"{tmp_path}/a."], None, by_chromosome=True)
    assert len(tasks) == 2
    with pytest.raises(InputError, match=r"a\.2\.annot: its annotations .* are not those of"):
        add_overlaps([overlap_of(task) for task in tasks], tasks)


def test_files_of_one_prefix_and_of_folders(tmp_path: Path, values: np.ndarray) -> None:
    write(tmp_path / "a.annot.gz", values, ["base", "cat", "score"])
    write(tmp_path / "7.annot", values, ["base", "cat", "score"])
    (tmp_path / "f.frq").write_text("CHR SNP MAF\n")
    one = overlap_tasks([f"{tmp_path}/a"], f"{tmp_path}/f", by_chromosome=False)
    assert one == [OverlapTask((f"{tmp_path}/a.annot.gz",), f"{tmp_path}/f.frq")]
    assert overlap_tasks([str(tmp_path)], None, by_chromosome=True)[0].annot == (f"{tmp_path}/7.annot",)
    with pytest.raises(PanelError, match=r"b\.1\.annot\[\.gz\]: no such file"):
        overlap_tasks([f"{tmp_path}/b."], None, by_chromosome=True)
