"""LD score panels: where they are found, how they are read, what is wrong with bad ones."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import zstandard

from postgwas.errors import PanelError
from postgwas.ld import load_panel
from postgwas.ld.panel import read_without_cache

PACK = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGWAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("POSTGWAS_DATA", str(tmp_path / "data"))


def table(chromosome: int, *rows: tuple[str, int, float]) -> str:
    lines = ["CHR\tSNP\tBP\tCM\tMAF\tL2"]
    lines += [f"{chromosome}\t{snp}\t{bp}\t0.1\t0.2\t{l2}" for snp, bp, l2 in rows]
    return "\n".join(lines) + "\n"


def put(stem: Path, text: str, m: str | None = "10", suffix: str = ".gz") -> None:
    stem.parent.mkdir(parents=True, exist_ok=True)
    Path(f"{stem}.l2.ldscore{suffix}").write_bytes(PACK[suffix](text.encode()))
    if m is not None:
        Path(f"{stem}.l2.M_5_50").write_text(m + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "eur_w_ld_chr"
    put(place / "1", table(1, ("rs1", 100, 1.25), ("rs2", 200, 2.5)), "1000")
    put(place / "2", table(2, ("rs3", 50, 3.0)), "500.0")
    put(place / "10", table(10, ("rs4", 70, 4.0)), "20")
    return place


def test_reads_a_folder(folder: Path) -> None:
    panel = load_panel(folder)
    assert panel.snpid.to_list() == ["rs1", "rs2", "rs3", "rs4"]
    assert panel.chr.tolist() == [1, 1, 2, 10] and panel.chr.dtype == np.int8
    assert panel.pos.tolist() == [100, 200, 50, 70] and panel.pos.dtype == np.int32
    assert panel.l2.tolist() == [[1.25], [2.5], [3.0], [4.0]]
    assert panel.m.tolist() == [1520.0] and panel.annotations == ("L2",)
    assert panel.n_variants == 4 and panel.source == str(folder)


@pytest.mark.parametrize("form", ["{}", "{}/", "{}/@", "{}/{{}}"])
def test_forms_of_a_prefix(folder: Path, form: str) -> None:
    place = form.format(folder).replace("{}", "@")
    assert load_panel(place).n_variants == 4


@pytest.mark.parametrize("form", ["{}/weights.", "{}/weights.@", "{}"])
def test_prefix_before_the_chromosome(tmp_path: Path, form: str) -> None:
    put(tmp_path / "p" / "weights.1", table(1, ("rs1", 1, 1.0), ("rs2", 2, 2.0)))
    put(tmp_path / "p" / "weights.2", table(2, ("rs3", 1, 1.0)))
    assert load_panel(form.format(tmp_path / "p")).n_variants == 3


def test_chromosome_in_the_middle(tmp_path: Path) -> None:
    put(tmp_path / "a1b", table(1, ("rs1", 1, 1.0), ("rs2", 2, 2.0)))
    put(tmp_path / "a22b", table(22, ("rs3", 1, 1.0)))
    assert load_panel(tmp_path / "a@b").snpid.to_list() == ["rs1", "rs2", "rs3"]


def test_one_file_for_all_chromosomes(tmp_path: Path) -> None:
    text = table(1, ("rs1", 1, 1.0)) + "22\trs2\t5\t0\t0\t7\n"
    put(tmp_path / "UKBB.EUR", text, "77")
    for place in ("UKBB.EUR", "UKBB.EUR.l2.ldscore.gz"):
        panel = load_panel(tmp_path / place)
        assert panel.chr.tolist() == [1, 22] and panel.m.tolist() == [77]


def test_a_folder_with_one_file_for_all_chromosomes(tmp_path: Path) -> None:
    put(tmp_path / "x" / "EUR", table(1, ("rs1", 1, 1.0), ("rs2", 2, 2.0)))
    assert load_panel(tmp_path / "x").n_variants == 2


@pytest.mark.parametrize("suffix", PACK)
def test_compressions(tmp_path: Path, suffix: str) -> None:
    put(tmp_path / "1", table(1, ("rs1", 1, 1.0), ("rs2", 2, 2.0)), suffix=suffix)
    assert load_panel(tmp_path).l2[:, 0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_several_members(tmp_path: Path, suffix: str) -> None:
    """bgzip and parallel compressors write many members one after the other."""
    put(tmp_path / "1", table(1, ("rs1", 1, 1.0)), suffix=suffix)
    with (tmp_path / f"1.l2.ldscore{suffix}").open("ab") as handle:
        handle.write(PACK[suffix](b"1\trs2\t2\t0\t0\t2.0\n"))
    assert load_panel(tmp_path).l2[:, 0].tolist() == [1.0, 2.0]


def test_parquet(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"CHR": [1, 1], "SNP": ["rs1", "rs2"], "BP": [1, 2], "A": [1.5, 2.5], "B": [0.1, 0.7]}
    )
    frame.write_parquet(tmp_path / "1.l2.ldscore.parquet")
    (tmp_path / "1.l2.M_5_50").write_text("5 6")
    panel = load_panel(tmp_path)
    assert panel.l2.tolist() == [[1.5, 0.1], [2.5, 0.7]] and panel.m.tolist() == [5, 6]


def test_bz2_comes_before_gz_as_in_ldsc(tmp_path: Path) -> None:
    put(tmp_path / "1", table(1, ("gz", 1, 1.0), ("x", 2, 2.0)), suffix=".gz")
    put(tmp_path / "1", table(1, ("bz2", 1, 1.0), ("x", 2, 2.0)), suffix=".bz2")
    assert load_panel(tmp_path).snpid[0] == "bz2"


def test_stray_files_are_not_read(folder: Path) -> None:
    put(folder / "6_old", table(6, ("rs9", 1, 9.0)), "99999")
    put(folder / "23", table(23, ("rs8", 1, 9.0)), "99999")
    (folder / "README").write_text("hello")
    panel = load_panel(folder)
    assert panel.n_variants == 4 and panel.m.tolist() == [1520]


def test_white_space_instead_of_tabs(tmp_path: Path) -> None:
    put(tmp_path / "1", " CHR  SNP BP   L2 \r\n 1  rs1 5   1.5 \r\n1 rs2   6 2.5\r\n")
    panel = load_panel(tmp_path)
    assert panel.snpid.to_list() == ["rs1", "rs2"] and panel.l2[:, 0].tolist() == [1.5, 2.5]


def test_sorted_by_position_and_first_duplicate_kept(tmp_path: Path) -> None:
    put(tmp_path / "1", table(1, ("rs2", 900, 9.0), ("rs1", 100, 1.0), ("rs2", 50, 5.0), ("rs3", 100, 3.0)))
    panel = load_panel(tmp_path)
    # rs2 at 50 comes first once sorted; rs1 and rs3 at one position keep their order.
    assert panel.snpid.to_list() == ["rs2", "rs1", "rs3"] and panel.l2[:, 0].tolist() == [5.0, 1.0, 3.0]


def test_positions_written_as_floats(tmp_path: Path) -> None:
    put(tmp_path / "1", "CHR\tSNP\tBP\tL2\n1\trs1\t1e+05\t1\n1\trs2\t200000.0\t2\n")
    assert load_panel(tmp_path).pos.tolist() == [100_000, 200_000]


def partitioned(place: Path) -> None:
    put(
        place / "1",
        "CHR\tSNP\tBP\tbaseL2\tnoneL2\tcatL2\n1\trs1\t1\t1\t0\t.5\n1\trs2\t2\t2\t0\t.7\n",
        "10 3 4",
    )
    put(place / "2", "CHR\tSNP\tBP\tbaseL2\tnoneL2\tcatL2\n2\trs3\t1\t4\t0\t.6\n", "20\t3\t8")


def test_annotations_without_variance_are_dropped(tmp_path: Path) -> None:
    partitioned(tmp_path)
    panel = load_panel(tmp_path)
    assert panel.annotations == ("baseL2", "catL2") and panel.dropped == ("noneL2",)
    assert panel.m.tolist() == [30, 12] and panel.l2.tolist() == [[1, 0.5], [2, 0.7], [4, 0.6]]
    everything = load_panel(tmp_path, require_variance=False)
    assert everything.m.tolist() == [30, 6, 12] and everything.dropped == ()


def test_other_counts(folder: Path) -> None:
    for name, value in (("1", 7), ("2", 8), ("10", 9)):
        (folder / f"{name}.l2.M").write_text(f"{value}\n")
    assert load_panel(folder, counts="M").m.tolist() == [24]
    assert load_panel(folder, counts="none").m.tolist() == [0]
    assert load_panel(folder).m.tolist() == [1520]


def test_match(folder: Path) -> None:
    ids = pl.Series(["x", "rs4", "rs1", None, "rs3", "rs1"])
    rows, theirs = load_panel(folder).match(ids)
    assert rows.tolist() == [0, 0, 2, 3] and theirs.tolist() == [2, 5, 4, 1]


def test_match_agrees_with_a_join(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    put(tmp_path / "1", table(1, *((f"rs{i}", i, float(x)) for i, x in enumerate(rng.random(3000)))))
    panel = load_panel(tmp_path)
    ids = pl.Series([f"rs{i}" for i in rng.permutation(5000)[:2500]])
    rows, theirs = panel.match(ids)
    joined = panel.index().join(
        pl.DataFrame({"SNPID": ids}).with_row_index("i"), on="SNPID", how="inner", maintain_order="left"
    )
    assert rows.tolist() == joined["PANEL_ROW"].to_list() and theirs.tolist() == joined["i"].to_list()


class TestCache:
    def kept(self, tmp_path: Path) -> list[Path]:
        return list((tmp_path / "cache" / "panels").glob("*"))

    def same(self, a, b) -> bool:
        return (
            a.snpid.equals(b.snpid)
            and all(np.array_equal(getattr(a, k), getattr(b, k)) for k in ("chr", "pos", "l2", "m"))
            and a.annotations == b.annotations
        )

    def test_second_read_is_the_same(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = load_panel(folder)
        assert len(self.kept(tmp_path)) == 1
        monkeypatch.setattr("postgwas.ld.panel.read_scores", None)  # parsing again would fail
        second = load_panel(folder)
        assert self.same(first, second)
        assert second.chr.dtype == np.int8 and second.pos.dtype == np.int32 and second.l2.dtype == np.float64

    def test_partitioned(self, tmp_path: Path) -> None:
        partitioned(tmp_path)
        assert self.same(load_panel(tmp_path), load_panel(tmp_path))
        assert load_panel(tmp_path).annotations == ("baseL2", "catL2")

    def test_changed_file_is_read_again(self, folder: Path, tmp_path: Path) -> None:
        load_panel(folder)
        put(folder / "2", table(2, ("rs3", 50, 3.5)), "501")
        panel = load_panel(folder)
        assert panel.l2[2, 0] == 3.5 and panel.m.tolist() == [1521]
        assert len(self.kept(tmp_path)) == 1  # the older state is gone

    def test_changed_count_is_read_again(self, folder: Path) -> None:
        load_panel(folder)
        (folder / "2.l2.M_5_50").write_text("12345\n")
        assert load_panel(folder).m.tolist() == [13365]

    @pytest.mark.parametrize(
        "damage", [b"", b"not a panel", b'{"layout": 2}\n', b'{"layout": 3}\n', b"[1]\n", None]
    )
    def test_damaged_cache_is_made_again(self, folder: Path, tmp_path: Path, damage: bytes | None) -> None:
        first = load_panel(folder)
        (kept,) = self.kept(tmp_path)
        kept.write_bytes(kept.read_bytes()[: kept.stat().st_size // 2] if damage is None else damage)
        assert self.same(load_panel(folder), first)
        (kept,) = self.kept(tmp_path)
        assert kept.stat().st_size > 100
        assert self.same(load_panel(folder), first)

    def test_a_damaged_byte_is_noticed_wherever_it_lies(self, folder: Path, tmp_path: Path) -> None:
        first = load_panel(folder)
        (kept,) = self.kept(tmp_path)
        whole = kept.read_bytes()
        for at in np.linspace(0, len(whole) - 1, 12).astype(int):
            kept.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
            assert self.same(load_panel(folder), first)

    def test_cache_that_cannot_be_written(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("POSTGWAS_CACHE", str(tmp_path / "file" / "below"))
        assert load_panel(folder).n_variants == 4

    def test_no_cache(self, folder: Path, tmp_path: Path) -> None:
        load_panel(folder, cache=False)
        read_without_cache(folder)
        assert not (tmp_path / "cache").exists()


class TestBadPanels:
    def fails(self, place: Path | str, match: str, **options) -> PanelError:
        with pytest.raises(PanelError, match=match) as caught:
            load_panel(place, **options)
        assert "\n" not in str(caught.value)
        return caught.value

    def test_missing_counts(self, folder: Path) -> None:
        (folder / "2.l2.M_5_50").unlink()
        self.fails(folder, r"2\.l2\.M_5_50: no such file.*number of variants")

    def test_no_such_folder(self, tmp_path: Path) -> None:
        self.fails(tmp_path / "nowhere", "neither an LD score folder or prefix.*registered are eur_w_ld_chr")

    def test_known_but_not_here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        error = self.fails("eur_w_ld_chr", "not on this machine yet")
        assert "postgwas reference fetch eur_w_ld_chr" in str(error)

    def test_folder_without_scores(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        self.fails(tmp_path / "empty", "no LD score files")

    def test_a_folder_by_the_name_of_a_file(self, folder: Path) -> None:
        (folder / "2.l2.ldscore.gz").unlink(missing_ok=True)
        for path in folder.glob("2.l2.ldscore*"):
            path.unlink()
        (folder / "2.l2.ldscore").mkdir()
        self.fails(folder, r"2\.l2\.ldscore: is a folder; expected a file of LD scores")

    def test_folder_with_two_panels(self, tmp_path: Path) -> None:
        put(tmp_path / "a.1", table(1, ("rs1", 1, 1.0)))
        put(tmp_path / "b.1", table(1, ("rs1", 1, 1.0)))
        assert "a.@" in str(self.fails(tmp_path, "several LD score panels"))

    @pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
    def test_truncated(self, tmp_path: Path, suffix: str) -> None:
        rng = np.random.default_rng(1)
        text = table(1, *((f"rs{i}", i, float(x)) for i, x in enumerate(rng.random(5000))))
        put(tmp_path / "1", text, suffix=suffix)
        file = tmp_path / f"1.l2.ldscore{suffix}"
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        self.fails(tmp_path, f"1.l2.ldscore{suffix}: truncated")

    def test_not_gzip(self, tmp_path: Path) -> None:
        put(tmp_path / "1", "")
        (tmp_path / "1.l2.ldscore.gz").write_bytes(b"CHR\tSNP\tBP\tL2\n")
        self.fails(tmp_path, "not a .gz file")

    @pytest.mark.parametrize("content", ["", "\n"])
    def test_empty(self, tmp_path: Path, content: str) -> None:
        put(tmp_path / "1", content)
        self.fails(tmp_path, "the file is empty")
        (tmp_path / "1.l2.ldscore.gz").write_bytes(b"")
        self.fails(tmp_path, "the file is empty")

    def test_header_only(self, tmp_path: Path) -> None:
        put(tmp_path / "1", "CHR\tSNP\tBP\tL2\n")
        self.fails(tmp_path, "a header but no variants")

    def test_missing_column(self, tmp_path: Path) -> None:
        put(tmp_path / "1", "chrom\tSNP\tBP\tL2\n1\trs1\t1\t1\n")
        self.fails(tmp_path, "line 1 lacks CHR; it has chrom, SNP, BP, L2")

    def test_no_score_column(self, tmp_path: Path) -> None:
        put(tmp_path / "1", "CHR\tSNP\tBP\tCM\tMAF\n1\trs1\t1\t1\t0\n")
        self.fails(tmp_path, "no LD score column")

    def test_column_twice(self, tmp_path: Path) -> None:
        put(tmp_path / "1", "CHR\tSNP\tBP\tL2\tL2\n1\trs1\t1\t1\t1\n")
        self.fails(tmp_path, "column name twice")

    @pytest.mark.parametrize(
        ("cell", "column", "found"),
        [
            ("1\trs2\t2\tabc", "L2", "'abc'"),
            ("1\trs2\t2\tNA", "L2", "nothing"),
            ("1\trs2\t2\tinf", "L2", "'inf'"),
            ("X\trs2\t2\t1", "CHR", "'X'"),
            ("1\trs2\t\t1", "BP", "nothing"),
            ("1\trs2\t99999999999\t1", "BP", "'99999999999'"),
        ],
    )
    def test_text_among_numbers(self, tmp_path: Path, cell: str, column: str, found: str) -> None:
        put(tmp_path / "1", f"CHR\tSNP\tBP\tL2\n1\trs1\t1\t1\n{cell}\n1\trs3\t3\t3\n")
        self.fails(tmp_path, f"line 3, column {column}: expected a number, found {found}")

    def test_variant_without_id(self, tmp_path: Path) -> None:
        put(tmp_path / "1", "CHR\tSNP\tBP\tL2\n1\t\t1\t1\n")
        self.fails(tmp_path, "line 2, column SNP")

    def test_ragged(self, tmp_path: Path) -> None:
        put(tmp_path / "1", "CHR\tSNP\tBP\tL2\n1\trs1\t1\t1\t5\t6\n")
        self.fails(tmp_path, "not a table of 4 columns")

    @pytest.mark.parametrize("m", ["", "abc", "1 2", "nan", "-5"])
    def test_bad_counts(self, tmp_path: Path, m: str) -> None:
        put(tmp_path / "1", table(1, ("rs1", 1, 1.0), ("rs2", 2, 2.0)), m)
        self.fails(tmp_path, r"1\.l2\.M_5_50: expected")

    def test_chromosomes_with_other_columns(self, tmp_path: Path) -> None:
        put(tmp_path / "1", table(1, ("rs1", 1, 1.0)))
        put(tmp_path / "2", "CHR\tSNP\tBP\tother\n2\trs2\t1\t1\n")
        self.fails(tmp_path, r"2\.l2\.ldscore\.gz: its columns \(other\) are not those")

    def test_no_variance(self, tmp_path: Path) -> None:
        put(tmp_path / "1", table(1, ("rs1", 1, 2.0), ("rs2", 2, 2.0)))
        self.fails(tmp_path, "no LD score varies")


@pytest.mark.requires_shared
def test_european_panel_is_the_registered_one(shared: Path) -> None:
    from postgwas.reference.registry import content_of, panel

    found = content_of(read_without_cache(shared / "reference/eur_w_ld_chr"))
    assert found == panel("eur_w_ld_chr").content


def test_a_change_of_the_same_size_and_time_is_seen(folder: Path) -> None:
    """As `touch -r` or a copy with its time leaves it: the cache must not stand in for what is gone."""
    import os

    counts = folder / "1.l2.M_5_50"
    before = counts.stat()
    load_panel(folder)
    counts.write_text("2000\n")
    os.utime(counts, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert load_panel(folder).m.tolist() == [2520.0]
