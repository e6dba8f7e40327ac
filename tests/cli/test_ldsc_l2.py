"""``postgwas ldsc --l2`` on simulated genotypes: against naive sums, and every promised refusal."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pgenlib
import polars as pl
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from ld.naive_scores import naive_in_window, naive_ld_scores, varies

from postgwas.cli.main import main
from postgwas.ld import load_panel
from postgwas.store import Study

N_VARIANTS, N_PEOPLE, N_FIRST = 120, 40, 70


class Simulated:
    """A PLINK set of two chromosomes in a folder, with what is needed to score it naively."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = random_calls(11, N_VARIANTS, N_PEOPLE)
        self.calls[5] = 2  # monomorphic
        self.chromosomes = ["1"] * N_FIRST + ["2"] * (N_VARIANTS - N_FIRST)
        rng = np.random.default_rng(12)
        steps = rng.integers(200, 2000, N_VARIANTS)
        self.positions = [int(p) for p in [*np.cumsum(steps[:N_FIRST]), *np.cumsum(steps[N_FIRST:])]]
        self.cm = [round(p / 1e4, 4) for p in self.positions]
        self.ids = [f"rs{i}" for i in range(N_VARIANTS)]
        self.prefix = write_plink1(
            folder / "sim", self.calls, chromosomes=self.chromosomes, positions=self.positions, cm=self.cm,
            ids=self.ids,
        )  # fmt: skip
        self.maf = self.frequencies(self.calls)

    @staticmethod
    def frequencies(calls: np.ndarray) -> np.ndarray:
        known = np.where(calls >= 0, calls, np.nan)
        p = np.nanmean(known, axis=1) / 2
        return np.minimum(p, 1 - p)

    def naive(
        self, kb: float, *, rows: np.ndarray | None = None, people: slice = slice(None), annot: Any = None
    ) -> tuple[list[str], np.ndarray]:
        """Ids and LD scores of the rows that vary."""
        calls = self.calls[:, people]
        kept = np.flatnonzero(varies(calls) & (np.ones(N_VARIANTS, bool) if rows is None else rows))
        near = naive_in_window(
            [self.chromosomes[i] for i in kept], [self.positions[i] for i in kept], 1000 * kb
        )
        weights = None if annot is None else np.asarray(annot, dtype=float).reshape(N_VARIANTS, -1)[kept]
        return [self.ids[i] for i in kept], naive_ld_scores(calls[kept], near, weights)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return Simulated(tmp_path_factory.mktemp("plink"))


def write(path: Path, lines: list[str], end: str = "\n") -> Path:
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def table(out: Path) -> pl.DataFrame:
    return pl.read_csv(out.with_name(out.name + ".l2.ldscore.gz"), separator="\t")


def run(simulated: Simulated, out: Path, *arguments: object, window: object = 10) -> pl.DataFrame:
    argv = ["ldsc", "--l2", "--bfile", simulated.prefix, "--ld-wind-kb", window, "--out", out, "--quiet"]
    assert main([*map(str, argv), *map(str, arguments)]) == 0
    return table(out)


def counts(out: Path, ending: str = ".l2.M") -> list[float]:
    return [float(field) for field in Path(f"{out}{ending}").read_text().split()]


def test_scores_and_counts_are_those_of_the_definition(simulated: Simulated, out: Path) -> None:
    found = run(simulated, out)
    ids, expected = simulated.naive(10)
    assert found.columns == ["CHR", "SNP", "BP", "L2"] and found["SNP"].to_list() == ids
    np.testing.assert_allclose(found["L2"].to_numpy(), expected[:, 0], atol=1e-5)
    assert "rs5" not in ids
    assert counts(out) == [len(ids)]
    common = (simulated.maf > 0.05) & varies(simulated.calls)
    assert counts(out, ".l2.M_5_50") == [common.sum()]


