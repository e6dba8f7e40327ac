"""``postgwas expression prepare``: what its flags do, and each bad input in one line that leaves nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.expression import (
    ExpressionMatrix,
    cpm,
    filter_by_expression,
    gene_table,
    inverse_normal,
    load_matrix,
    mage_filter,
    prepare,
    quantile_normalise,
    read_bed,
    read_parquet,
    remove_batch_effect,
    scaled_log2,
    size_factors,
    tmm,
    tpm,
)
from postgwas.expression.prepare_genes import REASONS
from postgwas.store import Study

GENES, SAMPLES = 60, 24
LENGTHS = np.arange(GENES) * 40.0 + 500.0  # of the one exon that each gene has
IDS = [f"ENSG{i:05d}" for i in range(GENES)]
NAMES = [f"run{j}" for j in range(SAMPLES)]


def simulated(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    means = np.exp(rng.normal(3, 2, (GENES, 1))) * np.exp(rng.normal(0, 0.4, SAMPLES))
    return rng.negative_binomial(4, 4 / (4 + means)).astype(np.float64)


COUNTS = simulated()


def matrix(path: Path, values: np.ndarray, ids: list[str] = IDS, names: list[str] = NAMES) -> Path:
    frame = pl.DataFrame({"gene_id": ids}).hstack(pl.DataFrame(values, schema=names, orient="row"))
    frame.write_csv(path, separator="\t")
    return path


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    return matrix(tmp_path / "counts.tsv", COUNTS)


@pytest.fixture
def gtf(tmp_path: Path) -> Path:
    """Genes on chromosomes 1, 2 and X, on both strands."""
    lines = []
    for i, gene in enumerate(IDS):
        start, end = 1000 * (GENES - i), 1000 * (GENES - i) + int(LENGTHS[i]) - 1
        for feature in ("gene", "exon"):
            about = f'gene_id "{gene}"; transcript_id "T{i}"; gene_name "G{i}";'
            lines.append(f"chr{'12X'[i % 3]}\tsim\t{feature}\t{start}\t{end}\t.\t{'+-'[i % 2]}\t.\t{about}\n")
    path = tmp_path / "genes.gtf"
    path.write_text("".join(lines))
    return path


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "sheet.tsv"
    rows = [
        f"{name}\t{'ab'[j % 2]}\t{'xyz'[j % 3]}\t{20 + 3 * j}\t{j // 12}\n" for j, name in enumerate(NAMES)
    ]
    path.write_text("sample\tlane\tkit\tage\tcase\n" + "".join(rows))
    return path


def run(out: Path, *arguments: object) -> int:
    return main(["expression", "prepare", *map(str, arguments), "--out", str(out), "--quiet"])


def refused(capsys: pytest.CaptureFixture[str], out: Path, *arguments: object) -> str:
    assert run(out, *arguments) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("warning: ")]
    assert len(lines) == 1, lines
    assert lines[0].startswith("postgwas: error: ")
    assert [path.name for path in out.parent.iterdir() if not path.name.endswith(".log")] == []
    return lines[0].removeprefix("postgwas: error: ")


PER_GENE = tpm(COUNTS, LENGTHS)
KEPT = mage_filter(COUNTS, PER_GENE)
FACTORS = tmm(COUNTS)


def test_counts_and_gtf_by_default(counts: Path, gtf: Path, out: Path, tmp_path: Path) -> None:
    """TPM from lengths, MAGE's filter, TMM of all genes, inverse normal; all files and the store."""
    store = tmp_path / "study.h5"
    assert run(out, "--counts", counts, "--gtf", gtf, "--store", store) == 0
    found = read_parquet(f"{out}.expression.parquet")
    wanted = inverse_normal(cpm(COUNTS, norm_factors=FACTORS)[KEPT])
    assert found.gene_ids == [gene for gene, kept in zip(IDS, KEPT) if kept]
    np.testing.assert_array_equal(found.values, wanted)
    bed = read_bed(f"{out}.expression.bed.gz")
    assert Path(f"{out}.expression.bed.gz.tbi").is_file()
    np.testing.assert_array_equal(bed.select(genes=found.gene_ids).values, wanted)
    assert bed.genes["CHR"].to_list() == sorted(bed.genes["CHR"].to_list())
    factors = pl.read_csv(f"{out}.size_factors.tsv", separator="\t")
    np.testing.assert_allclose(factors["norm_factor"], FACTORS, rtol=1e-15)
    np.testing.assert_allclose(factors["effective_lib_size"], COUNTS.sum(axis=0) * FACTORS, rtol=1e-14)
    account = pl.read_csv(f"{out}.genes.tsv.gz", separator="\t")
    assert account["GENE_ID"].to_list() == IDS
    np.testing.assert_array_equal(account["KEPT"] == 1, KEPT)
    enough = (COUNTS >= 6).sum(axis=1) >= 5
    high = (PER_GENE >= 0.1).sum(axis=1) >= 5
    reasons = {(True, True): "", (False, True): "low_counts", (True, False): "low_tpm"}
    assert account["REASON"].fill_null("").to_list() == [
        reasons.get(passed, "low_counts_and_tpm") for passed in zip(enough.tolist(), high.tolist())
    ]
    assert "low_counts_and_tpm" in account["REASON"]
    assert not Path(f"{out}.prepare.png").exists()
    log = Path(f"{out}.log").read_text()
    assert f"60 genes in, {KEPT.sum()} out" in log
    assert "TPM computed from counts and the lengths of 60 genes" in log
    kept = load_matrix(store, "expression/prepared/run")
    np.testing.assert_array_equal(kept.values, found.values)
    about = Study.open(store).read_table("expression/gene_account/run")
    assert (about["REASON"] == account["REASON"].fill_null("").to_list()).all()
    assert run(out, "--counts", counts, "--gtf", gtf) == 2  # nothing is replaced unasked
    assert run(out, "--counts", counts, "--gtf", gtf, "--overwrite") == 0


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (
            ["--norm", "deseq2", "--transform", "log2"],
            lambda: scaled_log2(COUNTS, size_factors(COUNTS))[KEPT],
        ),
        (["--norm", "qn"], lambda: inverse_normal(quantile_normalise(PER_GENE[KEPT]))),
        (
            ["--norm", "qn", "--transform", "log2"],
            lambda: np.log2(quantile_normalise(PER_GENE[KEPT]) + 1),
        ),
        (
            ["--norm", "none", "--transform", "log2", "--prior_count", "0.5"],
            lambda: cpm(COUNTS, log=True, prior_count=0.5)[KEPT],
        ),
        (
            ["--factors_from", "kept", "--transform", "none", "--logratio_trim", "0.1"],
            lambda: COUNTS[KEPT] * (1e6 / (COUNTS[KEPT].sum(axis=0) * tmm(COUNTS[KEPT], logratio_trim=0.1))),
        ),
        (
            ["--offset", "blom", "--ties", "max"],
            lambda: inverse_normal(cpm(COUNTS, norm_factors=FACTORS)[KEPT], offset=3 / 8, ties="max"),
        ),
        (
            ["--filter", "custom", "--min_count", "20", "--min_share", "0.5", "--norm", "uq", "--p", "0.9"],
            None,
        ),
    ],
)
def test_scales(counts: Path, gtf: Path, out: Path, flags: list[str], wanted: object) -> None:
    assert run(out, "--counts", counts, "--gtf", gtf, *flags) == 0
    found = read_parquet(f"{out}.expression.parquet")
    if wanted is None:
        passed = (COUNTS >= 20).sum(axis=1) >= 12
        assert found.gene_ids == [gene for gene, kept in zip(IDS, passed) if kept]
    else:
        np.testing.assert_allclose(found.values, wanted(), rtol=1e-13)  # type: ignore[operator]


