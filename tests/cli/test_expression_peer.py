"""``postgwas expression peer``: files out, the number of factors, and each bad input in one line."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.expression import read_bed, read_covariates
from postgwas.store import Study

GENES, SAMPLES = 120, 40


def expression(seed: int = 1, factors: int = 2, genes: int = GENES) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(genes, factors)) @ rng.normal(size=(factors, SAMPLES)) + rng.normal(
        size=(genes, SAMPLES)
    )
    return y - y.mean(axis=1, keepdims=True)


def bed(path: Path, y: np.ndarray, *, prefix: str = "s") -> Path:
    lines = ["\t".join(["#chr", "start", "end", "gene_id", *(f"{prefix}{i}" for i in range(y.shape[1]))])]
    for g, row in enumerate(y):
        cells = ["NA" if np.isnan(v) else repr(v) for v in row.tolist()]
        lines.append("\t".join(["chr1", str(1000 * g), str(1000 * g + 1), f"g{g}", *cells]))
    path.write_text("\n".join(lines) + "\n")
    return path


def sheet(path: Path, *columns: str) -> Path:
    """Each column is ``name=value,value,...`` or a number of the sample's row."""
    rng = np.random.default_rng(4)
    head, cells = ["sample_id"], [[f"s{i}" for i in range(SAMPLES)]]
    for column in columns:
        name, _, values = column.partition("=")
        head.append(name)
        cells.append(values.split(",") if values else [repr(float(v)) for v in rng.normal(size=SAMPLES)])
    path.write_text("\n".join("\t".join(row) for row in [head, *zip(*cells)]) + "\n")
    return path


def run(out: Path, *arguments: object) -> int:
    return main(["expression", "peer", *map(str, arguments), "--out", str(out), "--quiet"])


@pytest.fixture
def refused(out: Path, refusal: Callable[..., str]) -> Callable[..., str]:
    """Run the command on what must be refused; gives the one line."""
    return partial(refusal, "expression", "peer", "--out", out, "--quiet")


def test_factors_and_everything_about_them(tmp_path: Path, out: Path) -> None:
    y = expression()
    file, known, store = bed(tmp_path / "x.bed", y), sheet(tmp_path / "k.tsv", "age"), tmp_path / "s.h5"
    arguments = ["--expression", file, "--n_factors", 5, "--compare", known, "--residuals", "--figures"]
    assert run(out, *arguments, "--store", store) == 0
    factors = read_covariates(f"{out}.peer_factors.txt")
    assert factors.names == tuple(f"InferredCov{i}" for i in range(1, 6))
    assert factors.samples == tuple(f"s{i}" for i in range(SAMPLES))
    table = pl.read_csv(f"{out}.factors.tsv", separator="\t")
    assert table["ACTIVE"].to_list() == [True, True, False, False, False] and table["CONVERGED"].all()
    weights = pl.read_csv(gzip.decompress(Path(f"{out}.weights.tsv.gz").read_bytes()), separator="\t")
    rest = read_bed(f"{out}.residuals.bed.gz")
    assert np.allclose(rest.values, y - weights[:, 1:].to_numpy() @ factors.values, atol=1e-9)
    trace = pl.read_csv(f"{out}.trace.tsv", separator="\t")
    assert (trace["BOUND"].diff().drop_nulls() > 0).all()
    assert np.isclose(trace["RESIDUAL_VARIANCE"][-1], (rest.values**2).mean())
    correlation = pl.read_csv(f"{out}.correlation.tsv", separator="\t", null_values="NA")
    age = pl.read_csv(known, separator="\t")["age"].to_numpy()
    assert np.isclose(correlation["InferredCov1"][0], np.corrcoef(age, factors.values[0])[0, 1])
    for figure in ("relevance", "trace", "correlation"):
        assert Path(f"{out}.{figure}.png").read_bytes()[:4] == b"\x89PNG"
    study = Study.open(store)
    assert np.array_equal(study.read_table("expression/factors/run")["InferredCov1"], factors.values[0])
    assert study.attrs("expression/factors/run")["method"] == "peer"
    assert "switched off" in Path(f"{out}.log").read_text()
    assert run(out, *arguments) == 2  # nothing is replaced unasked
    assert run(out, *arguments, "--overwrite") == 0