def test_windows_in_cm_and_in_variants(simulated: Simulated, out: Path) -> None:
    # The map is 1 cM in 10 kb.
    found = run(simulated, out)["L2"].to_numpy()
    for flags in (["--ld-wind-cm", "1"], ["--ld-wind-snps", "7"]):
        other = out.with_name("other")
        argv = [
            "ldsc",
            "--l2",
            "--bfile",
            str(simulated.prefix),
            *flags,
            "--out",
            str(other),
            "--quiet",
            "--overwrite",
        ]
        assert main(argv) == 0
        if "cm" in flags[0]:
            np.testing.assert_array_equal(table(other)["L2"].to_numpy(), found)
    kept = np.flatnonzero(varies(simulated.calls))
    near = naive_in_window([simulated.chromosomes[i] for i in kept], list(range(len(kept))), 7)
    expected = naive_ld_scores(simulated.calls[kept], near)
    np.testing.assert_allclose(table(out.with_name("other"))["L2"].to_numpy(), expected[:, 0], atol=1e-5)


def test_annotations_full_and_thin(simulated: Simulated, out: Path) -> None:
    values = np.random.default_rng(2).normal(size=(N_VARIANTS, 2)).round(3)
    cells = [f"{a}\t{b}" for a, b in values]
    thin = write(out.with_name("thin.annot"), ["a\tb", *cells], "\r\n")
    places = [
        f"{c}\t{p}\t{i}\t0\t" for c, p, i in zip(simulated.chromosomes, simulated.positions, simulated.ids)
    ]
    full = write(out.with_name("full.annot"), ["CHR\tBP\tSNP\tCM\ta\tb", *map("".join, zip(places, cells))])
    first = run(simulated, out, "--annot", thin, "--thin-annot")
    second = run(simulated, out, "--annot", full, "--overwrite")
    assert first.columns[3:] == ["aL2", "bL2"] and first.equals(second)
    ids, expected = simulated.naive(10, annot=values)
    assert first["SNP"].to_list() == ids
    np.testing.assert_allclose(first[:, 3:].to_numpy(), expected, atol=1e-4)
    np.testing.assert_allclose(counts(out), values[varies(simulated.calls)].sum(axis=0), rtol=1e-12)
    common = varies(simulated.calls) & (simulated.maf > 0.05)
    np.testing.assert_allclose(counts(out, ".l2.M_5_50"), values[common].sum(axis=0), rtol=1e-12)


def test_bins_of_a_continuous_annotation(simulated: Simulated, out: Path) -> None:
    values = np.random.default_rng(3).normal(size=N_VARIANTS).round(2)
    lines = [f"{i} {value}" for i, value in zip(simulated.ids, values)]
    cts = write(out.with_name("cts.txt"), lines[::-1])
    found = run(simulated, out, "--cts-bin", cts, "--cts-breaks", "N0.5,0.5", "--cts-names", "x")
    assert found.columns[3:] == ["x_min_-0.5L2", "x_-0.5_0.5L2", "x_0.5_maxL2"]
    bins = np.stack([values <= -0.5, (values > -0.5) & (values <= 0.5), values > 0.5], axis=1)
    np.testing.assert_allclose(found[:, 3:].to_numpy(), simulated.naive(10, annot=bins)[1], atol=1e-5)
    text = gzip.decompress(Path(f"{out}.annot.gz").read_bytes()).decode().splitlines()
    assert text[0] == "CHR\tSNP\tBP\tCM\tx_min_-0.5\tx_-0.5_0.5\tx_0.5_max"
    # Of the variants that have scores: what --overlap-annot needs, with the panel's variants.
    assert len(text) == 1 + found.height
    alone = run(
        simulated, out, "--cts-bin", cts, "--cts-breaks", "N0.5,0.5", "--no-print-annot", "--overwrite"
    )
    assert alone.columns[3] == "ANNOT0_min_-0.5L2"


