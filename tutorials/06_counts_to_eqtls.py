# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From counts and genotypes to eQTLs
#
# Which variants change how much of a gene is made, how many of them are there, which ones are they, and
# by how much do they change it? Tutorial 5 ended with normalised expression and covariates. This one goes
# on from there: eGenes by permutations, independent signals, credible sets, fold changes, two populations
# held against each other, figures. The study is simulated, so that every step can be held to the truth.
# It runs in less than a minute.

# %%
import gzip
from pathlib import Path

import numpy as np
import polars as pl
from postgwas import expression, qtl
from postgwas.genotypes import Selection

folder = Path("tutorial_6")
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(6)

# %% [markdown]
# ## A study to work on
#
# 200 people of two populations, 150 genes on 5 chromosomes, 40 variants around each. Haplotypes are mosaics
# of eight founders, so that neighbouring variants are in LD: that is what makes eQTLs hard to pin down.

# %%
n_people, n_genes, per_gene = 200, 150, 40
people = [f"P{i:03d}" for i in range(n_people)]
population = np.repeat(["north", "south"], n_people // 2)


def mosaic(founders, weights, n):
    """Haplotypes that copy one founder after another, switching at one variant in ten."""
    n_variants = founders.shape[1]
    start = rng.choice(len(founders), size=(n, n_variants), p=weights)
    switch = rng.random((n, n_variants)) < 0.1
    switch[:, 0] = True
    last = np.maximum.accumulate(np.where(switch, np.arange(n_variants), 0), axis=1)
    return founders[np.take_along_axis(start, last, axis=1), np.arange(n_variants)]


haplotypes = []  # of each gene: people x 2 x variants
for _ in range(n_genes):
    blocks = rng.random((8, per_gene // 5)) < rng.uniform(0.25, 0.75, per_gene // 5)
    founders = (np.repeat(blocks, 5, axis=1) ^ (rng.random((8, per_gene)) < 0.08)).astype(int)
    parts = [mosaic(founders, rng.dirichlet(np.full(8, 5.0)), n_people) for _ in range(2)]
    haplotypes.append(np.concatenate([part.reshape(-1, 2, per_gene) for part in parts]))
calls = np.array(haplotypes).sum(axis=2).transpose(0, 2, 1)  # genes x variants x people

# %% [markdown]
# Half of the genes have one eQTL, and one in six has two. An allele changes what its own haplotype makes by a
# factor: that is the allelic fold change, and it is given here on the log2 scale. Counts also depend on
# three hidden factors, on sex, and on how deeply a sample was sequenced.

# %%
truth = []
fold = np.ones((n_genes, n_people, 2))
for gene in range(n_genes):
    varied = np.flatnonzero((calls[gene].mean(axis=1) > 0.3) & (calls[gene].mean(axis=1) < 1.7))
    for variant in rng.choice(varied, size=2 if gene % 6 == 0 else gene % 2, replace=False):
        effect = rng.choice([-1, 1]) * rng.uniform(0.5, 1.2)
        fold[gene] *= 2.0 ** (effect * haplotypes[gene][:, :, variant])
        truth.append({"phenotype_id": f"G{gene:03d}", "variant_id": f"rs{gene}_{variant}", "truth": effect})
truth = pl.DataFrame(truth)
print(f"{truth['phenotype_id'].n_unique()} of {n_genes} genes have an eQTL, {truth.height} eQTLs in all")

hidden = rng.normal(size=(3, n_people))
sex = rng.integers(0, 2, n_people)
log_rate = (
    rng.normal(5.0, 1.0, (n_genes, 1))
    + np.log(fold.mean(axis=2))
    + rng.normal(0, 0.3, (n_genes, 3)) @ hidden
    + rng.normal(0, 0.2, (n_genes, 1)) * sex
    + rng.normal(0, 0.45, (n_genes, n_people))
)
counts = rng.poisson(np.exp(log_rate) * rng.lognormal(0, 0.3, n_people))

# %% [markdown]
# They become files: counts, places of genes, phased genotypes, a sample sheet.


# %%
def write_table(path, header, rows):
    path.write_text("\n".join("\t".join(map(str, line)) for line in [header, *rows]) + "\n")


def place(gene):
    return f"chr{1 + gene // 30}", 1_000_000 * (1 + gene % 30)


genes = [f"G{gene:03d}" for gene in range(n_genes)]
rows = [[gene, *row] for gene, row in zip(genes, counts.tolist())]
write_table(folder / "counts.tsv", ["gene_id", *people], rows)
write_table(folder / "sheet.tsv", ["sample", "sex"], zip(people, np.array(["female", "male"])[sex]))
for name in ("north", "south"):
    chosen = np.array(people)[population == name]
    (folder / f"{name}.txt").write_text("\n".join(chosen) + "\n")
with open(folder / "genes.gtf", "w") as gtf:
    for number, gene in enumerate(genes):
        chromosome, start = place(number)
        what = f'gene_id "{gene}"; transcript_id "T{number}";'
        print(chromosome, "sim", "exon", start, start + 1999, ".", "+", ".", what, sep="\t", file=gtf)
with gzip.open(folder / "geno.vcf.gz", "wt") as vcf:
    print('##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">', file=vcf)
    for number in range(1, 6):
        print(f"##contig=<ID=chr{number}>", file=vcf)
    fixed = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]
    print(*fixed, *people, sep="\t", file=vcf)
    words = np.array([["0|0", "0|1"], ["1|0", "1|1"]])
    for gene in range(n_genes):
        chromosome, start = place(gene)
        for variant in range(per_gene):
            one, two = haplotypes[gene][:, :, variant].T
            where = start - 80_000 + 4_000 * variant
            record = [chromosome, where, f"rs{gene}_{variant}", "A", "G", ".", ".", ".", "GT"]
            print(*record, *words[one, two], sep="\t", file=vcf)

# %% [markdown]
# ## Expression and covariates
#
# In short, what tutorial 5 does at length: import with places of genes, filter and normalise, find hidden
# factors, put the covariates together.

# %%
quiet = {"overwrite": True, "quiet": True}
expression.import_expression(
    folder / "counts.tsv",
    out=folder / "study",
    options=expression.ImportOptions(gtf=str(folder / "genes.gtf")),
    **quiet,
)
expression.prepare(
    folder / "study.counts.parquet",
    out=folder / "study",
    options=expression.PrepareOptions(),
    figures=False,
    **quiet,
)
bed = folder / "study.expression.bed.gz"
expression.hidden_factor_files(
    bed, str(folder / "study"), options=expression.HiddenFactorOptions(n_factors=4), **quiet
)
made = expression.covariate_file(
    str(folder / "study"),
    options=expression.CovariateOptions(
        known=[str(folder / "sheet.tsv")], factors=str(folder / "study.peer_factors.txt")
    ),
    samples=str(bed),
    **quiet,
)
print(made.matrix.names)

# %% [markdown]
# ## One set of inputs for all analyses
#
# `load_inputs` brings genotypes, phenotypes and covariates into one order, and refuses (or, asked to, drops)
# samples that one of them lacks. What covariates explain is projected out of both sides later on: that is a
# regression on all of them with the right degrees of freedom.

# %%
options = qtl.QtlInputOptions(window=100_000, maf_min=0.05)
inputs = qtl.load_inputs(folder / "geno.vcf.gz", bed, folder / "study.covariates.txt", options=options)
print(f"{inputs.n_samples} people, {inputs.n_genes} phenotypes, {inputs.df} degrees of freedom")

# %% [markdown]
# ## eGenes
#
# The best of 40 correlated variants looks better than one variant should. Permutations of the samples tell
# how much better, and a beta distribution fitted to them reaches below one in their number. q-values over
# genes then give the eGenes at a false discovery rate. They need the share of genes without an eQTL, which
# is estimated well from thousands of genes, but not from the 150 here: `bh` takes it to be 1, which is safe.

# %%
discovery = qtl.DiscoveryOptions(qvalue_method="bh")
permuted = qtl.cis_permutation(inputs, permutations=1000, seed=1, discovery=discovery)
leads = permuted.table
print(leads.select("phenotype_id", "variant_id", "tss_distance", "pval_nominal", "pval_beta", "qval").head(3))
egenes = leads.filter(pl.col("qval") <= 0.05)["phenotype_id"]
true_genes = set(truth["phenotype_id"])
found = len(true_genes.intersection(egenes))
false = len(egenes) - found
print(f"{len(egenes)} eGenes: {found} of {len(true_genes)} true ones, {false} false ones")
assert found > 0.8 * len(true_genes) and false <= 0.15 * len(egenes)

# %% [markdown]
# Every pair within the windows, for those who look genes up or hold them against GWAS:

# %%
pairs = qtl.cis_nominal(inputs).table
print(f"{pairs.height:,} pairs")
print(pairs.select("phenotype_id", "variant_id", "af", "slope", "slope_se", "pval_nominal").head(3))

# %% [markdown]
# ## Independent signals
#
# A second variant of an eGene may be in LD with the first. It counts if it passes the same threshold beside
# all other signals of its gene: forward steps, then each signal tested beside the others.

# %%
independent = qtl.cis_independent(inputs, results=leads, permutations=1000, seed=1).table
print(independent.group_by("rank").len().sort("rank"))

# %% [markdown]
# ## Credible sets
#
# A lead is often not the variant that does it. SuSiE gives, for each signal, a set of variants that holds
# the causal one with 95 % probability, and each variant's share of it (PIP).

# %%
finemapped = qtl.finemap(inputs, genes=egenes.to_list())
sizes = finemapped.sets["size"]
causal = finemapped.members.join(truth, on=["phenotype_id", "variant_id"])
held = causal.select("phenotype_id", "cs_id").n_unique()
print(
    f"{finemapped.sets.height} credible sets, {(sizes > 1).sum()} of several variants (up to {sizes.max()})"
)
print(f"{held} of them hold a causal variant")
assert held >= 0.85 * finemapped.sets.height

# %% [markdown]
# ## How large are the effects?
#
# Slopes are in units of normalised expression, which differ from gene to gene. The log2 allelic fold change
# does not: it says how much more one copy makes than the other. It is fitted to raw counts, all signals of a
# gene together and on their haplotypes, with the covariates in the model.

# %%
fold_changes = qtl.afc_files(
    independent,
    folder / "geno.vcf.gz",
    folder / "counts.tsv",
    covariates=folder / "study.covariates.txt",
    afc=qtl.AfcRun(phase="haplotypes"),
    quiet=True,
)
beside = fold_changes.join(truth, on=["phenotype_id", "variant_id"]).drop_nulls("log2_aFC_se")
inside = beside["truth"].is_between(beside["log2_aFC_lower"], beside["log2_aFC_upper"]).mean()
print(beside.select("variant_id", "truth", "^log2_aFC(_lower|_upper)?$").head(4))
print(
    f"{beside.height} signals are the causal variant itself; {inside:.0%} of their intervals hold the truth"
)
assert inside > 0.8

# %% [markdown]
# ## Two populations
#
# The same settings in each population, then their signals held against each other: how many replicate (pi1),
# have the same sign, are about as large. The effects are the same in both here, so that all of them should,
# but for noise: a hundred people are few.

# %%
group_leads, group_pairs = {}, {}
for name in ("north", "south"):
    settings = qtl.QtlInputOptions(
        window=100_000, maf_min=0.05, unmatched="drop", selection=Selection(keep=str(folder / f"{name}.txt"))
    )
    one = qtl.load_inputs(folder / "geno.vcf.gz", bed, folder / "study.covariates.txt", options=settings)
    group_leads[name] = qtl.cis_permutation(one, permutations=1000, seed=1, discovery=discovery).table
    group_pairs[name] = qtl.cis_nominal(one).table
shared = qtl.group_sharing(group_leads, group_pairs, str(folder / "groups"), **quiet)
print(shared.pairs.select("discovery", "replication", "n_signals", "pi1", "same_sign", "same_size"))
print(f"median I2 of the signals: {shared.effects['I2'].median():.2f}")
assert shared.pairs["same_sign"].min() > 0.9

# %% [markdown]
# ## Figures
#
# QQ, leads around the TSS, a volcano of fold changes, sharing between the groups, and expression by genotype
# at the best leads: `figures.*.png` in the folder.

# %%
written = qtl.qtl_figures(
    qtl.FigureInputs(
        leads=leads,
        nominal=pairs,
        afc=fold_changes,
        sharing=shared.pairs,
        sharing_effects=shared.effects,
        genotypes=folder / "geno.vcf.gz",
        phenotypes=bed,
        covariates=folder / "study.covariates.txt",
    ),
    str(folder / "figures"),
    options=qtl.FigureOptions(n_leads=2),
    **quiet,
)
print(*[path.name for path in written], sep="\n")

# %% [markdown]
# The same from the command line; each command writes tables with tensorQTL's and FastQTL's column names, and
# with `--store study.h5` into the study's store too:
#
# ```
# postgwas eqtl permute --genotypes geno.vcf.gz --phenotypes study.expression.bed.gz \
#     --covariates study.covariates.txt --window 100000 --maf_min 0.05 --permutations 1000 --seed 1 \
#     --qvalue_method bh --out lcl
# postgwas eqtl cis --genotypes geno.vcf.gz --phenotypes study.expression.bed.gz \
#     --covariates study.covariates.txt --window 100000 --maf_min 0.05 --out lcl
# postgwas eqtl independent --genotypes geno.vcf.gz --phenotypes study.expression.bed.gz \
#     --covariates study.covariates.txt --window 100000 --maf_min 0.05 \
#     --permutation_results lcl.cis_permutation.tsv.gz --seed 1 --out lcl
# postgwas eqtl finemap --genotypes geno.vcf.gz --phenotypes study.expression.bed.gz \
#     --covariates study.covariates.txt --window 100000 --maf_min 0.05 \
#     --egenes lcl.cis_permutation.tsv.gz --out lcl
# postgwas eqtl afc --genotypes geno.vcf.gz --counts counts.tsv --covariates study.covariates.txt \
#     --qtl lcl.cis_independent.tsv.gz --phase haplotypes --out lcl
# postgwas eqtl plot --leads lcl.cis_permutation.tsv.gz --nominal lcl.cis_nominal.tsv.gz \
#     --afc lcl.afc.tsv.gz --out lcl
# ```