def test_the_order_of_the_file_changes_no_bit(tmp_path: Path, out: Path) -> None:
    table = pl.read_csv(bed(tmp_path / "x.bed", expression()), separator="\t")
    places, samples = table.columns[:4], table.columns[4:]
    known = sheet(tmp_path / "k.tsv", "age")
    turned = tmp_path / "turned.bed"
    table.select(*places, *samples[7:], *reversed(samples[:7])).reverse().write_csv(turned, separator="\t")
    other = out.with_name("turned")
    for file, prefix in ((tmp_path / "x.bed", out), (turned, other)):
        assert run(prefix, "--expression", file, "--n_factors", 5, "--covariates", known) == 0
    first, second = (read_covariates(f"{prefix}.peer_factors.txt") for prefix in (out, other))
    assert first.samples != second.samples
    order = [second.samples.index(sample) for sample in first.samples]
    assert np.array_equal(first.values, second.values[:, order])
    weights = [
        pl.read_csv(gzip.decompress(Path(f"{prefix}.weights.tsv.gz").read_bytes()), separator="\t")
        for prefix in (out, other)
    ]
    assert weights[0].sort("GENE_ID").equals(weights[1].sort("GENE_ID"))


def test_gtex_rule_is_the_default(tmp_path: Path, out: Path) -> None:
    assert run(out, "--expression", bed(tmp_path / "x.bed", expression())) == 0
    assert len(read_covariates(f"{out}.peer_factors.txt").names) == 15
    assert "15 hidden factors: GTEx's rule for 40 samples" in Path(f"{out}.log").read_text()


