"""Fine-mapping of genes: planted effects, workers, lists of genes, genes without signal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from qtl.study import QtlStudy

from postgwas.errors import ColumnError, InputError, NoSignalError, UsageError
from postgwas.qtl import FinemapSettings, cis_nominal, finemap, load_inputs
from postgwas.qtl import segments as segments_module
from postgwas.qtl.write_finemap import read_egenes


@pytest.fixture
def study() -> QtlStudy:
    study = QtlStudy(n_samples=150)
    dosage = np.where(study.calls < 0, 0, study.calls)
    study.values[5] += 0.9 * dosage[SECOND]
    return study


SECOND = 139
"""A common variant near the sixth gene."""


def test_planted_effects_are_in_the_credible_sets(study: QtlStudy, tmp_path: Path) -> None:
    files = study.write(tmp_path)
    found = finemap(*files, window=400_000)
    sets = {(row["phenotype_id"], row["cs_id"]): row for row in found.sets.iter_rows(named=True)}
    assert {gene for gene, _ in sets} >= {"g0", "g5"}
    for gene, causal in (("g0", "rs14"), ("g5", f"rs{SECOND}")):
        held = found.members.filter(phenotype_id=gene, variant_id=causal)
        assert held.height == 1
        one = sets[gene, held["cs_id"][0]]
        assert one["size"] == found.members.filter(phenotype_id=gene, cs_id=one["cs_id"]).height
        assert one["coverage"] >= 0.95
        # A sure effect's posterior mean is the slope of least squares, shrunk a little.
        table = cis_nominal(*files, window=400_000).table
        slope = table.filter(phenotype_id=gene, variant_id=one["variant_id"])["slope"][0]
        assert 0.85 < one["slope"] / slope < 1.05
    assert found.genes["converged"].all()
    assert found.pips.height == found.genes["n_variants"].sum()
    assert set(found.pips.columns) >= {"lbf_1", "CHR", "POS"}


def test_workers_and_other_genes_change_no_bit(
    study: QtlStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = load_inputs(*study.write(tmp_path))
    whole = finemap(inputs)
    monkeypatch.setattr(segments_module, "_PAIRS", 100)
    split = finemap(inputs, cores=2)
    for name in ("sets", "members", "pips", "genes"):
        assert_frame_equal(getattr(split, name), getattr(whole, name), check_exact=True)
    assert_frame_equal(
        finemap(inputs, genes=["g5"]).members, whole.members.filter(phenotype_id="g5"), check_exact=True
    )


def test_no_signal_gives_tables_without_sets(study: QtlStudy, tmp_path: Path) -> None:
    found = finemap(*study.write(tmp_path), genes=["g3"])
    assert found.sets.height == found.members.height == 0
    assert found.sets.columns[:3] == ["phenotype_id", "cs_id", "size"]
    assert found.genes.row(0, named=True)["n_sets"] == 0


def test_bad_input_is_refused(study: QtlStudy, tmp_path: Path) -> None:
    files = study.write(tmp_path)
    with pytest.raises(UsageError, match="1 phenotypes are not in it: nobody"):
        finemap(*files, genes=["g0", "nobody"])
    for settings, text in (
        (FinemapSettings(n_effects=0), "--L 0"),
        (FinemapSettings(coverage=1.0), "--coverage 1"),
        (FinemapSettings(min_abs_corr=0.0), "--min_abs_corr 0"),
        (FinemapSettings(tol=0.0), "--tol 0"),
        (FinemapSettings(prior_method="none"), "--prior_method none"),  # type: ignore[arg-type]
    ):
        with pytest.raises(UsageError, match=text):
            finemap(*files, settings=settings)


def test_lists_of_egenes(tmp_path: Path) -> None:
    path = tmp_path / "egenes.tsv"
    path.write_text("phenotype_id\tqval\na\t0.01\nb\t0.2\nc\tNA\n")
    assert read_egenes(path) == ["a"]
    assert read_egenes(path, 0.3) == ["a", "b"]
    pl.read_csv(path, separator="\t", null_values="NA").write_parquet(tmp_path / "e.parquet")
    assert read_egenes(tmp_path / "e.parquet") == ["a"]
    with pytest.raises(InputError, match=r"no phenotype in it has qval <= 0\.001"):
        read_egenes(path, 0.001)
    with pytest.raises(UsageError, match="--fdr 0"):
        read_egenes(path, 0.0)
    path.write_text("a\nb\n")
    assert read_egenes(path) == ["a", "b"]
    path.write_text("phenotype_id\tqval\n")  # of a scan without hits
    with pytest.raises(NoSignalError):
        read_egenes(path)
    path.write_text("a\nb x\tc\n")
    with pytest.raises(InputError, match="line 2: expected a column phenotype_id, or one phenotype a line"):
        read_egenes(path)


def test_damaged_tables_of_egenes_are_refused_not_thinned(tmp_path: Path) -> None:
    path = tmp_path / "egenes.tsv"
    path.write_text("phenotype_id\tqval\na\t0.01\nb\tO.01\n")
    with pytest.raises(InputError, match=r"line 3, column qval: 'O\.01' is not a number"):
        read_egenes(path)
    path.write_text("phenotype_id\tqval\na\t0.01\nb\n")
    with pytest.raises(InputError, match="line 3: 1 columns found, expected 2"):
        read_egenes(path)
    other = tmp_path / "e.parquet"
    pl.DataFrame({"phenotype_id": ["a"], "qval": ["O.01"]}).write_parquet(other)
    with pytest.raises(ColumnError, match=r"row 1, column qval: 'O\.01' is not a number"):
        read_egenes(other)
    pl.DataFrame({"gene": ["a"], "qval": [0.01]}).write_parquet(other)
    with pytest.raises(ColumnError, match="no column phenotype_id; it has gene, qval"):
        read_egenes(other)
