"""References of every kind give the same variants; the cache is an aid; bad files are refused."""

from __future__ import annotations

import gzip
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pysam
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postgwas.errors import ColumnError, InputError, PostgwasError, UsageError
from postgwas.sumstats.harmonise import reference_vcf
from postgwas.sumstats.harmonise.reference import (
    ID_AMBIGUOUS,
    ID_UNKNOWN,
    LOCATED,
    Reference,
    open_reference,
)
from postgwas.sumstats.harmonise.reference_alleles import trim
from postgwas.sumstats.harmonise.reference_cache import ChromosomeWriter

HEAD = (
    "##fileformat=VCFv4.2\n"
    "##contig=<ID=21,length=48129895>\n##contig=<ID=22,length=51304566>\n##contig=<ID=GL1,length=9>\n"
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency of ALT">\n'
    '##INFO=<ID=AFR_AF,Number=A,Type=Float,Description="In AFR">\n'
    '##INFO=<ID=MAF,Number=1,Type=Float,Description="Minor allele frequency">\n'
    '##INFO=<ID=AC,Number=A,Type=Integer,Description="Count">\n'
    '##INFO=<ID=AN,Number=1,Type=Integer,Description="Total">\n'
    '##INFO=<ID=NS,Number=1,Type=Integer,Description="People">\n'
    '##INFO=<ID=XAF,Number=1,Type=Float,Description="Other">\n'
    '##INFO=<ID=END,Number=1,Type=Integer,Description="End">\n'
    '##ALT=<ID=DEL,Description="Deletion">\n'
)
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
SITES = [
    "22\t300\trs3\tA\tG,T\t.\tPASS\tNS=5;AF=0.25,0.5;AFR_AF=0.1,0.2;AC=5,10;AN=20",
    "22\t200\trs2;rs22\tCTT\tC,CT\t.\tPASS\tAF=0.125,.;AC=2,1;AN=16",
    "22\t100\t.\tG\tC\t.\tPASS\tXAF=0.9",
    "21\t50\trs1\tCA\tTA\t.\tPASS\tAF=0.5",
    "GL1\t5\trs9\tA\tG\t.\tPASS\tAF=0.5",
    "22\t400\trs4\tA\t<DEL>\t.\tPASS\tAF=0.5",
    "22\t401\trs5\tA\t.\t.\tPASS\tAF=0.5",
    "22\t402\trs6\tN\tG\t.\tPASS\tAF=0.5",
    "22\t300\trs3\tA\tG\t.\tPASS\tAF=0.25",
]
EXPECTED_22 = [
    (None, 100, "G", "C", None),
    ("rs2", 200, "CTT", "C", 0.125),
    ("rs2", 200, "CT", "C", None),
    ("rs3", 300, "A", "G", 0.25),
    ("rs3", 300, "A", "T", 0.5),
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POSTGWAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def vcf(folder: Path, sites: list[str] = SITES, head: str = HEAD, samples: int = 0) -> Path:
    names = ["FORMAT", *(f"S{i}" for i in range(samples))] if samples else []
    rows = [site + ("\tGT" + "\t0|1" * samples if samples else "") for site in sites]
    text = "\n".join(["\t".join([COLUMNS, *names]), *rows])
    return write(folder / "ref.vcf", head + text + "\n")


def bgzipped(folder: Path) -> Path:
    pysam.tabix_compress(str(vcf(folder)), str(folder / "ref.vcf.gz"))
    return folder / "ref.vcf.gz"


def windows(folder: Path) -> Path:
    plain = vcf(folder)
    plain.write_bytes(plain.read_bytes().replace(b"\n", b"\r\n"))
    return plain


def bcf(folder: Path) -> Path:
    with (
        pysam.VariantFile(str(vcf(folder))) as reader,
        pysam.VariantFile(str(folder / "ref.bcf"), "wb", header=reader.header) as writer,
    ):
        for record in reader:
            writer.write(record)
    return folder / "ref.bcf"


@pytest.mark.parametrize(
    "make",
    [vcf, bgzipped, windows, bcf, lambda folder: vcf(folder, samples=3), lambda f: vcf(f, samples=1)],
)
def test_vcf_of_every_kind(make: Callable[[Path], Path], tmp_path: Path) -> None:
    reference = open_reference(make(tmp_path))
    assert reference.frame(22).rows() == EXPECTED_22
    assert reference.frame(21).rows() == [("rs1", 50, "C", "T", 0.5)]
    assert reference.frame(1).rows() == []
    assert reference.frame(1).schema == reference.frame(22).schema
    assert (reference.build, reference.ref_known, reference.has_af) == ("GRCh37", True, True)
    assert (reference.chromosomes, reference.af_field) == ((21, 22), "AF")
    assert reference.skipped == {
        "unknown chromosome or no position": 1,
        "symbolic or unreadable allele": 2,
        "no alternate allele": 1,
        "record given twice": 1,
    }


@pytest.mark.parametrize("chunk", [1, 40, 200])
def test_size_of_chunks_and_parts_changes_nothing(
    chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_vcf, "CHUNK_BYTES", chunk)
    for samples in (0, 2):
        reference = open_reference(vcf(tmp_path, samples=samples), cache=False)
        assert reference.frame(22).rows() == EXPECTED_22
    writer = ChromosomeWriter(tmp_path, pending_rows=chunk // 40)
    for row in [2, 0, 4, 1, 3, 3]:
        pair = pl.DataFrame([EXPECTED_22[row]], schema=reference.frame(22).schema, orient="row")
        writer.add(pair.with_columns(CHR=pl.lit(22, pl.Int8)))
    assert writer.finish() == {22: 5}
    frame = pl.read_ipc(tmp_path / "chr22.arrow")
    assert frame["POS"].to_list() == [100, 200, 200, 300, 300]
    assert set(frame.rows()) == set(EXPECTED_22)
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize(
    ("field", "expected"),
    [("AFR_AF", [None, None, None, 0.1, 0.2]), (None, [None, 0.125, None, 0.25, 0.5])],
)
def test_frequency_of_the_field_asked_for(
    field: str | None, expected: list[float | None], tmp_path: Path
) -> None:
    frame = open_reference(vcf(tmp_path), af_field=field).frame(22)
    assert frame["AF"].to_list() == pytest.approx(expected)


def test_counts_serve_where_there_is_no_frequency(tmp_path: Path) -> None:
    head = "".join(line for line in HEAD.splitlines(True) if "ID=AF," not in line)
    reference = open_reference(vcf(tmp_path, head=head))
    assert reference.af_field == "AC/AN"
    assert reference.frame(22)["AF"].to_list() == [None, 0.125, 0.0625, 0.25, 0.5]


def test_dbsnp_s_frequencies_begin_with_ref(tmp_path: Path) -> None:
    head = HEAD.replace("ID=AFR_AF,Number=A", "ID=CAF,Number=.")
    path = vcf(
        tmp_path, ["22\t5\trs1\tA\tG,T\t.\t.\tCAF=0.7,0.2,0.1", "22\t6\trs2\tA\tG\t.\t.\tCAF=0.7"], head
    )
    assert open_reference(path, af_field="CAF").frame(22)["AF"].to_list() == pytest.approx([0.2, 0.1, None])


def test_frequencies_out_of_range_and_of_no_people_are_unknown(tmp_path: Path) -> None:
    sites = [
        f"22\t{i}\t.\tA\tG\t.\t.\tAF={af}" for i, af in enumerate(["1.5", "-0.1", "x", ".", "1", "0"], 1)
    ]
    reference = open_reference(vcf(tmp_path, sites))
    assert reference.frame(22)["AF"].to_list() == [None, None, None, None, 1.0, 0.0]
    assert list(reference.skipped.values()) == [3]


def test_no_frequency_and_frequency_of_minor_alleles_are_warned_of(tmp_path: Path) -> None:
    head = HEAD.replace("ID=AF,", "ID=EUR_AF,").replace("ID=AC,", "ID=XC,")
    reference = open_reference(vcf(tmp_path, head=head))
    assert not reference.has_af
    assert "--af_field can name one of EUR_AF, AFR_AF" in reference.warnings[0]
    sites = [f"22\t{i}\t.\tA\tG\t.\t.\tAF=0.4" for i in range(1, 1001)]
    assert "looks like a minor allele's" in open_reference(vcf(tmp_path, sites)).warnings[0]


BIM = "22 rs1 0 100 A G\n22 . 0 90 C CT\n26 rs3 0 7 0 G\n25 rs4 0 8 T C\n26 rs5 0 7 A G\n"
FIVE = "".join(line.replace(" 0 ", " ", 1) + "\n" for line in BIM.splitlines())


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.bim", BIM), ("a.bim", BIM.replace(" ", "\t")), ("a.pvar", BIM), ("a.pvar", FIVE), ("a.bim.gz", BIM)],
)
def test_bim_and_headerless_pvar(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    reference = open_reference(path)
    # A1 is given as ALT, and nothing is known of REF; 25 is X for PLINK, 26 MT.
    assert reference.frame(22).rows() == [(None, 90, "CT", "C", None), ("rs1", 100, "G", "A", None)]
    assert reference.frame(23).rows() == [("rs4", 8, "C", "T", None)]
    assert reference.frame(25).rows() == [("rs5", 7, "G", "A", None)]
    assert (reference.ref_known, reference.build, reference.has_af) == (False, None, False)
    assert "no frequencies" in reference.warnings[0]


def test_pvar_with_header_and_zstd_beside_its_pgen(tmp_path: Path) -> None:
    text = "##x\n#CHROM\tPOS\tID\tREF\tALT\tINFO\n22\t5\trs1\tA\tC,G\tAF=0.1,0.2;PR\n25\t6\trs2\tA\tG\t.\n"
    (tmp_path / "a.pvar.zst").write_bytes(zstandard.compress(text.encode()))
    (tmp_path / "a.pgen").write_bytes(b"")
    reference = open_reference(tmp_path / "a.pgen")
    expected = [("rs1", 5, "A", "C", pytest.approx(0.1)), ("rs1", 5, "A", "G", pytest.approx(0.2))]
    assert reference.frame(22).rows() == expected
    assert reference.chromosomes == (22, 23)
    assert reference.ref_known


TABLE = pl.DataFrame(
    {
        "SNPID": ["rs1", "rs2", "rs3"],
        "CHR": ["chr22", "X", "22"],
        "POS": [5, 7, 4],
        "REF": ["A", "C", "ATT"],
        "ALT": ["G", "T", "A"],
        "AF": [0.25, 0.5, None],
    }
)


def as_text(separator: str, *names: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        TABLE.rename(dict(zip(TABLE.columns, names))).write_csv(
            folder / "panel.txt", separator=separator, null_value="NA"
        )
        return folder / "panel.txt"

    return make


def as_parquet(folder: Path) -> Path:
    TABLE.write_parquet(folder / "panel.parquet")
    return folder / "panel.parquet"


@pytest.mark.parametrize(
    "make",
    [
        as_text("\t", *TABLE.columns),
        as_text(",", "rsID", "chrom", "bp", "ref", "alt", "alt_freqs"),
        as_text(" ", "ID", "#CHROM", "position", "Ref_Allele", "Alt.Allele", "AF"),
        as_text("\t", "variant_id", "chromosome", "base_pair_location", "other_allele", "effect_allele",
                "effect_allele_frequency"),
        as_parquet,
    ],
)  # fmt: skip
def test_tables(make: Callable[[Path], Path], tmp_path: Path) -> None:
    path = make(tmp_path)
    reference = open_reference(path)
    assert reference.frame(22).rows() == [("rs3", 4, "ATT", "A", None), ("rs1", 5, "A", "G", 0.25)]
    assert reference.frame(23).rows() == [("rs2", 7, "C", "T", 0.5)]
    assert reference.ref_known == ("effect_allele" not in path.read_bytes().decode("latin1"))


def test_column_of_frequencies_by_name(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    TABLE.rename({"AF": "nfe"}).with_columns(AF=pl.lit(0.9)).write_csv(path)
    assert open_reference(path, af_field="nfe").frame(22)["AF"].to_list() == [None, 0.25]
    with pytest.raises(ColumnError, match="no column 'afr'; found SNPID, CHR"):
        open_reference(path, af_field="afr")


def test_one_file_a_chromosome(tmp_path: Path) -> None:
    for chromosome in (21, 22):
        sites = [site for site in SITES if site.startswith(str(chromosome))]
        vcf(tmp_path, sites).rename(tmp_path / f"ref.chr{chromosome}.vcf")
    reference = open_reference(tmp_path / "ref.chr@.vcf")
    assert reference.frame(22).rows() == EXPECTED_22
    assert reference.chromosomes == (21, 22)
    other = vcf(
        tmp_path,
        ["20\t5\trs1\tA\tG\t.\t.\tAF=0.1"],
        HEAD.replace("51304566", "50818468").replace("48129895", "46709983"),
    )
    other.rename(tmp_path / "ref.chr20.vcf")
    with pytest.raises(InputError, match="different builds: GRCh37 and GRCh38"):
        open_reference(tmp_path / "ref.chr@.vcf")


@pytest.mark.parametrize(
    ("lines", "build"),
    [
        ("##contig=<ID=chr1,length=248956422>\n##reference=hg19\n", "GRCh38"),
        ("##reference=file:///GRCh38.primary_assembly.fa\n", "GRCh38"),
        ("##contig=<ID=22,length=12345>\n##reference=human_g1k_v37.fasta\n", "GRCh37"),
        ("##contig=<ID=22,assembly=b37>\n", "GRCh37"),
        ("##reference=ours.fa\n", None),
        ("##reference=lifted_hg19_to_hg38.fa\n", None),
    ],
)
def test_build_of_the_header(lines: str, build: str | None, tmp_path: Path) -> None:
    assert open_reference(vcf(tmp_path, head="##fileformat=VCFv4.2\n" + lines)).build == build


def test_cache_is_used_and_follows_the_file(tmp_path: Path, own_cache: Path) -> None:
    path = vcf(tmp_path)
    first = open_reference(path)
    made = sorted(own_cache.rglob("*.arrow"))
    times = [file.stat().st_mtime_ns for file in made]
    again = open_reference(path)
    assert again.folder == first.folder and again.warnings == first.warnings
    assert [file.stat().st_mtime_ns for file in made] == times
    assert open_reference(path, af_field="AFR_AF").folder != first.folder

    vcf(tmp_path, ["22\t9\trs1\tA\tG\t.\t.\tAF=0.1"])
    os.utime(path, ns=(1, 1))
    assert open_reference(path).frame(22)["POS"].to_list() == [9]
    assert not first.folder.exists()


def test_damaged_cache_is_made_again(tmp_path: Path) -> None:
    path = vcf(tmp_path)
    reference = open_reference(path)
    (reference.folder / "chr22.arrow").unlink()
    with pytest.raises(InputError, match="are gone or damaged"):
        reference.frame(22)
    assert open_reference(path).frame(22).height == 5
    (reference.folder / "reference.json").write_text("{")
    assert open_reference(path).frame(22).height == 5


def test_without_cache_nothing_is_left(tmp_path: Path, own_cache: Path) -> None:
    reference = open_reference(vcf(tmp_path), cache=False)
    folder = reference.folder
    sent: Reference = pickle.loads(pickle.dumps(reference))
    assert sent.frame(22).rows() == EXPECTED_22
    del sent
    assert folder.exists() and not own_cache.exists()
    del reference
    assert not folder.exists()


def test_cache_folder_that_cannot_be_written(tmp_path: Path, own_cache: Path) -> None:
    own_cache.write_text("a file, not a folder")
    assert open_reference(vcf(tmp_path)).frame(22).rows() == EXPECTED_22


def test_nothing_is_left_after_an_error(tmp_path: Path, own_cache: Path) -> None:
    path = vcf(tmp_path, [*SITES, "22\t5\trs1"])
    with pytest.raises(InputError):
        open_reference(path)
    assert [p for p in own_cache.rglob("*") if p.is_file()] == []


def test_locate_by_id(tmp_path: Path) -> None:
    sites = [
        "22\t5\trs1\tA\tG,T\t.\t.\t.",
        "21\t6\trs2\tA\tG\t.\t.\t.",
        "22\t7\trs2\tA\tG\t.\t.\t.",
        "22\t8\t22:8:A:G\tA\tG\t.\t.\t.",
        "22\t9\trs02\tA\tG\t.\t.\t.",
    ]
    reference = open_reference(vcf(tmp_path, sites))
    for _ in range(2):  # made, then read
        found = reference.locate(pl.Series(["rs1", "rs2", "22:8:A:G", None, "rs3", "rs02", "rs1"]))
        assert found.status.tolist() == [
            LOCATED, ID_AMBIGUOUS, LOCATED, ID_UNKNOWN, ID_UNKNOWN, LOCATED, LOCATED
        ]  # fmt: skip
        assert found.chr.tolist() == [22, 0, 22, 0, 0, 22, 22]
        assert found.pos.tolist() == [5, 0, 8, 0, 0, 9, 5]


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


letters = st.text("ACGT", min_size=1, max_size=4)


@given(letters, letters)
def test_trim_takes_away_what_both_share_and_nothing_else(ref: str, alt: str) -> None:
    shift, short_ref, short_alt = trim(ref, alt)
    start, end = ref[:shift], ref[shift + len(short_ref) :]
    assert (start + short_ref + end, start + short_alt + end) == (ref, alt)
    if min(len(short_ref), len(short_alt)) > 1:
        assert short_ref[0] != short_alt[0] and short_ref[-1] != short_alt[-1]
    if short_ref != short_alt and len(short_ref) > 1 and shift:
        # The right end goes first, as in left-aligned variants.
        assert short_ref[-1] != short_alt[-1] or len(short_alt) == 1


site_alleles = st.sampled_from(["A", "C", "G", "T", "AT", "GA", "a", "<INS>", "*", "."])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "chr2", "X", "hs37d5"]), st.integers(1, 9),
            site_alleles, st.lists(site_alleles, min_size=1, max_size=3), st.integers(1, 3),
        ),
        min_size=1, max_size=10,
    ),
    st.integers(0, 2),
)  # fmt: skip
def test_agrees_with_a_plain_loop(sites: list[tuple[str, int, str, list[str], int]], samples: int) -> None:
    import tempfile

    lines, expected = [], set()
    for i, (chromosome, pos, ref, alts, n_af) in enumerate(sites):
        af = [k / 8 for k in range(n_af)]
        text = ",".join(map(str, af))
        lines.append(f"{chromosome}\t{pos}\trs{i + 1}\t{ref}\t{','.join(alts)}\t.\t.\tDP=3;AF={text}")
        code = {"1": 1, "chr2": 2, "X": 23}.get(chromosome)
        for k, alt in enumerate(alts):
            r, a = ref.upper(), alt.upper()
            if code is None or r == a or not set(r + a) <= set("ACGT"):
                continue
            shift, r, a = trim(r, a)
            f = af[k] if n_af == len(alts) else None
            expected.add((code, pos + shift, f"rs{i + 1}", r, a, f))
    with tempfile.TemporaryDirectory() as folder:
        path = vcf(Path(folder), lines, samples=samples)
        if not expected:
            with pytest.raises(InputError):
                open_reference(path, cache=False)
            return
        reference = open_reference(path, cache=False)
        found = set()
        for chr in reference.chromosomes:
            frame = reference.frame(chr)
            assert frame["POS"].is_sorted()
            found |= {(chr, p, i, r, a, f) for i, p, r, a, f in frame.rows()}
    # Of one alternate allele given twice in a record the first is kept.
    assert {row[:5] for row in found} == {row[:5] for row in expected}
    assert found <= expected


@pytest.mark.requires_shared
def test_real_references(shared: Path) -> None:
    folder = shared / "realdata"
    eas = open_reference(next((folder / "geno_1000G_eas504_chr7").glob("*.vcf.gz")))
    assert (eas.build, eas.n_variants, eas.ref_known) == ("GRCh37", {7: 54189}, True)
    assert (eas.frame(7)["AF"] == 0).sum() > 20_000  # monomorphic in these people, and still variants
    hgdp = open_reference(folder / "geno_1kg_hgdp_chr22_6pops" / "ref.chr22.pgen")
    assert hgdp.n_variants == {22: 1000}
    eur = open_reference(folder / "geno_1000G_eur489_22regions" / "1000G.subset.@.bim.gz")
    assert eur.chromosomes == (1, 6, 10, 16, 19, 21, 22)
    found = eur.locate(pl.Series(["rs55902548", "rs0"]))
    assert (found.chr.tolist(), found.pos.tolist()) == ([22, 0], [20000428, 0])
    assert np.all(found.status == [LOCATED, ID_UNKNOWN])
