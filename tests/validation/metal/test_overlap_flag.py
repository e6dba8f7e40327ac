"""`postgwas meta --scheme samplesize --overlap` against METAL's OVERLAP ON (statgen/METAL@ab5d191).

METAL read P and the sign of the effect; here they are made a z-score first, by METAL's rules: P in (0, 1],
the first row of a marker, alleles those of the studies before, an effect is negative if its text begins with
a minus sign. Rows without N weigh nothing in METAL and are left out. METAL's minimiser stops at 1e-6, so that
N and Weight may be 0.02 off; Z and Q agree to the three decimals that METAL prints.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest
from scipy.stats import norm

from postgwas.cli.main import main

COLUMNS = {
    "A": ("\t", "SNP EA NEA BETA P N"),
    "B": (None, "MarkerName Allele1 Allele2 Effect Pvalue TotalN"),
    "C": ("\t", "rsid a_eff a_oth b pval nsamp"),
    "D": (",", "SNP A1 A2 BETA P N"),
}
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def usable(home: Path, study: str, first: dict[str, set[str]]) -> list[str]:
    """Lines of SNP EA NEA Z N that METAL uses of a study."""
    separator, names = COLUMNS[study]
    with gzip.open(home / f"study{study}.txt.gz", "rt") as stream:
        rows = [line.rstrip("\n").split(separator) for line in stream]
    places = [rows[0].index(name) for name in names.split()]
    seen, made = set(), []
    for row in rows[1:]:
        marker, ea, nea, effect, p, n = (row[at] for at in places)
        try:
            p_value, size = float(p), float(n)
        except ValueError:
            continue
        alleles = {ea.upper(), nea.upper()}
        other = {text.translate(COMPLEMENT) for text in alleles}
        good = 0 < p_value <= 1 and size > 0 and marker not in seen and len(alleles) == 2
        if not good or first.setdefault(marker, alleles) not in (alleles, other):
            continue
        seen.add(marker)
        z = -float(norm.ppf(p_value / 2)) * (-1 if effect.startswith("-") else 1)
        made.append(f"{marker} {ea} {nea} {z!r} {size!r}")
    return made


@pytest.mark.requires_shared
@pytest.mark.parametrize(("case", "cut"), [("ss_overlap", 1), ("ss_overlap_z2", 2)])
def test_metals_overlap(case: str, cut: int, shared: Path, tmp_path: Path) -> None:
    home = shared / "oracle" / "rpeers" / "metal"
    first: dict[str, set[str]] = {}
    paths = []
    for study in COLUMNS:
        paths.append(tmp_path / f"{study}.txt")
        paths[-1].write_text("\n".join(["SNP EA NEA Z N", *usable(home, study, first)]) + "\n")
    argv = ["meta", "--sumstats", *map(str, paths), "--match", "id", "--scheme", "samplesize", "--overlap"]
    argv += ["--overlap_z", str(cut), "--format", "tsv", "--out", str(tmp_path / "o"), "--quiet"]
    assert main(argv) == 0
    ours = pl.read_csv(tmp_path / "o.tsv.gz", separator="\t", null_values="NA", infer_schema_length=None)
    theirs = pl.read_csv(home / f"out_{case}_1.tbl.gz", separator="\t", infer_schema_length=None)
    both = ours.join(theirs, left_on="SNPID", right_on="MarkerName", suffix="_METAL")
    assert both.height == ours.height == theirs.height == 2500
    # METAL prints the letters of the first study, we those of most.
    for mine, metals in zip(both["EA"], both["Allele1"].str.to_uppercase()):
        assert metals in (mine, mine.translate(COMPLEMENT))

    def furthest(mine: str, metals: str, table: pl.DataFrame = both) -> float:
        return float((table[mine] - table[metals]).abs().max())

    assert furthest("Z", "Zscore") <= 0.00051
    assert furthest("N_DISTINCT", "N_METAL") <= 0.021
    assert furthest("WEIGHT", "Weight") <= 0.041
    if "HetChiSq" in theirs.columns:
        # METAL counts a study whose N is missing among those that may differ.
        counted = both.filter(pl.col("Q_DF") == pl.col("HetDf"))
        assert counted.height > 2400
        assert furthest("Q", "HetChiSq", counted) <= 0.00061
