"""What a reference or a sequence says of a whole file: its build, its strands, its reference alleles."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from postgwas.errors import InputError
from postgwas.reference.known_snps import known_snps
from postgwas.sumstats.harmonise.build_given import call_by_given
from postgwas.sumstats.harmonise.reading import ReadOptions, spill_file
from postgwas.sumstats.harmonise.reference import open_reference
from postgwas.sumstats.harmonise.results import Harmonised
from postgwas.sumstats.harmonise.run import harmonise

COMPLEMENT = str.maketrans("ACGT", "TGCA")
LENGTH = 6000


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGWAS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def genome(tmp_path: Path) -> str:
    draw = random.Random(5)
    text = "".join(draw.choice("ACGT") for _ in range(LENGTH))
    (tmp_path / "genome.fa").write_text(f">X\n{text}\n")
    return text


def snvs(genome: str) -> list[tuple[int, str, str]]:
    """Position, REF and ALT of SNVs that are not palindromic."""
    draw = random.Random(6)
    found = []
    for pos in range(20, LENGTH - 20, 23):
        ref = genome[pos - 1]
        others = [base for base in "ACGT" if base not in (ref, ref.translate(COMPLEMENT))]
        found.append((pos, ref, draw.choice(others)))
    return found


def write(folder: Path, rows: list[tuple[int, str, str]], *, shift: int = 0) -> Path:
    """Rows of position, other and effect allele, without rsIDs."""
    lines = [f"X {pos + shift} {ea} {nea} 0.3 0.5 0.1 5.7e-07" for pos, nea, ea in rows]
    path = folder / "in.txt"
    path.write_text("\n".join(["CHR BP EA NEA EAF BETA SE P", *lines]) + "\n")
    return path


def write_reference(folder: Path, rows: list[tuple[int, str, str]]) -> Path:
    lines = ["##fileformat=VCFv4.2", "##contig=<ID=X,length=156040895>"]
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
    lines += [f"X\t{pos}\trs{pos}\t{ref}\t{alt}\t.\t.\t." for pos, ref, alt in rows]
    path = folder / "reference.vcf"
    path.write_text("\n".join(lines) + "\n")
    return path


def run(folder: Path, **settings: Any) -> Harmonised:
    return harmonise(folder / "in.txt", out=folder / "out", **{"report": False, **settings})[0]


def test_the_reference_tells_the_build_of_a_file_without_known_snps(tmp_path: Path, genome: str) -> None:
    reference = write_reference(tmp_path, snvs(genome))
    write(tmp_path, snvs(genome))
    result = run(tmp_path, reference=reference)
    assert result.plan.source == "GRCh38" and "variants of the GRCh38 reference" in result.plan.evidence
    write(tmp_path, snvs(genome), shift=1)
    with pytest.raises(InputError, match="0 are variants of the GRCh38 reference"):
        run(tmp_path, reference=reference, overwrite=True)


def test_a_file_of_which_the_reference_has_little_stays_undecided(tmp_path: Path, genome: str) -> None:
    reference = write_reference(tmp_path, snvs(genome)[::3])
    write(tmp_path, snvs(genome))
    with pytest.raises(InputError, match="the build of the positions is not known"):
        run(tmp_path, reference=reference)


@pytest.mark.parametrize(("shift", "build"), [(0, "GRCh38"), (1, None)])
def test_the_sequence_tells_the_build_of_rows_on_its_strand(
    tmp_path: Path, genome: str, shift: int, build: str | None
) -> None:
    path = write(tmp_path, snvs(genome), shift=shift)
    (tmp_path / "rows").mkdir()
    spilled = spill_file(str(path), ReadOptions(), tmp_path / "rows")
    fasta = str(tmp_path / "genome.fa")
    assert spilled.call.build is None
    assert call_by_given(spilled, reference=None, fasta=fasta, build="GRCh38").build == build
    assert call_by_given(spilled, reference=None, fasta=fasta, build=None) is spilled.call


def test_a_reference_of_another_chromosome_says_nothing(tmp_path: Path, genome: str) -> None:
    reference = write_reference(tmp_path, snvs(genome))
    reference.write_text(reference.read_text().replace("\nX\t", "\n7\t"))
    path = write(tmp_path, snvs(genome))
    (tmp_path / "rows").mkdir()
    spilled = spill_file(str(path), ReadOptions(), tmp_path / "rows")
    call = call_by_given(spilled, reference=open_reference(reference), fasta=None, build="GRCh38")
    assert call.build is None and "of 0 SNVs 0 are" in call.reason


def test_positions_that_count_from_zero_are_not_oriented_by_the_sequence(tmp_path: Path, genome: str) -> None:
    # No palindromic SNP is among them: every base of the sequence fits, on one strand or the other.
    write(tmp_path, snvs(genome), shift=-1)
    with pytest.raises(InputError, match="are on the other strand, as where the positions are"):
        run(tmp_path, fasta=tmp_path / "genome.fa", build="GRCh38")
    write(tmp_path, [(p, r.translate(COMPLEMENT), a.translate(COMPLEMENT)) for p, r, a in snvs(genome)])
    result = run(tmp_path, fasta=tmp_path / "genome.fa", build="GRCh38")
    assert {o.name: n for o, n in result.account.outcomes.items()} == {"FLIPPED": len(snvs(genome))}


def test_reference_and_sequence_that_contradict_each_other_are_refused(tmp_path: Path, genome: str) -> None:
    shifted = [(pos + 1, ref, alt) for pos, ref, alt in snvs(genome)]
    write(tmp_path, shifted)
    reference = write_reference(tmp_path, shifted)
    with pytest.raises(InputError, match="does not have its reference allele in"):
        run(tmp_path, reference=reference, fasta=tmp_path / "genome.fa")


@pytest.mark.parametrize("exchanged", [False, True])
def test_gwas_vcf_has_an_indel_that_fits_both_ways_only_where_the_file_names_ref(
    tmp_path: Path, genome: str, exchanged: bool
) -> None:
    # Every deletion can be read as an insertion: only the habit of the file can tell.
    at = next(
        p for p in range(30, 200) if len(set(genome[p - 2 : p + 3])) >= 4 and genome[p] != genome[p + 1]
    )
    deletion = (at, genome[at - 1 : at + 1], genome[at - 1])
    rows = [(p, a, r) if exchanged and p % 2 else (p, r, a) for p, r, a in snvs(genome) if p != at]
    write(tmp_path, [*rows, deletion])
    result = run(tmp_path, fasta=tmp_path / "genome.fa", build="GRCh38", formats=("tsv", "vcf", "ssf"))
    counts = {o.name: n for o, n in result.account.outcomes.items()}
    assert counts["INDEL_REF_GIVEN"] == 1
    text = gzip.decompress(result.files["vcf"].read_bytes()).decode()
    records = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    indels = [(int(r[1]), r[3], r[4]) for r in records if len(r[3]) + len(r[4]) > 2]
    assert indels == ([] if exchanged else [deletion])
    assert len(records) == len(rows) + len(indels)
    ssf = pl.read_csv(result.files["ssf"], separator="\t", null_values="#NA")
    assert ssf.filter(pl.col("base_pair_location") == at)["ref_allele"].to_list() == [
        None if exchanged else "OA"
    ]
    assert ssf.filter(pl.col("base_pair_location") != at)["ref_allele"].unique().to_list() == ["OA"]


def test_ssf_names_ref_for_either_effect_allele(tmp_path: Path, genome: str) -> None:
    write(tmp_path, snvs(genome))
    for effect, ref in (("alt", "OA"), ("ref", "EA")):
        result = run(
            tmp_path,
            fasta=tmp_path / "genome.fa",
            build="GRCh38",
            formats=("ssf",),
            effect_allele=effect,
            overwrite=True,
        )
        ssf = pl.read_csv(result.files["ssf"], separator="\t")
        assert ssf["ref_allele"].unique().to_list() == [ref]
        assert ssf["variant_id"].to_list() == [f"23_{pos}_{r}_{a}" for pos, r, a in snvs(genome)]


@pytest.mark.parametrize(
    ("effect", "said"), [(None, "A1"), ("ref", "A2"), ("given", "the file's effect allele")]
)
def test_a_bim_is_not_called_the_forward_strand(
    tmp_path: Path, genome: str, effect: str | None, said: str
) -> None:
    write(tmp_path, snvs(genome))
    bim = tmp_path / "panel.bim"
    bim.write_text("".join(f"23 rs{pos} 0 {pos} {ref} {alt}\n" for pos, ref, alt in snvs(genome)))
    result = run(
        tmp_path,
        reference=bim,
        build="GRCh38",
        effect_allele=effect,
        formats=("ssf",),
        report=True,
    )
    metadata = Path(f"{result.files['ssf']}-meta.yaml").read_text()
    assert "is_harmonised: false" in metadata
    assert [w for w in result.warnings if f"does not tell REF: effects are of {said} on the strand of" in w]
    tile = {None: "A1", "ref": "A2", "given": "as given"}[effect]
    assert (
        f"<b>{tile}</b><span>effect allele; the reference does not name REF</span>"
        in result.files["report"].read_text()
    )
    told = run(tmp_path, reference=bim, build="GRCh38", fasta=tmp_path / "genome.fa", overwrite=True)
    assert not [w for w in told.warnings if "tell REF" in w]


def test_a_build_given_against_known_positions_is_warned_of_and_counting_from_zero_refused(
    tmp_path: Path,
) -> None:
    known = known_snps()
    for shift, wrong in ((0, False), (7, True)):
        rows = [
            f"rs{known.rsid[i]} {known.chr[i]} {known.grch38[i] + shift} A G 0.1 0.1 0.3" for i in range(9)
        ]
        (tmp_path / "in.txt").write_text("\n".join(["SNP CHR BP EA NEA BETA SE P", *rows]) + "\n")
        result = run(tmp_path, build="GRCh38", overwrite=True)
        assert any("is taken as given, against the positions" in w for w in result.warnings) == wrong
    rows = [f"rs{known.rsid[i]} {known.chr[i]} {known.grch38[i] - 1} A G 0.1 0.1 0.3" for i in range(9)]
    (tmp_path / "in.txt").write_text("\n".join(["SNP CHR BP EA NEA BETA SE P", *rows]) + "\n")
    with pytest.raises(InputError, match="positions seem to count from 0"):
        run(tmp_path, build="GRCh38", overwrite=True)


def test_rows_kept_though_the_reference_lacks_most_are_warned_of(tmp_path: Path, genome: str) -> None:
    write(tmp_path, snvs(genome))
    for every, warned in ((3, True), (1, False)):
        reference = write_reference(tmp_path, snvs(genome)[::every])
        result = run(tmp_path, reference=reference, build="GRCh38", unmatched="keep", overwrite=True)
        assert any("are kept as given" in warning for warning in result.warnings) == warned
