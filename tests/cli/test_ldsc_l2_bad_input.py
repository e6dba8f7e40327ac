"""What ``postgwas ldsc --l2`` refuses: one line, status 2, and no file but the log."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from genotypes.plink1_files import random_calls, write_plink1

from postgwas.cli.main import main

N_VARIANTS = 30
Refused = Callable[..., str]


@pytest.fixture
def plink(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    cm = [0.05 * i for i in range(N_VARIANTS)]
    return write_plink1(tmp_path / "in" / "sim", random_calls(3, N_VARIANTS, 12), cm=cm)


@pytest.fixture
def refused(plink: Path, out: Path, refusal: Refused) -> Refused:
    def run(
        *arguments: object, window: tuple[str, ...] = ("--ld-wind-cm", "0.1"), bfile: object = plink
    ) -> str:
        more = ["--bfile", bfile] if bfile else []
        return refusal("ldsc", "--l2", *window, "--out", out, "--quiet", *arguments, *more)

    return run


def beside(plink: Path, name: str, text: str) -> Path:
    path = plink.parent / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("suffix", [".bed", ".bim", ".fam"])
def test_one_of_the_three_files_is_missing(plink: Path, refused: Refused, suffix: str) -> None:
    plink.with_suffix(suffix).unlink()
    told = refused()
    assert f"sim{suffix}" in told and "no such" in told


def test_a_bed_that_is_cut(plink: Path, refused: Refused) -> None:
    bed = plink.with_suffix(".bed")
    bed.write_bytes(bed.read_bytes()[:-5])
    assert "sim.bed" in refused()


def test_variants_out_of_order(plink: Path, refused: Refused) -> None:
    bim = plink.with_suffix(".bim")
    lines = bim.read_text().splitlines(keepends=True)
    bim.write_text("".join([lines[1], lines[0], *lines[2:]]))
    assert "expected ascending order" in refused()


def test_no_genetic_map(plink: Path, refused: Refused) -> None:
    bim = plink.with_suffix(".bim")
    rows = [line.split("\t") for line in bim.read_text().splitlines()]
    bim.write_text("".join("\t".join([*row[:2], "0", *row[3:]]) + "\n" for row in rows))
    assert "--ld_wind_kb" in refused()


@pytest.mark.parametrize(
    ("window", "told"),
    [
        ((), "expected exactly one of --ld_wind_cm, --ld_wind_kb and --ld_wind_snps, found none"),
        (("--ld-wind-cm", "1", "--ld-wind-snps", "2"), "found --ld_wind_cm and --ld_wind_snps"),
        (("--ld-wind-cm", "-1"), "--ld_wind_cm -1.0: expected a number above 0"),
        (("--ld-wind-kb", "0"), "--ld_wind_kb 0.0: expected a number above 0"),
        (("--ld-wind-kb", "nan"), "--ld_wind_kb nan: expected a number above 0"),
        (("--ld-wind-snps", "2.5"), "invalid int value: '2.5'"),
        (("--ld-wind-cm", "500"), "--yes_really"),
        (("--ld-wind-snps", "100"), "--yes_really"),
    ],
)
def test_windows(refused: Refused, window: tuple[str, ...], told: str) -> None:
    assert told in refused(window=window)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--per-allele", "--pq-exp", "1"], "--per_allele and --pq_exp exclude each other"),
        (["--pq-exp", "nan"], "--pq_exp nan"),
        (["--maf", "0.5"], "--maf 0.5: expected a frequency"),
        (["--chunk-size", "0"], "--chunk_size 0"),
        (["--ref-ld", "x"], "--ref_ld has no meaning with --l2"),
        (["--print-coefficients"], "--print_coefficients has no meaning with --l2"),
        (["--two-step", "0"], "--two_step has no meaning with --l2"),
        (["--pickle"], "--pickle is refused"),
        (["--vcf", "x.vcf.gz"], "--bfile and --vcf exclude each other"),
        (["--genotypes", "x.bgen"], "--genotypes and --bfile exclude each other"),
        (["--h2", "x"], "--h2 and --l2 exclude each other"),
        (["--thin-annot"], "--thin_annot says how --annot is to be read"),
        (["--cts-bin", "x"], "--cts_bin and --cts_breaks must be given together"),
        (["--cts-breaks", "1"], "--cts_bin and --cts_breaks must be given together"),
        (["--cts-names", "x"], "--cts_names names the files of --cts_bin"),
        (["--annot", "a", "--cts-bin", "x", "--cts-breaks", "1"], "--annot and --cts_bin exclude each other"),
        (["--annot", "a", "--extract", "x"], "--annot and --extract exclude each other"),
        (["--annot", "a,,b"], "found an empty one"),
        (["--annot", "gone"], "gone: no such annotation file"),
        (["--extract", "gone"], "gone: no such file"),
        (["--keep", "gone"], "gone: no such file"),
        (["--print-snps", "gone"], "gone: no such file"),
    ],
)
def test_flags(refused: Refused, flags: list[str], told: str) -> None:
    assert told in refused(*flags)


def test_nothing_varies(plink: Path, refused: Refused) -> None:
    write_plink1(plink, random_calls(3, N_VARIANTS, 12) * 0 + 2, cm=[0.05 * i for i in range(N_VARIANTS)])
    assert "no variants are left for LD scores (30 monomorphic)" in refused()


def test_no_genotypes(refused: Refused) -> None:
    assert "--l2 needs genotypes (--genotypes FILE)" in refused(bfile=None)


@pytest.mark.parametrize("flag", ["--extract", "--keep", "--print-snps"])
def test_lists_without_overlap(plink: Path, refused: Refused, flag: str) -> None:
    told = refused(flag, beside(plink, "list", "nobody\n\xe9\n"))
    assert "none of its" in told or "none of the" in told
    assert "empty" in refused(flag, beside(plink, "list", ""))


def test_annotations_of_other_variants(plink: Path, refused: Refused) -> None:
    rows = [f"1\t{1000 * (i + 1)}\trs{i}\t0\t1\n" for i in range(N_VARIANTS)]
    head = "CHR\tBP\tSNP\tCM\tx\n"
    short = beside(plink, "short.annot", head + "".join(rows[:-1]))
    assert "29 variants, but" in refused("--annot", short)
    swapped = beside(plink, "swapped.annot", head + "".join([rows[1], rows[0], *rows[2:]]))
    told = refused("--annot", swapped)
    assert "swapped.annot: line 2 has variant rs1, but row 1 of" in told and "is rs0" in told
    assert "--thin_annot" in refused("--annot", beside(plink, "thin.annot", "x\n" + "1\n" * N_VARIANTS))


@pytest.mark.parametrize(
    ("breaks", "told"),
    [
        ("a,b", "'a,b' is not a list of numbers"),
        ("100", "all breaks of ANNOT0 lie outside its range, 0 to 29"),
        ("5x6", "--cts_bin has 1 files, --cts_breaks breaks of 2 variables"),
    ],
)
def test_breaks(plink: Path, refused: Refused, breaks: str, told: str) -> None:
    cts = beside(plink, "cts.txt", "".join(f"rs{i} {i}\n" for i in range(N_VARIANTS)))
    assert told in refused("--cts-bin", cts, "--cts-breaks", breaks)


def test_a_continuous_annotation_without_some_variants(plink: Path, refused: Refused) -> None:
    cts = beside(plink, "cts.txt", "".join(f"rs{i} {i}\r\n" for i in range(N_VARIANTS - 2)))
    told = refused("--cts-bin", cts, "--cts-breaks", "5")
    assert "cts.txt: lacks 2 of the 30 variants of the genotypes, the first is rs28" in told


def test_where_results_go(
    plink: Path, refused: Refused, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "does not exist" in refused("--out", out.parent / "no" / "where")
    argv = ["ldsc", "--l2", "--bfile", plink, "--ld-wind-cm", "0.1", "--out", out, "--quiet"]
    assert main(list(map(str, argv))) == 0
    kept = {path: path.read_bytes() for path in out.parent.iterdir()}
    assert len(kept) == 4
    assert main([*map(str, argv), "--maf", "0.1"]) == 2
    assert "--overwrite replaces" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.parent.iterdir()} == kept


def test_a_write_that_fails_leaves_no_file(
    plink: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("postgwas.ld.run_l2.write_counts", full)
    assert "No space left on device" in refused()


def test_windows_line_ends_are_read(plink: Path, out: Path) -> None:
    copy = plink.with_name("crlf")
    shutil.copy(plink.with_suffix(".bed"), copy.with_suffix(".bed"))
    for suffix in (".bim", ".fam"):
        copy.with_suffix(suffix).write_bytes(plink.with_suffix(suffix).read_bytes().replace(b"\n", b"\r\n"))
    written = []
    for prefix in (plink, copy):
        argv = [
            "ldsc",
            "--l2",
            "--bfile",
            prefix,
            "--ld-wind-cm",
            "0.1",
            "--out",
            out,
            "--quiet",
            "--overwrite",
        ]
        assert main(list(map(str, argv))) == 0
        written.append(Path(f"{out}.l2.ldscore.gz").read_bytes())
    assert written[0] == written[1]
