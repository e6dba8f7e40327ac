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
# # From counts and genotypes to covariates
#
# A QTL study begins with two files that know nothing of each other: counts of reads, genes x samples,
# and genotypes of, one hopes, the same people. Before anything is mapped, samples must be shown to be
# who their labels say, genes that are not expressed must go, samples must be put on one scale, and
# what moves all of expression (batches, cell types, ancestry) must become covariates.
#
# This tutorial makes a small study whose truth is known, with two tubes swapped, and takes it all the
# way. It runs in less than a minute.

# %%
import gzip
from pathlib import Path

import numpy as np
from postgwas import expression, genotypes

folder = Path("tutorial_5")
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(5)

# %% [markdown]
# ## A study to work on
#
# 120 people of two populations, 22 chromosomes of 40 genes each, eight variants beside each gene of
# which one moves its expression. Three hidden factors and a batch move many genes at once.

# %%
n_people, n_genes, per_gene = 120, 880, 8
people = [f"P{i:03d}" for i in range(n_people)]
population = np.repeat(["north", "south"], [70, 50])
sex = rng.integers(1, 3, n_people)  # 1 male, 2 female
batch = rng.permutation(np.repeat(["b1", "b2", "b3"], 40))

frequency = np.clip(rng.uniform(0.1, 0.5, (n_genes * per_gene, 1)), 0.05, 0.95)
drift = rng.normal(0, 0.08, frequency.shape)
by_person = np.clip(frequency + np.where(population == "south", drift, 0), 0.02, 0.98)
copies = rng.binomial(2, by_person)  # variants x people, of the ALT allele
copies[1::per_gene] = copies[::per_gene]  # the second of each gene is in complete LD with the first

hidden = rng.normal(size=(3, n_people))
of_batch = np.array([np.zeros(n_genes), rng.normal(0, 0.5, n_genes), rng.normal(0, 0.5, n_genes)]).T
log_rate = (
    rng.normal(4.5, 1.5, (n_genes, 1))
    + 0.45 * copies[::per_gene] * rng.choice([-1, 0, 1], (n_genes, 1))
    + rng.normal(0, 0.35, (n_genes, 3)) @ hidden
    + of_batch[:, np.unique(batch, return_inverse=True)[1]]
    + rng.normal(0, 0.3, (n_genes, n_people))
)
depth = rng.lognormal(0, 0.3, n_people)
counts = rng.poisson(np.exp(log_rate) * depth)

# %% [markdown]
# XIST is expressed by women, genes of Y by men: they tell the sex of a tube. Then the accident: the
# tubes of P010 and of another person of the same sex are swapped, which no check of sexes can see.

# %%
xist = rng.poisson(np.where(sex == 2, 90.0, 0.02) * depth)
of_y = rng.poisson(np.where(sex == 1, 60.0, 0.02) * depth, (2, n_people))
counts = np.vstack([counts, xist, of_y])
genes = [f"ENSG{j:011d}" for j in range(n_genes)] + ["ENSG00000229807", "ENSG00000129824", "ENSG00000067048"]

swapped = (10, int(np.flatnonzero(sex == sex[10])[-1]))
counts[:, swapped] = counts[:, swapped[::-1]]
print("swapped:", [people[i] for i in swapped])

# %% [markdown]
# They become the files that you have in your own study: a table of counts, a GTF, a VCF, a sample
# sheet.


# %%
def write_table(path, header, rows):
    lines = ["\t".join(map(str, line)) for line in [header, *rows]]
    path.write_text("\n".join(lines) + "\n")


def place(gene):
    """Chromosome and start of a gene."""
    return (f"chr{1 + gene // 40}", 2_000_000 * (1 + gene % 40)) if gene < n_genes else ("chrX", 5000 * gene)


write_table(
    folder / "counts.tsv", ["gene_id", *people], [[g, *row] for g, row in zip(genes, counts.tolist())]
)
rin = rng.uniform(6.5, 9.5, n_people).round(1)
rin[50] = 4.1  # a degraded sample
write_table(
    folder / "sheet.tsv",
    ["sample", "sex", "batch", "age", "RIN"],
    zip(people, np.array(["", "male", "female"])[sex], batch, rng.integers(20, 70, n_people), rin),
)
write_table(folder / "populations.tsv", ["#IID", "population"], zip(people, population))
with open(folder / "genes.gtf", "w") as gtf:
    for number, gene in enumerate(genes):
        chromosome, start = place(number)
        what = f'gene_id "{gene}"; transcript_id "T{number}";'
        print(chromosome, "sim", "exon", start, start + 1999, ".", "+", ".", what, sep="\t", file=gtf)
