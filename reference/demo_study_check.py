"""What a run of the demo study found of what was planted in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from postgwas.store.study import Study

#: -log10 P of a locus.
_GENOME_WIDE = 7.30103
#: Posterior from which a gene is said to share its signal.
_SHARED = 0.8


@dataclass(frozen=True)
class Comparison:
    """One table of planted beside found.

    Attributes
    ----------
    title : str
    columns : tuple of str
    rows : list of tuple of str
    summary : str
        What the table comes to, in a sentence.
    n_left : int
        Columns that are words.
    share : float
        Of what was planted, what was found; NaN where nothing was looked for.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    summary: str
    n_left: int
    share: float


def compare_study(store: Path, truth: Path) -> list[Comparison]:
    """Hold a store's results against the truth; analyses that were not run have no table.

    Parameters
    ----------
    store : Path
    truth : Path
        The folder ``truth`` of the demo study.

    Returns
    -------
    list of Comparison
    """
    import polars as pl

    from postgwas.store.study import Study

    study = Study.open(store)
    keys = {entry.key for entry in study.ls()}
    traits = json.loads((truth / "traits.json").read_text())
    causal = pl.read_csv(truth / "causal.tsv", separator="\t", schema_overrides={"CHR": pl.String})
    eqtls = pl.read_csv(truth / "eqtls.tsv", separator="\t")
    genes = pl.read_csv(truth / "genes.tsv", separator="\t")
    found = [
        _heritability(study, keys, traits),
        _gain(study, keys, traits),
        _mama(study, keys, traits),
        _loci(study, keys, traits, causal),
        _egenes(study, keys, eqtls, genes),
        _fold_changes(study, keys, eqtls),
        _shared_genes(study, keys, traits, genes),
    ]
    return [one for one in found if one is not None]


def _heritability(study: Study, keys: set[str], truth: dict[str, Any]) -> Comparison | None:
    rows: list[tuple[str, ...]] = []
    near: list[bool] = []
    for ancestry, true in truth["ancestries"].items():
        for trait, value in zip(truth["traits"], true["h2"]):
            key = f"ldsc/h2/{ancestry}_{trait}/summary"
            if key in keys:
                one = study.read_polars(key).row(0, named=True)
                rows.append(_estimate(f"h2 of {trait}, {ancestry}", value, one["H2"], one["H2_SE"], near))
        if f"ldsc/rg/{ancestry}" in keys:
            one = study.read_polars(f"ldsc/rg/{ancestry}").row(0, named=True)
            rows.append(_estimate(f"rg, {ancestry}", true["rg"], one["rg"], one["se"], near))
    if not rows:
        return None
    summary = f"{sum(near)} of {len(near)} lie within 2 standard errors of the truth."
    columns = ("", "truth", "estimate", "SE", "(estimate - truth) / SE")
    return Comparison("Heritability and genetic correlation", columns, rows, summary, 1, _share(near))


def _estimate(name: str, true: float, found: float, se: float, near: list[bool]) -> tuple[str, ...]:
    away = (found - true) / se
    near.append(abs(away) <= 2)
    return name, f"{true:.3f}", f"{found:.3f}", f"{se:.3f}", f"{away:+.2f}"


def _gain(study: Study, keys: set[str], truth: dict[str, Any]) -> Comparison | None:
    rows: list[tuple[str, ...]] = []
    better: list[bool] = []
    for ancestry in truth["ancestries"]:
        for trait in truth["traits"]:
            if f"mtag/{ancestry}_{trait}" not in keys:
                continue
            one = study.attrs(f"mtag/{ancestry}_{trait}")
            better.append(one["mtag_mean_chi2"] > one["gwas_mean_chi2"])
            rows.append(
                (
                    f"{trait}, {ancestry}",
                    f"{one['gwas_mean_chi2']:.3f} -> {one['mtag_mean_chi2']:.3f}",
                    f"{one['n_max']:,.0f} -> {one['gwas_equivalent_n']:,.0f}",
                )
            )
    if not rows:
        return None
    summary = (
        f"Mean chi-square rose in {sum(better)} of {len(better)}: correlated traits lend each other power."
    )
    columns = ("MTAG", "mean chi2 / Sigma", "N -> GWAS-equivalent N")
    return Comparison("What MTAG gained", columns, rows, summary, 1, _share(better))


