"""Last step of a run: files under mtag.py's names, rejected rows, store, figures, GWAS-SSF."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from postgwas.errors import ColumnError, OutputError, UsageError
from postgwas.mtag.options import MtagOptions
from postgwas.mtag.preflight import matrix_key
from postgwas.progress import progress
from postgwas.runlog import get_logger
from postgwas.sumstats.write import atomic_file, write_delimited, write_rejected

if TYPE_CHECKING:
    from postgwas.mtag.maxfdr_grid import MaxFDRGrid
    from postgwas.mtag.results import MtagResult
    from postgwas.mtag.run_merge import Aligned
    from postgwas.store.provenance import Provenance

log = get_logger(__name__)

Floats = NDArray[np.float64]

#: Builds that the specification of GWAS-SSF names.
GENOME_BUILDS = ("GRCh38", "GRCh37", "NCBI36", "NCBI35", "NCBI34")

#: Below this, a P value leaves the range of floats and is written from its Z.
TINY_P = 1e-300


@dataclass(frozen=True)
class Request:
    """Where results go. `out` is a prefix; without it nothing is written."""

    out: str | None = None
    figures: bool = False
    ssf: bool = False
    genome_build: str | None = None
    store: Path | None = None
    store_name: str | None = None
    overwrite: bool = False

    @property
    def folder(self) -> Path | None:
        """Where scratch files may lie: beside the results, which workers elsewhere see too."""
        return None if self.out is None else Path(os.path.dirname(self.out) or ".")

    def path(self, ending: str) -> Path:
        """``<out><ending>``."""
        return Path(f"{self.out}{ending}")


def final_names(request: Request, options: MtagOptions, names: Sequence[str]) -> list[Path]:
    """Every file that a run will write, the log apart."""
    if request.out is None:
        return []
    endings: list[str] = []
    if not options.skip_mtag:
        if options.equal_h2 and not options.meta_format:
            endings.append("_mtag_meta.txt")
        else:
            endings += [f"_trait_{t}.txt" for t in range(1, len(names) + 1)]
        endings.append("_sigma_hat.txt")
        if not options.equal_h2:
            endings.append("_omega_hat.txt")
            if not options.compat:
                endings += ["_omega_se.txt", "_rg.txt"]
        endings.append(".rejected.tsv.gz")
        if request.figures:
            endings += [f"_{name}.png" for name in names]
            if len(names) > 1 and not options.equal_h2:
                endings.append("_rg.png")
        if request.ssf:
            endings += [f"_{name}.ssf{end}" for name in names for end in (".tsv.gz", ".tsv.gz-meta.yaml")]
    if options.fdr:
        endings += (
            ["_fdr_mat.txt", "_prob_grid.txt"] if options.fdr_method == "grid" else ["_maxfdr_optimum.tsv"]
        )
    return [request.path(ending) for ending in endings]


def check_writable(request: Request, options: MtagOptions, names: Sequence[str]) -> None:
    """Refuse before any work is done: folder missing or not writable, results there already.

    Raises
    ------
    OutputError
    """
    if request.ssf and request.genome_build is None:
        raise UsageError(
            "--ssf needs --genome_build: GWAS-SSF files state the build of their positions",
            hint="--genome_build GRCh37",
        )
    if request.ssf and request.genome_build not in GENOME_BUILDS:
        same = {"hg38": "GRCh38", "hg19": "GRCh37", "b37": "GRCh37", "hg18": "NCBI36"}
        named = same.get(str(request.genome_build).lower())
        raise UsageError(
            f"--genome_build {request.genome_build}: GWAS-SSF knows {', '.join(GENOME_BUILDS)}",
            hint=f"--genome_build {named}" if named else None,
        )
    if request.out is None:
        if request.figures or request.ssf:
            raise UsageError("figures and GWAS-SSF files need a place", hint="--out")
        return
    folder = request.folder
    assert folder is not None
    if not request.out:
        raise UsageError("--out is empty: expected a prefix for the results", hint="--out results/run")
    if folder.exists() and not folder.is_dir():
        raise OutputError(
            f"--out {request.out}: {folder} is a file, not a folder",
            hint="--out is a prefix, such as results/run",
        )
    if not folder.is_dir():
        raise OutputError(
            f"--out {request.out}: folder {folder} does not exist", hint="--make_full_path creates it"
        )
    if not os.access(folder, os.W_OK):
        raise OutputError(
            f"--out {request.out}: no permission to write in folder {folder}", hint="give another --out"
        )
    if request.overwrite:
        return
    there = [path for path in final_names(request, options, names) if path.exists()]
    if there:
        what = f"{there[0]} and {len(there) - 1} more exist" if len(there) > 1 else f"{there[0]} exists"
        raise OutputError(f"{what} already", hint="--overwrite replaces; or give another --out")


def check_ssf(aligned: Aligned) -> None:
    """Refuse --ssf, before the work is done, where the input lacks what the format demands.

    Raises
    ------
    ColumnError
    """
    if aligned.chr is None:
        raise ColumnError(
            "--ssf needs chromosomes and positions; the input has none", hint="--chr_name, --bpos_name"
        )
    if not np.isfinite(aligned.eaf).any(axis=0).all():
        raise ColumnError(
            "--ssf needs effect allele frequencies in every trait", hint="--eaf_name names them"
        )


def write_results(result: MtagResult, request: Request, rejected: Sequence[tuple[str, Any]]) -> None:
    """Trait tables, matrices and rejected rows."""
    if request.out is None:
        return
    options = result.options
    if options.equal_h2 and not options.meta_format:
        _write_table(result.meta_frame(), request.path("_mtag_meta.txt"))
    else:
        with progress("Writing results", total=result.n_traits) as advance:
            for t in range(result.n_traits):
                _write_table(result.frame(t), request.path(f"_trait_{t + 1}.txt"))
                advance(1)
    write_matrix(result.sigma, request.path("_sigma_hat.txt"))
    if not options.equal_h2:
        write_matrix(result.omega, request.path("_omega_hat.txt"))
        if not options.compat:
            write_matrix(result.omega_se, request.path("_omega_se.txt"))
            _write_correlations(result, request.path("_rg.txt"))
    write_rejected(request.path(".rejected.tsv.gz"), list(rejected))


def _write_table(frame: pl.DataFrame, path: Path) -> None:
    smallest = frame["mtag_pval"].min()
    if smallest is not None and float(smallest) < TINY_P:  # type: ignore[arg-type]
        frame = frame.with_columns(_p_as_text(frame))
    write_delimited(frame, path)
    log.info("Wrote %s: %s rows", path.name, f"{frame.height:,}")


def _p_as_text(frame: pl.DataFrame) -> pl.Series:
    """P values as text, those too small for a float from their Z: 1.2345e-400."""
    from postgwas.sumstats.derive import mlog10p_from_z

    p = frame["mtag_pval"]
    tiny = (p < TINY_P).fill_null(False)
    mlog10p = mlog10p_from_z(frame["mtag_z"].filter(tiny).to_numpy())
    exponent = np.ceil(mlog10p)
    mantissa = 10 ** (exponent - mlog10p)
    text = [f"{m:.12g}e-{int(e)}" for m, e in zip(mantissa, exponent)]
    return p.cast(pl.String).scatter(tiny.arg_true(), text).alias("mtag_pval")


def write_matrix(matrix: Floats, path: Path) -> None:
    """Text with all digits, tab separated, as numpy.savetxt and mtag.py write it."""
    with atomic_file(path) as stream:
        np.savetxt(stream, matrix, delimiter="\t")


def _write_correlations(result: MtagResult, path: Path) -> None:
    """Genetic correlation of every pair with its standard error, one line a pair."""
    rows = [
        {
            "trait_1": result.trait_names[i],
            "trait_2": result.trait_names[j],
            "rg": float(result.genetic_correlation[i, j]),
            "rg_se": float(result.genetic_correlation_se[i, j]),
            "omega": float(result.omega[i, j]),
            "omega_se": float(result.omega_se[i, j]),
            "sigma": float(result.sigma[i, j]),
            "sigma_se": float(result.sigma_se[i, j]),
        }
        for i in range(result.n_traits)
        for j in range(i, result.n_traits)
    ]
    write_delimited(pl.DataFrame(rows), path)


def write_grid(found: MaxFDRGrid, request: Request) -> None:
    """mtag.py's two files: the feasible points and the FDR of every trait there."""
    if request.out is None:
        return
    if found.fdr is not None and found.probabilities is not None:
        points, fdr = found.probabilities, found.fdr
    else:
        # A grid too large to keep: the points where the maxima lie.
        log.info(
            "The grid is too large to write whole; %s holds each trait's maximum",
            request.path("_fdr_mat.txt"),
        )
        points, fdr = found.at, np.diag(found.maximum)
    write_matrix(points, request.path("_prob_grid.txt"))
    write_matrix(fdr, request.path("_fdr_mat.txt"))
    log.info("Saved the FDR at every grid point in %s", request.path("_fdr_mat.txt"))


