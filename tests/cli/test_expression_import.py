"""``postgwas expression import``: each layout comes in; each bad file ends in one line and leaves nothing."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.expression import load_matrix, read_bed, read_expression

GTF = "".join(
    f'chr1\tx\t{kind}\t{100 * i}\t{100 * i + 50}\t.\t{"+-"[i % 2]}\t.\tgene_id "ENSG{i}.4"; '
    f'transcript_id "ENST{i}.1";\n'
    for i in range(1, 6)
    for kind in ("gene", "transcript", "exon")
)
MATRIX = "gene_id\ta\tb\tc\n" + "".join(f"ENSG{i}.4\t{i * 7}\t{i + 3}\t{11 - i}\n" for i in range(1, 6))


def wrote(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def run(out: Path, *arguments: object) -> int:
    return main(["expression", "import", *map(str, arguments), "--out", str(out), "--quiet"])


@pytest.fixture
def refused(out: Path, refusal: Callable[..., str]) -> Callable[..., str]:
    """Run the command on what must be refused; gives the one line."""
    return partial(refusal, "expression", "import", "--out", out, "--quiet")


def test_a_table_with_a_gtf(tmp_path: Path, out: Path) -> None:
    counts = wrote(tmp_path / "m.tsv.gz", MATRIX)
    gtf = wrote(tmp_path / "g.gtf", GTF)
    store = tmp_path / "s.h5"
    assert run(out, counts, "--gtf", gtf, "--store", store, "--format", "tsv,parquet,bed") == 0
    matrix = read_expression(f"{out}.counts.parquet")
    assert matrix.values.tolist() == [[i * 7, i + 3, 11 - i] for i in range(1, 6)]
    assert matrix.genes["TSS"].to_list() == [150, 200, 350, 400, 550]
    assert matrix.genes["LENGTH"].to_list() == [51.0] * 5
    assert gzip.decompress(Path(f"{out}.counts.tsv.gz").read_bytes()).decode() == MATRIX
    assert read_bed(f"{out}.counts.bed.gz").gene_ids == matrix.gene_ids
    kept = load_matrix(store, "expression/counts/run")
    assert np.array_equal(kept.values, matrix.values) and kept.genes.equals(matrix.genes)
    assert kept.samples == matrix.samples and kept.unit == "counts"
    assert run(out, counts) == 2  # nothing is replaced unasked


def test_a_result_in_the_store_is_not_replaced(
    tmp_path: Path, out: Path, refused: Callable[..., str]
) -> None:
    given = (wrote(tmp_path / "m.tsv", MATRIX), "--store", tmp_path / "s.h5")
    assert run(out, *given) == 0
    for file in out.parent.iterdir():
        file.unlink()
    told = refused(*given)  # and no file stands
    assert told == (
        f"{tmp_path / 's.h5'}: expression/counts/run/values exists already (--overwrite replaces it)"
    )
    assert run(out, *given, "--overwrite") == 0


def test_layouts_of_matrices_agree(tmp_path: Path, out: Path) -> None:
    rows = [line.split("\t") for line in MATRIX.splitlines()[1:]]
    body = "".join(f"{r[0]}\tn\t{r[1]}\t{r[2]}\t{r[3]}\n" for r in rows)
    files = {
        "csv": MATRIX.replace("\t", ","),
        "r.txt": MATRIX.removeprefix("gene_id\t"),
        "quoted.csv": MATRIX.replace("gene_id", '"gene_id"')
        .replace("\t", ",")
        .replace("ENSG1.4", '"ENSG1.4"'),
        "crlf.tsv": MATRIX.replace("\n", "\r\n"),
        "gct": f"#1.2\n5\t3\nName\tDescription\ta\tb\tc\n{body}",
        "13.gct": f"#1.3\n5\t3\t1\t1\nid\tDescription\ta\tb\tc\nsex\tna\t1\t2\t1\n{body}",
        "fc.txt": "# Program:featureCounts v2\nGeneid\tChr\tStart\tEnd\tStrand\tLength\t"
        "x/a.bam\tx/b.bam\tx/c.bam\n"
        + "".join(f"{r[0]}\tchr1;chr1\t5;90\t9;99\t-;-\t15\t{r[1]}\t{r[2]}\t{r[3]}\n" for r in rows),
    }
    want = read_expression(wrote(tmp_path / "m.tsv", MATRIX))
    for name, text in files.items():
        got = read_expression(wrote(tmp_path / name, text))
        assert np.array_equal(got.values, want.values), name
        assert (got.samples, got.gene_ids) == (want.samples, want.gene_ids), name
    assert got.genes.row(0, named=True) | {"START": 5, "END": 99, "TSS": 99, "LENGTH": 15.0, "CHR": 1} == (
        got.genes.row(0, named=True)
    )


def star(forward: list[int], reverse: list[int]) -> str:
    lines = "".join(f"N_{n}\t5\t6\t7\n" for n in ("unmapped", "multimapping", "noFeature", "ambiguous"))
    return lines + "".join(
        f"ENSG{i}.4\t{f + r}\t{f}\t{r}\n" for i, (f, r) in enumerate(zip(forward, reverse), 1)
    )


def test_star_tells_its_strand_or_asks(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        wrote(tmp_path / f"s{i}ReadsPerGene.out.tab", star([1, 2, 1, 0, i], [90, 80, 70, 60, 50]))
        for i in (1, 2)
    ]
    assert run(out, *files) == 0
    assert "STAR's reverse counts are used: 1." in capsys.readouterr().err
    matrix = read_expression(f"{out}.counts.tsv.gz")
    assert matrix.samples == ("s1", "s2") and matrix.values[:, 0].tolist() == [90, 80, 70, 60, 50]
    samples = pl.read_csv(f"{out}.samples.tsv", separator="\t")
    assert samples["N_unmapped"].to_list() == [5.0, 5.0]
    assert run(out, *files, "--strand", "forward", "--overwrite") == 0
    assert read_expression(f"{out}.counts.tsv.gz").values[:, 1].tolist() == [1, 2, 1, 0, 2]


def test_star_with_samples_of_two_strands(tmp_path: Path, out: Path, refused: Callable[..., str]) -> None:
    a = wrote(tmp_path / "aReadsPerGene.out.tab", star([1] * 5, [90] * 5))
    b = wrote(tmp_path / "bReadsPerGene.out.tab", star([50] * 5, [50] * 5))
    said = refused(a, b)
    assert "differs between samples or is not clear: reverse: 1 (a); unstranded: 1 (b)" in said
    assert "--strand" in said


def test_htseq_and_a_sheet(tmp_path: Path, out: Path) -> None:
    text = "".join(f"ENSG{i}.4\t{i}\n" for i in range(1, 6)) + "__no_feature\t9\n__ambiguous\t3\n"
    other = "".join(f"ENSG{i}.4\t{2 * i}\n" for i in range(5, 0, -1)) + "__no_feature\t8\n__ambiguous\t1\n"
    wrote(tmp_path / "q" / "one.txt", text)
    wrote(tmp_path / "q" / "two.txt.gz", other)
    sheet = wrote(tmp_path / "sheet.tsv", "Sample\tPath\nB\tq/one.txt\nA\tq/two.txt.gz\n")
    assert run(out, "--sheet", sheet) == 0
    matrix = read_expression(f"{out}.counts.tsv.gz")
    assert matrix.samples == ("B", "A")
    assert matrix.values.tolist() == [[i, 2 * i] for i in range(1, 6)]
    assert pl.read_csv(f"{out}.samples.tsv", separator="\t")["__no_feature"].to_list() == [9.0, 8.0]


RSEM = "gene_id\ttranscript_id(s)\tlength\teffective_length\texpected_count\tTPM\tFPKM\n"
ISOFORMS = "transcript_id\tgene_id\tlength\teffective_length\texpected_count\tTPM\tFPKM\tIsoPct\n"


def test_rsem(tmp_path: Path, out: Path) -> None:
    genes = RSEM + "G1\tT1,T2\t500\t400.5\t10.25\t7.5\t1\nG2\tT3\t300\t200\t4\t2.5\t1\n"
    assert run(out, wrote(tmp_path / "s1.genes.results", genes)) == 0
    assert read_expression(f"{out}.counts.tsv.gz").values.tolist() == [[10.25], [4.0]]
    assert read_expression(f"{out}.lengths.tsv.gz", unit="unknown").values.tolist() == [[400.5], [200.0]]
    isoforms = (
        ISOFORMS + "T1\tG1\t9\t100\t6\t2\t1\t1\nT2\tG1\t9\t300\t2\t6\t1\t1\nT3\tG2\t9\t50\t1\t1\t1\t1\n"
    )
    file = wrote(tmp_path / "s1.isoforms.results", isoforms)
    assert run(out, file, "--overwrite") == 0
    assert read_expression(f"{out}.counts.tsv.gz").values.tolist() == [[8.0], [1.0]]
    assert read_expression(f"{out}.lengths.tsv.gz", unit="unknown").values.tolist() == [[250.0], [50.0]]
    assert run(out, file, "--level", "usage", "--overwrite") == 0
    usage = read_expression(f"{out}.ratio.parquet")
    assert usage.gene_ids == ["T1", "T2"] and usage.values.tolist() == [[0.75], [0.25]]
    assert usage.genes["GROUP_ID"].to_list() == ["G1", "G1"]


LEAFCUTTER = (
    "chrom s1 s2 s3 s4 s5\n"
    "chr1:10:20:clu_1_- 1/4 0/0 2/4 3/4 1/2\n"
    "chr1:10:30:clu_1_- 3/4 0/0 2/4 1/4 1/2\n"
    "chr1:50:60:clu_2_+ 0/0 0/0 0/0 3/4 1/2\n"
    "chr1:50:70:clu_3_+ 4/4 9/9 4/4 4/4 8/8\n"
)


def test_leafcutter(tmp_path: Path, out: Path) -> None:
    assert run(out, wrote(tmp_path / "x_perind.counts.gz", LEAFCUTTER)) == 0
    matrix = read_expression(f"{out}.ratio.parquet")
    ratios = [1.5 / 4.5, 2.5 / 4.5, 3.5 / 4.5, 1.5 / 2.5]
    assert matrix.gene_ids == ["chr1:10:20:clu_1_-", "chr1:10:30:clu_1_-"]
    np.testing.assert_allclose(matrix.values[0], [ratios[0], np.mean(ratios), *ratios[1:]], rtol=1e-15)
    assert matrix.genes["TSS"].to_list() == [20, 30]
    account = pl.read_csv(f"{out}.account.tsv", separator="\t")
    assert account.rows() == [
        ("read", "NA", 4), ("dropped", "cluster without reads in too many samples", 1),
        ("dropped", "hardly varies", 1), ("written", "NA", 2),
    ] or account.rows() == [
        ("read", None, 4), ("dropped", "cluster without reads in too many samples", 1),
        ("dropped", "hardly varies", 1), ("written", None, 2),
    ]  # fmt: skip


def test_versions_and_gtf_of_another_release(tmp_path: Path, out: Path, refused: Callable[..., str]) -> None:
    counts = wrote(tmp_path / "m.tsv", MATRIX.replace(".4\t", ".9\t"))
    gtf = wrote(tmp_path / "g.gtf", GTF)
    said = refused(counts, "--gtf", gtf)
    assert "only 0 of 5 genes (0%) are in" in said and "--strip_versions would find 100%" in said
    assert run(out, counts, "--gtf", gtf, "--strip_versions") == 0
    assert read_expression(f"{out}.counts.tsv.gz").gene_ids == [f"ENSG{i}" for i in range(1, 6)]


def test_genes_without_annotation_are_counted_and_named(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str], refused: Callable[..., str]
) -> None:
    counts = wrote(tmp_path / "m.tsv", MATRIX.replace("ENSG2.4", "other").replace("ENSG5.4", "another"))
    gtf = wrote(tmp_path / "g.gtf", GTF)
    assert "2 genes are not in the annotation: other, another" in refused(
        counts, "--gtf", gtf, "--unannotated", "refuse"
    )
    assert run(out, counts, "--gtf", gtf) == 0
    assert "warning: 2 genes are not in the annotation: other, another" in capsys.readouterr().err
    assert Path(f"{out}.unannotated.txt").read_text() == "other\nanother\n"
    assert read_expression(f"{out}.counts.parquet").n_genes == 5
    assert run(out, counts, "--gtf", gtf, "--unannotated", "drop", "--overwrite") == 0
    assert read_expression(f"{out}.counts.parquet").gene_ids == ["ENSG1.4", "ENSG3.4", "ENSG4.4"]


def test_odd_counts_are_noted(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(out, wrote(tmp_path / "m.tsv", "gene\ta\tb\tc\ng\t1.5\t2\t0\nh\t0\t1\t0\n")) == 0
    said = capsys.readouterr().err
    assert "16.7% of the counts are not whole numbers" in said
    assert "1 samples have no counts at all: c" in said


@pytest.mark.parametrize("text, said", [
    (MATRIX.replace("ENSG2.4", "ENSG1.4"), "1 gene ids occur more than once: ENSG1.4"),
    (MATRIX.replace("\tb\t", "\ta\t"), "1 column ids occur more than once: a"),
    (MATRIX.replace("\t14\t", "\t-14\t"), "are negative, such as -14 of gene ENSG2.4 in sample a"),
    (MATRIX.replace("\t14\t", "\tNA\t"), "1 counts values are not finite numbers, such as nan of"),
    (MATRIX.replace("\t14\t", "\tInf\t"), "not finite numbers, such as inf of gene ENSG2.4 in sample a"),
    (MATRIX.replace("\t14\t", "\tmany\t"), "line 3, column a: 'many' is not a number"),
    (MATRIX.replace("\t14\t5\t9", "\t14\t5"), "line 3: 3 columns found, expected 4"),
    ("gene\ta\tb\ng\t400000\t1\nh\t600000\t999999\n", "every sample sums to a million: these are TPM or CPM"),
    ("gene\ta\tb\tc\ng\t40.5\t1.5\t2\nh\t59.5\t98.5\t98\n", "every sample sums to the same 100: not counts"),
    ("", "the file is empty"),
    ("gene\ta\tb\n", "no lines below the header"),
    ("weight\ta\tb\ng\t1\t2\n", "not a known layout of expression: its columns are weight, a, b"),
    ("#1.4\n1\t1\nx\ty\tz\n", "GCT version '#1.4'; expected #1.2 or #1.3"),
    ("#1.2\n3\t1\nName\tDescription\ta\ng\tx\t1\n", "1 rows, but line 2 tells 3"),
    ("#1.2\n1\t2\nName\tDescription\ta\ng\tx\t1\n", "line 3: 3 columns, but line 2 tells 4"),
    (LEAFCUTTER.replace("3/4 0/0", "5/4 0/0"), "line 3, sample s1: '5/4' is not a fraction n/m of reads"),
    (LEAFCUTTER.replace("chr1:10:30:", "chr1:x:30:"), "line 3: 'chr1:x:30:clu_1_-' is not chr:start:end:"),
])  # fmt: skip
def test_bad_matrices(tmp_path: Path, refused: Callable[..., str], text: str, said: str) -> None:
    assert said in refused(wrote(tmp_path / "m.tsv", text))


def test_truncated_gzip(tmp_path: Path, refused: Callable[..., str]) -> None:
    whole = gzip.compress(MATRIX.encode() * 50)
    (tmp_path / "m.tsv.gz").write_bytes(whole[:-20])
    assert "truncated" in refused(tmp_path / "m.tsv.gz")


def salmon(names: list[str]) -> str:
    header = "Name\tLength\tEffectiveLength\tTPM\tNumReads\n"
    return header + "".join(f"{name}\t500\t300\t1\t2\n" for name in names)


def test_quantifiers_files_that_do_not_belong_together(
    tmp_path: Path, out: Path, refused: Callable[..., str]
) -> None:
    a = wrote(tmp_path / "a" / "quant.sf", salmon(["T1", "T2", "T3"]))
    b = wrote(tmp_path / "b" / "quant.sf", salmon(["T1", "T4"]))
    c = wrote(tmp_path / "c.genes.results", RSEM + "G1\tT1\t1\t1\t1\t1\t1\n")
    gene_of = wrote(tmp_path / "t.tsv", "T1\tG1\nT2\tG1\nT3\tG2\n")
    assert "other features than" in (said := refused(a, b, "--tx2gene", gene_of))
    assert "2 are missing (T2, T3), 1 are new (T4)" in said
    assert "written by rsem-genes, but" in refused(a, c, "--tx2gene", gene_of)
    assert "their genes are not known (--tx2gene FILE" in refused(a)
    other = wrote(tmp_path / "o.tsv", "T1.7\tG1\nT2.7\tG1\nT3.7\tG2\n")
    said = refused(a, "--tx2gene", other)
    assert "only 0 of 3 transcripts have a gene" in said and "--strip_versions would find 100%" in said
    assert run(out, a, "--tx2gene", other, "--strip_versions") == 0


def test_sheets_that_do_not_fit(tmp_path: Path, refused: Callable[..., str]) -> None:
    wrote(tmp_path / "one.txt", "g\t1\n__no_feature\t1\n")
    sheet = tmp_path / "s.tsv"
    wrote(sheet, "sample\tpath\na\tone.txt\nb\tlost.txt\nc\tgone.txt\n")
    said = refused("--sheet", sheet)
    assert "the files of 2 of 3 samples are not there: b, c" in said
    wrote(sheet, "person\tpath\na\tone.txt\n")
    assert "no column of samples; its columns are person, path" in refused("--sheet", sheet)
    wrote(sheet, "sample\tpath\na\tone.txt\na\tone.txt\n")
    assert "1 sample ids occur more than once: a" in refused("--sheet", sheet)
    assert "one of the two" in refused(tmp_path / "one.txt", "--sheet", sheet)


def test_tpm_goes_along_in_every_format_and_prepare_tells_of_it(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = wrote(tmp_path / "m.tsv", MATRIX)
    values = [[i * 1.5, i * 2.5, i * 3.5] for i in range(1, 6)]
    rows = (f"ENSG{i + 1}.4\t{a}\t{b}\t{c}\n" for i, (a, b, c) in enumerate(values))
    tpm = wrote(tmp_path / "t.tsv", "gene_id\ta\tb\tc\n" + "".join(rows))
    assert run(out, counts, "--tpm", tpm) == 0
    for file in (f"{out}.tpm.parquet", f"{out}.tpm.tsv.gz"):
        assert read_expression(file, unit="tpm").values.tolist() == values
    assert read_expression(f"{out}.tpm.parquet").unit == "tpm"
    argv = ["expression", "prepare", "--counts", f"{out}.counts.parquet", "--no_bed", "--cpm_for_tpm"]
    argv += ["--transform", "none", "--out", str(out.with_name("prepared")), "--quiet"]
    capsys.readouterr()
    main(argv)
    assert f"{out}.tpm.parquet lies beside the counts and is not used" in capsys.readouterr().err
    main([*argv, "--overwrite", "--tpm", f"{out}.tpm.parquet"])
    assert "not used" not in capsys.readouterr().err


def test_tpm_and_names_that_do_not_match(tmp_path: Path, refused: Callable[..., str]) -> None:
    counts = wrote(tmp_path / "m.tsv", MATRIX)
    tpm = wrote(
        tmp_path / "t.tsv", "gene_id\ta\tb\td\n" + "".join(f"ENSG{i}.4\t1\t2\t3\n" for i in range(1, 6))
    )
    assert "1 of 3 samples of" in (said := refused(counts, "--tpm", tpm))
    assert "are not in it: c" in said
    names = wrote(tmp_path / "n.tsv", "a\tA\nb\tB\n")
    assert "1 of 3 samples have no other name in it: c" in refused(counts, "--rename", names)
    wrote(names, "a\tA\nb\tB\nc\tA\n")
    assert "1 sample ids occur more than once: A" in refused(counts, "--rename", names)


@pytest.mark.requires_shared
def test_simulated_study_and_real_transcripts(shared: Path, tmp_path: Path, out: Path) -> None:
    sim = shared / "oracle/eqtl/sim_inputs"
    assert run(out, sim / "expression.counts.gct.gz", "--gtf", sim / "genes.gtf") == 0
    matrix = read_expression(f"{out}.counts.parquet")
    truth = pl.read_csv(sim / "truth_genes.tsv", separator="\t")
    found = matrix.genes.join(truth, left_on="GENE_ID", right_on="gene_id", suffix="_true")
    assert found.height == truth.height
    assert (found["TSS"] == found["tss"]).all() and (found["STRAND"] == found["strand"]).all()
    real = shared / "realdata/geuvadis_counts_chr19_ceu91/TrQuantCount_CEU_chr19.tsv.gz"
    assert run(out, real, "--gene_column", "Gene_Symbol", "--overwrite") == 0
    genes = read_expression(f"{out}.counts.parquet")
    assert (genes.n_genes, genes.n_samples) == (1939, 91)
    plain = pl.read_csv(real, separator="\t").drop("TargetID")
    plain = plain.group_by("Gene_Symbol", maintain_order=True).sum()
    np.testing.assert_allclose(genes.values, plain.drop("Gene_Symbol").to_numpy(), rtol=1e-13)
    assert "31.9%" in genes.notes[0]


def test_lengths_by_collapsed_models(tmp_path: Path, out: Path) -> None:
    shared_bases = (
        GTF + GTF.splitlines()[2].replace('"ENSG1.4"', '"ENSG9.1"').replace("\t100\t", "\t141\t") + "\n"
    )
    gtf = wrote(tmp_path / "g.gtf", shared_bases)
    counts = wrote(tmp_path / "m.tsv", MATRIX)
    assert run(out, counts, "--gtf", gtf, "--collapsed") == 0
    assert read_expression(f"{out}.counts.parquet").genes["LENGTH"].to_list() == [
        41.0,
        51.0,
        51.0,
        51.0,
        51.0,
    ]


def test_a_bed_comes_out_as_it_came_in(tmp_path: Path, out: Path) -> None:
    text = "#chr\tstart\tend\tpid\tgid\tstrand\ta\tb\n1\t9\t30\tp\tG\t-\t0.5\t-1\n1\t50\t51\tq\tG\t+\t0\t2\n"
    assert run(out, wrote(tmp_path / "p.bed", text)) == 0
    written = gzip.decompress(Path(f"{out}.values.bed.gz").read_bytes()).decode().splitlines()
    assert [line.split("\t") for line in written] == [
        ["#chr", "start", "end", "phenotype_id", "a", "b"],
        ["1", "9", "30", "p", "0.5", "-1.0"],
        ["1", "50", "51", "q", "0.0", "2.0"],
    ]
    genes = read_expression(f"{out}.values.parquet").genes
    assert genes["TSS"].to_list() == [30, 51] and genes["GROUP_ID"].to_list() == ["G", "G"]


def test_a_table_that_tells_of_its_genes(tmp_path: Path) -> None:
    text = (
        "gene_id\tgene_name\tchr\tstart\tend\tstrand\ta\tb\ng\tN\tX\t5\t9\t-\t1\t2\nh\tM\t2\t3\t4\t+\t3\t4\n"
    )
    matrix = read_expression(wrote(tmp_path / "t.tsv", text))
    assert matrix.genes.select("GENE_NAME", "CHR", "TSS").rows() == [("N", 23, 9), ("M", 2, 3)]
    assert matrix.values.tolist() == [[1, 2], [3, 4]]


@pytest.mark.requires_shared
def test_real_normalised_expression(shared: Path, tmp_path: Path, out: Path) -> None:
    folder = shared / "realdata/eqtl_geuvadis_ceu89"
    lines = [
        line.split("\t") for line in (folder / "GEUVADIS_sample_metadata.tsv").read_text().splitlines()[1:]
    ]
    names = wrote(tmp_path / "n.tsv", "".join(f"{line[0]}\t{line[1]}\n" for line in lines))
    assert run(out, folder / "GEUVADIS_cqn.tsv", "--unit", "log2", "--rename", names) == 0
    matrix = read_expression(f"{out}.log2.parquet")
    assert (matrix.n_genes, matrix.n_samples, matrix.unit) == (80, 89, "log2")
    covariates = (folder / "GEUVADIS_test_ge.covariates.txt").read_text().split("\n")[0].split("\t")[1:]
    assert set(matrix.samples) == set(covariates)


def test_folders_of_quantifiers(tmp_path: Path, out: Path, refused: Callable[..., str]) -> None:
    for name in ("one", "two"):
        wrote(tmp_path / name / "quant.sf", salmon(["T1", "T2", "T3"]))
    gene_of = wrote(tmp_path / "t.tsv", "T1\tG1\nT2\tG1\nT3\tG2\n")
    said = refused(tmp_path, "--tx2gene", gene_of)
    assert "is a folder without quant.sf, abundance.tsv" in said
    assert run(out, tmp_path / "two", tmp_path / "one", "--tx2gene", gene_of) == 0
    matrix = read_expression(f"{out}.counts.tsv.gz")
    assert matrix.samples == ("two", "one") and matrix.values.tolist() == [[4, 4], [2, 2]]


def test_one_depth_is_possible_where_it_is_meant(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = wrote(tmp_path / "m.tsv", "gene\ta\tb\tc\ng\t40.5\t1.5\t2\nh\t59.5\t98.5\t98\n")
    assert run(out, same, "--unit", "counts") == 0
    assert "every sample has about the same total, 100" in capsys.readouterr().err
    tpm = wrote(tmp_path / "t.tsv", "gene\ta\tb\ng\t400000.5\t1\nh\t599999.5\t999999\n")
    assert run(out, tpm, "--unit", "counts", "--overwrite") == 2
    assert "these are TPM or CPM, not counts" in capsys.readouterr().err
