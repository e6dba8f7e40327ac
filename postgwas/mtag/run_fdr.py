"""maxFDR in a run: the grid or the optimiser, spread over workers, written beside the results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from postgwas.compute.engine import Engine
from postgwas.errors import InputError
from postgwas.mtag.maxfdr_grid import MaxFDRGrid, bad_rows, combine, grid_tasks, scan
from postgwas.mtag.maxfdr_lattice import count_points
from postgwas.mtag.options import MtagOptions
from postgwas.mtag.spike_slab import fit_spike_slab
from postgwas.progress import progress
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    from postgwas.mtag.results import MtagResult
    from postgwas.mtag.run_outputs import Request

log = get_logger(__name__)

Floats = NDArray[np.float64]


def search_max_fdr(result: MtagResult, request: Request, eng: Engine) -> MtagResult:
    """Add maxFDR to a result and write its files."""
    aligned = result.aligned
    rows = aligned.present.all(axis=1)
    z, n = (aligned.z, aligned.n) if rows.all() else (aligned.z[rows], aligned.n[rows])
    maximum, found = max_fdr(
        result.omega, result.sigma, z, n, result.trait_names, result.options, request, eng
    )
    return replace(result, max_fdr=maximum, fdr=found)


def max_fdr(
    omega: Floats,
    sigma: Floats,
    z: Floats,
    n: Floats,
    names: list[str],
    options: MtagOptions,
    request: Request,
    eng: Engine,
) -> tuple[Floats, Any]:
    """Search, log and write; `--skip_mtag` comes in here."""
    from postgwas.mtag.run_outputs import write_grid, write_optimum

    sizes, counts = sample_sizes(n, options)
    if options.fdr_method == "optimise":
        from postgwas.compute.checkpoint import clear
        from postgwas.mtag.run_fdr_optimise import optimise, optimum_table

        checkpoint = None if request.out is None else request.path(".maxfdr_checkpoint")
        best = optimise(omega, sigma, sizes, counts, names, options, checkpoint, eng)
        write_optimum(optimum_table(best, names), request)
        if checkpoint is not None:
            clear(checkpoint)
        return best.maximum, best
    found = _grid(omega, sigma, z, n, sizes, counts, options, eng)
    for t, name in enumerate(names):
        probabilities = np.array2string(found.at[t], precision=4, max_line_width=10_000)
        log.info("Max FDR of %s: %.12g at probs = %s", name, found.maximum[t], probabilities)
    write_grid(found, request)
    return found.maximum, found


def sample_sizes(n: Floats, options: MtagOptions) -> tuple[Floats, Floats | None]:
    """The mean N of each trait (mtag.py's), or every distinct row of N with its count."""
    if options.n_approx:
        # Sorted, so that the order of rows cannot touch the last bit.
        return np.sort(n, axis=0).mean(axis=0), None
    rows, counts = np.unique(n, axis=0, return_counts=True)
    log.info("Exact N: %s distinct combinations; the search costs as many times more", f"{len(rows):,}")
    return rows, counts.astype(np.float64)


def _grid(
    omega: Floats,
    sigma: Floats,
    z: Floats,
    n: Floats,
    sizes: Floats,
    counts: Floats | None,
    options: MtagOptions,
    eng: Engine,
) -> MaxFDRGrid:
    causal = None
    if options.fit_ss:
        fit = fit_spike_slab(z, n)
        causal = fit.causal
        listed = ", ".join(f"trait {t + 1}: {p:.3f}" for t, p in enumerate(causal))
        log.info("Spike-slab causal probabilities: %s", listed)
    points = read_grid(options.grid_file, len(omega)) if options.grid_file else None
    size = len(points) if points is not None else count_points(len(omega), options.intervals)
    log.info("maxFDR: %s grid points to search", f"{size:,}")
    tasks = grid_tasks(
        omega, sigma, sizes, counts=counts, intervals=options.intervals, p_sig=options.p_sig, grid=points,
        causal=causal, rounding=options.compat, n_tasks=1 if eng.cores == 1 else 4 * eng.cores,
    )  # fmt: skip
    if len(tasks) == 1:
        with progress("maxFDR grid", total=size) as advance:
            parts = [scan(tasks[0], advance=advance)]
    else:
        parts = eng.map(scan, tasks, label="maxFDR grid")
    found = combine(parts)
    log.info("maxFDR: %s of %s grid points are feasible", f"{found.n_feasible:,}", f"{found.n_points:,}")
    return found


def read_grid(path: str, n_traits: int) -> Floats:
    """Points of --grid_file: one a line, 2^T probabilities; lines that are none are left out by name.

    Raises
    ------
    InputError
    """
    file = Path(path)
    if not file.exists():
        raise InputError(f"--grid_file {path}: no such file")
    try:
        lines = [
            line for line in file.read_text().replace(",", " ").splitlines() if line.split("#")[0].strip()
        ]
        if not lines:
            raise InputError(f"--grid_file {path} is empty; expected one point a line")
        points = np.loadtxt(lines, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(f"--grid_file {path} is not a table of numbers: {error}") from None
    if points.shape[1] != 2**n_traits:
        raise InputError(
            f"--grid_file {path} has {points.shape[1]} columns; expected {2**n_traits}, one for each set of "
            f"the {n_traits} traits"
        )
    bad = dict(bad_rows(points, n_traits))
    for row, why in bad.items():
        log.warning("--grid_file %s: row %d %s and is left out", path, row, why)
    keep = np.array([row + 1 not in bad for row in range(len(points))])
    if not keep.any():
        raise InputError(f"--grid_file {path}: no row is a vector of probabilities")
    return np.asarray(points[keep], dtype=np.float64)


@dataclass(frozen=True)
class EarlierResults:
    """What --skip_mtag finds: matrices, and Z and N of every trait."""

    omega: Floats
    sigma: Floats
    z: Floats
    n: Floats
    names: list[str]


def read_results(out: str) -> EarlierResults:
    """The files of an earlier run under this prefix.

    Raises
    ------
    InputError
        Files are missing, or their rows differ (--meta_format).
    """
    from postgwas.mtag.matrix_file import read_matrix

    paths: list[Path] = []
    while (path := Path(f"{out}_trait_{len(paths) + 1}.txt")).exists():
        paths.append(path)
    if not paths:
        raise InputError(
            f"--skip_mtag: {out}_trait_1.txt does not exist; expected the files of an earlier run",
            hint="--out is the prefix of that run",
        )
    columns: list[tuple[Floats, Floats]] = []
    ids: list[pl.Series] = []
    for path in paths:
        try:
            frame = pl.read_csv(path, separator="\t", null_values="NA", infer_schema_length=None)
        except pl.exceptions.PolarsError as error:
            raise InputError(
                f"--skip_mtag: {path} is not a table of results: {str(error).splitlines()[0]}",
                hint="run without --skip_mtag once more",
            ) from None
        by_name = {name.upper(): name for name in frame.columns}
        if "Z" not in by_name or "N" not in by_name:
            raise InputError(f"{path}: expected columns Z and N, found {', '.join(frame.columns)}")
        z, n = (frame[by_name[name]].cast(pl.Float64, strict=False).to_numpy() for name in ("Z", "N"))
        if not len(z) or not (np.isfinite(z).all() and np.isfinite(n).all()):
            raise InputError(
                f"--skip_mtag: {path}: expected rows with numbers in columns Z and N",
                hint="run without --skip_mtag once more",
            )
        columns.append((z, n))
        ids.append(frame[by_name["SNP"]] if "SNP" in by_name else pl.Series([], dtype=pl.String))
    if any(not one.equals(ids[0]) for one in ids):
        raise InputError(
            f"--skip_mtag: the {len(paths)} result files under {out} have different SNPs; "
            "results of --meta_format cannot be used"
        )
    omega = read_matrix(f"{out}_omega_hat.txt", len(paths), name="Omega")
    sigma = read_matrix(f"{out}_sigma_hat.txt", len(paths), name="Sigma")
    names = [f"trait {t}" for t in range(1, len(paths) + 1)]
    return EarlierResults(
        omega,
        sigma,
        np.column_stack([z for z, _ in columns]),
        np.column_stack([n for _, n in columns]),
        names,
    )
