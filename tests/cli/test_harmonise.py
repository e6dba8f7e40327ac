"""postgwas harmonise on the command line."""

from __future__ import annotations

import gzip
import html.parser
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from sumstats.harmonise.small_world import World, make_world

from postgwas.cli.main import main
from postgwas.store.study import Study


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("POSTGWAS_CACHE", str(tmp_path / "cache"))
    return make_world(tmp_path)


def call(world: World, *more: str, out: str = "out") -> int:
    files = [str(world.sumstats), "--reference", str(world.reference), "--chain", str(world.chain)]
    return main(["harmonise", *files, "--out", str(world.folder / out), "--quiet", *more])


def test_files_of_a_run(world: World) -> None:
    assert call(world, "--format", "tsv,vcf", "--palindromic", "infer", "--figures") == 0
    assert {p.name for p in world.folder.glob("out.*")} == {
        *("out.tsv.gz", "out.vcf.gz", "out.vcf.gz.tbi", "out.account.tsv", "out.rejected.tsv.gz"),
        *("out.report.html", "out.log", "out.manhattan.png", "out.qq.png", "out.eaf.png"),
    }
    assert not [p for p in world.folder.iterdir() if p.name.startswith(".")]
    log = (world.folder / "out.log").read_text()
    assert "positions are lifted from GRCh37 to GRCh38" in log
    assert f"{len(world.rows)} rows in" in log


def test_report_stands_alone_and_adds_up(world: World) -> None:
    assert call(world, "--palindromic", "infer") == 0
    text = (world.folder / "out.report.html").read_text(encoding="utf-8")
    links = re.findall(r'(?:src|href)="([^"]{0,40})', text)
    assert links and all(link.startswith("data:image/png;base64,") for link in links)
    assert not re.search(r"https?://", re.sub(r'src="data:[^"]*"', "", text))
    html.parser.HTMLParser().feed(text)
    account = pl.read_csv(world.folder / "out.account.tsv", separator="\t")
    for meaning, rows in account.select("MEANING", "ROWS").iter_rows():
        if meaning not in ("rows read", "rows kept"):
            assert meaning.replace("'", "&#39;") in text
            assert f">{rows}<" in text
    assert "GRCh37 \u2192 GRCh38" in text


def test_flags_with_dashes_and_commas(world: World) -> None:
    other = world.folder / "second.txt"
    other.write_text(world.sumstats.read_text())
    files = ["--sumstats", f"{world.sumstats},{other}", "--out", str(world.folder / "many")]
    build = ["--target-build", "hg38", "--chain", str(world.chain), "--trait-names", "a,b"]
    status = main(["harmonise", *files, *build, "--no-report", "--quiet"])
    assert status == 0
    assert {p.name for p in (world.folder / "many").iterdir()} >= {"a.tsv.gz", "b.tsv.gz", "harmonise.log"}


def test_column_flags_name_columns(world: World) -> None:
    text = world.sumstats.read_text().replace("SNP\tCHR\tBP\tA1\tA2", "name\tc\tp\tone\ttwo", 1)
    world.sumstats.write_text(text)
    assert call(world) == 2
    names = "--snp_name name --chr_name c --bpos_name p --a1_name one --a2_name two"
    assert call(world, *names.split()) == 0


