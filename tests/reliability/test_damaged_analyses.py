"""Readers of settings, and of what analyses take beside genotypes and statistics, on damaged files."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reliability.damage import FUZZ, Reader, lay, lines, read_damaged, simple
from reliability.sound_inputs import (
    BIM,
    BYTES,
    EGENES,
    FITS,
    METAL,
    SITES,
    STUDY,
    SUMSTATS,
    TRIOS,
    numbers,
    parquet,
    zipped_numbers,
)


def _analyses() -> dict[str, Reader]:
    from postgwas.coloc.stored_fits import read_fits
    from postgwas.coloc.weight_files import read_weights
    from postgwas.finemap.ld_sources import read_matrix
    from postgwas.meta.mama_outputs import read_coefficients
    from postgwas.meta.mama_reading import read_any_dialect, read_by_patterns, read_ld_table
    from postgwas.meta.metal_run import run_metal_script
    from postgwas.meta.popcorn_inputs import read_population, read_scores
    from postgwas.meta.studies import studies_from_table
    from postgwas.meta.study_matrix import read_axes, read_correlation
    from postgwas.mtag.run_fdr import read_grid
    from postgwas.qtl.afc_pairs import read_pairs as read_fold_pairs
    from postgwas.qtl.interaction_terms import read_terms
    from postgwas.qtl.lead_list import read_leads
    from postgwas.qtl.qtl_table import read_qtl_table
    from postgwas.qtl.trans_context import read_context
    from postgwas.qtl.trios import read_pairs, read_trios
    from postgwas.qtl.write_finemap import read_egenes

    ld = np.array([[1, 0.5], [0.5, 1]])
    variants = lines("SNPID\tCHR\tPOS\tA1\tA2", "rs1\t1\t5\tA\tG", "rs2\t1\t7\tC\tT")
    popcorn = lines(*(f"1\t{100 + i}\trs{i}\tA\tG\t0.2\t0.3\t1.1\t1.2\t0.9" for i in range(9)))
    mama = lines(
        "SNP\tCHR\tBP\tA1\tA2\tFREQ\tBETA\tSE\tP\tN",
        *(f"rs{i}\t1\t{i + 1}\tA\tG\t0.3\t0.1\t0.05\t0.5\t100" for i in range(9)),
    )
    pairs = lines(
        "SNP\tCHR\tBP\tEUR_EUR\tEUR_EAS\tEAS_EAS", *(f"rs{i}\t1\t{i}\t1.5\t1.1\t2" for i in range(9))
    )
    patterns = {name: name for name in ("SNP", "CHR", "BP", "A1", "A2", "FREQ", "BETA", "SE", "P")}
    metal = {"a.tsv": SUMSTATS, "b.tsv": SUMSTATS, "m.txt": METAL}

    def run_metal(where: Path) -> None:
        # Where it writes is not up to chance.
        (where / "m.txt").write_bytes(b"OUTFILE out .tbl\n" + (where / "m.txt").read_bytes())
        with contextlib.chdir(where):
            run_metal_script("m.txt", quiet=True)

    return {
        "METAL script": Reader(metal, run_metal),
        "table of studies": simple(
            "s.tsv",
            lines("NAME\tPATH\tANCESTRY\tN", "a\ta.tsv\tEUR\t100", "b\tb.tsv\tEAS\t90"),
            studies_from_table,
        ),
        "correlations": simple(
            "c.txt", lines("a b", "a 1 0.1", "b 0.1 1"), lambda path: read_correlation(path, ["a", "b"])
        ),
        "axes": simple("x.txt", lines("a 0.1 0.2", "b 0.3 0.4"), lambda path: read_axes(path, ["a", "b"])),
        "MAMA's studies": simple("a.txt", mama, lambda path: read_by_patterns(str(path), patterns)),
        "MAMA's studies, any dialect": simple("a.txt", mama, lambda path: read_any_dialect(str(path))),
        "MAMA's scores": simple("s.txt", pairs, lambda path: read_ld_table(str(path))),
        "MAMA's coefficients": simple(
            "k.txt", lines("1 0.5", "0.5 2"), lambda path: read_coefficients(str(path), 2, flag="--x")
        ),
        "Popcorn's scores": simple("s.txt", popcorn, lambda path: read_scores(str(path))),
        "Popcorn's studies": simple("p.txt", SUMSTATS, lambda path: read_population(str(path))),
        "grid of maxFDR": simple(
            "g.txt", lines("0.25 0.25 0.25 0.25", "0.1 0.2 0.3 0.4"), lambda path: read_grid(str(path), 2)
        ),
        "LD, text": Reader(
            {"l.txt": lines("1 0.5", "0.5 1"), "v.tsv": variants},
            lambda where: read_matrix(where / "l.txt", where / "v.tsv"),
        ),
        "LD, npy": Reader(
            {"l.npy": numbers(ld), "v.tsv": variants},
            lambda where: read_matrix(where / "l.npy", where / "v.tsv"),
            BYTES,
        ),
        "LD, npz": Reader(
            {"l.npz": zipped_numbers(ld), "v.tsv": variants},
            lambda where: read_matrix(where / "l.npz", where / "v.tsv"),
            BYTES,
        ),
        "weights of coloc": simple("w.txt", lines("SNPID WEIGHT", "rs1 0.5", "rs2 1"), read_weights),
        "pairs for fold changes": simple("p.tsv", EGENES, lambda path: read_fold_pairs(path, max_q=0.05)),
        "terms": simple(
            "t.txt",
            lines("id\tS1\tS2\tS3", "sex\t1\t2\t1"),
            lambda path: read_terms(path, ["S1", "S2", "S3"]),
        ),
        "leads": simple("l.tsv", EGENES, read_leads),
        "context": simple("c.txt", lines("S1\t0.5", "S2\t1"), lambda path: read_context(path, ["S1", "S2"])),
        "pairs": simple("p.tsv", EGENES, read_pairs),
        "pairs, Parquet": Reader(
            {"p.parquet": parquet(EGENES)}, lambda where: read_pairs(where / "p.parquet"), BYTES
        ),
        "trios": simple("t.tsv", TRIOS, read_trios),
        "eGenes": simple("e.tsv", EGENES, read_egenes),
        "eGenes, Parquet": simple("e.parquet", parquet(EGENES), read_egenes),
        "QTL table, Parquet": simple("q.parquet", parquet(EGENES), read_qtl_table),
        "trios, Parquet": simple("t.parquet", parquet(TRIOS), read_trios),
        "fits": simple("f.tsv", FITS, lambda path: read_fits(path, ["G1"])),
        "fits, Parquet": simple("f.parquet", parquet(FITS), lambda path: read_fits(path, ["G1"])),
    }


def _settings() -> dict[str, Reader]:
    from postgwas.pipeline.found_files import look_through
    from postgwas.pipeline.markers import Markers
    from postgwas.pipeline.study_file import read_study

    marker = json.dumps({"version": 1, "name": "h2", "key": "x", "files": {"a": "b"}}).encode()
    found = {
        "a.tsv": SUMSTATS,
        "b.bim": BIM,
        "r.vcf": SITES,
        "m.bed": lines("#chr\tstart\tend\tid\tS1", "1\t2\t3\tG\t1"),
    }
    files = {"study.yaml": STUDY, "a.tsv": SUMSTATS, "g.bed": b"", "g.bim": b"", "g.fam": b""}
    return {
        "study.yaml": Reader(files, lambda where: read_study(where / "study.yaml")),
        "what init finds": Reader(found, look_through),
        "markers": Reader(
            {".steps/h2.json": marker},
            lambda where: (Markers(where, where / "s.h5").read("h2"), Markers(where, where / "s.h5").names()),
        ),
    }


def _readers(_: Path) -> dict[str, Reader]:
    return _analyses() | _settings()


NAMES = (
    "METAL script", "table of studies", "correlations", "axes", "MAMA's studies",
    "MAMA's studies, any dialect", "MAMA's scores", "MAMA's coefficients", "Popcorn's scores",
    "Popcorn's studies", "grid of maxFDR", "LD, text", "LD, npy", "LD, npz", "weights of coloc",
    "pairs for fold changes", "terms", "leads", "context", "pairs", "pairs, Parquet", "trios", "eGenes",
    "eGenes, Parquet", "QTL table, Parquet", "trios, Parquet", "fits", "fits, Parquet", "study.yaml",
    "what init finds", "markers",
)  # fmt: skip


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Reader]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        found = _readers(Path())
        assert set(found) == set(NAMES)
        yield found


@pytest.mark.parametrize("name", NAMES)
def test_sound_analyses_are_read(name: str, readers: dict[str, Reader], tmp_path: Path) -> None:
    lay(tmp_path, readers[name].files)
    readers[name].read(tmp_path)


@pytest.mark.parametrize("name", NAMES)
@FUZZ
@given(data=st.data())
def test_damaged_analyses_end_in_our_errors(
    name: str, readers: dict[str, Reader], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    read_damaged(readers[name], tmp_path_factory.mktemp("damaged"), data)
