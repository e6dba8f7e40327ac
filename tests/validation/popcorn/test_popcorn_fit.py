"""Popcorn 1.1 (commit 6bcc1e8): fit, genetic impact and effect, two simulated populations.

Called as ``popcorn fit -v 1 [--gen_effect] --cfile cross_KIND.cscore --sfile1 EUR.txt --sfile2 EAS.txt
fit_KIND.txt``. Its regressions are statsmodels' WLS; ours are sums over blocks: 1e-10 relative.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.cli.popcorn import main as popcorn_main

DATA = Path(__file__).parent / "data"
COLUMNS = ["chr", "pos", "id", "a1", "a2", "af1", "af2", "one", "two", "across"]
STATISTICS = Path(__file__).parent.parent / "mama" / "data"


def close(found: Path, expected: Path) -> None:
    ours, theirs = (pl.read_csv(path, separator="\t") for path in (found, expected))
    assert ours.columns == theirs.columns
    assert ours[:, 0].to_list() == theirs[:, 0].to_list()
    np.testing.assert_allclose(ours[:, 1:].to_numpy(), theirs[:, 1:].to_numpy(), rtol=1e-10)


@pytest.fixture(scope="module")
def statistics(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same statistics as for MAMA, with the names of Popcorn's columns."""
    folder = tmp_path_factory.mktemp("popcorn")
    names = {"SNP": "rsid", "A1": "a1", "A2": "a2", "FRQ": "af", "N": "N", "BETA": "beta", "SE": "SE"}
    for one in ("EUR", "EAS"):
        table = pl.read_csv(STATISTICS / f"{one}_PH.txt.gz", separator="\t")
        table.select(list(names)).rename(names).write_csv(folder / f"{one}.txt", separator="\t")
    return {one: folder / f"{one}.txt" for one in ("EUR", "EAS")}


@pytest.mark.parametrize("kind", ["ge", "gi"])
def test_fit(kind: str, statistics: dict[str, Path], tmp_path: Path) -> None:
    """The script in Popcorn's place, on its scores."""
    files = ["--sfile1", str(statistics["EUR"]), "--sfile2", str(statistics["EAS"])]
    flags = ["--gen_effect"] if kind == "ge" else []
    out = tmp_path / "fit.txt"
    scores = ["--cfile", str(DATA / f"cross_{kind}.cscore.gz")]
    assert popcorn_main(["fit", "-v", "1", *flags, *scores, *files, "--quiet", str(out)]) == 0
    close(out, DATA / f"fit_{kind}.txt")


def test_meta(statistics: dict[str, Path], tmp_path: Path) -> None:
    """``postgwas meta --method popcorn``: the same table, and one with the jackknife's standard errors."""
    files = [str(statistics["EUR"]), str(statistics["EAS"])]
    out = tmp_path / "pair"
    call = ["meta", "--method", "popcorn", "--sumstats", *files, "--cfile", str(DATA / "cross_gi.cscore.gz")]
    assert main([*call, "--out", str(out), "--quiet"]) == 0
    close(Path(f"{out}.popcorn.txt"), DATA / "fit_gi.txt")
    table = pl.read_csv(f"{out}.popcorn.tsv", separator="\t", null_values="NA")
    theirs = pl.read_csv(DATA / "fit_gi.txt", separator="\t")
    # Popcorn's pseudovalues have their factors swapped: 12 blocks make its errors 12/11 of ours.
    ours = table["SE"].gather([0, 1, 3]).to_numpy()
    np.testing.assert_allclose(ours * 12 / 11, theirs["SE"].to_numpy(), rtol=1e-10)
    assert table["P_NE_1"][3] == pytest.approx(theirs["P (Z)"][2], abs=0.05)


@pytest.mark.requires_shared
@pytest.mark.parametrize("kind", ["ge", "gi"])
def test_compute(kind: str, shared: Path, tmp_path: Path) -> None:
    """``popcorn compute``: scores within populations equal, frequencies and places too.

    Popcorn's has 2,768 variants: it leaves out A/T and C/G variants whose frequencies differ, and with
    genetic effects divides by the mean weight of its own variants. Scores across are ours by design
    (tests of scores tell why) and close.
    """
    folder = shared / "oracle" / "rpeers" / "popcorn"
    read = {"separator": "\t", "has_header": False, "new_columns": COLUMNS}
    theirs = pl.read_csv(DATA / f"cross_{kind}.cscore.gz", **read)  # type: ignore[arg-type]
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join(theirs["id"]))
    out = tmp_path / "scores.txt"
    files = ["--bfile1", str(folder / "ref_EUR"), "--bfile2", str(folder / "ref_EAS")]
    flags = ["--gen_effect"] if kind == "ge" else []
    assert popcorn_main(["compute", *flags, *files, "--extract", str(ids), "--quiet", str(out)]) == 0
    ours = pl.read_csv(out, **read)  # type: ignore[arg-type]
    assert ours["id"].to_list() == theirs["id"].to_list()
    names = ["chr", "pos", "af1", "one", "two"]
    np.testing.assert_allclose(ours.select(names).to_numpy(), theirs.select(names).to_numpy(), rtol=1e-10)
    across = np.corrcoef(ours["across"].to_numpy(), theirs["across"].to_numpy())[0, 1]
    assert across > 0.95
