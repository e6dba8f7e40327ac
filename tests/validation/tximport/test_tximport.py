"""Gene counts from transcripts against tximport 1.26.1 (R 4.2.2, Debian's r-bioc-tximport).

Calls: ``tximport(files, type="salmon", tx2gene=tx2gene, countsFromAbundance=rule)`` for genes (kallisto's
files gave the same to 1e-8), with ``txOut=TRUE`` for transcripts. The input is simulated: 40 transcripts of
14 genes, one gene silent in all samples, one in two of four, two transcripts without a gene. tximport
prints 17 digits; sums in another order differ in the last few: tolerance 1e-12 relative.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.expression import ImportOptions, import_expression
from postgwas.expression.import_sources import Imported
from postgwas.expression.tximport import length_offsets

DATA = Path(__file__).parent / "data"
RULES = {
    "no": "no",
    "scaled_tpm": "scaledTPM",
    "length_scaled_tpm": "lengthScaledTPM",
    "dtu_scaled_tpm": "dtuScaledTPM",
}


def expected(name: str, ids: list[str]) -> np.ndarray:
    frame = pl.read_csv(DATA / "expected" / f"{name}.tsv.gz", separator="\t")
    assert sorted(frame["id"]) == sorted(ids)
    rows = {name: at for at, name in enumerate(frame["id"])}
    return frame.drop("id").cast(pl.Float64).to_numpy()[[rows[name] for name in ids]]


def imported(tmp_path: Path, program: str, **options: object) -> Imported:
    file = {"salmon": "quant.sf", "kallisto": "abundance.tsv"}[program]
    files = [DATA / "input" / program / f"s{at}" / file for at in range(1, 5)]
    chosen = ImportOptions(**options)  # type: ignore[arg-type]
    return import_expression(files, out=tmp_path / "x", options=chosen, quiet=True)


@pytest.mark.parametrize("program", ["salmon", "kallisto"])
@pytest.mark.parametrize("rule", ["no", "scaled_tpm", "length_scaled_tpm"])
def test_genes(tmp_path: Path, program: str, rule: str) -> None:
    got = imported(tmp_path, program, tx2gene=str(DATA / "input/tx2gene.tsv"), counts_from_abundance=rule)
    ids = got.matrix.gene_ids
    assert got.matrix.samples == ("s1", "s2", "s3", "s4")
    np.testing.assert_allclose(got.matrix.values, expected(f"gene_counts_{RULES[rule]}", ids), rtol=1e-12)
    np.testing.assert_allclose(got.tpm, expected("gene_abundance", ids), rtol=1e-12)
    np.testing.assert_allclose(got.lengths, expected("gene_length", ids), rtol=1e-12)
    assert got.dropped == {"transcripts without a gene": 2}


@pytest.mark.parametrize("rule", list(RULES))
def test_transcripts(tmp_path: Path, rule: str) -> None:
    table = str(DATA / "input/tx2gene_all.tsv") if rule == "dtu_scaled_tpm" else None
    got = imported(tmp_path, "salmon", tx2gene=table, counts_from_abundance=rule, level="transcript")
    want = expected(f"tx_counts_{RULES[rule]}", got.matrix.gene_ids)
    np.testing.assert_allclose(got.matrix.values, want, rtol=1e-12)


def test_offsets_follow_the_vignette(tmp_path: Path) -> None:
    got = imported(tmp_path, "salmon", tx2gene=str(DATA / "input/tx2gene.tsv"))
    assert got.lengths is not None
    offsets = length_offsets(got.lengths)
    np.testing.assert_allclose(np.log(offsets).sum(axis=1), 0.0, atol=1e-12)
    np.testing.assert_allclose(
        offsets[:, 0] / offsets[:, 1], got.lengths[:, 0] / got.lengths[:, 1], rtol=1e-12
    )