def _mama(study: Study, keys: set[str], truth: dict[str, Any]) -> Comparison | None:
    """Mean chi-square of the variants that all ancestries have, before and after."""
    rows: list[tuple[str, ...]] = []
    better: list[bool] = []
    for trait in truth["traits"]:
        for ancestry in truth["ancestries"]:
            key, before = f"meta/mama/{trait}/{ancestry}_{trait}", f"sumstats/{ancestry}_{trait}"
            if key not in keys or before not in keys:
                continue
            joint = study.read_polars(key, ["SNPID", "Z"])
            both = joint.join(study.read_polars(before, ["SNPID", "Z"]), on="SNPID", suffix="_GWAS")
            own, after = (float(np.mean(both[name].to_numpy() ** 2)) for name in ("Z_GWAS", "Z"))
            better.append(after > own)
            rows.append((f"{trait}, {ancestry}", f"{both.height:,}", f"{own:.3f} -> {after:.3f}"))
    if not rows:
        return None
    summary = f"Mean chi-square rose in {sum(better)} of {len(better)}: ancestries lend each other power."
    columns = ("MAMA", "variants", "mean chi2")
    return Comparison("What MAMA gained", columns, rows, summary, 1, _share(better))


def _loci(study: Study, keys: set[str], truth: dict[str, Any], causal: pl.DataFrame) -> Comparison | None:
    """Each planted large effect: -log10 P of its variant in each GWAS and in meta-analysis; credible sets."""
    import polars as pl

    ancestries = list(truth["ancestries"])
    tables = {key: study.read_polars(key) for key in keys if key.startswith(("sumstats/", "meta/fixed/"))}
    sets = {key: study.read_polars(key) for key in keys if key.startswith("finemap/sets/")}
    if not tables:
        return None
    rows: list[tuple[str, ...]] = []
    seen: list[bool] = []
    held: list[bool] = []
    for (region, kind, trait, snp), group in causal.group_by(
        ["region", "kind", "trait", "SNPID"], maintain_order=True
    ):
        cells = [_mlog10p(tables.get(f"sumstats/{one}_{trait}"), snp) for one in ancestries]
        joint = _mlog10p(tables.get(f"meta/fixed/{trait}"), snp)
        best = max((value for value in [*cells, joint] if value is not None), default=0.0)
        seen.append(best >= _GENOME_WIDE)
        holding = []
        for one in group["ancestry"].to_list():
            table = sets.get(f"finemap/sets/{one}_{trait}")
            if table is None or table.is_empty():
                continue
            inside = table.filter(pl.col("VARIANTS").str.split(",").list.contains(str(snp)))
            holding += [f"{one} {size}" for size in inside["SIZE"].to_list()]
        held.append(bool(holding))
        words = (str(region), trait, str(kind), str(snp))
        rows.append((*words, ", ".join(holding) or "-", *map(_number, [*cells, joint])))
    summary = (
        f"{sum(seen)} of {len(seen)} are genome-wide significant; the causal variants of {sum(held)} "
        "are in credible sets."
    )
    columns = ("region", "trait", "planted", "causal variant", "held by credible sets (size)",
               *ancestries, "meta")  # fmt: skip
    return Comparison("Loci: -log10 P of the causal variants", columns, rows, summary, 5, _share(seen))


def _egenes(study: Study, keys: set[str], eqtls: pl.DataFrame, genes: pl.DataFrame) -> Comparison | None:
    key = next((one for one in sorted(keys) if one.startswith("qtl/cis_permutation/")), None)
    if key is None:
        return None
    table = study.read_polars(key)
    tested = set(table["phenotype_id"])
    called = set(table.filter(table["qval"] <= 0.05)["phenotype_id"])
    planted = set(eqtls["gene_id"])
    leads = dict(zip(table["phenotype_id"], table["variant_id"]))
    true_leads = dict(zip(eqtls["gene_id"], eqtls["SNPID"]))
    exact = sum(leads[gene] == true_leads[gene] for gene in planted & called)
    sets_key = key.replace("cis_permutation", "finemap")
    held = 0
    if sets_key in keys:
        members = study.read_polars(sets_key)
        pairs = set(zip(members["phenotype_id"], members["variant_id"]))
        held = sum((gene, true_leads[gene]) in pairs for gene in planted & called)
    rows: list[tuple[str, ...]] = [
        ("genes with an eQTL planted", f"{len(planted & tested)}"),
        ("of these called at a false discovery rate of 5 %", f"{len(planted & called)}"),
        ("called without an eQTL of their own", f"{len(called - planted)}"),
        ("leads that are the causal variant", f"{exact}"),
        ("credible sets that hold it", f"{held}"),
    ]
    summary = f"{len(planted & called)} of {len(planted & tested)} found, {len(called - planted)} false."
    share = len(planted & called) / max(len(planted & tested), 1)
    return Comparison("eQTLs", ("", "genes"), rows, summary, 1, share)


