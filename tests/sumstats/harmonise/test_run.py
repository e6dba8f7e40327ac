"""The whole of harmonise on a world whose answer is known."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sumstats.harmonise.small_world import COMPLEMENT, World, make_world

from postgwas.errors import ColumnError, InputError, NoVariantsError, OutputError, StoreError, UsageError
from postgwas.sumstats.harmonise.results import Harmonised
from postgwas.sumstats.harmonise.run import harmonise
from postgwas.sumstats.run import read_sumstats


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGWAS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def run(world: World, name: str = "out", **changes: Any) -> Harmonised:
    settings: dict[str, Any] = {
        "reference": world.reference,
        "chain": world.chain,
        "palindromic": "infer",
        "report": False,
        **changes,
    }
    return harmonise(world.sumstats, out=world.folder / name, **settings)[0]


def table(result: Harmonised, **options: Any) -> pl.DataFrame:
    return pl.read_csv(
        result.files["tsv"], separator="\t", null_values="NA", schema_overrides={"CHR": pl.String}, **options
    )


def test_every_row_ends_as_it_was_made(world: World) -> None:
    result = run(world)
    assert {o.name.lower(): n for o, n in result.account.outcomes.items()} == world.counts()
    assert result.account.n_read == len(world.rows)
    assert (result.plan.source, result.plan.target, result.plan.lift) == ("GRCh37", "GRCh38", True)


def test_the_table_has_the_reference_s_alleles_and_the_effect_of_alt(world: World) -> None:
    found = table(run(world))
    rows = {
        (c, p, ea, nea): (snp, eaf, beta)
        for c, p, ea, nea, snp, eaf, beta in found.select(
            "CHR", "POS", "EA", "NEA", "SNPID", "EAF", "BETA"
        ).iter_rows()
    }
    assert rows.keys() == world.table.keys()
    for key, (snp, eaf, beta) in world.table.items():
        assert rows[key][0] == snp
        assert rows[key][1:] == pytest.approx((eaf, beta), abs=1e-12)
    assert found.equals(found.sort(pl.col("CHR").cast(pl.Int64), "POS"))


def test_rejected_rows_have_their_line_and_reason(world: World) -> None:
    result = run(world)
    rejected = pl.read_csv(result.files["rejected"], separator="\t")
    left_out = {o.text: n for o, n in result.account.outcomes.items() if not o.kept}
    assert dict(rejected["REASON"].value_counts().iter_rows()) == left_out
    for line, snp in rejected.select("LINE", "SNPID").iter_rows():
        assert world.rows[line - 2][0] == snp
    lines = dict(rejected.select("LINE", "REASON").iter_rows())
    for number, outcome in enumerate(world.outcome):
        assert (number + 2 in lines) == (outcome not in KEPT)


KEPT = {"matched", "swapped", "flipped", "flipped_swapped", "palindromic_forward"}


def test_account_file_adds_up(world: World) -> None:
    result = run(world)
    account = pl.read_csv(result.files["account"], separator="\t")
    by_group = dict(
        account.filter(pl.col("CODE") != "total").group_by("GROUP").agg(pl.col("ROWS").sum()).iter_rows()
    )
    assert by_group["read"] == by_group["left out"] + by_group["kept"] + by_group.get("unreadable", 0)


@pytest.mark.parametrize("changes", [{"chunk_bytes": 300}, {"chunk_bytes": 5_000}, {"cores": 2}])
def test_chunks_and_workers_change_no_byte(world: World, changes: dict[str, int]) -> None:
    formats = ("tsv", "ldsc", "vcf", "ssf")
    one = run(world, "one", formats=formats)
    two = run(world, "two", formats=formats, **changes)
    for kind in (*formats, "account", "rejected"):
        text = [gunzip(r.files[kind]).replace(b"one", b"two") for r in (one, two)]
        assert text[0] == text[1], kind


def test_order_of_rows_changes_no_byte(world: World) -> None:
    before = gunzip(run(world, "one").files["tsv"])
    rows = list(world.rows)
    random.Random(1).shuffle(rows)
    world.write(rows)
    assert gunzip(run(world, "two").files["tsv"]) == before


def gunzip(path: Path) -> bytes:
    import gzip

    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def test_swapping_the_alleles_of_the_file_changes_nothing(world: World) -> None:
    before = table(run(world, "one")).drop("STATUS")
    world.write([(*r[:3], r[4], r[3], _one_minus(r[5]), -float(str(r[6])), *r[7:]) for r in world.rows])
    after = table(run(world, "two")).drop("STATUS")
    assert after.drop("EAF").equals(before.drop("EAF"))
    assert (after["EAF"] - before["EAF"]).abs().max() < 1e-12


def _one_minus(eaf: object) -> float:
    return round(1 - float(str(eaf)), 6)


def test_all_formats_say_the_same(world: World) -> None:
    result = run(world, formats=("tsv", "parquet", "ssf", "ldsc", "vcf"))
    text = read_sumstats(result.files["tsv"]).frame
    for kind in ("ssf", "vcf"):
        other = read_sumstats(result.files[kind]).frame
        for column in ("CHR", "POS", "EA", "NEA", "EAF", "BETA", "SE"):
            assert other[column].equals(text[column]), (kind, column)
    parquet = pl.read_parquet(result.files["parquet"])
    assert parquet.equals(table(result).cast(parquet.schema))  # type: ignore[arg-type]
    ldsc = read_sumstats(result.files["ldsc"]).frame
    assert ldsc["Z"].equals(text["Z"]) and ldsc["EA"].equals(text["EA"]) and ldsc["N"].equals(text["N"])


def test_the_store_holds_the_table_its_account_and_provenance(world: World) -> None:
    from postgwas.store.study import Study

    store = world.folder / "study.h5"
    result = run(world, store=store)
    study = Study.open(store)
    stored = study.read_polars("sumstats/trait")
    text = table(result)
    for name in ("SNPID", "POS", "EA", "NEA", "EAF", "BETA", "P", "STATUS", "FLAGS"):
        assert stored[name].to_list() == text[name].to_list(), name
    attrs, made = study.attrs("sumstats/trait"), study.provenance("sumstats/trait")
    assert attrs["genome_build"] == "GRCh38"
    assert sum(line["rows"] for line in attrs["account"] if line["code"] == "total") == text.height
    assert made.rows_in == len(world.rows) and made.rows_out == text.height
    assert sum(made.dropped.values()) == made.rows_in - made.rows_out
    assert {Path(f.name).name for f in made.inputs} >= {"trait.txt", "reference.vcf.gz"}
    region = study.query("21:1-48000000", key="sumstats/trait")
    assert len(region) == text.filter(pl.col("CHR") == "21").height
    assert not study.verify().problems
    with pytest.raises(StoreError, match="exists already"):
        run(world, "again", store=store)


def test_vcf_reads_in_pysam_by_region(world: World) -> None:
    import pysam

    result = run(world, formats=("vcf",))
    (chromosome, position, alt, ref), (snp, eaf, beta) = next(iter(world.table.items()))
    with pysam.VariantFile(str(result.files["vcf"])) as vcf:
        assert vcf.header.contigs[chromosome].length
        record = next(iter(vcf.fetch(chromosome, position - 1, position)))
    assert (record.id, record.ref, record.alts) == (snp, ref, (alt,))
    assert record.samples[0]["ES"][0] == pytest.approx(beta, rel=1e-6)
    assert record.samples[0]["AF"][0] == pytest.approx(eaf, rel=1e-6)
    assert record.samples[0]["SS"][0] == 1000


def test_effect_allele_ref_turns_every_effect(world: World) -> None:
    alt, ref = table(run(world, "one")), table(run(world, "two", effect_allele="ref"))
    assert ref["EA"].equals(alt["NEA"].alias("EA")) and ref["NEA"].equals(alt["EA"].alias("NEA"))
    assert (ref["BETA"] + alt["BETA"]).abs().max() == 0
    assert (ref["EAF"] + alt["EAF"] - 1).abs().max() < 1e-12


def test_without_a_reference_rows_are_lifted_and_kept(world: World) -> None:
    result = run(world, reference=None, palindromic="keep")
    kept = {o.name.lower(): n for o, n in result.account.outcomes.items() if o.kept}
    assert list(kept) == ["not_compared"]
    assert result.plan.lift
    found = table(result)
    reversed_rows = found.join(table(run(world, "ref")), on=["CHR", "POS"], how="inner", suffix="_R")
    # Alleles of reversed blocks were turned onto the target's forward strand.
    same = reversed_rows.filter(pl.col("STATUS_R").is_in(["matched", "swapped"]))
    both = {frozenset(pair) for pair in same.select("EA", "NEA", "EA_R", "NEA_R").iter_rows()}
    assert all(len(alleles) == 2 for alleles in both)


def test_several_files_go_to_a_folder(world: World) -> None:
    second = world.folder / "other.tsv"
    second.write_text(world.sumstats.read_text())
    results = harmonise(
        [world.sumstats, second],
        out=world.folder / "many",
        reference=world.reference,
        chain=world.chain,
        report=False,
    )
    assert [r.name for r in results] == ["trait", "other"]
    assert gunzip(results[0].files["tsv"]) == gunzip(results[1].files["tsv"])
    assert (world.folder / "many" / "harmonise.log").exists()


def test_of_several_files_the_good_ones_are_written(world: World) -> None:
    bad = world.folder / "bad.tsv"
    bad.write_text("SNP\tA1\nrs1\tA\n")
    with pytest.raises(ColumnError, match=r"bad\.tsv"):
        harmonise([bad, world.sumstats], out=world.folder / "many", chain=world.chain, report=False)
    assert (world.folder / "many" / "trait.tsv.gz").exists()
    assert not (world.folder / "many" / "bad.tsv.gz").exists()


def test_case_control_n_is_effective_and_said_so(world: World) -> None:
    result = run(world, n_cases=100, n_controls=900, formats=("tsv", "ssf", "vcf"))
    assert result.n_kind == "effective"
    assert set(table(result)["N_EFF"]) == {360.0}
    assert set(read_sumstats(result.files["ssf"]).frame["N"]) == {1000.0}
    back = read_sumstats(result.files["vcf"])
    assert back.n_kind == "effective" and set(back.frame["N"]) == {360.0}


# What is refused.


def test_reference_of_another_build(world: World) -> None:
    # Its header says nothing of a build; at the same positions it has other variants.
    import gzip

    lines = [line for line in gunzip(world.reference).decode().splitlines() if "##contig" not in line]
    turned = []
    for line in lines:
        words = line.split("\t")
        if not line.startswith("#"):
            words[2], words[4] = ".", words[3].translate(COMPLEMENT)
        turned.append("\t".join(words))
    with gzip.open(world.folder / "wrong.vcf.gz", "wt") as stream:
        stream.write("\n".join(turned) + "\n")
    with pytest.raises(InputError, match="different builds"):
        run(world, reference=world.folder / "wrong.vcf.gz", target_build="GRCh38")
    assert not (world.folder / "out.tsv.gz").exists()


def test_chain_of_the_wrong_direction(world: World) -> None:
    flipped = []
    for chain in world.chains:
        head, size = chain.split("\n")[:2]
        w = head.split()
        back = [w[0], w[1], *w[7:9], "+", *w[10:12], *w[2:4], "+", *w[5:7], w[12]]
        flipped.append(" ".join(back) + f"\n{size}\n\n")
    world.chain.write_text("".join(flipped))
    with pytest.raises(InputError, match="from GRCh38 to GRCh37, but the positions are GRCh37"):
        run(world)


def test_chain_missing(world: World) -> None:
    with pytest.raises(UsageError, match=r"positions are GRCh37 and must become GRCh38.*--chain"):
        run(world, chain=None)


def test_build_given_against_the_positions(world: World) -> None:
    with pytest.raises(InputError, match="positions are not GRCh38"):
        run(world, build="hg38")


def test_build_unknown(world: World) -> None:
    world.write([(f"id{i}", *row[1:]) for i, row in enumerate(world.rows[:15])])
    with pytest.raises(InputError, match="build of the positions is not known"):
        run(world)
    assert run(world, build="b37").account.n_kept > 0


def test_nothing_is_overwritten(world: World) -> None:
    run(world)
    with pytest.raises(OutputError, match=r"exists already \(--overwrite"):
        run(world)
    run(world, overwrite=True)


def test_a_refused_run_leaves_nothing(world: World) -> None:
    with pytest.raises(ColumnError, match="GWAS-SSF needs EAF"):
        world.sumstats.write_text("\n".join(drop_column(world, 5)) + "\n")
        run(world, formats=("tsv", "ssf"), palindromic="drop")
    assert {p.name for p in world.folder.iterdir()} == {
        *("trait.txt", "reference.vcf.gz", "hg19ToHg38.over.chain", "out.log", "cache")
    }


def drop_column(world: World, at: int) -> list[str]:
    lines = world.sumstats.read_text().splitlines()
    return ["\t".join(w for i, w in enumerate(line.split("\t")) if i != at) for line in lines]


def test_no_row_left(world: World) -> None:
    world.write([(*r[:8], 2.0, 1000) for r in world.rows])
    with pytest.raises(NoVariantsError, match="no row is left of"):
        run(world)


def test_a_reference_that_lacks_most_rows_is_named(world: World) -> None:
    head, *records = [x for x in gunzip(world.reference).decode().splitlines() if not x.startswith("##")]
    small = world.folder / "small.vcf"
    small.write_text("\n".join(["##fileformat=VCFv4.2", head, *records[::10]]) + "\n")
    result = run(world, reference=small, target_build="GRCh38")
    assert [w for w in result.warnings if "% of the rows are left out, because" in w and "small.vcf" in w]
    small.write_text(f"##fileformat=VCFv4.2\n{head}\n1\t7\t.\tA\tC\t.\t.\t.\n")
    with pytest.raises(NoVariantsError, match="no row is left of") as raised:
        run(world, name="none", reference=small, target_build="GRCh38")
    assert "are its positions GRCh38?" in str(raised.value.hint)


def test_palindromic_snps_without_frequencies_to_infer_from_are_counted(world: World) -> None:
    lines = gunzip(world.reference).decode().splitlines()
    bare = world.folder / "bare.vcf"
    rows = (line if line.startswith("#") else "\t".join([*line.split("\t")[:7], "."]) for line in lines)
    bare.write_text("\n".join(rows) + "\n")
    result = run(world, reference=bare, palindromic="infer")
    assert [w for w in result.warnings if "palindromic SNPs could not be inferred" in w]


def test_without_a_reference_the_report_says_that_palindromic_snps_stay(world: World) -> None:
    result = run(world, reference=None, palindromic="drop", report=True)
    assert "kept: compared with nothing" in result.files["report"].read_text()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reference": None, "palindromic": "infer"}, "--palindromic infer compares"),
        ({"reference": None, "palindromic": "drop", "effect_allele": "alt"}, "--effect_allele alt"),
        ({"formats": ("xlsx",)}, "--format xlsx"),
        ({"formats": ("none", "tsv")}, "--format none: expected alone"),
        ({"formats": ()}, "nothing to write"),
        ({"palindromic_maf": 0.7}, "--palindromic_maf"),
        ({"build": "hg17"}, "hg17"),
        (
            {"reference": None, "palindromic": "drop", "formats": ("vcf",)},
            r"trait.txt: GWAS-VCF needs the reference",
        ),
        ({"target_build": "GRCh37"}, "the reference is GRCh38, but --target_build is GRCh37"),
    ],
)
def test_contradicting_settings(world: World, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run(world, **changes)


def test_rows_that_the_reference_lacks_are_kept_on_request(world: World) -> None:
    result = run(world, unmatched="keep", formats=("tsv", "vcf"))
    counts = world.counts()
    found = {o.name.lower(): n for o, n in result.account.outcomes.items()}
    assert found == {
        code if code != "not_in_reference" else "unmatched_kept": n for code, n in counts.items()
    }
    kept = table(result)
    absent = {str(r[0]): r for r, o in zip(world.rows, world.outcome) if o == "not_in_reference"}
    rows = kept.filter(pl.col("STATUS") == "unmatched_kept")
    assert set(rows["SNPID"]) == absent.keys()
    for snp, ea, beta in rows.select("SNPID", "EA", "BETA").iter_rows():
        assert (ea, beta) == (str(absent[snp][3]).upper(), absent[snp][6])
    # Nothing tells their REF, so a VCF cannot hold them.
    assert result.n_written == {"vcf": kept.height - rows.height}


def test_strands_are_not_inferred_from_frequencies_of_the_other_allele(world: World) -> None:
    world.write([(*r[:5], _one_minus(r[5]), *r[6:]) for r in world.rows])
    result = run(world)
    found = {o.name.lower(): n for o, n in result.account.outcomes.items()}
    counts = world.counts()
    assert found["palindromic_no_eaf"] == counts["palindromic_forward"] + counts["palindromic_maf"]
    assert not {"palindromic_forward", "palindromic_reverse"} & found.keys()
    assert any("other allele" in warning for warning in result.warnings)


def test_ssf_and_its_description_obey_the_specification(world: World) -> None:
    import hashlib

    import yaml

    result = run(world, formats=("ssf",), n_cases=100, n_controls=900)
    path = result.files["ssf"]
    lines = gunzip(path).decode().splitlines()
    assert lines[0].split("\t")[:8] == [
        *("chromosome", "base_pair_location", "effect_allele", "other_allele", "beta", "standard_error"),
        *("effect_allele_frequency", "p_value"),
    ]
    values = [line.split("\t") for line in lines[1:]]
    assert all(v[0] in {"20", "21", "22"} and set(v[2] + v[3]) <= set("ACGT") for v in values)
    assert len(values) == result.account.n_kept
    described = yaml.safe_load(Path(f"{path}-meta.yaml").read_text())
    assert described["data_file_md5sum"] == hashlib.md5(path.read_bytes()).hexdigest()
    assert described["data_file_name"] == path.name
    expected = {
        "genome_assembly": "GRCh38", "coordinate_system": "1-based", "file_type": "GWAS-SSF v1.0",
        "is_harmonised": True, "is_sorted": True, "harmonisation_reference": "reference.vcf.gz",
    }  # fmt: skip
    assert {key: described[key] for key in expected} == expected
    assert described["samples"][0]["case_count"] == 100


def test_tiny_p_values_keep_their_size_in_every_format(world: World) -> None:
    rows = [(*r[:6], 40.0 * (1 if float(str(r[6])) > 0 else -1), 1.0, "5.27e-350", 1000) for r in world.rows]
    world.write(rows)
    result = run(world, formats=("tsv", "ssf", "vcf"), palindromic="drop")
    for kind in ("tsv", "ssf", "vcf"):
        found = read_sumstats(result.files[kind]).frame
        assert found["MLOG10P"].to_list() == pytest.approx([349.2781893] * found.height), kind


def test_files_read_by_several_workers_are_the_same(world: World) -> None:
    second = world.folder / "other.tsv"
    second.write_text("\n".join(world.sumstats.read_text().splitlines()[:300]) + "\n")
    settings: dict[str, Any] = {"reference": world.reference, "chain": world.chain, "report": False}
    files = [world.sumstats, second, world.folder / "none.txt"]
    for cores in (1, 2):
        with pytest.raises(InputError, match=r"none\.txt: no such file"):
            harmonise(files, out=world.folder / f"cores{cores}", cores=cores, **settings)
    for name in ("trait.tsv.gz", "other.tsv.gz", "other.account.tsv", "other.rejected.tsv.gz"):
        one, two = (gunzip(world.folder / f"cores{cores}" / name) for cores in (1, 2))
        assert one == two
    assert not list(world.folder.glob("**/.postgwas-*"))


def test_sequence_of_another_build(tmp_path: Path) -> None:
    (tmp_path / "genome.fa").write_text(">1\n" + "C" * 300 + "\n")
    rows = [f"rs{i} 1 {i} A {'T' if i % 2 else 'G'} 0.1 0.1 0.3" for i in range(1, 200)]
    (tmp_path / "in.txt").write_text("\n".join(["SNP CHR BP EA NEA BETA SE P", *rows]) + "\n")
    with pytest.raises(InputError, match="the sequence is of another build"):
        harmonise(tmp_path / "in.txt", out=tmp_path / "out", fasta=tmp_path / "genome.fa", build="GRCh38")
