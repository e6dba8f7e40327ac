"""80 genes of 89 CEU people as the eQTL Catalogue published them (QTLtools 1.3.1, 1 Mb, 12 covariates).

QTLtools projects covariates out of the phenotype alone and tests with n - 2 degrees of freedom:
``compat="qtltools"``. The published figures have 6 digits; they rest on genotypes of which 3 genes' leads
differ by up to 0.3 % in slope.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.qtl import QtlInputOptions, cis_nominal, cis_permutation

pytestmark = pytest.mark.requires_shared


def _genotypes(folder: Path, out: Path) -> Path:
    """The dosages, which are all whole, as a VCF."""
    table = pl.read_csv(folder / "LCL.dose.tsv.gz", separator="\t")
    samples = table.columns[4:]
    call = np.array(["0/0", "0/1", "1/1"])[table.select(samples).to_numpy().round().astype(int)]
    head = ["##fileformat=VCFv4.2", '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    head += [f"##contig=<ID={name}>" for name in table["CHROM"].unique(maintain_order=True)]
    head.append(
        "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples])
    )
    ids = [f"chr{c}_{p}_{r}_{a}" for c, p, r, a in table.select("CHROM", "POS", "REF", "ALT").iter_rows()]
    places = table.select("CHROM", "POS", "REF", "ALT").iter_rows()
    lines = [
        "\t".join([str(c), str(p), name, r, a, ".", "PASS", ".", "GT", *row])
        for (c, p, r, a), name, row in zip(places, ids, call.tolist())
    ]
    out.write_text("\n".join([*head, *lines]) + "\n")
    return out


def _phenotypes(folder: Path, out: Path) -> Path:
    table = pl.read_csv(folder / "GEUVADIS_cqn.tsv", separator="\t")
    people = pl.read_csv(folder / "GEUVADIS_sample_metadata.tsv", separator="\t")
    names = dict(people.select("sample_id", "genotype_id").iter_rows())
    about = pl.read_csv(folder / "GEUVADIS_phenotype_metadata.tsv", separator="\t", infer_schema_length=0)
    about = about.with_columns(pl.col("phenotype_pos").cast(pl.Int64))
    runs = [name for name in table.columns[1:] if name in names]
    frame = about.join(table, on="phenotype_id").select(
        pl.col("chromosome").alias("#chr"), (pl.col("phenotype_pos") - 1).alias("start"),
        pl.col("phenotype_pos").alias("end"), "phenotype_id", *runs,
    )  # fmt: skip
    frame.rename({run: names[run] for run in runs}).write_csv(out, separator="\t")
    return out


@pytest.fixture(scope="module")
def files(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    folder, made = shared / "realdata/eqtl_geuvadis_ceu89", tmp_path_factory.mktemp("ceu89")
    bed = _phenotypes(folder, made / "cqn.bed")
    return _genotypes(folder, made / "geno.vcf"), bed, folder / "GEUVADIS_test_ge.covariates.txt"


def _published(shared: Path) -> pl.DataFrame:
    folder = shared / "realdata/eqtl_geuvadis_ceu89"
    table = pl.read_csv(folder / "GEUVADIS_test_ge.permuted.tsv.gz", separator="\t", infer_schema_length=None)
    return table.select(
        pl.col("molecular_trait_id").alias("phenotype_id"),
        pl.col("variant").alias("variant_id"),
        "pvalue",
        "beta",
    )


def test_published_leads(files: tuple[Path, Path, Path], shared: Path) -> None:
    options = QtlInputOptions(compat="qtltools", unmatched="drop")
    found = cis_nominal(*files, options=options).table
    both = _published(shared).join(found, on=["phenotype_id", "variant_id"])
    # One lead is in the file of dosages twice.
    assert (both.height, both["phenotype_id"].n_unique()) == (81, 80)
    apart = (both["slope"] / both["beta"] - 1).abs()
    assert apart.median() < 5e-4  # type: ignore[operator]
    assert apart.max() < 4e-3  # type: ignore[operator]
    assert (both["mlog10p"] + both["pvalue"].log10()).abs().max() < 0.01  # type: ignore[operator]


def test_the_full_model_gives_other_figures(files: tuple[Path, Path, Path], shared: Path) -> None:
    found = cis_nominal(*files, options=QtlInputOptions(unmatched="drop")).table
    both = _published(shared).join(found, on=["phenotype_id", "variant_id"])
    assert (both["mlog10p"] + both["pvalue"].log10()).abs().max() > 1.0  # type: ignore[operator]


def test_published_permutation_p(files: tuple[Path, Path, Path], shared: Path) -> None:
    """p_perm and p_beta of 1,000 permutations: within the errors of two such runs.

    Left out are the phenotypes whose leads' P differ, since they rest on other genotypes.
    """
    folder = shared / "realdata/eqtl_geuvadis_ceu89"
    published = pl.read_csv(folder / "GEUVADIS_test_ge.permuted.tsv.gz", separator="\t")
    published = published.rename({"molecular_trait_id": "phenotype_id"})
    options = QtlInputOptions(compat="qtltools", unmatched="drop")
    found = cis_permutation(*files, options=options, permutations=1000, seed=1)
    both = found.table.join(published, on="phenotype_id")
    assert both.height == 80
    both = both.filter((pl.col("pval_nominal") / pl.col("pvalue") - 1).abs() < 0.02)
    assert both.height >= 75
    many = both.filter(pl.col("p_beta") > 1e-3)
    apart = many["pval_beta"].log10() - many["p_beta"].log10()
    assert apart.abs().quantile(0.95) < 0.12 and abs(apart.mean()) < 0.02  # type: ignore[operator, arg-type]
    p = both["p_perm"].to_numpy()
    error = (both["pval_perm"].to_numpy() - p) / np.sqrt(2 * p * (1 - p) / 1000)
    assert 0.7 < error[p > 0.02].std() < 1.3
