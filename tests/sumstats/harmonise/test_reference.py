"""References of every kind give the same variants."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from sumstats.harmonise.reference_files import (
    BIM,
    EXPECTED_22,
    FIVE,
    HEAD,
    SITES,
    TABLE,
    as_parquet,
    as_text,
    bcf,
    bgzipped,
    vcf,
    windows,
    write,
)

from postgwas.errors import ColumnError, InputError, UsageError
from postgwas.reference.known_snps import known_snps
from postgwas.sumstats.harmonise.reference import (
    ID_UNKNOWN,
    LOCATED,
    open_reference,
)
from postgwas.sumstats.harmonise.reference_alleles import trim
from postgwas.sumstats.harmonise.run import harmonise


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


def test_frequencies_of_plink2_with_positions(tmp_path: Path) -> None:
    # plink2 --freq cols=+pos
    text = "#CHROM\tPOS\tID\tREF\tALT\tALT_FREQS\tOBS_CT\n22\t5\trs1\tA\tG,T\t0.25,0.125\t978\n"
    reference = open_reference(write(tmp_path / "plink2.afreq", text))
    assert reference.frame(22).rows() == [("rs1", 5, "A", "G", 0.25), ("rs1", 5, "A", "T", 0.125)]
    assert reference.ref_known


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


@settings(max_examples=60)
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


def places_of_known_snps(build: str, n: int) -> str:
    """A .bim of the first known SNPs of chromosome 22."""
    known = known_snps()
    rows = np.flatnonzero(known.chr == 22)[:n]
    places = known.grch37 if build == "GRCh37" else known.grch38
    return "".join(f"22 rs{known.rsid[row]} 0 {places[row]} A G\n" for row in rows.tolist())


@pytest.mark.parametrize("build", ["GRCh37", "GRCh38"])
def test_the_build_is_told_by_known_snps_where_no_header_does(build: str, tmp_path: Path) -> None:
    (tmp_path / "a.bim").write_text(places_of_known_snps(build, 50))
    assert open_reference(tmp_path / "a.bim").build == build
    (tmp_path / "few.bim").write_text(places_of_known_snps(build, 2))
    assert open_reference(tmp_path / "few.bim").build is None


def test_a_file_of_another_build_than_the_reference_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bim").write_text(places_of_known_snps("GRCh37", 50))
    lines = [line.split() for line in places_of_known_snps("GRCh38", 50).splitlines()]
    rows = [f"{snp}\t22\t{pos}\tA\tG\t0.1\t0.05\t0.0455\t1000" for _, snp, _, pos, _, _ in lines]
    (tmp_path / "t.txt").write_text("\n".join(["SNP\tCHR\tBP\tA1\tA2\tBETA\tSE\tP\tN", *rows]))
    with pytest.raises(UsageError, match="are GRCh38 and must become GRCh37: that takes a chain file"):
        harmonise(tmp_path / "t.txt", out=tmp_path / "out", reference=tmp_path / "a.bim")
    assert not list(tmp_path.glob("out*.tsv*"))