def write_optimum(table: pl.DataFrame, request: Request) -> None:
    """maxFDR of each trait by optimisation, the point, and how sure the search is of it."""
    if request.out is not None:
        write_delimited(table, request.path("_maxfdr_optimum.tsv"))


def write_extras(result: MtagResult, request: Request) -> None:
    """Store, GWAS-SSF files and figures, where asked for."""
    from postgwas.mtag.staging import leftovers

    old = leftovers(request, final_names(request, result.options, result.trait_names))
    if old:
        log.warning("of an earlier run, not of this one: %s", ", ".join(map(str, old)))
    if request.store is not None:
        keys = write_store(
            result, request.store, overwrite=request.overwrite, genome_build=request.genome_build,
            name=request.store_name,
        )  # fmt: skip
        log.info("Stored %s in %s", ", ".join(keys), request.store)
    if request.out is None:
        return
    if request.ssf:
        for t, name in enumerate(result.trait_names):
            _write_ssf(result, t, request.path(f"_{name}.ssf.tsv.gz"), str(request.genome_build))
    if request.figures:
        from postgwas.plot.saving import save_figure

        for name in result.trait_names:
            log.info("Drew %s", save_figure(result.plot(name), request.path(f"_{name}.png")))
        if result.n_traits > 1 and not result.options.equal_h2:
            log.info("Drew %s", save_figure(result.plot_correlations(), request.path("_rg.png")))


