"""What munge_sumstats.py does where its public runs are silent; figures of it over simulated files.

The expected values are those of the peer's rules run under numpy 1.16 and scipy 0.18, the versions of
ldsc 1.0.1: 2,600 random files with random flags were compared with its port to Python 3.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from postgwas.errors import InputError, UsageError
from postgwas.sumstats.munge.run import munge
from postgwas.sumstats.munge.statistic import default_n_min


def write(folder: Path, header: str, *rows: str) -> Path:
    path = folder / "in.txt"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def written(path: Path, folder: Path, **flags: Any) -> list[list[str]]:
    munge(path, out=folder / "o", ldsc_compat=True, **flags)
    with gzip.open(folder / "o.sumstats.gz", "rt") as stream:
        return [line.rstrip("\n").split("\t") for line in stream]


def test_snp_comes_first_where_a_list_gives_the_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "P BETA A1 A2 N SNP", "0.5 0.01 A G 10 rs1", "0.5 -0.01 A C 10 rs2")
    listed = tmp_path / "list"
    listed.write_text("SNP A1 A2\nrs2 A C\nrs1 A G\n")
    assert written(path, tmp_path)[0] == ["Z", "A1", "A2", "N", "SNP"]
    (tmp_path / "o.sumstats.gz").unlink()
    assert written(path, tmp_path, merge_alleles=listed)[0] == ["SNP", "Z", "A1", "A2", "N"]
    assert munge(path, merge_alleles=listed).frame.columns == ["SNP", "Z", "A1", "A2", "N"]


def test_n_of_cases_and_controls_is_not_cut_to_the_whole_numbers_of_a_column_n(tmp_path: Path) -> None:
    path = write(
        tmp_path, "SNP A1 A2 Z P N N_CAS N_CON",
        "rs1 A G 0.1 0.9 100 50 50", "rs2 A G -0.1 0.9 100 49 50",
    )  # fmt: skip
    rows = written(path, tmp_path)
    assert [row[rows[0].index("N")] for row in rows[1:]] == ["100.000", "98.000"]
    whole = write(tmp_path, "SNP A1 A2 Z P N", "rs1 A G 0.1 0.9 100", "rs2 A G -0.1 0.9 99")
    (tmp_path / "o.sumstats.gz").unlink()
    rows = written(whole, tmp_path)
    assert [row[rows[0].index("N")] for row in rows[1:]] == ["100", "99"]


def test_z_has_an_end_where_the_peers_quantile_has_one(tmp_path: Path) -> None:
    path = write(
        tmp_path, "SNP A1 A2 BETA P N",
        "rs1 A G 0.1 1e-320 10", "rs2 A G -0.1 5e-324 10", "rs3 A G 0 1e-310 10",
    )  # fmt: skip
    rows = written(path, tmp_path)
    assert [row[rows[0].index("Z")] for row in rows[1:]] == ["37.749", "-37.749", "37.681"]
    z = munge(path).frame["Z"].to_numpy()
    np.testing.assert_allclose(np.abs(z[:2]), [38.287221, 38.467405], rtol=1e-3)


def test_a1_inc_goes_before_a_signed_statistic(tmp_path: Path) -> None:
    path = write(tmp_path, "SNP A1 A2 BETA P N", "rs1 A G -1 0.05 10", "rs2 A G NA 0.05 10")
    rows = written(path, tmp_path, a1_inc=True, signed_sumstats="BETA,0")
    assert [row[rows[0].index("Z")] for row in rows[1:]] == ["1.960"]
    with pytest.raises(UsageError, match="--a1_inc and --signed_sumstats are not compatible"):
        munge(path, a1_inc=True, signed_sumstats="BETA,0")


def test_one_allele_column_is_kept_with_no_alleles(tmp_path: Path) -> None:
    path = write(tmp_path, "SNP A1 Z P N", "rs1 A 0.1 0.5 10", "rs2 AT -0.1 0.5 10")
    assert written(path, tmp_path, no_alleles=True)[0] == ["SNP", "A1", "Z", "N"]
    assert munge(path, no_alleles=True).frame.columns == ["SNP", "Z", "N"]


@pytest.mark.parametrize("compat", [False, True])
def test_z_score_is_no_name_that_ldsc_knows(tmp_path: Path, compat: bool) -> None:
    path = write(tmp_path, "SNP A1 A2 OR Z_SCORE P N", "rs1 A G 0.99 1 0.5 10", "rs2 A G 1.01 -1 0.5 10")
    assert (munge(path, ldsc_compat=compat).frame["Z"] < 0).to_list() == [True, False]
    alone = write(tmp_path, "SNP A1 A2 Z_SCORE P N", "rs1 A G 0.1 0.5 10")
    if not compat:
        assert munge(alone).frame["Z"].to_list() == pytest.approx([0.6744898])


def test_limit_of_n_as_numpy_1_16_interpolates() -> None:
    def by_hand(n: np.ndarray) -> float:
        ordered, place = np.sort(n), 0.9 * (n.size - 1)
        below = int(np.floor(place))
        above = min(below + 1, n.size - 1)
        return (ordered[below] * (1 - (place - below)) + ordered[above] * (place - below)) / 1.5

    rng = np.random.default_rng(3)
    for size in (1, 2, 9, 10, 11, 571):
        n = rng.uniform(100, 1e6, size)
        assert default_n_min(n, ldsc_compat=True) == by_hand(n)
        assert default_n_min(n) == pytest.approx(by_hand(n), rel=1e-14)
    constant = [(np.full(size, 860.169), size) for size in range(1, 400)]
    differ = [size for n, size in constant if default_n_min(n, ldsc_compat=True) != default_n_min(n)]
    assert differ


@pytest.mark.parametrize("flag", ["n", "n_min", "info_min", "maf_min", "nstudy_min"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_limits_that_are_no_numbers_are_refused(tmp_path: Path, flag: str, value: float) -> None:
    path = write(tmp_path, "SNP A1 A2 BETA P N", "rs1 A G 0 0.05 10")
    with pytest.raises(UsageError, match="expected a number"):
        munge(path, **{flag: value})
    with pytest.raises(UsageError, match="expected a column and its null value"):
        munge(path, signed_sumstats=f"BETA,{value}")


def test_a_damaged_gzip_file_is_told(tmp_path: Path) -> None:
    text = "SNP A1 A2 BETA P N\n" + "".join(f"rs{i} A G 0.0 0.5 1000\n" for i in range(2500))
    whole = gzip.compress(text.encode())
    for place in range(20, 200, 5):
        path = tmp_path / "in.txt.gz"
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        with pytest.raises(InputError, match=r"in\.txt\.gz: "):
            munge(path)
