"""The quick demo: MTAG of three traits whose Omega and Sigma are known.

Three genetically correlated traits with sample overlap are simulated on a simulated LD score panel, written
as raw files in three programs' formats with everyday faults, and put through `postgwas mtag`: results,
maxFDR, figures and the store.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from postgwas.cli.options import engine_arguments

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from postgwas.mtag.results import MtagResult
    from postgwas.reference.demo import DemoStudy
    from postgwas.reference.demo_check import Effects, FloatArray


def run(args: argparse.Namespace) -> int:
    """Simulate, run MTAG, compare with the truth, list the files."""
    from rich.console import Console

    from postgwas.errors import UsageError
    from postgwas.mtag.run import mtag
    from postgwas.reference.demo import SEED, write_demo

    if args.seed is not None and args.seed < 0:
        raise UsageError(f"--seed {args.seed}: expected 0 or more")
    where = engine_arguments(args)
    folder = Path(args.out)
    seed = SEED if args.seed is None else args.seed
    console = Console(quiet=args.quiet, highlight=False)
    if not console.is_terminal:
        # Tables keep their columns in a log file or a pipe.
        console = Console(quiet=args.quiet, highlight=False, width=100)
    console.print(f"Simulating three traits (seed {seed}) into {folder}/raw")
    study = write_demo(folder / "raw", seed=seed, overwrite=args.overwrite)
    for path in study.sumstats:
        console.print(f"  {path}", soft_wrap=True)
    result = mtag(
        study.sumstats,
        ld_ref_panel=study.ld_ref_panel,
        out=folder / "mtag",
        trait_names=study.truth.trait_names,
        fdr=True,
        store=folder / "study.h5",
        figures=True,
        overwrite=args.overwrite,
        quiet=args.quiet,
        **where,
    )
    report(console, study, result)
    list_files(console, folder)
    return 0


def report(console: Console, study: DemoStudy, result: MtagResult) -> None:
    """Print estimates beside the truth."""
    from postgwas.reference.demo_check import compare_effects, deviations

    away = deviations(
        study,
        omega=result.omega,
        omega_se=result.omega_se,
        rg=result.genetic_correlation,
        rg_se=result.genetic_correlation_se,
        sigma=result.sigma,
        sigma_se=result.sigma_se,
    )
    pairs = [(i, j) for i in range(result.n_traits) for j in range(i)]
    elements = [(i, j) for i in range(result.n_traits) for j in range(i + 1)]
    truth = study.truth
    console.print()
    console.print(
        _matrix_table(
            "Genetic correlations", result.trait_names, pairs, truth.rg,
            result.genetic_correlation, result.genetic_correlation_se, away.rg, "{:.3f}",
        )
    )  # fmt: skip
    console.print(
        _matrix_table(
            "Omega: genetic covariance per SNP (truth: mean LD score x true covariance)",
            result.trait_names, elements, truth.omega, result.omega, result.omega_se, away.omega, "{:.3e}",
        )
    )  # fmt: skip
    console.print(
        _matrix_table(
            "Sigma: covariance of estimation errors (off the diagonal: shared samples)",
            result.trait_names, elements, truth.sigma, result.sigma, result.sigma_se, away.sigma, "{:.4f}",
        )
    )  # fmt: skip
    near, total = away.counts()
    console.print(
        f"{near} of {total} estimates lie within 2 standard errors of the truth "
        "(95 % would be\nexpected to).\n"
    )

    aligned = result.aligned
    table = result.frame(0, order="genome")
    gwas = aligned.z / aligned.n**0.5
    effects = compare_effects(
        study, table["SNP"].to_numpy(), table["A1"].to_numpy(), table["A2"].to_numpy(), gwas, result.beta
    )
    console.print(_trait_table(result, effects))


def _matrix_table(
    title: str,
    names: list[str],
    cells: list[tuple[int, int]],
    truth: FloatArray,
    estimate: FloatArray,
    se: FloatArray,
    away: FloatArray,
    form: str,
) -> Table:
    table = _table(title, ["traits"], ["truth", "estimate", "SE", "(estimate - truth) / SE"])
    for i, j in cells:
        label = names[i] if i == j else f"{names[j]}, {names[i]}"
        numbers = [form.format(matrix[i, j]) for matrix in (truth, estimate, se)]
        table.add_row(label, *numbers, f"{away[i, j]:+.2f}")
    return table


def _trait_table(result: MtagResult, effects: Effects) -> Table:
    columns = [one.name for one in result.summaries]
    table = _table(f"What MTAG gained ({effects.n_variants:,} SNPs)", [""], columns)

    def arrow(before: float, after: float, form: str) -> str:
        return f"{form.format(before)} -> {form.format(after)}"

    rows = {
        "mean chi2 / Sigma": [
            arrow(one.gwas_mean_chi2, one.mtag_mean_chi2, "{:.3f}") for one in result.summaries
        ],
        "N -> GWAS-equivalent N": [
            arrow(one.n_max, one.gwas_equivalent_n, "{:,.0f}") for one in result.summaries
        ],
        "SNPs with P < 5e-8": [
            arrow(one.n_significant_gwas, one.n_significant_mtag, "{:,}") for one in result.summaries
        ],
        "r with true effects": [
            arrow(a, b, "{:.3f}") for a, b in zip(effects.correlation_gwas, effects.correlation_mtag)
        ],
        "mean squared error": [arrow(a, b, "{:.2e}") for a, b in zip(effects.mse_gwas, effects.mse_mtag)],
    }
    if result.max_fdr is not None:
        rows["maxFDR"] = [f"{value:.4f}" for value in result.max_fdr]
    for name, values in rows.items():
        table.add_row(name, *values)
    return table


def _table(title: str, left: list[str], right: list[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in left:
        table.add_column(heading)
    for heading in right:
        table.add_column(heading, justify="right")
    return table


def list_files(console: Console, folder: Path) -> None:
    """Print what was written, with sizes; the panel and the store's parts in one line each."""
    table = _table(f"Written to {folder}", ["file"], ["size"])
    sizes: dict[str, int] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            relative = path.relative_to(folder)
            inner = next((p for p in relative.parts[:-1] if p.endswith((".parts", "_ld_chr"))), None)
            cut = relative.parts.index(inner) + 1 if inner else None
            key = str(relative) if cut is None else str(Path(*relative.parts[:cut])) + "/"
            sizes[key] = sizes.get(key, 0) + path.stat().st_size
    for name, size in sizes.items():
        table.add_row(name, f"{size / 1e6:.2f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB")
    console.print(table)
    store = folder / "study.h5"
    if store.exists():
        console.print(
            f"Ask the store: postgwas store query {store} --region 1:1000000-3000000", soft_wrap=True
        )