def write_store(
    result: MtagResult,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    genome_build: str | None = None,
    name: str | None = None,
) -> list[str]:
    """Tables, matrices and maxFDR with provenance; returns the keys written."""
    from postgwas.store.provenance import Provenance
    from postgwas.store.study import Study

    study = Study.open(path, create=True)
    parameters = asdict(result.options)
    wall = sum(seconds for seconds, _ in result.timings.values())
    files = _files_read(result)

    def made(**rows: Any) -> Provenance:
        return Provenance.collect(
            parameters=parameters, inputs=files, wall_seconds=wall, seed=result.options.seed, **rows
        )

    keys = []
    for t, (trait, summary) in enumerate(zip(result.trait_names, result.summaries)):
        known: Any = result.provenance.get(trait, {})
        rows = {k: known[k] for k in ("rows_in", "rows_out", "dropped") if k in known}
        key = f"mtag/{trait}"
        study.write_table(
            key,
            stored_frame(result, t),
            kind="mtag-results",
            attrs={
                **asdict(summary),
                "trait": trait,
                "effect_allele": "EA",
                "warnings": result.warnings,
                **({"genome_build": genome_build} if genome_build else {}),
            },
            units={
                "BETA": summary.unit,
                "SE": summary.unit,
                "N": f"people ({summary.n_kind})",
                "MLOG10P": "-log10 P",
            },
            provenance=made(**rows),
            overwrite=overwrite,
        )
        keys.append(key)
    study.write_arrays(
        matrix_key("covariances", name),
        {
            "omega": result.omega, "omega_se": result.omega_se, "sigma": result.sigma,
            "sigma_se": result.sigma_se, "genetic_correlation": result.genetic_correlation,
            "genetic_correlation_se": result.genetic_correlation_se, "traits": list(result.trait_names),
        },
        kind="mtag-covariances",
        attrs={"omega_unit": "genetic covariance per variant, standardised", "summary": result.summary()},
        provenance=made(),
        overwrite=overwrite,
    )  # fmt: skip
    keys.append(matrix_key("covariances", name))
    if result.max_fdr is not None:
        arrays = {"max_fdr": result.max_fdr, "at": result.fdr.at, "traits": list(result.trait_names)}
        study.write_arrays(
            matrix_key("maxfdr", name), arrays, kind="mtag-maxfdr", provenance=made(),
            attrs={"method": result.options.fdr_method}, overwrite=overwrite,
        )  # fmt: skip
        keys.append(matrix_key("maxfdr", name))
    return keys


