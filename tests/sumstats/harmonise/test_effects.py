"""Effects on another scale than the file says, in rows whose alleles are exchanged as in others."""

from __future__ import annotations

import math
import random
from pathlib import Path

import polars as pl
import pytest

from postgwas.errors import InputError
from postgwas.sumstats.harmonise.results import Harmonised
from postgwas.sumstats.harmonise.run import harmonise


@pytest.mark.parametrize(
    ("kind", "said"),
    [("beta is odds ratio", "BETA is an odds ratio"), ("SE of odds ratio", "SE that of the odds ratio")],
)
def test_the_scale_of_effects_is_named_though_half_the_rows_are_exchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, said: str
) -> None:
    monkeypatch.setenv("POSTGWAS_CACHE", str(tmp_path / "cache"))
    draw = random.Random(8)
    reference = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    effect = "BETA" if kind == "beta is odds ratio" else "OR"
    rows = [f"CHR BP EA NEA {effect} SE P Z"]
    for pos in range(100, 40000, 100):
        reference.append(f"1\t{pos}\t.\tA\tG\t.\t.\t.")
        z, se = draw.gauss(0, 2), draw.uniform(0.05, 0.2)
        ratio = math.exp(z * se)
        se = se if effect == "BETA" else se * ratio
        alleles = draw.choice(("A G", "G A"))
        rows.append(f"1 {pos} {alleles} {ratio:.5f} {se:.5f} {math.erfc(abs(z) / math.sqrt(2)):.5g} {z:.5f}")
    (tmp_path / "reference.vcf").write_text("\n".join(reference) + "\n")
    (tmp_path / "in.txt").write_text("\n".join(rows) + "\n")

    def run() -> Harmonised:
        return harmonise(
            tmp_path / "in.txt",
            out=tmp_path / "out",
            reference=tmp_path / "reference.vcf",
            build="GRCh38",
            report=False,
        )[0]

    if effect == "BETA":
        with pytest.raises(InputError, match="column BETA holds odds ratios"):
            run()
        return
    result = run()
    counts = {o.name: n for o, n in result.account.outcomes.items()}
    assert min(counts["MATCHED"], counts["SWAPPED"]) > 150
    assert [w for w in result.warnings if "P disagrees with BETA/SE" in w and said in w]


@pytest.mark.filterwarnings("error")
def test_sample_sizes_of_nothing_and_the_smallest_numbers_pass_without_noise(tmp_path: Path) -> None:
    rows = ["SNP CHR BP EA NEA BETA SE P N"]
    rows += [f"rs{i} 1 {i} A G {b} 0.1 {p} {n}" for i, b, p, n in (
        (1, "0.2", "0.0455", "100"), (2, "1e-320", "0.5", "0"), (3, "0.1", "1e-315", "-5"))]  # fmt: skip
    (tmp_path / "in.txt").write_text("\n".join(rows) + "\n")
    result = harmonise(
        tmp_path / "in.txt", out=tmp_path / "out", build="GRCh38", report=False, formats=("tsv", "ldsc")
    )[0]
    table = pl.read_csv(result.files["tsv"], separator="\t", null_values="NA")
    assert table["N"].to_list() == [100.0, None, None]
    assert table["FLAGS"].to_list() == [None, "p_disagrees", "p_disagrees"]
    assert "N of 0 or less is read as missing" in result.derived
    assert pl.read_csv(result.files["ldsc"], separator="\t").height == 1