def test_odd_chromosomes_and_positions(tmp_path: Path) -> None:
    rows = [
        ("chr1", "1e+06"), ("01", "1.23e+08"), ("CHR2", "3E6"), ("23.0", "5"), ("chrX", "6"), ("x", "7"),
        ("Y", "8"), ("24", "9"), ("M", "10"), ("chrMT", "11"), ("26", "12"), ("1.0", "13"),
        ("1", "1.5e0"), ("1", "12.7"), ("0", "5"), ("chrUn", "5"), ("1", "-3"), ("1", "NA"),
    ]  # fmt: skip
    lines = ["SNP CHR BP EA NEA BETA SE P"] + [
        f"rs{i} {c} {p} A G 0.1 0.1 0.3" for i, (c, p) in enumerate(rows)
    ]
    (tmp_path / "in.txt").write_text("\n".join(lines) + "\n")
    out = tmp_path / "out"
    assert main(["harmonise", str(tmp_path / "in.txt"), "--out", str(out), "--no_report", "--quiet"]) == 0
    table = pl.read_csv(tmp_path / "out.tsv.gz", separator="\t", schema_overrides={"CHR": pl.String})
    found = {snp: (c, p) for snp, c, p in table.select("SNPID", "CHR", "POS").iter_rows()}
    assert found == {
        "rs0": ("1", 1_000_000), "rs1": ("1", 123_000_000), "rs2": ("2", 3_000_000), "rs3": ("X", 5),
        "rs4": ("X", 6), "rs5": ("X", 7), "rs6": ("Y", 8), "rs7": ("Y", 9), "rs8": ("MT", 10),
        "rs9": ("MT", 11), "rs10": ("MT", 12), "rs11": ("1", 13),
    }  # fmt: skip
    rejected = pl.read_csv(tmp_path / "out.rejected.tsv.gz", separator="\t")
    assert dict(rejected.select("SNPID", "REASON").iter_rows()) == {
        "rs12": "no position", "rs13": "no position", "rs14": "no or unknown chromosome",
        "rs15": "no or unknown chromosome", "rs16": "no position", "rs17": "no position",
    }  # fmt: skip


def test_errors_are_one_line_and_status_2(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["harmonise", "--out", "x"]) == 2
    assert "no summary statistics given" in capsys.readouterr().err
    assert main(["harmonise", str(world.folder / "none.txt"), "--out", str(world.folder / "x")]) == 2
    err = capsys.readouterr().err
    assert "none.txt: no such file" in err and "Traceback" not in err
    assert call(world, "--chain", str(world.sumstats)) == 2
    assert "expected a chain's header" in capsys.readouterr().err


def test_crlf_and_gzip_give_the_same_table(world: World) -> None:
    assert call(world, out="plain") == 0
    text = world.sumstats.read_text()
    world.sumstats.write_bytes(gzip.compress(text.replace("\n", "\r\n").encode()))
    assert call(world, out="crlf") == 0
    one, two = ((world.folder / f"{name}.tsv.gz").read_bytes() for name in ("plain", "crlf"))
    assert one == two