def _files_read(result: MtagResult) -> list[str]:
    """Every file whose content decided the numbers: traits, lists, matrices, LD scores."""
    options = result.options
    files = [s.source for s in result.summaries] + [*options.include, *options.exclude]
    files += [
        file for file in (options.gencov_path, options.residcov_path, options.grid_file) if file is not None
    ]
    files += options.dialect_files
    if options.residcov_path is None and options.ld_ref_panel is not None:
        from postgwas.ld.panel import locate_panel

        panel = locate_panel(options.ld_ref_panel)[1]
        files += map(str, (*panel.scores, *panel.counts(".l2.M_5_50")))
    return [file for file in dict.fromkeys(files) if Path(file).is_file()]


def stored_frame(result: MtagResult, trait: int) -> pl.DataFrame:
    """One trait's table under the store's names, in genome order, -log10 P beside Z."""
    from postgwas.sumstats.derive import mlog10p_from_z

    frame = result.frame(trait, order="genome")
    renamed = {
        "SNP": "SNPID", "BP": "POS", "A1": "EA", "A2": "NEA", "FRQ": "EAF", "Z": "GWAS_Z",
        "mtag_beta": "BETA", "mtag_se": "SE", "mtag_z": "Z",
    }  # fmt: skip
    frame = frame.rename({old: new for old, new in renamed.items() if old in frame.columns}).drop("mtag_pval")
    frame = frame.with_columns(
        MLOG10P=pl.Series(mlog10p_from_z(frame["Z"].to_numpy())),
        EA=pl.col("EA").cast(pl.String),
        NEA=pl.col("NEA").cast(pl.String),
    )
    if "CHR" in frame.columns and frame["CHR"].dtype == pl.String:
        rows = np.flatnonzero(result.aligned.present[:, trait])
        codes = pl.Series(result.aligned.chr[rows])  # type: ignore[index]
        frame = frame.with_columns(CHR=codes.set(codes == 0, None))
    return frame


def _write_ssf(result: MtagResult, trait: int, path: Path, build: str) -> None:
    from postgwas.sumstats.ssf import write_ssf

    summary = result.summaries[trait]
    written = write_ssf(
        stored_frame(result, trait),
        path,
        {
            "genome_assembly": build,
            "trait_description": [summary.name],
            "samples": [{"sample_size": round(summary.n_max)}],
            "author_notes": (
                f"MTAG estimates of {summary.name} from {', '.join(result.trait_names)}; "
                f"GWAS-equivalent N {summary.gwas_equivalent_n:.0f}; effects in {summary.unit}"
            ),
        },
    )
    left_out = f", {written.n_left_out:,} without a place or frequency left out" if written.n_left_out else ""
    log.info("Wrote %s: %s rows%s", path.name, f"{written.n_variants:,}", left_out)