def test_a_cut_run_is_written_and_marked(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = bed(tmp_path / "x.bed", expression())
    assert run(out, "--expression", file, "--n_factors", 3, "--max_iter", 2) == 0
    assert "not converged after 2 iterations" in capsys.readouterr().err
    assert pl.read_csv(f"{out}.factors.tsv", separator="\t")["CONVERGED"].to_list() == [False] * 3


def test_known_covariates_are_fitted_beside(tmp_path: Path, out: Path) -> None:
    batch = np.repeat([0, 1], SAMPLES // 2)
    y = expression() + np.random.default_rng(9).normal(size=(GENES, 1)) * 2 * (batch - 0.5)
    known = sheet(
        tmp_path / "k.tsv", "batch=" + ",".join("ab"[b] for b in batch), "one=" + ",".join("1" * SAMPLES)
    )
    file = bed(tmp_path / "x.bed", y)
    assert run(out, "--expression", file, "--n_factors", 4, "--covariates", known, "--add_mean") == 0
    table = pl.read_csv(f"{out}.factors.tsv", separator="\t", null_values="NA")
    assert table["FACTOR"].to_list()[:3] == ["mean", "batch:b", "InferredCov1"]
    assert table["ACTIVE"].to_list() == [None, None, True, True, False, False]
    assert "covariate one is left out: constant" in Path(f"{out}.log").read_text()


@pytest.mark.parametrize(("rule", "least", "most"), [("be", 2, 2), ("elbow", 3, 4)])
def test_components_and_their_number(tmp_path: Path, out: Path, rule: str, least: int, most: int) -> None:
    file = bed(tmp_path / "x.bed", expression(factors=2))
    assert run(out, "--expression", file, "--method", "pca", "--rule", rule, "--figures", "--residuals") == 0
    names = read_covariates(f"{out}.pca_factors.txt").names
    assert least <= len(names) <= most and names[0] == "ExpressionPC1"
    table = pl.read_csv(f"{out}.number.tsv", separator="\t")
    assert table["CHOSEN"].sum() == len(names)
    rest = read_bed(f"{out}.residuals.bed.gz").values
    assert np.abs(rest @ read_covariates(f"{out}.pca_factors.txt").values.T).max() < 1e-9


def test_the_number_by_a_table_of_discoveries(tmp_path: Path, out: Path) -> None:
    file = bed(tmp_path / "x.bed", expression())
    table = tmp_path / "d.tsv"
    table.write_text("n_factors\tn_discoveries\n0\t10\n2\t99\n4\t99\n6\t95\n")
    assert run(out, "--expression", file, "--discoveries", table, "--figures") == 0
    assert len(read_covariates(f"{out}.peer_factors.txt").names) == 2
    assert Path(f"{out}.number.png").stat().st_size > 1000


def test_the_number_by_egenes(tmp_path: Path, out: Path) -> None:
    """Two strong factors hide the genes' own variants until they are taken out."""
    rng = np.random.default_rng(8)
    n = 20
    calls = rng.integers(0, 3, size=(n, SAMPLES))
    y = expression(seed=3, factors=2, genes=GENES) * 1.0
    y[:n] = (
        2.5 * rng.normal(size=(n, 2)) @ rng.normal(size=(2, SAMPLES)) + rng.normal(size=(n, SAMPLES)) * 0.5
    )
    hidden = rng.normal(size=(2, SAMPLES))
    y = 2.0 * rng.normal(size=(GENES, 2)) @ hidden + 0.5 * rng.normal(size=(GENES, SAMPLES))
    y[:n] += 0.8 * (calls - calls.mean(axis=1, keepdims=True))
    y -= y.mean(axis=1, keepdims=True)
    order = [f"s{i}" for i in reversed(range(SAMPLES))]
    head = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *order]
    lines = [
        "##fileformat=VCFv4.2",
        "##contig=<ID=1>",
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">',
        "\t".join(head),
    ]
    for v in range(n):
        gts = [("0/0", "0/1", "1/1")[c] for c in calls[v][::-1]]
        gts[3] = "./."
        lines.append("\t".join(["1", str(1000 * v + 1), f"v{v}", "A", "C", ".", ".", ".", "GT", *gts]))
    (tmp_path / "g.vcf").write_text("\n".join(lines) + "\n")
    file = bed(tmp_path / "x.bed", y)
    arguments = ["--expression", file, "--genotypes", tmp_path / "g.vcf", "--window", 500]
    assert run(out, *arguments, "--n_factors", "0,2,6") == 0
    table = pl.read_csv(f"{out}.number.tsv", separator="\t")
    found = dict(zip(table["N_FACTORS"], table["N_DISCOVERIES"]))
    assert found[0] < 5 and found[2] >= 15 and table["CHOSEN"].to_list() == [False, True, False]
    assert len(read_covariates(f"{out}.peer_factors.txt").names) == 2
    (tmp_path / "strong").write_text("".join(f"v{v}\n" for v in range(10)))
    some, store = out.with_name("some"), tmp_path / "s.h5"
    arguments += ["--exclude", tmp_path / "strong", "--store", store]
    assert run(some, *arguments, "--n_factors", "0,2") == 0
    assert pl.read_csv(f"{some}.number.tsv", separator="\t")["N_DISCOVERIES"].to_list()[1] <= 10
    assert "20 variants in, 10 out (dropped: 10 in --exclude)" in Path(f"{some}.log").read_text()
    read = Study.open(store).provenance("expression/factors/some").inputs
    assert {Path(one.name).name for one in read} == {"x.bed", "g.vcf", "strong"}


def test_genes_that_say_nothing_are_left_out(tmp_path: Path, out: Path) -> None:
    y = expression()
    y[3], y[5, 7] = 2.0, np.nan
    assert run(out, "--expression", bed(tmp_path / "x.bed", y), "--n_factors", 3) == 0
    rejected = gzip.decompress(Path(f"{out}.rejected.tsv.gz").read_bytes()).decode()
    assert rejected == "GENE_ID\tREASON\ng3\tconstant\ng5\tmissing_value\n"
    log = Path(f"{out}.log").read_text()
    assert "120 genes in, 118 out (dropped: 1 constant, 1 missing_value)" in log


def test_unnormalised_and_uncentred_expression_is_told(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = np.random.default_rng(1).poisson(300, size=(GENES, SAMPLES)).astype(float)
    assert run(out, "--expression", bed(tmp_path / "x.bed", counts), "--n_factors", 3) == 0
    told = capsys.readouterr().err
    assert "look like counts or TPM" in told and "120 of 120 genes are not centred" in told


def test_bad_input(tmp_path: Path, refused: Callable[..., str]) -> None:
    file = bed(tmp_path / "x.bed", expression())
    known = sheet(tmp_path / "k.tsv", "age")

    def told(*arguments: object) -> str:
        return refused("--expression", file, *arguments)

    assert "40 hidden factors: expected 1 to 39 with 40 samples" in told("--n_factors", 40)
    assert "expected 1 to 38" in told("--n_factors", 39, "--covariates", known)
    assert "--n_factors ten: expected a number" in told("--n_factors", "ten")
    assert "--genotypes FILE" in told("--n_factors", "0,5")
    assert "--keep has no meaning without --genotypes" in told("--keep", known)
    gaps = sheet(tmp_path / "gaps.tsv", "age=" + ",".join(["1", "NA", "2", "3"] * 10))
    assert "covariate age has no value for 10 of 40 samples: s1, s5, s9" in told("--covariates", gaps)
    odd = sheet(tmp_path / "odd.tsv", "age=" + ",".join(["x", *map(str, range(39))]))
    assert "values that are no numbers among 39" in told("--covariates", odd)
    few = tmp_path / "few.tsv"
    few.write_text("\n".join(known.read_text().splitlines()[:31]) + "\n")
    message = told("--covariates", few)
    assert "few.tsv: 10 of 40 samples are not in it: s30, s31" in message and "--unmatched drop" in message
    strangers = bed(tmp_path / "y.bed", expression(), prefix="q")
    assert "none of the 40 samples is in its header" in refused(
        "--expression", strangers, "--covariates", known
    )
    (tmp_path / "plain.tsv").write_text(
        "gene_id\t" + "\t".join(f"s{i}" for i in range(SAMPLES)) + "\n"
        + "\n".join(f"g{g}\t" + "\t".join(map(repr, row.tolist())) for g, row in enumerate(expression()))
    )  # fmt: skip
    assert "120 of 120 genes have no known place" in refused(
        "--expression", tmp_path / "plain.tsv", "--n_factors", 2, "--residuals"
    )
    flat = bed(tmp_path / "flat.bed", np.ones((5, SAMPLES)))
    assert "0 usable genes" in refused("--expression", flat, "--n_factors", 2)
    assert "--add_mean has no meaning" in told("--method", "pca", "--add_mean")
    assert "n_factors and n_discoveries" in told("--discoveries", known)
    assert "no such" in told("--covariates", tmp_path / "none.tsv").lower()


def test_samples_that_a_covariate_file_lacks_may_go(tmp_path: Path, out: Path) -> None:
    file, known = bed(tmp_path / "x.bed", expression()), sheet(tmp_path / "k.tsv", "age")
    known.write_text("\n".join(known.read_text().splitlines()[:31]) + "\n")
    assert run(out, "--expression", file, "--n_factors", 3, "--covariates", known, "--unmatched", "drop") == 0
    assert read_covariates(f"{out}.peer_factors.txt").samples == tuple(f"s{i}" for i in range(30))
    assert "40 samples in, 30 out" in Path(f"{out}.log").read_text()


def test_null_expression_is_told(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    y = np.random.default_rng(5).normal(size=(300, SAMPLES))
    file = bed(tmp_path / "x.bed", y - y.mean(axis=1, keepdims=True))
    known = sheet(tmp_path / "k.tsv", "age")
    assert run(out, "--expression", file, "--n_factors", 4, "--compare", known, "--figures") == 0
    assert "4 of 4 factors explain nothing" in capsys.readouterr().err
