"""Trans mapping under QTLtools' model.

Peer: QTLtools 1.3.1-25-g6e49f85, ``trans --nominal --threshold 1e-5 --window 5000000 --cov``, printed to six
digits. It projects covariates out of the phenotype alone, with n - 2 degrees of freedom: compat="qtltools".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.qtl import QtlInputOptions, TransSettings, trans


@pytest.mark.requires_shared
def test_hits_and_figures(shared: Path) -> None:
    folder = shared / "oracle" / "eqtl"
    sim = folder / "sim_inputs"
    theirs = pl.read_csv(folder / "qtltools" / "trans.hits.txt", separator=" ")
    found = trans(
        sim / "geno.pgen", folder / "expression_prep_gtex" / "tmm.expression.bed.gz", sim / "covariates.txt",
        options=QtlInputOptions(compat="qtltools"), settings=TransSettings(1e-5, 5_000_000),
    )  # fmt: skip
    both = found.table.join(theirs, left_on=["variant_id", "phenotype_id"], right_on=["VID", "#PID"])
    assert both.height == theirs.height == found.table.height == 94 and found.df == 298
    np.testing.assert_allclose(both["mlog10p"], -both["NPVAL"].log10(), atol=5e-6)
    np.testing.assert_allclose(both["b"], both["SLOPE"], rtol=1e-5, atol=5e-6)
    np.testing.assert_allclose(both["b_se"], both["STD"], rtol=2e-5)
