"""The study.yaml that the demo study leaves."""

DEMO_YAML = """\
# The demo study of postgwas: simulated, so that what is found can be held against what was planted (truth/).
# Change a line and run it again: only what depends on the line is done.
#
#     postgwas run study.yaml --dry_run      what would be done, and why
#     postgwas run study.yaml --cores 2

study:
  name: demo
  out: results
  build: GRCh38
  seed: 1                       # of permutations

reference:
  variants: reference/variants.vcf.gz
  af_field: AF_{ancestry}       # AF_EUR for EUR, and so on
  gtf: expression/genes.gtf

# Genotypes are the LD reference, for LD scores and fine-mapping; ld_scores: eur_w_ld_chr takes a panel.
ancestries:
  AFR: {genotypes: genotypes/AFR.pgen}
  EUR: {genotypes: genotypes/EUR.pgen}
  EAS: {genotypes: genotypes/EAS.pgen}

# Any program's format; n: and columns: where a file does not say.
gwas:
  - {trait: LDL, ancestry: AFR, file: gwas/AFR_LDL.tsv.gz}
  - {trait: LDL, ancestry: EUR, file: gwas/EUR_LDL.regenie.gz}
  - {trait: LDL, ancestry: EAS, file: gwas/EAS_LDL.glm.linear.gz}
  - {trait: TG, ancestry: AFR, file: gwas/AFR_TG.tsv.gz}
  - {trait: TG, ancestry: EUR, file: gwas/EUR_TG.regenie.gz}
  - {trait: TG, ancestry: EAS, file: gwas/EAS_TG.glm.linear.gz}

expression:
  lcl:
    counts: expression/counts.tsv.gz
    genotypes: genotypes/expressed.pgen
    samples: expression/samples.tsv
    covariates: [sex]           # columns of samples
    factors: 5                  # hidden ones (PEER)
    genotype_pcs: 3

# Flags of each step's command (postgwas h2 --help is postgwas ldsc --help); false leaves a step out.
steps:
  harmonise: {no_report: true}  # the study's own page has it all
  ld_scores: {ld_wind_kb: 400}  # the regions are 1 Mb long
  h2: {n_blocks: 48, two_step: 2000}
  rg: {n_blocks: 48}
  mtag: {n_blocks: 48, fdr: true}   # maxFDR on the full grid: 286 points for two traits, a tenth of a second
  meta: {method: [fixed, random, mama]}   # also re2; mrmega where a trait has three GWAS more than axes
  # Nobody is in two GWAS, which MAMA is told: to estimate it takes more variants than there are here.
  mama: {reg_int_zero: true, reg_se2_ident: true, ld_weight_floor: 1}
  genotypes_prune: {maf_min: 0.05}
  genotypes_pca: {groups: expression/samples.tsv, group_column: ancestry}   # colours of the page's axes
  eqtl_cis: {window: 250000, maf_min: 0.05}
  eqtl_permute: {window: 250000, maf_min: 0.05, qvalue_method: bh}
  eqtl_independent: {window: 250000, maf_min: 0.05, permutations: 1000}
  eqtl_finemap: {window: 250000, maf_min: 0.05}
  # These are made where they are asked for; so are eqtl_trans, eqtl_interaction, and eqtl_sharing of tissues.
  eqtl_afc: true
  genotypes_fst: {group_column: ancestry}
  expression_variance: {group: ancestry, adjust: sex}
"""