def _fold_changes(study: Study, keys: set[str], eqtls: pl.DataFrame) -> Comparison | None:
    """Allelic fold changes of signals whose variant is the causal one."""
    import polars as pl

    key = next((one for one in sorted(keys) if one.startswith("qtl/afc/")), None)
    if key is None:
        return None
    found = study.read_polars(key).fill_nan(None).drop_nulls(["log2_aFC", "log2_aFC_lower"])
    planted = eqtls.select(
        "SNPID", "EA", pl.col("gene_id").alias("phenotype_id"), pl.col("log2_aFC").alias("truth")
    )
    both = found.join(planted, on=["phenotype_id", "SNPID"], maintain_order="left")
    if both.is_empty():
        return None
    sign = pl.when(pl.col("EA") == pl.col("effect_allele")).then(1.0).otherwise(-1.0)
    both = both.with_columns(pl.col("truth") * sign)
    true, value = both["truth"].to_numpy(), both["log2_aFC"].to_numpy()
    inside = both["truth"].is_between(both["log2_aFC_lower"], both["log2_aFC_upper"]).to_list()
    rows: list[tuple[str, ...]] = [
        ("signals whose variant is the causal one", f"{both.height}"),
        ("95 % intervals that hold the truth", f"{sum(inside)}"),
        ("mean difference from the truth (log2)", f"{float(np.mean(value - true)):+.3f}"),
        ("standard deviation of it", f"{float(np.std(value - true)):.3f}"),
        ("standard deviation of the truth", f"{float(np.std(true)):.3f}"),
    ]
    summary = f"{sum(inside)} of {len(inside)} intervals hold the fold change that was planted."
    return Comparison("Allelic fold changes", ("", "value"), rows, summary, 1, _share(inside))


def _shared_genes(
    study: Study, keys: set[str], truth: dict[str, Any], genes: pl.DataFrame
) -> Comparison | None:
    import polars as pl

    tables = {key.split("/")[-1]: study.read_polars(key) for key in keys if key.startswith("coloc/genes/")}
    if not tables:
        return None
    groups = [*truth["ancestries"], "meta"]
    rows: list[tuple[str, ...]] = []
    right: list[bool] = []
    for gene in genes.iter_rows(named=True):
        for trait in gene["traits"].split(","):
            values: list[float | None] = []
            for group in groups:
                table = next((t for name, t in tables.items() if name.startswith(f"{group}_{trait}_")), None)
                found = None if table is None else table.filter(pl.col("phenotype_id") == gene["gene_id"])
                values.append(None if found is None or found.is_empty() else found["PP.H4"].to_list()[0])
            best = max((v for v in values if v is not None and v == v), default=0.0)
            right.append((best >= _SHARED) == (gene["kind"] == "shared"))
            rows.append((gene["gene_name"], trait, gene["kind"], *map(_posterior, values)))
    summary = f"{sum(right)} of {len(right)} told rightly at PP.H4 of {_SHARED} in any of them."
    columns = ("gene", "trait", "planted", *groups)
    title = "Genes that share a causal variant with a trait: PP.H4"
    return Comparison(title, columns, rows, summary, 3, _share(right))


def _mlog10p(table: pl.DataFrame | None, snp: object) -> float | None:
    if table is None:
        return None
    found = table.filter(table["SNPID"] == str(snp))["MLOG10P"]
    return None if found.is_empty() else float(found[0])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _posterior(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.3f}"


def _share(flags: list[bool]) -> float:
    return sum(flags) / len(flags) if flags else float("nan")