def test_help_imports_no_numbers() -> None:
    code = (
        "import sys; from postgwas.cli.main import main; main(['harmonise', '--help']); "
        "print([m for m in ('numpy', 'polars', 'pysam', 'matplotlib') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "--target_build" in done.stdout


def test_a_sequence_alone_orients_and_normalises(tmp_path: Path) -> None:
    (tmp_path / "genome.fa").write_text(">chr1\nACGTTTTTGACCATGCA\n")
    rows = [f"rs{i} 1 {row} 0.2 0.5 0.1 5.7e-07" for i, row in enumerate(("2 C T", "7 T TT", "2 C G"), 1)]
    (tmp_path / "in.txt").write_text("\n".join(["SNP CHR BP EA NEA EAF BETA SE P", *rows]) + "\n")
    files = [str(tmp_path / "in.txt"), "--fasta", str(tmp_path / "genome.fa"), "--out", str(tmp_path / "out")]
    more = ["--build", "GRCh38", "--no_report", "--quiet", "--format", "tsv,vcf"]
    assert main(["harmonise", *files, *more]) == 0
    table = pl.read_csv(tmp_path / "out.tsv.gz", separator="\t")
    assert table.select("SNPID", "POS", "EA", "NEA", "EAF", "BETA", "STATUS").rows() == [
        ("rs1", 2, "T", "C", 0.8, -0.5, "swapped"),
        ("rs2", 3, "G", "GT", 0.2, 0.5, "indel_ref_given"),
    ]
    text = gzip.decompress((tmp_path / "out.vcf.gz").read_bytes()).decode()
    lines = [line.split("\t")[:5] for line in text.splitlines() if not line.startswith("#")]
    # Nothing tells whether rs2 is a deletion or an insertion.
    assert lines == [["1", "2", "rs1", "C", "T"]]


def test_a_chromosome_that_the_sequence_lacks(tmp_path: Path) -> None:
    """As with the FASTA of one chromosome: the others' variants are set aside, each with its reason."""
    (tmp_path / "genome.fa").write_text(">chr1\nACGTTTTTGACCATGCA\n")
    rows = ["rs1 1 2 C T 0.2 0.5 0.1 5.7e-07", "rs2 2 7 C T 0.2 0.5 0.1 5.7e-07"]
    (tmp_path / "in.txt").write_text("\n".join(["SNP CHR BP EA NEA EAF BETA SE P", *rows]) + "\n")
    files = [str(tmp_path / "in.txt"), "--fasta", str(tmp_path / "genome.fa"), "--out", str(tmp_path / "out")]
    assert main(["harmonise", *files, "--build", "GRCh38", "--no_report", "--quiet"]) == 0
    assert pl.read_csv(tmp_path / "out.tsv.gz", separator="\t")["SNPID"].to_list() == ["rs1"]
    rejected = pl.read_csv(tmp_path / "out.rejected.tsv.gz", separator="\t")
    assert rejected["SNPID"].to_list() == ["rs2"]


VCF = (
    '##fileformat=VCFv4.2\n##FORMAT=<ID=ES,Number=A,Type=Float,Description="effect">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tbmi\theight\n"
    "1\t100\trs1\tA\tG\t.\tPASS\t.\tES:SE:LP:AF\t0.1:0.01:5:0.2\t0.3:0.01:6:0.2\n"
    "1\t200\trs2\tC\tG\t.\tPASS\t.\tES:SE:LP:AF\t-0.2:0.01:5:0.3\t0.4:0.01:6:0.3\n"
    "2\t50\trs3\tAT\tA\t.\tPASS\t.\tES:SE:LP:AF\t0.3:0.02:5:0.4\t0.5:0.01:6:0.4\n"
)


def harmonise(folder: Path, text: str, *flags: str) -> int:
    (folder / "in.vcf").write_text(text)
    argv = ["harmonise", str(folder / "in.vcf"), "--out", str(folder / "out"), "--quiet", "--no_report"]
    return main([*argv, "--palindromic", "keep", "--build", "GRCh38", *flags])


def test_a_gwas_vcf_tells_ref_itself(tmp_path: Path) -> None:
    assert harmonise(tmp_path, VCF, "--sample", "bmi", "--format", "vcf,ssf") == 0
    lines = gzip.decompress((tmp_path / "out.vcf.gz").read_bytes()).decode().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert [(*row[:5], row[9].split(":")[0]) for row in rows] == [
        ("1", "100", "rs1", "A", "G", "0.1"),
        ("1", "200", "rs2", "C", "G", "-0.2"),
        ("2", "50", "rs3", "AT", "A", "0.3"),
    ]
    ssf = pl.read_csv(tmp_path / "out.ssf.tsv.gz", separator="\t")
    assert ssf["ref_allele"].to_list() == ["OA"] * 3


def test_after_a_liftover_a_gwas_vcf_tells_no_ref(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tbmi"]
    frame = pl.read_csv(world.sumstats, separator="\t", infer_schema=False)
    names = {name.upper(): name for name in frame.columns}
    chromosome = next(names[n] for n in ("CHR", "CHROM", "CHROMOSOME") if n in names)
    position = next(names[n] for n in ("POS", "BP", "POSITION") if n in names)
    for chrom, pos in frame.select(chromosome, position).iter_rows():
        lines.append(f"{chrom}\t{pos}\t.\tA\tG\t.\tPASS\t.\tES:SE:LP\t0.1:0.1:1")
    source = world.folder / "in.vcf"
    source.write_text("\n".join(lines) + "\n")
    argv = ["harmonise", str(source), "--out", str(world.folder / "lifted"), "--quiet", "--no_report"]
    more = ["--build", "GRCh37", "--target_build", "GRCh38", "--chain", str(world.chain)]
    assert main([*argv, *more, "--palindromic", "keep", "--format", "vcf"]) == 2
    assert "nothing tells them" in capsys.readouterr().err
    assert not list(world.folder.glob("lifted.vcf*"))


def test_a_study_to_choose_in_a_file_without_studies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "SNP\tCHR\tBP\tA1\tA2\tBETA\tSE\tP\nrs1\t1\t5\tA\tG\t0.1\t0.1\t0.3\n"
    assert harmonise(tmp_path, text, "--sample", "bmi") == 2
    error = capsys.readouterr().err
    assert "in.vcf: no GWAS-VCF" in error
    assert "'bmi'" in error
    assert not list(tmp_path.glob("out.tsv*"))
    assert harmonise(tmp_path, VCF) == 2
    assert "several studies: bmi, height (--sample chooses one)" in capsys.readouterr().err


def test_a_run_that_is_refused_leaves_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "SNP\tCHR\tBP\tA1\tA2\tBETA\tSE\tP\nrs1\t1\t5\tA\tG\t0.1\t0.1\t0.3\n"
    store = ["--store", str(tmp_path / "study.h5")]
    assert harmonise(tmp_path, text, "--format", "vcf", *store) == 2
    assert "in.vcf: GWAS-VCF needs the reference allele" in capsys.readouterr().err
    assert not list(tmp_path.glob("study*"))
    assert harmonise(tmp_path, text, "--store", str(tmp_path / "nowhere" / "study.h5")) == 2
    assert "folder" in capsys.readouterr().err


def test_chromosomes_without_positions_are_no_places(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{chr} {snp} A G 0.1 0.1 0.3 900" for chr, snp in ((1, "rs1"), (2, "rs2"), ("NA", "rs3"))]
    (tmp_path / "in.txt").write_text("\n".join(["CHR SNP EA NEA BETA SE P N", *rows, ""]))
    argv = ["harmonise", str(tmp_path / "in.txt"), "--no_report", "--format", "tsv,ldsc"]
    assert main([*argv, "--out", str(tmp_path / "out"), "--store", str(tmp_path / "a.h5")]) == 0
    assert "no positions, and no reference to take them from" in capsys.readouterr().err
    table = pl.read_csv(tmp_path / "out.tsv.gz", separator="\t")
    assert table["SNPID"].to_list() == ["rs1", "rs2", "rs3"] and "CHR" not in table.columns


def test_a_file_without_ids_may_take_those_of_a_reference(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pl.read_csv(world.sumstats, separator="\t", infer_schema_length=0)
    bare = world.folder / "bare.txt"
    frame.drop("SNP").write_csv(bare, separator="\t")
    argv = ["harmonise", str(bare), "--out", str(world.folder / "bare"), "--format", "ldsc", "--no_report"]
    assert main(argv) == 2
    assert "so do the ids of a --reference" in capsys.readouterr().err
    assert main([*argv, "--reference", str(world.reference), "--chain", str(world.chain)]) == 0
    assert (world.folder / "bare.sumstats.gz").is_file()


def test_warnings_in_the_store_do_not_name_this_machines_folders(tmp_path: Path) -> None:
    """They go onto a page that is sent to others, where those of several files are told together."""
    (tmp_path / "in.txt").write_text("CHR BP SNP EA NEA BETA SE P N\n1 5 rs1 A G 0.1 0.1 0.3 900\n")
    argv = ["harmonise", str(tmp_path / "in.txt"), "--no_report", "--quiet", "--out", str(tmp_path / "out")]
    assert main([*argv, "--store", str(tmp_path / "a.h5")]) == 0
    stored = Study.open(tmp_path / "a.h5").attrs("sumstats/in")["warnings"]
    assert list(stored) == ["alleles were not compared with anything: no reference and no sequence"]