with gzip.open(folder / "genotypes.vcf.gz", "wt") as vcf:
    print('##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">', file=vcf)
    for number in range(1, 23):
        print(f"##contig=<ID=chr{number}>", file=vcf)
    print(
        "#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *people, sep="\t", file=vcf
    )
    calls = np.array(["0/0", "0/1", "1/1"])[copies]
    for row, called in enumerate(calls):
        chromosome, start = place(row // per_gene)
        where = start + 5000 * (row % per_gene)
        print(chromosome, where, f"rs{row}", "A", "G", ".", ".", ".", "GT", *called, sep="\t", file=vcf)

# %% [markdown]
# ## Import
#
# `import_expression` reads a matrix, or one file a sample of STAR, RSEM, salmon, kallisto,
# featureCounts or htseq-count, finds the genes' places in the GTF, and writes one layout for all that
# follows. Genes that the GTF does not have are counted: a GTF of another release is the usual reason
# for many.

# %%
imported = expression.import_expression(
    folder / "counts.tsv",
    out=folder / "study",
    options=expression.ImportOptions(gtf=str(folder / "genes.gtf")),
    overwrite=True,
    quiet=True,
)
matrix = imported.matrix
print(f"{matrix.n_genes} genes x {matrix.n_samples} samples of {matrix.unit}")
print(matrix.genes.select("GENE_ID", "CHROM", "TSS", "STRAND", "LENGTH").head(3))

# %% [markdown]
# ## Are the samples who they should be?
#
# `sample_quality` looks at metrics (RIN > 6 by default), at outliers, at sexes, and, given genotypes,
# asks of each sample whose genotypes its expression fits best. The last finds swaps that nothing else
# finds.

# %%
checked = expression.sample_quality(
    folder / "study.counts.parquet",
    out=folder / "samples",
    options=expression.QcOptions(
        metrics=str(folder / "sheet.tsv"),
        sheet=str(folder / "sheet.tsv"),
        genotypes=str(folder / "genotypes.vcf.gz"),
        figures=False,
    ),
    overwrite=True,
    quiet=True,
)
failed = checked.table.filter(~checked.table["PASS"])
print(failed.select("sample", "REASONS", "best_genotype"))

# %% [markdown]
# `best_genotype` says that the two tubes were swapped: each fits the other's genotypes. One may turn
# them back if the laboratory's notes agree; here they are left out, as is the degraded sample.
# `samples.keep.txt` lists those that pass.
#
# ## Genotypes: quality, pruning, axes
#
# Axes of ancestry are fitted to common variants that are not correlated with their neighbours, hence
# three steps. Each leaves a list of ids, which `Selection` takes.

# %%
vcf_file = folder / "genotypes.vcf.gz"
checked_genotypes = genotypes.qc_files(
    vcf_file,
    str(folder / "geno"),
    settings=genotypes.QcSettings(max_missing=0.05, maf_min=0.05, hwe=1e-6),
    groups=str(folder / "populations.tsv"),  # Hardy-Weinberg tests within populations
    overwrite=True,
    quiet=True,
)
passing = genotypes.Selection(extract=str(folder / "geno.extract.txt"))
pruned = genotypes.prune_files(
    vcf_file, str(folder / "pruned"), selection=passing, overwrite=True, quiet=True
)
axes = genotypes.pca_files(
    vcf_file,
    str(folder / "axes"),
    selection=genotypes.Selection(extract=str(folder / "pruned.prune.in")),
    settings=genotypes.PcaSettings(n_axes=5),
    overwrite=True,
    quiet=True,
)
print(f"{pruned.kept.sum():,} of {pruned.kept.size:,} variants are left by pruning")
print("share of variance of each axis:", axes.explained.round(4))
between = np.corrcoef(axes.scores[:, 0], population == "south")[0, 1]
print(f"correlation of the first axis with population: {abs(between):.3f}")
assert abs(between) > 0.9

# %% [markdown]
# One axis stands out, as it should with two populations. How far apart are they?

# %%
apart = genotypes.fst(vcf_file, str(folder / "populations.tsv"), selection=passing)
print(apart.table)

# %% [markdown]
# ## Filter, normalise, transform
#
# `prepare` keeps genes with at least 6 counts and 0.1 TPM in a fifth of the samples (MAGE's rule),
# puts samples on one scale with edgeR's TMM, and maps each gene to normal quantiles, so that no
# outlier makes a QTL. The BED that it writes is what FastQTL and tensorQTL take.

# %%
prepared = expression.prepare(
    folder / "study.counts.parquet",
    options=expression.PrepareOptions(
        samples=str(folder / "samples.keep.txt"), chromosomes=[f"chr{i}" for i in range(1, 23)]
    ),
    out=folder / "prepared",
    figures=False,
    overwrite=True,
    quiet=True,
)
print("genes x samples:", prepared.expression.values.shape)
print("genes left out:", prepared.dropped)
print("normalisation factors:", np.quantile(prepared.scale.factors, [0, 0.5, 1]).round(3))

# %% [markdown]
# ## Hidden factors
#
# What moves many genes at once is seldom a single variant. PEER infers it; without it, cis effects
# drown. GTEx's rule gives 15 factors below 150 samples. Known covariates that are only compared, not
# fitted, tell what the factors have found.

# %%
hidden_file = expression.hidden_factor_files(
    folder / "prepared.expression.bed.gz",
    str(folder / "hidden"),
    options=expression.HiddenFactorOptions(compare=[str(folder / "sheet.tsv")], unmatched="drop"),
    overwrite=True,
    quiet=True,
)
print(hidden_file.how, hidden_file.factors.shape)

# %% [markdown]
# We know the truth here: how much of each of the three hidden factors do PEER's hold?

# %%
kept = [people.index(sample) for sample in prepared.expression.samples]
design = np.column_stack([np.ones(len(kept)), hidden_file.factors])
for number, true in enumerate(hidden[:, kept]):
    rest = true - design @ np.linalg.lstsq(design, true, rcond=None)[0]
    r2 = 1 - rest.var() / true.var()
    print(f"hidden factor {number + 1}: R2 {r2:.3f}")
    assert r2 > 0.9

# %% [markdown]
# ## Covariates
#
# Known covariates, axes of ancestry and hidden factors become one file. Text is expanded to indicator
# columns, constant columns and those that depend on others go, with a line for each in the account: a
# design without full rank would fail in the mapping program or, worse, not fail.

# %%
made = expression.covariate_file(
    str(folder / "study"),
    options=expression.CovariateOptions(
        known=[str(folder / "sheet.tsv")],
        exclude=["RIN"],
        genotype_pcs=str(folder / "axes.eigenvec"),
        n_genotype_pcs=2,
        factors=str(folder / "hidden.peer_factors.txt"),
    ),
    samples=str(folder / "prepared.expression.bed.gz"),
    overwrite=True,
    quiet=True,
)
print(made.matrix.values.shape, made.matrix.names)
for name, r2 in made.r2_hidden.items():
    print(f"{name}: R2 {r2:.2f} on the hidden factors")

# %% [markdown]
# Ten of the fifteen factors were switched off: three hidden factors and two contrasts of three batches
# are all there is to find. The batch is in the hidden factors although PEER was not told of it, so that
# `captured=0.9` (`--captured 0.9`) would leave its columns out.
#
# The same from the command line:
#
# ```
# postgwas expression import counts.tsv --gtf genes.gtf --out study
# postgwas expression qc study.counts.parquet --metrics sheet.tsv --sheet sheet.tsv \
#     --genotypes genotypes.vcf.gz --out samples
# postgwas genotypes qc --genotypes genotypes.vcf.gz --maf_min 0.05 --max_missing 0.05 --hwe 1e-6 \
#     --groups populations.tsv --out geno
# postgwas genotypes prune --genotypes genotypes.vcf.gz --extract geno.extract.txt --out pruned
# postgwas genotypes pca --genotypes genotypes.vcf.gz --extract pruned.prune.in --n_axes 5 --out axes
# postgwas expression prepare --counts study.counts.parquet --samples samples.keep.txt \
#     --chr $(seq -s, 22) --out prepared
# postgwas expression peer --expression prepared.expression.bed.gz --out hidden
# postgwas expression covariates --known sheet.tsv --exclude RIN --genotype_pcs axes.eigenvec \
#     --n_genotype_pcs 2 --factors hidden.peer_factors.txt --samples prepared.expression.bed.gz --out study
# ```
