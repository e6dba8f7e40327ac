"""Genetic maps of every usual format give the same positions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.errors import ColumnError, InputError
from postgwas.genotypes.genetic_map import read_genetic_map, with_genetic_positions

POS = (100_000, 200_000, 1_200_000)
CM = (0.0, 0.4, 1.4)
FORMATS = {
    "three columns": ("chr pos cM\n", "{c} {p} {g}\n"),
    "HapMap": ("Chromosome\tPosition(bp)\tRate(cM/Mb)\tMap(cM)\n", "chr{c}\t{p}\t1.5\t{g}\n"),
    "Eagle": ("chr position COMBINED_rate(cM/Mb) Genetic_Map(cM)\n", "{c} {p} 2.1 {g}\n"),
    "without names": ("", "{c} {p} {g}\n"),
    "four columns without names": ("", "{c} {p} 1.5 {g}\n"),
    "PLINK": ("", "{c} rs{p} {g} {p}\n"),
    "PLINK without ids": ("", "{c} . {g} {p}\n"),
}
ONE_CHROMOSOME = {
    "HapMap, one chromosome": ("position COMBINED_rate(cM/Mb) Genetic_Map(cM)\n", "{p} 1.5 {g}\n"),
    "SHAPEIT": ("pposition rrate gposition\n", "{p} 1.5 {g}\n"),
    "SHAPEIT without names": ("", "{p} 1.5 {g}\n"),
}


def write(path: Path, header: str, line: str, chromosomes: tuple[str, ...] = ("1", "22")) -> Path:
    rows = [line.format(c=c, p=p, g=g) for c in chromosomes for p, g in zip(POS, CM)]
    path.write_text(header + "".join(rows))
    return path


@pytest.mark.parametrize("kind", FORMATS)
def test_formats_with_chromosomes(tmp_path: Path, kind: str) -> None:
    maps = read_genetic_map(write(tmp_path / "map", *FORMATS[kind]))
    assert list(maps) == [1, 22]
    for one in maps.values():
        assert one.pos.tolist() == list(POS)
        assert one.cm.tolist() == list(CM)


@pytest.mark.parametrize("kind", ONE_CHROMOSOME)
def test_formats_of_one_chromosome(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "map", *ONE_CHROMOSOME[kind], chromosomes=("7",))
    assert read_genetic_map(path, chromosome=7)[7].cm.tolist() == list(CM)
    with pytest.raises(ColumnError, match="no column for the chromosome"):
        read_genetic_map(path)


def variants(*rows: tuple[int, int]) -> pl.DataFrame:
    return pl.DataFrame(
        {"CHR": [c for c, _ in rows], "CHROM": [str(c) for c, _ in rows], "POS": [p for _, p in rows]},
        schema={"CHR": pl.Int8, "CHROM": pl.String, "POS": pl.Int32},
    )


def test_interpolation_and_one_cm_per_mb_beyond_the_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "map", *FORMATS["HapMap"])
    table = variants((1, 50_000), (1, 150_000), (1, 700_000), (22, 2_200_000))
    cm = with_genetic_positions(table, path)["CM"].to_numpy()
    np.testing.assert_allclose(cm, [-0.05, 0.2, 0.9, 2.4])


def test_files_of_single_chromosomes(tmp_path: Path) -> None:
    for chromosome in ("1", "X"):
        write(tmp_path / f"map_{chromosome}.txt", *ONE_CHROMOSOME["SHAPEIT"], chromosomes=(chromosome,))
    table = variants((1, 150_000), (23, 700_000))
    cm = with_genetic_positions(table, tmp_path / "map_@.txt")["CM"].to_numpy()
    np.testing.assert_allclose(cm, [0.2, 0.9])
    with pytest.raises(InputError, match=r"map_2\.txt: no such file"):
        with_genetic_positions(variants((2, 1)), tmp_path / "map_@.txt")


def test_chromosome_that_the_map_lacks(tmp_path: Path) -> None:
    path = write(tmp_path / "map", *FORMATS["PLINK"])
    with pytest.raises(InputError, match="no genetic positions for chromosome 3"):
        with_genetic_positions(variants((1, 5), (3, 5)), path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr pos cM\n1 5 0.1\n1 six 0.2\n", "line 3: 'six' is not a position"),
        ("chr pos cM\n1 5 0.3\n1 6 0.2\n", "falls at base pair 6"),
        ("chr pos cM\n1 5 0\n1 100000000 1.1\n", "0.011 cM per Mb over 100 Mb, expected about 1.*Morgan"),
        ("chr where cM\n1 5 0.3\n", "no columns for position and cM"),
        ("1 2 3 4 5\n", "5 columns without names"),
    ],
)
def test_damaged_maps(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "map").write_text(text)
    with pytest.raises(InputError, match=message):
        read_genetic_map(tmp_path / "map")
