"""Files and store entries of genetic correlation runs."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.errors import UsageError
from postgwas.ldsc.jackknife import Array
from postgwas.ldsc.rg_results import MATRICES, RgMatrix, RgPair, RgResult
from postgwas.ldsc.row_table import write_rows
from postgwas.runlog import get_logger
from postgwas.staging import appear_together

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

#: The regressions of a pair, as ldsc names their files.
PARTS = ("hsq1", "hsq2", "gencov")


@dataclass(frozen=True, kw_only=True)
class RgOutputs:
    """What to write, and where; without `out` no files.

    Attributes
    ----------
    out : str or None
        Prefix of the files.
    print_cov, print_delete_vals : bool
        ldsc's ``.cov`` and ``.delete`` files, three of each a pair.
    print_pseudovalues : bool
        ``PREFIX.pseudovalues.tsv``.
    figures : bool
        ``PREFIX.rg.png``.
    store : str or None
        Study to put the results into.
    overwrite : bool
    """

    out: str | None = None
    print_cov: bool = False
    print_delete_vals: bool = False
    print_pseudovalues: bool = False
    figures: bool = False
    store: str | None = None
    overwrite: bool = False

    def names(self, pairs: Sequence[tuple[str, str]], *, matrix: bool) -> list[Path]:
        """Every file that a run writes for these pairs of sources, the log apart.

        Raises
        ------
        UsageError
            Two pairs would write the same file.
        """
        if self.out is None:
            return []
        endings = [".rg.tsv"]
        if matrix:
            endings += [f".{name}_matrix.tsv" for name in MATRICES]
        if self.figures:
            endings.append(".rg.png")
        if self.print_pseudovalues:
            endings.append(".pseudovalues.tsv")
        # A pair that is given twice has its files once.
        for first, other in dict.fromkeys(pairs):
            endings += [f"{pair_prefix(first, other)}{ending}" for ending in self.pair_endings()]
        if len(set(endings)) < len(endings):
            twice = next(ending for ending in endings if endings.count(ending) > 1)
            raise UsageError(
                f"two pairs of files would both write {self.out}{twice}: one name in two folders",
                hint="rename one of them",
            )
        return [Path(f"{self.out}{ending}") for ending in endings]

    def pair_endings(self) -> list[str]:
        """Ends of the names of one pair's files."""
        kinds = [("cov", self.print_cov), ("delete", self.print_delete_vals)]
        return [f".{part}.{kind}" for kind, asked in kinds if asked for part in PARTS]


def pair_prefix(first: str, second: str) -> str:
    """What ldsc puts between ``--out`` and the ending of a pair's files.

    Examples
    --------
    >>> pair_prefix("data/a.sumstats.gz", "b.sumstats.gz")
    'a.sumstats.gz_b.sumstats.gz'
    """
    return f"{first.rpartition('/')[2]}_{second.rpartition('/')[2]}"


def announce_pair_files(outputs: RgOutputs, first: str, second: str) -> None:
    """ldsc's lines about the files of one pair."""
    prefix = f"{outputs.out}{pair_prefix(first, second)}"
    if outputs.print_cov:
        for part in PARTS:
            log.info("Printing covariance matrix of the estimates to %s.%s.cov.", prefix, part)
    if outputs.print_delete_vals:
        for part in PARTS:
            log.info("Printing block jackknife delete values to %s.%s.delete.", prefix, part)


def write_results(result: RgResult, outputs: RgOutputs) -> None:
    """Write all files of a run, together; a pair that failed has no files of its own.

    Raises
    ------
    OutputError
        Nothing is left under a final name then.
    """
    if outputs.out is None:
        return
    base = Path(outputs.out).name
    sources = dict(zip(result.names, result.sources))
    fitted = {(sources[pair.p1], sources[pair.p2]): pair for pair in result.pairs if pair.fit is not None}
    matrix = isinstance(result, RgMatrix)
    names = outputs.names(list(fitted), matrix=matrix)
    with appear_together(names[0].parent) as folder:
        aside = {name.name.removeprefix(base): folder / name.name for name in names}
        write_rows(result.rows(), aside[".rg.tsv"])
        if isinstance(result, RgMatrix):
            for name in MATRICES:
                _write_matrix(getattr(result, name), result.names, aside[f".{name}_matrix.tsv"])
        if outputs.figures:
            _draw(result, aside[".rg.png"])
        if outputs.print_pseudovalues:
            from postgwas.sumstats.write import write_delimited

            write_delimited(pseudovalue_table(result.pairs), aside[".pseudovalues.tsv"])
        for (first, other), pair in fitted.items():
            for ending in outputs.pair_endings():
                _write_pair(pair, ending, aside[f"{pair_prefix(first, other)}{ending}"])


