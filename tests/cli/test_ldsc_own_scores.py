"""LD scores made by ``--l2`` serve ``--h2``: the whole way of a user with their own reference people."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import random_calls, write_plink1

from postgwas.cli.main import main

N_GWAS, H2 = 200_000, 0.3


def score(prefix: Path, out: Path, *flags: str) -> pl.DataFrame:
    argv = ["ldsc", "--l2", "--bfile", str(prefix), *flags, "--out", str(out), "--quiet"]
    assert main(argv) == 0
    return pl.read_csv(f"{out}.l2.ldscore.gz", separator="\t")


def simulate_trait(scores: pl.DataFrame, m: float, h2: float, path: Path) -> Path:
    """Z of a trait under the LD score model; `h2` is that of the `m` variants."""
    rng = np.random.default_rng(8)
    variance = 1 + N_GWAS * h2 * np.maximum(scores["L2"].to_numpy(), 0) / m
    z = rng.normal(size=scores.height) * np.sqrt(variance)
    frame = pl.DataFrame({"SNP": scores["SNP"], "A1": "A", "A2": "G", "Z": z, "N": float(N_GWAS)})
    path.write_bytes(gzip.compress(frame.write_csv(separator="\t").encode()))
    return path


def estimate(capsys: pytest.CaptureFixture[str]) -> tuple[float, float]:
    found = re.search(r"^Total Observed scale h2: (\S+) \((\S+)\)$", capsys.readouterr().out, re.MULTILINE)
    assert found is not None
    return float(found[1]), float(found[2])


@pytest.fixture
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.usefixtures("no_cache")
def test_simulated_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    n = 3000
    calls = random_calls(21, n, 300, keep=0.9)
    prefix = write_plink1(tmp_path / "ref", calls, positions=[500 * (j + 1) for j in range(n)])
    scores = score(prefix, tmp_path / "ref", "--ld-wind-kb", "50")
    m = float((tmp_path / "ref.l2.M_5_50").read_text())
    trait = simulate_trait(scores, m, H2, tmp_path / "trait.sumstats.gz")
    argv = ["ldsc", "--h2", trait, "--ref-ld", tmp_path / "ref", "--w-ld", tmp_path / "ref"]
    assert main([*map(str, argv), "--two-step", "1000000", "--out", str(tmp_path / "h2")]) == 0
    h2, se = estimate(capsys)
    assert abs(h2 - H2) < 4 * se < 0.4


@pytest.mark.usefixtures("no_cache")
def test_annotations_from_a_bed_file_to_enrichment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """make_annot, --l2 --annot, --h2 --overlap_annot; one annotation sums to less than nothing."""
    n = 3000
    prefix = write_plink1(tmp_path / "ref", random_calls(22, n, 300, keep=0.9, missing=0.0))
    (tmp_path / "x.bed").write_text("".join(f"chr1\t{a}000\t{a + 50}000\n" for a in range(0, n, 200)))
    argv = ["make_annot", "--bimfile", f"{prefix}.bim", "--bed-file", tmp_path / "x.bed", "--full"]
    argv += ["--annot-names", "peaks", "--annot-file", tmp_path / "peaks.annot.gz", "--quiet"]
    assert main(list(map(str, argv))) == 0
    peaks = pl.read_csv(tmp_path / "peaks.annot.gz", separator="\t")
    assert peaks["peaks"].sum() == n // 4
    noise = np.random.default_rng(5).normal(-0.1, 1, n).round(3)
    model = peaks.with_columns(pl.lit(1).alias("base"), pl.Series("noise", noise))
    (tmp_path / "ref.annot").write_text(
        model.select("CHR", "BP", "SNP", "CM", "base", "peaks", "noise").write_csv(separator="\t")
    )
    scores = score(prefix, tmp_path / "ref", "--ld-wind-kb", "50", "--annot", str(tmp_path / "ref.annot"))
    assert scores.columns[3:] == ["baseL2", "peaksL2", "noiseL2"]
    m = [float(field) for field in (tmp_path / "ref.l2.M").read_text().split()]
    assert m[2] < 0
    trait = simulate_trait(scores.rename({"baseL2": "L2"}), m[0], H2, tmp_path / "trait.sumstats.gz")
    score(prefix, tmp_path / "w", "--ld-wind-kb", "50")
    argv = ["ldsc", "--h2", trait, "--ref-ld", tmp_path / "ref", "--w-ld", tmp_path / "w", "--overlap-annot"]
    argv += ["--not-M-5-50", "--chisq-max", 1_000_000, "--out", tmp_path / "h2"]
    capsys.readouterr()
    assert main(list(map(str, argv))) == 0
    h2, se = estimate(capsys)
    assert abs(h2 - H2) < 4 * se
    results = pl.read_csv(tmp_path / "h2.results", separator="\t")
    assert results["Category"].to_list() == ["baseL2_0", "peaksL2_0", "noiseL2_0"]
    assert results["Prop._SNPs"][1] == pytest.approx(m[1] / m[0])


@pytest.mark.requires_shared
@pytest.mark.usefixtures("no_cache")
def test_real_people_by_chromosome(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """489 Europeans of the 1000 Genomes Project, one region of each of seven chromosomes."""
    folder = shared / "realdata" / "geno_1000G_eur489_22regions"
    tables, m = [], 0.0
    for chromosome in (1, 6, 10, 16, 19, 21, 22):
        here = tmp_path / f"g.{chromosome}"
        for ending in (".bed", ".bim.gz"):
            Path(f"{here}{ending}").symlink_to(folder / f"1000G.subset.{chromosome}{ending}")
        Path(f"{here}.fam").symlink_to(folder / "1000G.subset.fam")
        tables.append(score(here, tmp_path / f"EUR.{chromosome}", "--ld-wind-cm", "0.2"))
        m += float((tmp_path / f"EUR.{chromosome}.l2.M_5_50").read_text())
    scores = pl.concat(tables)
    assert scores.height > 15_000 and scores["L2"].mean() > 5  # type: ignore[operator]
    trait = simulate_trait(scores, m, H2, tmp_path / "trait.sumstats.gz")
    capsys.readouterr()
    argv = ["ldsc", "--h2", trait, "--ref-ld-chr", f"{tmp_path}/EUR.", "--w-ld-chr", f"{tmp_path}/EUR."]
    assert main([*map(str, argv), "--two-step", "1000000", "--out", str(tmp_path / "h2")]) == 0
    h2, se = estimate(capsys)
    assert abs(h2 - H2) < 4 * se < 0.4