def test_people_and_variants_can_be_chosen(simulated: Simulated, out: Path) -> None:
    keep = write(out.with_name("keep"), [f"F{i} I{i}" for i in range(25)])
    ids, expected = simulated.naive(10, people=slice(25))
    found = run(simulated, out, "--keep", keep)
    assert found["SNP"].to_list() == ids
    np.testing.assert_allclose(found["L2"].to_numpy(), expected[:, 0], atol=1e-5)

    some = np.arange(N_VARIANTS) % 3 == 0
    extract = write(out.with_name("extract"), [f"rs{i}" for i in np.flatnonzero(some)] + ["unknown\xe9"])
    ids, expected = simulated.naive(10, rows=some)
    found = run(simulated, out, "--extract", extract, "--overwrite")
    assert found["SNP"].to_list() == ids
    np.testing.assert_allclose(found["L2"].to_numpy(), expected[:, 0], atol=1e-5)

    ids, expected = simulated.naive(10, rows=simulated.maf > 0.2)
    found = run(simulated, out, "--maf", 0.2, "--overwrite")
    assert found["SNP"].to_list() == ids
    np.testing.assert_allclose(found["L2"].to_numpy(), expected[:, 0], atol=1e-5)


def test_printing_some_variants_changes_no_score_and_no_count(simulated: Simulated, out: Path) -> None:
    whole = run(simulated, out)
    m = counts(out)
    some = write(out.with_name("some"), ["rs3", "rs90", "rs5", "nothing"])
    found = run(simulated, out, "--print-snps", some, "--overwrite")
    assert found.equals(whole.filter(pl.col("SNP").is_in(["rs3", "rs90"]))) and counts(out) == m


