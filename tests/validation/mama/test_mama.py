"""Results of mama.py 1.0.0 (commit 1686586, numpy 1.23.5, pandas 1.5.3) on three simulated populations.

Called as the logs beside its figures tell; the calls below are theirs. Both programs solve the
same small least-squares problems by LAPACK, so coefficients agree to rounding (1e-12 relative
allowed; those of standardised units, whose squared errors hardly vary, to 1e-9), and so do
estimates (1e-11 of their size).
"""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.mama import main

DATA = Path(__file__).parent / "data"
ANCESTRIES = ("EUR", "EAS", "AFR")
WIDE = ["--freq-bounds", "0.05", "0.95"]
CALLS: dict[str, list[str]] = {
    "two": ["--out-harmonized"],
    "three": ["--out-harmonized"],
    "three_std": ["--use-standardized-units"],
    "three_se2ident_intzero": ["--reg-se2-ident", "--reg-int-zero"],
    "three_ldcorr1_se2zero": ["--reg-ld-set-corr", "1.0", "--reg-se2-zero", "--reg-int-diag"],
    "three_unc": ["--reg-se2-unc", "--reg-int-unc"],
    "three_freq": [*WIDE, "--allow-palindromic-snps"],
    "two_freq": WIDE,
    "three_freq_std": [*WIDE, "--use-standardized-units"],
    "three_freq_ldcorr0.9_intdiag": [*WIDE, "--reg-ld-set-corr", "0.9", "--reg-int-diag"],
    "three_freq_usercoef": [*WIDE, "--reg-ld-coef", "user_ld.cf", "--reg-se2-ident", "--reg-int-zero"],
}
NUMBERS = ("FREQ", "BETA", "SE", "Z", "P", "N_EFF", "N_ORIG")


def run(name: str, folder: Path, out: Path) -> list[str]:
    """Our results of one case; the populations that it has."""
    used = list(ANCESTRIES[: 2 if name.startswith("two") else 3])
    call = [str(folder / part) if part.endswith(".cf") else part for part in CALLS[name]]
    triples = [f"{folder}/{one}_PH.txt.gz,{one},PH" for one in used]
    fixed = [
        "--ld-scores",
        f"{folder}/ld.l2.ldscore.gz",
        "--out",
        str(out / name),
        "--out-reg-coef",
        "--quiet",
    ]
    assert main([*fixed, "--sumstats", *triples, *call]) == 0
    return used


def table(content: bytes) -> pl.DataFrame:
    """A table of results, numbers as such."""
    frame = pl.read_csv(io.BytesIO(content), separator="\t", comment_prefix="#", infer_schema=False)
    return frame.with_columns(pl.col([c for c in NUMBERS if c in frame.columns]).cast(pl.Float64))


def same(found: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Texts equal, numbers to 1e-11 of their size (of an effect: of its error)."""
    assert found.columns == expected.columns
    for name in expected.columns:
        if name not in NUMBERS:
            assert found[name].to_list() == expected[name].to_list(), name
            continue
        scale = expected["SE"].to_numpy() if name == "BETA" else 1.0 if name == "Z" else 0.0
        error = np.abs(found[name].to_numpy() - expected[name].to_numpy())
        assert np.all(error <= 1e-11 * np.maximum(scale, np.abs(expected[name].to_numpy()))), name


def compare_coefficients(name: str, folder: Path, out: Path) -> None:
    rtol = 1e-9 if "std" in name else 1e-12
    for kind in ("ld", "int", "se2"):
        file = f"{name}_{kind}_reg.cf"
        found, expected = (np.fromfile(place / file, sep="\t") for place in (out, folder))
        np.testing.assert_allclose(found, expected, rtol=rtol, err_msg=file)


@pytest.mark.parametrize("name", CALLS)
def test_committed(name: str, tmp_path: Path) -> None:
    """Inputs whole, the peer's results every 60th row."""
    used = run(name, DATA, tmp_path)
    compare_coefficients(name, DATA / "expected", tmp_path)
    for one in used:
        for ending in (".res", ".hrm") if "--out-harmonized" in CALLS[name] else (".res",):
            kept = gzip.decompress((DATA / "expected" / f"{name}_{one}_PH{ending}.some.gz").read_bytes())
            n_rows, step = (int(word.strip("th")) for word in kept.decode().split("\n")[0].split()[1::3])
            found = table((tmp_path / f"{name}_{one}_PH{ending}").read_bytes())
            assert found.height == n_rows
            same(found.gather_every(step), table(kept))


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", CALLS)
def test_whole(name: str, shared: Path, tmp_path: Path) -> None:
    """Every row of every result."""
    folder = shared / "oracle" / "rpeers" / "mama_sim"
    for one in run(name, folder, tmp_path):
        for ending in (".res", ".hrm") if "--out-harmonized" in CALLS[name] else (".res",):
            expected = table(gzip.decompress((folder / f"{name}_{one}_PH{ending}.gz").read_bytes()))
            same(table((tmp_path / f"{name}_{one}_PH{ending}").read_bytes()), expected)


@pytest.mark.requires_shared
def test_bundled(shared: Path, tmp_path: Path) -> None:
    """MAMA's own test of 32 SNPs: what its authors expect and what it printed here agree to 1e-11."""
    folder = shared / "oracle" / "rpeers" / "mama_bundled"
    names = ("POP1", "POP2")
    triples = [f"{folder}/{one.lower()}_pheno1_sumstats.txt,{one},PHENO1" for one in names]
    scores = ["--ld-scores", str(folder / "pop1_pop2_chr1.l2.ldscore")]
    flags = ["--out", str(tmp_path / "ran"), "--out-harmonized", "--out-reg-coef", "--quiet"]
    assert main(["--sumstats", *triples, *scores, *flags]) == 0
    for kind in ("ld", "int", "se2"):
        found, expected = (
            np.fromfile(place / f"ran_{kind}_reg.cf", sep="\t") for place in (tmp_path, folder)
        )
        np.testing.assert_allclose(found, expected, atol=1e-13)
    for one in names:
        for ending in (".res", ".hrm"):
            found = table((tmp_path / f"ran_{one}_PHENO1{ending}").read_bytes())
            same(found, table((folder / f"ran_{one}_PHENO1{ending}").read_bytes()))
            shipped = table((folder / f"shipped_{one}_PHENO1{ending}_expected").read_bytes())
            same(found, shipped)
