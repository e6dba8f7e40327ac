"""A study that runs in seconds: two traits of one ancestry, one tissue, three short regions."""

from __future__ import annotations

from pathlib import Path

TINY_YAML = """\
study:
  name: tiny
  build: GRCh38
  seed: 4

reference:
  variants: reference/variants.vcf.gz
  af_field: AF_{ancestry}
  gtf: expression/genes.gtf

ancestries:
  EUR: {genotypes: genotypes/EUR.pgen}

gwas:
  - {trait: LDL, ancestry: EUR, file: gwas/EUR_LDL.regenie.gz}
  - {trait: TG, ancestry: EUR, file: gwas/EUR_TG.regenie.gz}

expression:
  lcl:
    counts: expression/counts.tsv.gz
    genotypes: genotypes/expressed.pgen
    samples: expression/samples.tsv
    covariates: [sex]
    factors: 1
    genotype_pcs: 2

steps:
  harmonise: {no_report: true}
  ld_scores: {ld_wind_kb: 100}
  h2: {n_blocks: 12}
  rg: false
  mtag: {n_blocks: 12, median_z_cutoff: 1}
  finemap: false
  coloc: false
  report: false
  genotypes_qc: false
  genotypes_prune: {maf_min: 0.05}
  genotypes_pca: {n_axes: 3}
  eqtl_permute: {window: 100000, maf_min: 0.05, permutations: 100, qvalue_method: bh}
  eqtl_cis: false
  eqtl_independent: false
  eqtl_finemap: {window: 100000, maf_min: 0.05}
"""

#: Its steps, in order.
STEPS = [
    "harmonise/EUR_LDL", "harmonise/EUR_TG", "ld_scores/EUR", "h2/EUR_LDL", "h2/EUR_TG", "mtag/EUR",
    "genotypes_prune/lcl", "genotypes_pca/lcl", "expression_prepare/lcl", "expression_peer/lcl",
    "expression_covariates/lcl", "eqtl_permute/lcl", "eqtl_finemap/lcl",
]  # fmt: skip


def edit(folder: Path, old: str, new: str) -> None:
    """Change its study.yaml."""
    path = folder / "study.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