def pseudovalue_table(pairs: Sequence[RgPair]) -> pl.DataFrame:
    """Block jackknife pseudovalues of all pairs: one row for each pair and block."""
    import polars as pl

    parts = [
        pl.DataFrame(
            {
                "p1": pair.p1,
                "p2": pair.p2,
                "BLOCK": np.arange(1, pair.fit.gencov.n_blocks + 1),
                "RG": pair.pseudovalues if pair.pseudovalues.size else None,
                "GENCOV": _pseudo(pair.fit.gencov.tot, pair.fit.gencov.tot_delete_values),
                "H2_P1": _pseudo(pair.fit.hsq1.tot, pair.fit.hsq1.tot_delete_values),
                "H2_P2": _pseudo(pair.fit.hsq2.tot, pair.fit.hsq2.tot_delete_values),
            },
            schema_overrides={"RG": pl.Float64},
        )
        for pair in pairs
        if pair.fit is not None
    ]
    empty = {"p1": pl.String, "p2": pl.String, "BLOCK": pl.Int64}
    return pl.concat(parts) if parts else pl.DataFrame(schema=empty)


def store_key(outputs: RgOutputs) -> str:
    """Where the table of pairs goes in a study's store."""
    return f"ldsc/rg/{Path(outputs.out).name if outputs.out else 'rg'}"


def store_results(
    result: RgResult,
    outputs: RgOutputs,
    parameters: Mapping[str, Any],
    inputs: Sequence[str],
    began: float,
) -> None:
    """Put the table of pairs, jackknife values and matrices into the study's store.

    Raises
    ------
    StoreError
        A key is taken.
    """
    from postgwas.store.provenance import Provenance
    from postgwas.store.study import Study

    study, key = Study.open(str(outputs.store), create=True), store_key(outputs)
    made = Provenance.collect(
        parameters=parameters,
        inputs=inputs,
        rows_out=len(result.pairs),
        wall_seconds=time.perf_counter() - began,
    )
    attrs = {"traits": list(result.names), "sources": list(result.sources)}
    study.write_table(
        key, result.table(), kind="ldsc-rg", attrs=attrs, provenance=made, overwrite=outputs.overwrite
    )
    pseudovalues = pseudovalue_table(result.pairs)
    if pseudovalues.height:
        study.write_table(
            f"{key}_jackknife", pseudovalues, kind="ldsc-rg-jackknife", attrs=attrs, provenance=made,
            overwrite=outputs.overwrite,
        )  # fmt: skip
    if isinstance(result, RgMatrix):
        arrays: dict[str, Any] = {name: getattr(result, name) for name in MATRICES}
        study.write_arrays(
            f"{key}_matrix", arrays | {"traits": list(result.names)}, kind="ldsc-rg-matrix", attrs=attrs,
            provenance=made, overwrite=outputs.overwrite,
        )  # fmt: skip
    log.info("Stored %s in %s", key, outputs.store)


def _write_pair(pair: RgPair, ending: str, path: Path) -> None:
    """One of ldsc's .cov and .delete files, in numpy's text format as there."""
    _, part, kind = ending.split(".")
    fit = getattr(pair.fit, part)
    with path.open("wb") as stream:
        np.savetxt(stream, fit.coef_cov if kind == "cov" else fit.tot_delete_values)


def _pseudo(estimate: float, left_out: Array) -> Array:
    return np.asarray(left_out.size * estimate - (left_out.size - 1) * left_out)


def _write_matrix(matrix: Array, names: Sequence[str], path: Path) -> None:
    rows = [{"TRAIT": name} | dict(zip(names, row)) for name, row in zip(names, matrix.tolist())]
    write_rows(rows, path)


def _draw(result: RgResult, path: Path) -> None:
    from postgwas.plot.rg_heatmap import rg_forest
    from postgwas.plot.saving import save_figure

    if isinstance(result, RgMatrix):
        save_figure(result.plot(), path)
        return
    table = result.table()
    save_figure(rg_forest(table["rg"], table["se"], names=table["p2"].to_list(), first=result.names[0]), path)


def source_files(sources: Sequence[str]) -> list[str]:
    """Those of the sources that are files, for their checksums."""
    places = [source.rpartition("::")[0] or source for source in sources]
    return [place for place in dict.fromkeys(places) if os.path.isfile(place)]