@pytest.mark.parametrize(
    ("flags", "exponent", "name"),
    [
        (["--per-allele"], 1.0, "L2_S1"),
        (["--pq-exp", "0.5"], 0.5, "L2_S0.5"),
        (["--pq-exp=-0.25"], -0.25, "L2_S-0.25"),
    ],
)
def test_powers_of_pq(simulated: Simulated, out: Path, flags: list[str], exponent: float, name: str) -> None:
    found = run(simulated, out, *flags)
    with np.errstate(divide="ignore"):
        pq = (simulated.maf * (1 - simulated.maf)) ** exponent
    np.testing.assert_allclose(
        found[name].to_numpy(), simulated.naive(10, annot=pq)[1][:, 0], rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(counts(out), [pq[varies(simulated.calls)].sum()], rtol=1e-12)


def test_full_digits_by_default_and_three_with_compat(simulated: Simulated, out: Path) -> None:
    full = run(simulated, out, "--ldsc-compat", "--chunk-size", 1)["L2"].to_numpy()
    np.testing.assert_array_equal(full, full.round(3))
    ours = run(simulated, out, "--overwrite")["L2"].to_numpy()
    assert (ours != ours.round(3)).mean() > 0.9
    np.testing.assert_allclose(ours, full, atol=0.5e-3 + 1e-5)


def test_chunk_size_and_cores_change_no_byte(simulated: Simulated, out: Path) -> None:
    run(simulated, out)
    written = {end: Path(f"{out}{end}").read_bytes() for end in (".l2.ldscore.gz", ".l2.M", ".l2.M_5_50")}
    run(simulated, out, "--chunk-size", 7, "--cores", 2, "--overwrite")
    assert written == {end: Path(f"{out}{end}").read_bytes() for end in written}


def test_the_files_are_a_panel(simulated: Simulated, out: Path) -> None:
    found = run(simulated, out)
    panel = load_panel(str(out), cache=False)
    assert panel.snpid.to_list() == found["SNP"].to_list() and panel.annotations == ("L2",)
    np.testing.assert_array_equal(panel.l2[:, 0], found["L2"].to_numpy())
    assert panel.m.tolist() == counts(out, ".l2.M_5_50")


def test_the_store_holds_scores_and_where_they_come_from(simulated: Simulated, out: Path) -> None:
    store = out.with_name("study.h5")
    found = run(simulated, out, "--store", store, "--maf", 0.1)
    study = Study.open(store)
    kept = study.read_polars(f"ld_scores/{out.name}")
    assert kept["SNPID"].to_list() == found["SNP"].to_list()
    np.testing.assert_array_equal(kept["L2"].to_numpy(), found["L2"].to_numpy())
    assert study.attrs(f"ld_scores/{out.name}")["m"] == counts(out)
    made = study.provenance(f"ld_scores/{out.name}")
    assert made.rows_in == N_VARIANTS and made.rows_out == found.height
    assert sum(made.dropped.values()) == N_VARIANTS - found.height and made.parameters["maf"] == 0.1
    assert {Path(file.name).suffix for file in made.inputs} == {".bed", ".bim", ".fam"}


def test_stdout_and_the_log_have_the_lines_of_ldsc(
    simulated: Simulated, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["ldsc", "--l2", "--bfile", simulated.prefix, "--ld-wind-kb", 10, "--out", out]
    assert main(list(map(str, argv))) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert captured.err == ""
    assert lines == Path(f"{out}.log").read_text().splitlines()[1:]
    n = table(out).height
    assert f"Writing LD Scores for {n} SNPs to {out}.l2.ldscore.gz" in lines
    at = lines.index(f"Summary of LD Scores in {out}.l2.ldscore.gz")
    assert lines[at + 1].split() == ["MAF", "L2"] and lines[at - 1] == ""
    mean = lines[at + 2].split()
    assert mean[0] == "mean" and float(mean[2]) == pytest.approx(table(out)["L2"].mean(), abs=1e-4)


def test_results_of_an_earlier_run_are_pointed_out(
    simulated: Simulated, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cts = write(out.with_name("cts.txt"), [f"{name} {i}" for i, name in enumerate(simulated.ids)])
    run(simulated, out, "--cts-bin", cts, "--cts-breaks", "50")
    capsys.readouterr()
    run(simulated, out, "--overwrite")
    assert "of an earlier run, not of this one" in Path(f"{out}.log").read_text()


def test_annotations_under_the_prefix_of_the_scores_are_not_of_an_earlier_run(
    simulated: Simulated, out: Path
) -> None:
    write(Path(f"{out}.annot.gz"), ["a", *("1" for _ in range(N_VARIANTS))])
    run(simulated, out, "--annot", out, "--thin-annot")
    assert "of an earlier run" not in Path(f"{out}.log").read_text()
    assert f"{out}.annot.gz" in Path(f"{out}.log").read_text()


def test_a_key_that_is_taken_is_refused_before_the_work(
    simulated: Simulated, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = out.with_name("study.h5")
    run(simulated, out, "--store", store)
    for file in out.parent.glob(f"{out.name}.*"):
        file.unlink()
    argv = ["ldsc", "--l2", "--bfile", simulated.prefix, "--ld-wind-kb", 10, "--out", out, "--store", store]
    assert main(list(map(str, argv))) == 2
    assert f"ld_scores/{out.name} exists already" in capsys.readouterr().err
    assert list(out.parent.glob(f"{out.name}.*")) == []


def test_the_log_can_be_json(simulated: Simulated, out: Path) -> None:
    run(simulated, out, "--log-json")
    entries = [json.loads(line) for line in Path(f"{out}.log").read_text().splitlines()]
    (step,) = [entry for entry in entries if entry.get("step") == "Variants with LD scores"]
    assert step["rows_in"] == N_VARIANTS and step["dropped"]["monomorphic"] == 1


def test_plink_2_and_vcf_files_give_the_scores_of_the_same_people(simulated: Simulated, out: Path) -> None:
    expected = run(simulated, out)
    vcf = write_vcf(simulated, out.with_name("sim.vcf"))
    pfile = write_pfile(simulated, out.with_name("sim2"))
    flags = [("--vcf", vcf), ("--pfile", pfile)]
    flags += [("--genotypes", name) for name in (vcf, pfile, f"{pfile}.pgen", simulated.prefix)]
    for flag, name in flags:
        argv = [
            "ldsc",
            "--l2",
            flag,
            str(name),
            "--ld-wind-kb",
            "10",
            "--out",
            str(out),
            "--quiet",
            "--overwrite",
        ]
        assert main(argv) == 0
        assert table(out).equals(expected)


def test_files_of_single_chromosomes_are_one_and_all_are_inputs(simulated: Simulated, out: Path) -> None:
    expected = run(simulated, out)
    for chromosome, rows in (("1", slice(0, N_FIRST)), ("2", slice(N_FIRST, None))):
        write_plink1(
            out.with_name(f"chr{chromosome}"), simulated.calls[rows],
            chromosomes=simulated.chromosomes[rows], positions=simulated.positions[rows],
            cm=simulated.cm[rows], ids=simulated.ids[rows],
        )  # fmt: skip
    found, store = out.with_name("found"), out.with_name("study.h5")
    argv = ["ldsc", "--l2", "--genotypes", out.with_name("chr@"), "--ld-wind-kb", 10, "--out", found]
    assert main(list(map(str, [*argv, "--store", store]))) == 0
    assert table(found).equals(expected)
    inputs = Study.open(store).provenance("ld_scores/found").inputs
    endings = (".bed", ".bim", ".fam")
    assert {Path(one.name).name for one in inputs} == {f"chr{c}{e}" for c in (1, 2) for e in endings}


def test_bgen_gives_the_scores_of_the_same_people(simulated: Simulated, out: Path) -> None:
    bgen = pytest.importorskip("bgen")
    expected = run(simulated, out)
    people = [f"I{i}" for i in range(N_PEOPLE)]
    with bgen.BgenWriter(out.with_name("sim.bgen"), N_PEOPLE, samples=people) as writer:
        for j, row in enumerate(simulated.calls):
            shares = np.array([[np.nan] * 3 if call < 0 else np.eye(3)[call] for call in row])
            place = (simulated.chromosomes[j], simulated.positions[j], ["C", "A"])
            writer.add_variant(simulated.ids[j], simulated.ids[j], *place, shares)
    found = out.with_name("found")
    argv = ["ldsc", "--l2", "--genotypes", out.with_name("sim"), "--ld-wind-kb", 10, "--out", found]
    assert main(list(map(str, argv))) == 0
    assert table(found).equals(expected)


def test_a_genetic_map_stands_in_for_cm(simulated: Simulated, out: Path) -> None:
    expected = run(simulated, out)
    lines = [f"{c}\t.\t{g}\t{p}" for c, g, p in zip(simulated.chromosomes, simulated.cm, simulated.positions)]
    maps = write(out.with_name("genetic.map"), lines)
    vcf = write_vcf(simulated, out.with_name("sim.vcf"))
    argv = ["ldsc", "--l2", "--vcf", vcf, "--ld-wind-cm", "1", "--out", out, "--quiet", "--overwrite"]
    assert main(list(map(str, argv))) == 2
    assert main([*map(str, argv), "--cm-map", str(maps)]) == 0
    assert table(out).equals(expected)


def write_vcf(simulated: Simulated, path: Path) -> Path:
    genotype = {0: "0/0", 1: "0/1", 2: "1/1", -9: "./."}
    people = "\t".join(f"I{i}" for i in range(N_PEOPLE))
    lines = ["##fileformat=VCFv4.2", "##contig=<ID=1>", "##contig=<ID=2>"]
    lines.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
    lines.append(f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{people}")
    for j, row in enumerate(simulated.calls):
        calls = "\t".join(genotype[int(call)] for call in row)
        place = f"{simulated.chromosomes[j]}\t{simulated.positions[j]}\t{simulated.ids[j]}"
        lines.append(f"{place}\tC\tA\t.\t.\t.\tGT\t{calls}")
    return write(path, lines)


def write_pfile(simulated: Simulated, prefix: Path) -> Path:
    with pgenlib.PgenWriter(
        f"{prefix}.pgen".encode(), N_PEOPLE, variant_ct=N_VARIANTS, nonref_flags=False
    ) as writer:
        for row in simulated.calls:
            writer.append_biallelic(row)
    rows = zip(simulated.chromosomes, simulated.positions, simulated.ids)
    write(
        Path(f"{prefix}.pvar"), ["#CHROM\tPOS\tID\tREF\tALT", *(f"{c}\t{p}\t{i}\tC\tA" for c, p, i in rows)]
    )
    write(Path(f"{prefix}.psam"), ["#IID", *(f"I{i}" for i in range(N_PEOPLE))])
    return prefix
