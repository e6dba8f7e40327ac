"""`postgwas eqtl afc`: files in, files out, and what is refused."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas import expression, genotypes, qtl
from postgwas.cli.main import main
from postgwas.store import Study as Store

N = 60
GENES = [f"g{i}" for i in range(30)]


class FoldStudy:
    """Counts, a phased VCF, covariates and pairs: g0 has two signals, g1 one, g2 one in complete LD."""

    def __init__(self, folder: Path) -> None:
        rng = np.random.default_rng(11)
        self.folder = folder
        self.samples = [f"P{i:02d}" for i in range(N)]
        haplotypes = rng.binomial(1, 0.4, (5, 2, N))
        haplotypes[3] = haplotypes[2]  # v3 is v2 again
        haplotypes[4] = 0  # v4 does not vary
        fold = np.ones((len(GENES), 2, N))
        fold[0] = 2.0 ** (haplotypes[0] + -0.8 * haplotypes[1])
        fold[1] = 2.0 ** (0.5 * haplotypes[0])
        fold[2] = 2.0 ** (1.2 * haplotypes[2])
        sex = rng.integers(0, 2, N)
        rate = rng.lognormal(5, 1, (len(GENES), 1)) * fold.mean(axis=1) * 2.0 ** (0.4 * sex)
        depth = rng.lognormal(0, 0.3, N)
        counts = rng.poisson(rate * depth * rng.lognormal(0, 0.1, (len(GENES), N)))
        self.counts = self._write("counts.tsv", ["gene_id", *self.samples], zip(GENES, *counts.T.tolist()))
        self.covariates = self._write("sex.tsv", ["id", *self.samples], [["sex", *sex.tolist()]])
        self.pairs = self._write(
            "pairs.tsv", ["phenotype_id", "variant_id", "qval"],
            [
                ["g0", "v0", 0.01], ["g0", "v1", 0.01], ["g1", "v0", 0.2], ["g2", "v2", 0.01],
                ["g2", "v3", 0.01], ["g3", "v4", 0.01], ["g9x", "v0", 0.01], ["g3", "v9", 0.01],
            ],
        )  # fmt: skip
        self.vcf = folder / "calls.vcf.gz"
        with gzip.open(self.vcf, "wt") as vcf:
            print('##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description="G">', file=vcf)
            print("##contig=<ID=chr1>", file=vcf)
            head = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *self.samples]
            print(*head, sep="\t", file=vcf)
            for at, (one, two) in enumerate(haplotypes):
                calls = [f"{a}|{b}" for a, b in zip(one, two)]
                if at == 1:
                    calls[5] = ".|."
                print(
                    "chr1",
                    100 * (at + 1),
                    f"v{at}",
                    "A",
                    "G",
                    ".",
                    ".",
                    ".",
                    "GT",
                    *calls,
                    sep="\t",
                    file=vcf,
                )
        self.haplotypes = haplotypes

    def _write(self, name: str, header, rows) -> Path:
        path = self.folder / name
        path.write_text("\n".join("\t".join(map(str, row)) for row in [header, *rows]) + "\n")
        return path

    def argv(self, *more: object) -> list[str]:
        given = ["--genotypes", self.vcf, "--counts", self.counts, "--qtl", self.pairs]
        return ["eqtl", "afc", *map(str, given), *map(str, more), "--quiet"]


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> FoldStudy:
    return FoldStudy(tmp_path_factory.mktemp("folds"))


@pytest.fixture
def refused_line(out: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(argv: list[str]) -> str:
        assert main([*argv, "--out", str(out)]) == 2
        lines = [x for x in capsys.readouterr().err.splitlines() if not x.startswith("warning: ")]
        assert len(lines) == 1 and lines[0].startswith("postgwas: error: "), lines
        assert [path.name for path in out.parent.iterdir() if path.suffix != ".log"] == []
        return lines[0].removeprefix("postgwas: error: ")

    return run


def read(out: Path, what: str = "afc") -> pl.DataFrame:
    return pl.read_csv(f"{out}.{what}.tsv.gz", separator="\t", null_values="NA")


def test_pairs_are_fitted_in_their_order(folds: FoldStudy, out: Path) -> None:
    assert main(folds.argv("--covariates", folds.covariates, "--out", out)) == 0
    table = read(out)
    assert table.select("phenotype_id", "variant_id").rows() == [
        ("g0", "v0"), ("g0", "v1"), ("g1", "v0"), ("g2", "v2"), ("g2", "v3"), ("g3", "v4")
    ]  # fmt: skip
    by = {row["phenotype_id"] + row["variant_id"]: row for row in table.iter_rows(named=True)}
    for pair, truth in (("g0v0", 1.0), ("g0v1", -0.8), ("g1v0", 0.5), ("g2v2", 1.2)):
        assert by[pair]["log2_aFC_lower"] < truth < by[pair]["log2_aFC_upper"]
    assert by["g2v3"]["reason"] == "collinear" and by["g2v3"]["collinear_with"] == "v2"
    assert by["g2v3"]["log2_aFC"] is None
    assert by["g0v1"]["n_missing"] == 1 and by["g0v1"]["n_together"] == 2
    assert (by["g0v0"]["effect_allele"], by["g0v0"]["other_allele"]) == ("G", "A")
    rejected = read(out, "afc.rejected").select(pl.concat_str("phenotype_id", "variant_id"), "reason")
    assert dict(rejected.rows()) == {
        "g2v3": "collinear", "g3v4": "constant", "g9xv0": "phenotype_not_found", "g3v9": "variant_not_found"
    }  # fmt: skip
    # The numbers are those of the function on arrays.
    counts = expression.read_expression(folds.counts)
    y = expression.scaled_log2(counts.values, expression.size_factors(counts.values))[0]
    calls = folds.haplotypes[:2].sum(axis=1).astype(float)
    calls[1, 5] = np.nan
    sex = expression.read_covariates(folds.covariates, samples=folds.samples).values
    assert by["g0v0"]["log2_aFC"] == qtl.afc_joint(y, calls, sex).estimate[0]


def test_same_bits_for_any_number_of_workers_and_order(folds: FoldStudy, out: Path, tmp_path: Path) -> None:
    boot = ["--interval", "bootstrap", "--n_boot", 30, "--seed", 5]
    assert main(folds.argv(*boot, "--out", out)) == 0
    assert main(folds.argv(*boot, "--cores", 2, "--out", f"{out}2")) == 0
    assert Path(f"{out}.afc.tsv.gz").read_bytes() == Path(f"{out}2.afc.tsv.gz").read_bytes()
    lines = folds.pairs.read_text().splitlines()
    turned = tmp_path / "turned.tsv"
    turned.write_text("\n".join([lines[0], *lines[3:], *lines[1:3]]) + "\n")
    assert main([*folds.argv(*boot, "--out", f"{out}3"), "--qtl", str(turned)]) == 0
    there, moved = (read(Path(str(out) + end)).sort("phenotype_id", "variant_id") for end in ("", "3"))
    assert there.equals(moved)


def test_length_of_a_task_changes_no_bit(
    folds: FoldStudy, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(folds.argv("--covariates", folds.covariates, "--out", out)) == 0
    monkeypatch.setattr("postgwas.qtl.run_afc._GENES", 1)
    assert main(folds.argv("--covariates", folds.covariates, "--out", f"{out}2")) == 0
    assert Path(f"{out}.afc.tsv.gz").read_bytes() == Path(f"{out}2.afc.tsv.gz").read_bytes()


def test_options_of_the_model(folds: FoldStudy, out: Path) -> None:
    def run(*more: object) -> pl.DataFrame:
        assert main(folds.argv("--out", out, "--overwrite", *more)) == 0
        return read(out)

    whole = run()
    assert run("--max_q", 0.05).height == whole.height - 1
    alone = run("--alone")
    assert alone["n_together"].max() == 1 and alone["reason"].to_list().count("collinear") == 0
    phased = run("--phase", "haplotypes")
    assert 0 < abs(phased["log2_aFC"][0] - whole["log2_aFC"][0]) < 0.1
    dropped = run("--missing", "drop")
    assert dropped["n_samples"].to_list() == [N - 1, N - 1, N, N, N, N]
    approximate = run("--estimator", "approximation")
    assert approximate["log2_aFC_lower"].null_count() == 6 and approximate["n_together"].max() == 1
    linear = run("--estimator", "linear")
    assert 0 < abs(linear["log2_aFC"][0] - whole["log2_aFC"][0]) < 0.3


def test_formats_store_and_log(folds: FoldStudy, out: Path) -> None:
    store = out.parent / "study.h5"
    boot = ["--interval", "bootstrap", "--n_boot", 20]
    argv = folds.argv(*boot, "--out", out, "--format", "both", "--store", store)
    assert main(argv) == 0
    assert pl.read_parquet(f"{out}.afc.parquet").height == 6
    kept = Store.open(store)
    assert kept.read_polars("qtl/afc/run").height == 6
    told = kept.provenance("qtl/afc/run").parameters
    assert told["qtl"] == str(folds.pairs)
    seed = told["fit"]["seed"]
    assert f"drawn: {seed}" in Path(f"{out}.log").read_text()
    # A store's table of pairs is taken as well.
    assert main([*folds.argv("--out", f"{out}2"), "--qtl", f"{store}::qtl/afc/run"]) == 0
    assert read(Path(f"{out}2")).height == 6


def test_log2_values_are_used_as_they_are(
    folds: FoldStudy, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = expression.read_expression(folds.counts)
    values = expression.scaled_log2(counts.values, expression.size_factors(counts.values))
    path = tmp_path / "log2.tsv"
    frame = pl.DataFrame({"gene_id": counts.gene_ids}).hstack(
        pl.DataFrame(values, schema=list(counts.samples), orient="row")
    )
    frame.write_csv(path, separator="\t")
    assert main(folds.argv("--out", out)) == 0
    assert main([*folds.argv("--out", f"{out}2"), "--counts", str(path), "--unit", "log2"]) == 0
    # Without being told, neither a table nor a BED of logarithms is taken for counts.
    bed = tmp_path / "log2.bed"
    chrom, start, end = pl.lit("chr1").alias("#chr"), pl.lit(1).alias("start"), pl.lit(2).alias("end")
    frame.select(chrom, start, end, pl.all()).write_csv(bed, separator="\t")
    for file in (path, bed):
        assert main([*folds.argv("--out", f"{out}3"), "--counts", str(file)]) == 2
        told = capsys.readouterr().err
        assert "logarithms?" in told and "--unit log2" in told
    assert main([*folds.argv("--out", f"{out}3"), "--phenotypes", str(bed), "--unit", "log2"]) == 0
    np.testing.assert_allclose(
        read(out)["log2_aFC"].to_numpy(), read(Path(f"{out}2"))["log2_aFC"].to_numpy(), atol=1e-9
    )


def test_bad_input_is_told(folds: FoldStudy, out: Path, tmp_path: Path, refused_line) -> None:
    def file(text: str) -> str:
        path = tmp_path / "bad.tsv"
        path.write_text(text)
        return str(path)

    argv = folds.argv()
    assert "no column phenotype_id" in refused_line([*argv, "--qtl", file("a\tvariant_id\nx\tv0\n")])
    assert "no column qval" in refused_line(
        [*argv, "--qtl", file("gene_id\tvariant_id\ng0\tv0\n"), "--max_q", "0.1"]
    )
    assert "none of 8 rows has qval <= 0.001" in refused_line([*argv, "--max_q", "0.001"])
    assert "'x' is not a number" in refused_line(
        [*argv, "--qtl", file("gene_id\tvariant_id\trank\ng0\tv0\tx\n")]
    )
    assert "none of the 1 genes of the QTL table, such as zz" in refused_line(
        [*argv, "--qtl", file("gene_id\tvariant_id\nzz\tv0\n")]
    )
    assert "none of 1 pairs can be fitted (1 variant_not_found)" in refused_line(
        [*argv, "--qtl", file("gene_id\tvariant_id\ng0\tzz\n")]
    )
    assert "no lines below the header" in refused_line([*argv, "--qtl", file("gene_id\tvariant_id\n")])
    assert "--level 95" in refused_line([*argv, "--level", "95"])
    assert "--phase haplotypes does not go with --estimator linear" in refused_line(
        [*argv, "--phase", "haplotypes", "--estimator", "linear"]
    )
    for more in (["--dosage"], ["--haploid", "GRCh38"]):
        line = refused_line([*argv, "--phase", "haplotypes", *more])
        assert f"{more[0]} does not go with --phase haplotypes" in line
    assert "none of 8 pairs can be fitted" in refused_line([*argv, "--maf_min", "0.5"])
    assert "no such file" in refused_line([*argv, "--qtl", str(tmp_path / "none.tsv")])
    header, *lines = folds.counts.read_text().splitlines()
    negative = ["\t".join(["chr1", "1", "2", *line.split("\t")]).replace("\t0", "\t-1") for line in lines]
    negative[0] = negative[0].rsplit("\t", 1)[0] + "\t-3"
    bed = tmp_path / "negative.bed"
    bed.write_text("\n".join(["#chr\tstart\tend\t" + header, *negative]) + "\n")
    assert "negative or missing values" in refused_line([*argv, "--counts", str(bed)])
    assert "have no genotypes" in refused_line(
        [*argv, "--counts", file(folds.counts.read_text().replace("P00", "Q00", 1))]
    )


def test_limits_of_variants_are_those_of_mapping(folds: FoldStudy, out: Path) -> None:
    share = folds.haplotypes.sum(axis=(1, 2)) / (2 * N)
    limit = np.minimum(share, 1 - share)[0]
    assert main(folds.argv("--out", out, "--maf_min", repr(float(limit)), "--max_missing", "0")) == 0
    rejected = read(out, "afc.rejected")
    told = dict(rejected.select("variant_id", "reason").rows())
    assert told["v1"] == "too_many_missing"
    assert ("g0", "v0") in read(out).select("phenotype_id", "variant_id").rows()  # exactly at the limit
    rarer = [f"v{at}" for at in (2, 3, 4) if min(share[at], 1 - share[at]) < limit * (1 - 1e-12)]
    assert all(told[name] == "maf_below_limit" for name in rarer) and "v4" in rarer


def test_results_are_not_replaced(folds: FoldStudy, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(folds.argv("--out", out)) == 0
    before = Path(f"{out}.afc.tsv.gz").read_bytes()
    assert main(folds.argv("--out", out, "--alone")) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert Path(f"{out}.afc.tsv.gz").read_bytes() == before


def test_phases_that_are_not_there_are_told(
    folds: FoldStudy, tmp_path: Path, out: Path, refused_line
) -> None:
    path = tmp_path / "flat.vcf.gz"
    with gzip.open(folds.vcf, "rt") as there, gzip.open(path, "wt") as vcf:
        vcf.write(there.read().replace("|", "/"))
    line = refused_line([*folds.argv("--phase", "haplotypes"), "--genotypes", str(path)])
    assert "heterozygous calls of these variants has a phase" in line and "--phase unknown" in line
    plink = tmp_path / "plink"
    genotypes.convert(folds.vcf, out=plink, format="bed", quiet=True)
    line = refused_line([*folds.argv("--phase", "haplotypes"), "--genotypes", f"{plink}.bed"])
    assert "phases are read from PLINK 2, VCF and BCF files only" in line
