"""moloc 0.1.0: all 15 configurations of three traits; closed formulae, 1e-9 of log sums, 1e-8 of posteriors.

moloc_test(list, priors = "default" and c(1e-3, 1e-5, 1e-6)) averages over prior variances 0.01, 0.1, 0.5.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from postgwas import coloc

DATA = Path(__file__).parent / "data"
KEPT = ("moloc_r01_shared_qq", "moloc_r06_multi_qq")
CALLS: dict[str, dict[str, Any]] = {
    "default": {},
    "priors": {"priors": (1e-3, 1e-5, 1e-6)},
    "pv": {"prior_var": (0.01, 0.1, 0.5)},
}


def traits(folder: Path, case: str) -> list[coloc.Dataset]:
    found = []
    for trait in (1, 2, 3):
        table = pl.read_csv(folder / f"{case}_trait{trait}.tsv.gz", separator="\t", infer_schema_length=None)
        columns = {name: table[name].to_numpy() for name in ("BETA", "SE", "MAF", "N")}
        found.append(
            coloc.Dataset(
                snp=table["SNP"].to_list(), beta=columns["BETA"], se=columns["SE"], maf=columns["MAF"],
                n=columns["N"], type="quant",
            )
        )  # fmt: skip
    return found


@pytest.mark.filterwarnings("ignore::postgwas.errors.PostgwasWarning")
@pytest.mark.parametrize("case", KEPT)
@pytest.mark.parametrize("call", CALLS)
def test_configurations(case: str, call: str) -> None:
    compare(DATA, case, call)


@pytest.mark.requires_shared
@pytest.mark.filterwarnings("ignore::postgwas.errors.PostgwasWarning")
@pytest.mark.parametrize("call", CALLS)
def test_configurations_of_the_package_data(shared: Path, call: str) -> None:
    compare(shared / "oracle" / "rpeers" / "moloc", "moloc_pkgdata_single", call)


def compare(folder: Path, case: str, call: str) -> None:
    told = json.loads((folder / f"{case}.json").read_text())[call]
    found = coloc.moloc(traits(folder, case), **CALLS[call])
    assert found.n_shared == np.ravel(told["nsnps"])[0]
    assert set(found.configuration) == {row["config"] for row in told["PPA"]}
    for row in told["PPA"]:
        at = found.configuration.index(row["config"])
        assert found.prior[at] == pytest.approx(row["prior"], rel=1e-12)
        assert found.log_sum[at] == pytest.approx(row["sumbf"], abs=1e-9)
        assert found.log_bf_locus[at] == pytest.approx(row["logBF_locus"], abs=1e-9)
        assert found.pp[at] == pytest.approx(row["PPA"], rel=1e-8)
    for row in told["best"]:
        at = found.group.index(row["config"])
        if (
            row["config"] != "abc"
        ):  # the peer adds factors of larger sets before it picks a smaller one's best
            continue
        theirs = found.log_bf[at, found.snp.index(row["best.snp.coloc"])]
        assert theirs == pytest.approx(found.log_bf[at].max(), abs=1e-9)  # some are in complete LD
        assert found.group_pp[at] == pytest.approx(row["coloc_ppas"], rel=1e-8)


def _same_variant(one: tuple[str, str], two: tuple[str, str]) -> bool:
    """As moloc's vignette matched: either order or strand of letters; indels by place alone."""
    letters = {"A": "T", "C": "G", "G": "C", "T": "A"}
    if any(allele not in letters for allele in (*one, *two)):
        return True
    turned = (letters[two[0]], letters[two[1]])
    return one in (two, two[::-1], turned)


@pytest.mark.requires_shared
def test_published_table_of_furin(shared: Path) -> None:
    """Schizophrenia GWAS x eQTL of FURIN and FES x methylation: 120 rows of the package's vignette.

    Log Bayes factors to 1e-9; posteriors as printed, to 2 significant digits.
    """
    folder = shared / "realdata" / "coloc_moloc_FURIN"

    def read(name: str) -> pl.DataFrame:
        return pl.read_csv(folder / name, separator="\t", infer_schema_length=None)

    gwas, eqtl, mqtl = (read(f"{name}.tsv.gz") for name in ("gwas", "eqtl", "mqtl"))
    told = read("published_moloc_summary.tsv.gz")
    assert told.height == 120
    for row in told.iter_rows(named=True):
        gene, probe = row["id"].split("_")
        tables = [gwas, eqtl.filter(pl.col("ProbeID") == gene), mqtl.filter(pl.col("ProbeID") == probe)]
        inside = (pl.col("POS") > row["START"]) & (pl.col("POS") < row["STOP"])
        tables = [one.filter(inside).unique("POS", keep="first") for one in tables]
        places = set.intersection(*(set(one["POS"]) for one in tables))
        tables = [one.filter(pl.col("POS").is_in(list(places))).sort("POS") for one in tables]
        alleles = [list(one.select("A1", "A2").iter_rows()) for one in tables]
        same = [_same_variant(a, b) and _same_variant(a, c) for a, b, c in zip(*alleles, strict=True)]
        data = [
            coloc.Dataset(
                snp=[str(place) for place in one["POS"]], beta=one["BETA"].to_numpy(),
                se=one["SE"].to_numpy(), maf=one["MAF"].to_numpy(), n=one["N"].to_numpy(), type=kind,
            )
            for one, kind in zip((one.filter(same) for one in tables), ("cc", "quant", "quant"))
        ]  # fmt: skip
        found = coloc.moloc(data, priors=(1e-4, 1e-6, 1e-7), prior_var=None)
        assert found.n_shared == row["nsnps"]
        for name, value, total, pp in zip(
            found.configuration, found.log_bf_locus, found.log_sum, found.pp, strict=True
        ):
            assert value == pytest.approx(row[f"logBF_locus.{name}"], abs=1e-9), (row["id"], name)
            assert total == pytest.approx(row[f"bf.{name}"], abs=1e-9)
            assert pp == pytest.approx(row[f"PPA.{name}"], rel=0.0501)
