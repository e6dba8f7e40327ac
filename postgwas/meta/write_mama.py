"""Where MAMA's results go: files that appear together, and the store."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.destination import check_prefix, check_store, refuse_existing
from postgwas.meta.mama_harmonise import Harmonised
from postgwas.meta.mama_options import Population
from postgwas.meta.mama_outputs import harmonised_frame, printed, write_coefficients
from postgwas.meta.mama_reading import PopulationTable
from postgwas.meta.ssf_description import ENDING as DESCRIPTION
from postgwas.meta.ssf_description import describe
from postgwas.runlog import get_logger
from postgwas.staging import appear_together

if TYPE_CHECKING:
    import polars as pl

    from postgwas.meta.run_mama import MamaResult

log = get_logger(__name__)

#: Formats besides .res and the endings of their files.
FORMATS = {"parquet": ".parquet", "ssf": ".ssf.tsv.gz", "tsv": ".tsv.gz"}


@dataclass(frozen=True)
class Target:
    """Where results go."""

    out: str | None
    populations: tuple[Population, ...]
    coefficients: bool
    harmonised: bool
    formats: tuple[str, ...]
    store: str | None

    def endings(self) -> list[str]:
        found = [".rejected.tsv.gz"]
        kinds = [".res", *([".hrm"] if self.harmonised else []), *(FORMATS[name] for name in self.formats)]
        if "ssf" in self.formats:
            kinds.append(f"{FORMATS['ssf']}{DESCRIPTION}")
        found += [f"_{p.name}{kind}" for p in self.populations for kind in kinds]
        if self.coefficients:
            found += [f"_{name}_reg.cf" for name in ("ld", "int", "se2")]
        return found

    def keys(self) -> list[str]:
        root = f"meta/mama/{Path(self.out or 'result').name}"
        return [f"{root}/{name}" for name in (*(p.name for p in self.populations), "coefficients")]

    def check(self, *, overwrite: bool) -> None:
        if self.out is not None:
            check_prefix(self.out, example="results/mama")
            if not overwrite:
                refuse_existing(Path(f"{self.out}{ending}") for ending in self.endings())
        check_store(self.store, self.keys(), overwrite=overwrite)


def write_files(
    result: MamaResult,
    common: Harmonised,
    tables: Sequence[PopulationTable],
    rejected: Sequence[tuple[str, pl.DataFrame]],
    target: Target,
) -> None:
    from postgwas.sumstats.write import write_delimited, write_rejected

    assert target.out is not None
    home = Path(target.out)
    with appear_together(home.parent) as aside:
        prefix = f"{aside / home.name}"
        for i, (population, table) in enumerate(zip(result.populations, result.tables)):
            stem = f"{prefix}_{population.name}"
            write_delimited(printed(table), f"{stem}.res", null="NaN")
            if target.harmonised:
                write_delimited(
                    harmonised_frame(common.frames[i], tables[i].columns), f"{stem}.hrm", null="NaN"
                )
            _write_formats(table, stem, target.formats)
            if "ssf" in target.formats:
                _describe(table, population, result.populations, stem)
        if target.coefficients:
            for name, matrix in (("ld", result.coefficients.ld), ("int", result.coefficients.intercept),
                                 ("se2", result.coefficients.se2)):  # fmt: skip
                write_coefficients(matrix, Path(f"{prefix}_{name}_reg.cf"))
        write_rejected(f"{prefix}.rejected.tsv.gz", list(rejected))
    log.info("Wrote %s", ", ".join(f"{target.out}{ending}" for ending in target.endings()))


def _write_formats(table: pl.DataFrame, stem: str, formats: Sequence[str]) -> None:
    """What is asked for besides .res: chromosomes in order, our names of columns."""
    from postgwas.store.export import with_chromosome_names
    from postgwas.sumstats.ssf import ssf_table
    from postgwas.sumstats.write import write_delimited

    for name in formats:
        path = f"{stem}{FORMATS[name]}"
        if name == "parquet":
            table.write_parquet(path)
        elif name == "ssf":
            write_delimited(ssf_table(canonical(table)), path, null="#NA")
        else:
            write_delimited(with_chromosome_names(canonical(table)), path)


def _describe(table: pl.DataFrame, own: Population, every: Sequence[Population], stem: str) -> None:
    from postgwas.sumstats.harmonise.build import BuildVotes

    votes, frame = BuildVotes(), canonical(table)
    votes.add(frame["SNPID"], frame["CHR"], frame["POS"])
    others = ", ".join(one.name for one in every if one is not own)
    describe(
        f"{stem}{FORMATS['ssf']}", trait=own.phenotype, method="mama", build=votes.call().build,
        is_sorted=True, notes=f"MAMA: effects in {own.ancestry} with the help of {others or 'none'}",
    )  # fmt: skip


def canonical(table: pl.DataFrame) -> pl.DataFrame:
    """Results in genome order with our names: SNPID, CHR (code), POS, EA, NEA, EAF, ... and N, effective."""
    import polars as pl

    from postgwas.sumstats.values import chromosomes_from_text

    ours = {"SNP": "SNPID", "BP": "POS", "A1": "EA", "A2": "NEA", "FREQ": "EAF", "N_EFF": "N"}
    frame = table.rename({old: new for old, new in ours.items() if old in table.columns})
    frame = frame.with_columns(chromosomes_from_text(frame["CHR"]).alias("CHR"), pl.col("POS").cast(pl.Int32))
    return frame.drop("N_ORIG", strict=False).sort("CHR", "POS", maintain_order=True)


def account(
    frame: pl.DataFrame, rejected: pl.DataFrame, common: Harmonised, result: MamaResult
) -> dict[str, int]:
    """Rows of a population that have no result, by reason, as their table of rejected rows names them.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows that passed the filters.
    rejected : polars.DataFrame
        REASON of each row that did not.
    common : Harmonised
    result : MamaResult
    """
    reasons = dict(rejected["REASON"].value_counts(sort=True).iter_rows())
    reasons["not_in_all_sources"] = frame.height - common.n_common
    reasons["alleles_differ"] = common.n_mismatched
    reasons["no_result"] = int((~result.estimates.kept).sum())
    return {reason: count for reason, count in reasons.items() if count}


def store_results(
    result: MamaResult,
    target: Target,
    accounts: Sequence[Mapping[str, int]],
    files: Sequence[str],
    parameters: Mapping[str, Any],
    begun: float,
    overwrite: bool,
) -> None:

    from postgwas.store.provenance import Provenance
    from postgwas.store.study import Study

    assert target.store is not None
    study = Study.open(target.store, create=True)
    made = Provenance.collect(
        parameters=dict(parameters), inputs=list(dict.fromkeys(files)),
        wall_seconds=time.perf_counter() - begun,
    )  # fmt: skip
    n_kept = int(result.estimates.kept.sum())
    keys = target.keys()
    for key, population, table, dropped in zip(keys, result.populations, result.tables, accounts):
        frame = canonical(table)
        counted = replace(
            made, rows_in=n_kept + sum(dropped.values()), rows_out=n_kept, dropped=dict(dropped)
        )
        study.write_table(
            key, frame, kind="mama-results",
            attrs={"ancestry": population.ancestry, "phenotype": population.phenotype, "effect_allele": "EA",
                   "warnings": result.warnings},
            units={"BETA": "per allele", "SE": "per allele", "MLOG10P": "-log10 P", "N": "people, effective"},
            provenance=counted, overwrite=overwrite,
        )  # fmt: skip
    c = result.coefficients
    names = [p.name for p in result.populations]
    arrays = {"ld": c.ld, "intercept": c.intercept, "se2": c.se2, "populations": names}
    study.write_arrays(keys[-1], arrays, kind="mama-coefficients", provenance=made, overwrite=overwrite)
    log.info("Stored %s in %s", ", ".join(keys), target.store)