def test_edgers_filter_with_groups(counts: Path, sheet: Path, out: Path) -> None:
    flags = ["--filter", "edger", "--sample_sheet", sheet, "--group", "case", "--no_bed"]
    assert run(out, "--counts", counts, *flags) == 0
    found = read_parquet(f"{out}.expression.parquet")
    kept = filter_by_expression(COUNTS, group=np.arange(SAMPLES) // 12, norm_factors=FACTORS)
    assert found.gene_ids == [gene for gene, one in zip(IDS, kept) if one]
    assert not Path(f"{out}.expression.bed.gz").exists()


def test_batches(counts: Path, gtf: Path, sheet: Path, out: Path) -> None:
    flags = ["--batch", "lane", "--batch2", "kit", "--batch_covariates", "age", "--keep_design", "case"]
    arguments = ["--counts", counts, "--gtf", gtf, "--sample_sheet", sheet, *flags, "--transform", "log2"]
    assert run(out, *arguments) == 0
    at = np.arange(SAMPLES)
    wanted = remove_batch_effect(
        cpm(COUNTS, norm_factors=FACTORS, log=True)[KEPT],
        batch=at % 2,
        batch2=at % 3,
        covariates=20.0 + 3 * at,
        design=np.column_stack([np.ones(SAMPLES), at // 12]),
    )
    found = read_parquet(f"{out}.expression.parquet").values
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)


def test_samples_are_chosen_and_renamed(counts: Path, gtf: Path, out: Path, tmp_path: Path) -> None:
    """A sample in one list only is left out; genes on other chromosomes are accounted for."""
    names = tmp_path / "names.txt"
    names.write_text("".join(f"{name}\tP{j}\n" for j, name in enumerate(NAMES[:20])) + "other\tP99\n")
    keep = tmp_path / "keep.txt"
    keep.write_text("\n".join(NAMES[2:]) + "\n")
    flags = ["--samples", keep, "--sample_to_participant", names, "--chr", "X"]
    assert run(out, "--counts", counts, "--gtf", gtf, *flags) == 0
    bed = read_bed(f"{out}.expression.bed.gz")
    assert bed.samples == tuple(f"P{j}" for j in range(2, 20))
    assert set(bed.genes["CHROM"]) == {"chrX"}
    part = COUNTS[:, 2:20]
    kept = mage_filter(part, tpm(part, LENGTHS)) & (np.arange(GENES) % 3 == 2)
    assert set(bed.gene_ids) == {gene for gene, one in zip(IDS, kept) if one}
    wanted = inverse_normal(cpm(part, norm_factors=tmm(part))[kept])
    ids = [gene for gene, one in zip(IDS, kept) if one]
    np.testing.assert_array_equal(bed.select(genes=ids).values, wanted)
    account = pl.read_csv(f"{out}.genes.tsv.gz", separator="\t")
    assert set(account.filter(pl.col("CHROM") != "chrX")["REASON"]) <= {
        "other_chromosome", "low_counts", "low_tpm", "low_counts_and_tpm",
    }  # fmt: skip


def test_constant_genes_and_genes_without_a_place_are_accounted_for(
    gtf: Path, out: Path, tmp_path: Path
) -> None:
    values = COUNTS.copy()
    values[5] = 0
    given = matrix(tmp_path / "odd.tsv", np.vstack([values, np.full((1, SAMPLES), 50.0)]), [*IDS, "NOWHERE"])
    flags = ["--filter", "none", "--transform", "none"]
    assert run(out, "--counts", given, "--gtf", gtf, *flags) == 0
    account = pl.read_csv(f"{out}.genes.tsv.gz", separator="\t")
    reasons = dict(zip(account["GENE_ID"], account["REASON"]))
    assert reasons["ENSG00005"] == "constant"
    assert reasons["NOWHERE"] == "no_place"
    assert "ENSG00005" not in read_bed(f"{out}.expression.bed.gz").gene_ids


def test_fractions_are_counts_with_a_note(gtf: Path, out: Path, tmp_path: Path) -> None:
    given = matrix(tmp_path / "salmon.tsv", COUNTS + 0.25)
    assert run(out, "--counts", given, "--gtf", gtf) == 0
    assert "100.0% of the counts are not whole numbers" in Path(f"{out}.log").read_text()


def test_tpm_of_other_genes(counts: Path, gtf: Path, out: Path, tmp_path: Path) -> None:
    """A few genes without TPM are left out by name; TPM of further genes and samples is not used."""
    values = np.vstack([PER_GENE[4:], np.ones((1, SAMPLES))])
    order = [*NAMES[1:], NAMES[0], "extra"]
    values = np.column_stack([values[:, 1:], values[:, 0], values[:, 0]])
    given = matrix(tmp_path / "tpm.tsv", values, [*IDS[4:], "MORE"], order)
    assert run(out, "--counts", counts, "--tpm", given, "--gtf", gtf) == 0
    account = pl.read_csv(f"{out}.genes.tsv.gz", separator="\t")
    assert account["REASON"].to_list()[:4] == ["no_tpm"] * 4
    np.testing.assert_array_equal(account["KEPT"][4:] == 1, KEPT[4:])
    log = Path(f"{out}.log").read_text()
    assert "4 of 60 genes of the counts are not in it; 1 genes of its own are not used" in log


def test_bad_counts(counts: Path, gtf: Path, out: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    def told(values: np.ndarray, *flags: object) -> str:
        given = matrix(tmp_path / "bad.tsv", values)
        return refused(capsys, out, "--counts", given, "--gtf", gtf, *flags)

    empty = COUNTS.copy()
    empty[:, [3, 7]] = 0
    message = told(empty)
    assert "2 of 24 samples have no reads at all: run3, run7 (--samples FILE" in message
    negative = COUNTS.copy()
    negative[2, 4] = -1
    assert "such as -1 of gene ENSG00002 in sample run4" in told(negative)
    missing = COUNTS.copy()
    missing[0, 0] = np.nan
    assert "gene ENSG00000 in sample run0" in told(missing)
    infinite = COUNTS.copy()
    infinite[1, 1] = np.inf
    assert "inf of gene ENSG00001 in sample run1" in told(infinite)
    assert "every sample sums to a million" in told(PER_GENE)
    message = told(COUNTS, "--filter", "custom", "--min_count", "1e9")
    assert "no gene is left of 60: 60 low counts (--min_count" in message
    assert "one sample is too few" in told(COUNTS, "--samples", one_line(tmp_path, "run3"))
    message = told(COUNTS, "--samples", one_line(tmp_path, "elsewhere"))
    assert "no sample is left of 24; they are called run0, run1, run2" in message
    assert "none.tsv: no such file" in refused(capsys, out, "--counts", tmp_path / "none.tsv")


def one_line(folder: Path, text: str) -> Path:
    path = folder / "list.txt"
    path.write_text(f"{text}\n")
    return path


def test_bad_tpm(counts: Path, gtf: Path, out: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    def told(*given: object) -> str:
        path = matrix(tmp_path / "tpm.tsv", *given)  # type: ignore[arg-type]
        return refused(capsys, out, "--counts", counts, "--tpm", path, "--gtf", gtf)

    message = told(PER_GENE[:, 3:], IDS, NAMES[3:])
    assert "3 of the 24 samples of" in message and "run0, run1, run2" in message
    message = told(PER_GENE[:20], IDS[:20])
    assert "40 of the 60 genes of" in message and "ENSG00020" in message
    assert "these are counts, not TPM (--counts and --tpm may be exchanged)" in told(COUNTS)
    # Neither TPM nor lengths: refused, unless CPM may stand in.
    message = refused(capsys, out, "--counts", counts, "--no_bed")
    assert message.startswith("--filter mage needs TPM") and "--cpm_for_tpm" in message
    assert run(out, "--counts", counts, "--no_bed", "--cpm_for_tpm") == 0
    found = read_parquet(f"{out}.expression.parquet").gene_ids
    assert found == [gene for gene, kept in zip(IDS, mage_filter(COUNTS, cpm(COUNTS))) if kept]
    assert "the filter looks at CPM in the place of TPM" in Path(f"{out}.log").read_text()


def test_places_and_lengths(counts: Path, out: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    lengths = tmp_path / "lengths.txt"
    lengths.write_text("gene\tlength\n" + "".join(f"{g}\t{n:g}\n" for g, n in zip(IDS, LENGTHS)))
    message = refused(capsys, out, "--counts", counts, "--lengths", lengths)
    assert "it does not say where its genes lie (--gtf FILE with their strands" in message
    lengths.write_text("ENSG00000 100\nENSG00001 long\n")
    message = refused(capsys, out, "--counts", counts, "--lengths", lengths, "--no_bed")
    assert "lengths.txt, line 2: 'long' is not a length" in message
    other = tmp_path / "other.gtf"
    other.write_text('chr1\ts\tgene\t5\t9\t.\t+\t.\tgene_id "ZZZ";\n')
    message = refused(capsys, out, "--counts", counts, "--gtf", other)
    assert "only 0 of 60 genes (0%) are in" in message


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--min_share", "1.5"], "--min_share 1.5: expected a share"),
        (["--min_count", "-2"], "--min_count -2: expected at least 0"),
        (["--filter", "custom"], "--filter custom without a limit"),
        (["--filter", "edger", "--min_tpm", "1"], "--filter edger has no limit of TPM"),
        (["--filter", "edger", "--min_prop", "7"], "--min_prop 7"),
        (["--logratio_trim", "0.6"], "logratio_trim 0.6: expected a share"),
        (["--norm", "uq", "--p", "0"], "p 0: expected a quantile"),
        (["--transform", "log2", "--prior_count", "0"], "--prior_count 0"),
        (["--offset", "bloom"], "--offset bloom: expected"),
        (["--offset", "0.9"], "offset 0.9: expected 0 to 0.5"),
        (["--chr", "chr77"], "--chr chr77: not a chromosome"),
        (["--group", "case"], "column case of no table"),
        (["--batch", "lane"], "column lane of no table"),
        (["--min_annotated", "2"], "--min_annotated 2"),
    ],
)
def test_bad_flags(counts: Path, gtf: Path, out: Path, capsys, flags: list[str], told: str) -> None:  # type: ignore[no-untyped-def]
    assert told in refused(capsys, out, "--counts", counts, "--gtf", gtf, *flags)


def test_bad_sheets(counts: Path, gtf: Path, sheet: Path, out: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    def told(*flags: object, of: Path = sheet) -> str:
        return refused(capsys, out, "--counts", counts, "--gtf", gtf, "--sample_sheet", of, *flags)

    assert "no column centre; its columns are sample, lane" in told("--batch", "centre")
    message = told("--batch", "case", "--keep_design", "case")
    assert "confounded with the design" in message
    assert "column kit: 'x' of sample run0 is not a number" in told("--batch_covariates", "kit")
    short = tmp_path / "short.tsv"
    short.write_text("sample\tlane\n" + "".join(f"{name}\ta\n" for name in NAMES[5:]))
    message = told("--batch", "lane", of=short)
    assert "5 of 24 samples are not in it: run0, run1" in message
    assert "batches are taken out of logarithms" in told("--batch", "lane", "--transform", "none")
    names = tmp_path / "names.txt"
    names.write_text("run0 P\nrun1 P\n")
    message = refused(capsys, out, "--counts", counts, "--gtf", gtf, "--sample_to_participant", names)
    assert "P" in message and "more than once" in message


@pytest.mark.parametrize("flags", [[], ["--norm", "qn"], ["--norm", "poscounts", "--transform", "log2"]])
def test_the_order_of_genes_and_samples_changes_no_bit(
    counts: Path, gtf: Path, out: Path, tmp_path: Path, flags: list[str]
) -> None:
    rng = np.random.default_rng(9)
    genes, samples = rng.permutation(GENES), rng.permutation(SAMPLES)
    mixed = matrix(
        tmp_path / "mixed.tsv",
        COUNTS[np.ix_(genes, samples)],
        [IDS[i] for i in genes],
        [NAMES[j] for j in samples],
    )
    found = []
    for given, name in ((counts, out), (mixed, out.with_name("mixed"))):
        assert run(name, "--counts", given, "--gtf", gtf, *flags) == 0
        found.append(read_bed(f"{name}.expression.bed.gz"))
    assert found[0].gene_ids == found[1].gene_ids
    np.testing.assert_array_equal(found[1].select(samples=found[0].samples).values, found[0].values)


def test_files_that_are_no_matrix(counts: Path, gtf: Path, out: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    def told(text: str) -> str:
        (tmp_path / "bad.tsv").write_text(text)
        return refused(capsys, out, "--counts", tmp_path / "bad.tsv", "--gtf", gtf)

    good = counts.read_text().splitlines()
    assert "the file is empty" in told("")
    assert "1 gene ids occur more than once: ENSG00000" in told("\n".join([*good, good[1]]))
    assert "run0" in told("\n".join([good[0].replace("run1\t", "run0\t"), *good[1:]]))
    message = told("\n".join([*good[:4], good[4].rpartition("\t")[0] + "\tmany", *good[5:]]))
    assert "line 5" in message and "many" in message
    assert "line 5" in told("\n".join([*good[:4], good[4].rpartition("\t")[0], *good[5:]]))


def test_a_result_in_the_store_is_not_replaced(counts: Path, out: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    store = tmp_path / "study.h5"
    flags = ["--counts", counts, "--filter", "edger", "--no_bed", "--store", store]
    assert run(tmp_path / "first", *flags, "--name", "lcl") == 0
    assert "expression/prepared/lcl" in refused(capsys, out, *flags, "--name", "lcl")
    assert run(out, *flags, "--name", "lcl", "--overwrite") == 0
    made = Study.open(store).provenance("expression/prepared/lcl/values")
    assert made.rows_in == GENES
    assert made.parameters["filter"]["min_count"] == 10.0
    assert [Path(item.name).name for item in made.inputs] == ["counts.tsv"]


def test_versions_of_ids(gtf: Path, out: Path, tmp_path: Path) -> None:
    """Ids with versions find their genes in the GTF and their lengths in a file that has versions too."""
    given = matrix(tmp_path / "counts.tsv", COUNTS, [f"{gene}.7" for gene in IDS])
    lengths = tmp_path / "lengths.txt"
    lengths.write_text("".join(f"{g}.3\t{n:g}\n" for g, n in zip(IDS, LENGTHS[::-1])))
    flags = ["--gtf", gtf, "--strip_versions", "--lengths", lengths]
    assert run(out, "--counts", given, *flags) == 0
    kept = mage_filter(COUNTS, tpm(COUNTS, LENGTHS[::-1]))
    assert set(read_bed(f"{out}.expression.bed.gz").gene_ids) == {g for g, one in zip(IDS, kept) if one}


def test_few_samples_are_told(counts: Path, gtf: Path, out: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.txt"
    few.write_text("\n".join(NAMES[:8]))
    assert run(out, "--counts", counts, "--gtf", gtf, "--samples", few) == 0
    assert "WARNING only 8 samples" in Path(f"{out}.log").read_text()


def test_in_python_nothing_need_be_written() -> None:
    genes = gene_table(IDS, {"LENGTH": LENGTHS})
    found = prepare(ExpressionMatrix(COUNTS, genes, tuple(NAMES)))
    np.testing.assert_array_equal(
        found.expression.values, inverse_normal(cpm(COUNTS, norm_factors=FACTORS)[KEPT])
    )
    assert found.dropped == {
        text: int((found.genes["REASON"] == code).sum())
        for code, text in REASONS.items()
        if (found.genes["REASON"] == code).any()
    }
    assert sum(found.dropped.values()) == (~KEPT).sum()
