"""``postgwas expression covariates``: what comes together, and each bad input in one line."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.expression import read_covariates
from postgwas.store import Study

N = 20
IDS = [f"s{i}" for i in range(N)]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    rng = np.random.default_rng(1)
    rows = [
        [s, "MF"[i % 2], str(20 + (7 * i) % 40), str(1 + i % 3), "x"] for i, s in enumerate(IDS)
    ]  # fmt: skip
    known = tmp_path / "sheet.tsv"
    known.write_text(
        "\n".join("\t".join(r) for r in [["sample_id", "sex", "age", "batch", "site"], *rows]) + "\n"
    )
    axes = tmp_path / "pca.eigenvec"
    people = list(reversed([*IDS, "other"]))
    pcs = [[s, *(f"{v:.6g}" for v in rng.normal(size=4))] for s in people]
    axes.write_text("\n".join("\t".join(r) for r in [["#IID", "PC1", "PC2", "PC3", "PC4"], *pcs]) + "\n")
    hidden = tmp_path / "h.peer_factors.txt"
    values = rng.normal(size=(3, N))
    named = [[f"InferredCov{i + 1}", *map(repr, row.tolist())] for i, row in enumerate(values)]
    hidden.write_text("\n".join("\t".join(r) for r in [["id", *IDS], *named]) + "\n")
    return {"known": known, "genotype_pcs": axes, "factors": hidden}


def run(out: Path, *arguments: object) -> int:
    return main(["expression", "covariates", *map(str, arguments), "--out", str(out), "--quiet"])


@pytest.fixture
def refused(out: Path, refusal: Callable[..., str]) -> Callable[..., str]:
    """Run the command on what must be refused; gives the one line."""
    return partial(refusal, "expression", "covariates", "--out", out, "--quiet")


def flags(files: dict[str, Path]) -> list[object]:
    return [part for name, path in files.items() for part in (f"--{name}", path)]


def test_three_sources_in_one_file(tmp_path: Path, out: Path, files: dict[str, Path]) -> None:
    order = tmp_path / "samples.txt"
    order.write_text("\n".join(reversed(IDS)) + "\n")
    arguments = [
        *flags(files), "--n_genotype_pcs", 2, "--categorical", "batch", "--reference", "batch=2", "--samples",
        order, "--gzip", "--figures", "--store", tmp_path / "s.h5",
    ]  # fmt: skip
    assert run(out, *arguments) == 0
    made = read_covariates(f"{out}.covariates.txt.gz")
    assert made.samples == tuple(reversed(IDS))
    assert made.names == (
        "sex:M", "age", "batch:1", "batch:3", "PC1", "PC2", "InferredCov1", "InferredCov2", "InferredCov3",
    )  # fmt: skip
    assert made.row("age")[-2:].tolist() == [27.0, 20.0]
    axes = pl.read_csv(files["genotype_pcs"], separator="\t")
    assert made.row("PC2")[0] == axes.filter(pl.col("#IID") == "s19")["PC2"][0]
    assert gzip.decompress(Path(f"{out}.covariates.txt.gz").read_bytes()).startswith(b"id\ts19\ts18")
    account = pl.read_csv(f"{out}.covariates_account.tsv", separator="\t", null_values="NA")
    outcome = dict(zip(account["COVARIATE"], account["OUTCOME"]))
    assert outcome["site:x"] == "constant" and outcome["PC2"] == "kept" and "PC3" not in outcome
    assert account.filter(pl.col("COVARIATE") == "batch:1")["DETAIL"].item() == "reference 2"
    assert Path(f"{out}.covariates.png").read_bytes()[:4] == b"\x89PNG"
    kept = Study.open(tmp_path / "s.h5").read_table("expression/covariates/run")
    assert np.array_equal(kept["PC1"], made.row("PC1"))
    assert run(out, *arguments) == 2


def test_both_ways_round_come_to_the_same_bytes(tmp_path: Path, out: Path, files: dict[str, Path]) -> None:
    assert run(out, "--known", files["known"], "--exclude", "site") == 0
    table = pl.read_csv(files["known"], separator="\t", infer_schema=False)
    turned = table.drop("sample_id").transpose(include_header=True, header_name="x", column_names=IDS)
    turned.write_csv(tmp_path / "turned.tsv", separator="\t")
    second = out.with_name("turned")
    samples = tmp_path / "samples.txt"
    samples.write_text("\n".join(IDS) + "\n")
    assert run(second, "--known", tmp_path / "turned.tsv", "--exclude", "site", "--samples", samples) == 0
    assert Path(f"{second}.covariates.txt").read_bytes() == Path(f"{out}.covariates.txt").read_bytes()


def test_missing_values_with_impute(tmp_path: Path, out: Path, files: dict[str, Path]) -> None:
    text = files["known"].read_text().replace("s3\tF\t41", "s3\tF\tNA")
    files["known"].write_text(text)
    assert run(out, "--known", files["known"], "--include", "age", "--impute", "mean") == 0
    made = read_covariates(f"{out}.covariates.txt")
    assert np.isclose(made.row("age")[3], np.delete(made.row("age"), 3).mean())
    assert "set to the mean of the others: 1 of age" in Path(f"{out}.log").read_text()


def test_bad_input(tmp_path: Path, refused: Callable[..., str], files: dict[str, Path]) -> None:
    known, factors = files["known"], files["factors"]
    text = known.read_text()

    def told(*arguments: object) -> str:
        return refused(*arguments)

    assert "--known FILE" in told()
    assert "--n_factors 4: " in told("--factors", factors, "--n_factors", 4)
    assert "--n_genotype_pcs 2" in told("--known", known, "--n_genotype_pcs", 2)
    assert "no columns PC1" in told("--genotype_pcs", known)
    assert "no file of known covariates has weight" in told("--known", known, "--include", "weight")
    assert "covariate site:x is constant" in told("--known", known, "--collinear", "refuse")
    known.write_text(text.replace("s3\tF\t41", "s3\tF\tNA"))
    message = told("--known", known)
    assert "covariate age has no value for 1 of 20 samples: s3" in message and "--impute mean" in message
    known.write_text(text.replace("s3\tF\t41", "s3\tF\told"))
    assert "1 values that are no numbers among 19 that are, such as 'old' of sample s3" in told(
        "--known", known
    )
    known.write_text("\n".join(text.splitlines()[:16]) + "\n")
    message = told("--known", known, "--factors", factors, "--samples", _list(tmp_path, IDS))
    assert "sheet.tsv: 5 of 20 samples are not in it: s15, s16, s17, s18, s19" in message
    known.write_text(text.replace("s4\t", "s3\t"))
    assert "sheet.tsv: 1 sample ids occur more than once: s3" in told("--known", known)
    known.write_text(text)
    message = told("--known", known, "--samples", _list(tmp_path, ["a", "b", "c"]))
    assert "none of the 3 samples is in its header" in message
    known.write_text(text.replace("sample_id", "who"))
    assert "--layout" in told("--known", known)
    known.write_text("")
    assert "empty" in told("--known", known)
    assert "expected NAME=LEVEL" in told("--factors", factors, "--reference", "sex")
    many = tmp_path / "many.txt"
    rng = np.random.default_rng(2)
    lines = ["\t".join(["id", *IDS])] + [
        "\t".join([f"x{i}", *map(repr, rng.normal(size=N).tolist())]) for i in range(19)
    ]
    many.write_text("\n".join(lines) + "\n")
    assert "19 covariates for 20 samples: no degrees of freedom" in told("--known", many)


def _list(folder: Path, names: list[str]) -> Path:
    (folder / "list.txt").write_text("\n".join(names) + "\n")
    return folder / "list.txt"
