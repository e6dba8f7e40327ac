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
# # Does a GWAS hit act through this gene?
#
# A GWAS hit lies where a gene's expression has an eQTL. Is it the same causal variant, or are there two that
# happen to be neighbours? This tutorial fine-maps both, compares them (coloc.abf and SuSiE), shows where one
# causal variant a trait is too simple an assumption, what to check before a figure is believed, and what a
# second population adds. Everything is simulated, so that each answer can be held to the truth.

# %%
from pathlib import Path

import numpy as np
import polars as pl
from postgwas import coloc, finemap

folder = Path("tutorial_7")
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(7)

# %% [markdown]
# ## A region to work on
#
# 400 variants over 400 kb. People are mosaics of 24 founders: neighbours are in LD, which is why the variant
# with the smallest P is often not the causal one. The GWAS has 8,000 people, the eQTL study 600 others.

# %%
n_variants = 400


def draw_founders():
    """24 haplotypes in stretches of ten variants that are nearly the same; every variant varies."""
    blocks = rng.random((24, n_variants // 10)) < rng.uniform(0.2, 0.8, n_variants // 10)
    drawn = np.repeat(blocks, 10, axis=1) ^ (rng.random((24, n_variants)) < 0.012)
    drawn[0], drawn[1] = True, False
    return drawn


founders = draw_founders()


def people(n, founders=founders):
    """Genotypes, variants x people."""
    calls = np.zeros((n, n_variants), np.int8)
    for _ in range(2):
        switch = rng.random((n, n_variants)) < 0.05
        switch[:, 0] = True
        last = np.maximum.accumulate(np.where(switch, np.arange(n_variants), 0), axis=1)
        source = rng.integers(len(founders), size=(n, n_variants))
        calls += founders[np.take_along_axis(source, last, axis=1), np.arange(n_variants)]
    return calls.T


def associate(calls, trait):
    """Effects per copy of the counted allele and their standard errors, one regression a variant."""
    x = calls - calls.mean(axis=1, keepdims=True)
    y = trait - trait.mean()
    squares = (x**2).sum(axis=1)
    beta = x @ y / squares
    se = np.sqrt(((y**2).sum() - beta**2 * squares) / (len(y) - 2) / squares)
    return beta, se


gwas_people, eqtl_people = people(8000), people(600)
common = np.flatnonzero(np.abs(gwas_people.mean(axis=1) - 1) < 0.6)
shared, other = (int(np.argmin(np.abs(common - at))) for at in (120, 300))
shared, other = int(common[shared]), int(common[other])

# %% [markdown]
# The trait has two causal variants, and so has expression. One of them is the same: `shared`. The second eQTL
# is the stronger one, which is the case that deceives the eye and simple methods alike.

# %%
second = int(common[np.argmin(np.abs(common - 210))])
trait = 0.13 * gwas_people[shared] + 0.10 * gwas_people[second] + rng.normal(size=8000)
expression = 0.40 * eqtl_people[shared] + 0.75 * eqtl_people[other] + rng.normal(size=600)
gwas_beta, gwas_se = associate(gwas_people, trait)
eqtl_beta, eqtl_se = associate(eqtl_people, expression)
ids = [f"rs{row}" for row in range(n_variants)]
for name, z in (("GWAS", gwas_beta / gwas_se), ("eQTL", eqtl_beta / eqtl_se)):
    print(f"{name}: strongest {ids[int(np.argmax(np.abs(z)))]}, z = {np.abs(z).max():.1f}")
print(f"shared causal variant: {ids[shared]}")

# %% [markdown]
# ## One causal variant each: coloc.abf
#
# `Dataset` takes standard errors, never variances, and checks what it is given. H3 says two variants, H4 one.
# The sum of the priors over the region is part of the answer: `prior` is what H0 to H4 weigh before any data.

# %%
frequency = [
    np.minimum(calls.mean(axis=1) / 2, 1 - calls.mean(axis=1) / 2) for calls in (gwas_people, eqtl_people)
]
gwas = coloc.Dataset(snp=ids, beta=gwas_beta, se=gwas_se, maf=frequency[0], n=8000, type="quant")
eqtl = coloc.Dataset(snp=ids, beta=eqtl_beta, se=eqtl_se, maf=frequency[1], n=600, type="quant")
simple = coloc.abf(gwas, eqtl)
print("prior    ", dict(zip(["H0", "H1", "H2", "H3", "H4"], simple.prior.round(4).tolist())))
print("posterior", dict(zip(["H0", "H1", "H2", "H3", "H4"], simple.pp.round(4).tolist())))

# %% [markdown]
# It says H3: with one causal variant a trait, the strongest eQTL is all that it sees. Nothing is wrong with
# the arithmetic; the assumption does not hold. SuSiE allows several.
#
# ## Several causal variants: SuSiE on both sides
#
# LD must be of the people of each study, or of ones like them. Every pair of credible sets is compared.

# %%
ld = [np.corrcoef(calls) for calls in (gwas_people, eqtl_people)]
fits = [
    finemap.susie_rss(beta / se, matrix, n)
    for beta, se, matrix, n in zip((gwas_beta, eqtl_beta), (gwas_se, eqtl_se), ld, (8000, 600))
]
for name, fit in zip(("GWAS", "eQTL"), fits):
    for credible in fit.credible_sets:
        inside = [ids[row] for row in credible.variants]
        print(f"{name}: {len(inside)} variants, purity {credible.purity.min:.2f}: {', '.join(inside[:6])}")
pairs = coloc.susie(fits[0], fits[1], ids, ids)
table = pairs.table().select("hit1", "hit2", "overlap1", "overlap2", "PP.H3", "PP.H4")
print(table.with_columns(pl.col(pl.Float64).round(3)))

# %% [markdown]
# One pair has PP.H4 near 1, and it is the one of the shared variant. `overlap` says how much of each signal
# lies at variants that both studies have: below a half, a pair says little.
#
# ## How much rests on the prior?
#
# p12, the prior of a shared variant, is a guess. An answer that turns with it is not an answer.

# %%
best = np.unravel_index(int(pairs.pp[..., 4].argmax()), pairs.pp.shape[:2])
sensitivity = pairs.sensitivity()
h4 = sensitivity.pp[(slice(None), *best, 4)]
print(f"PP.H4 is {h4[0]:.2f} at p12 = {sensitivity.p12[0]:.0e}, {h4[-1]:.2f} at {sensitivity.p12[-1]:.0e};")
print(f"0.8 or more from p12 = {sensitivity.p12[int(np.argmax(h4 >= 0.8))]:.1e}")

# %% [markdown]
# ## What to check first: do z-scores and LD fit?
#
# An allele that is swapped in one file gives SuSiE a contradiction, and it explains it with an effect that is
# not there. Twenty variants are turned here, as a careless merge would; of those, the ones with a z-score
# near 0 cannot be told, nor do they harm.

# %%
turned = gwas_beta / gwas_se
turned[rng.choice(n_variants, 20, replace=False)] *= -1
for name, z in (("as they are", gwas_beta / gwas_se), ("20 turned", turned)):
    print(f"{name}: s = {finemap.estimate_s_rss(z, ld[0], 8000):.3f} (near 0 where all fits),", end=" ")
    print(f"signs agree in {100 * finemap.check_alignment(z, ld[0]).share:.0f} % of pairs")
marked = finemap.kriging_rss(turned, ld[0], 8000).swapped
print(f"kriging_rss names {marked.sum()} variants as swapped")

# %% [markdown]
# ## From files
#
# The same from the command line, on files of any dialect, with alleles matched and counted. LD comes from
# genotypes or a matrix (which may name its variants in its first line).

# %%
from postgwas.cli.main import main

places = [50_000_000 + 1000 * row for row in range(n_variants)]
letters = [("A", "G") if row % 2 else ("C", "T") for row in range(n_variants)]
for name, beta, se, calls, n in (
    ("gwas", gwas_beta, gwas_se, gwas_people, 8000), ("eqtl", eqtl_beta, eqtl_se, eqtl_people, 600)
):  # fmt: skip
    pl.DataFrame(
        {
            "SNPID": ids, "CHR": 2, "POS": places, "EA": [pair[0] for pair in letters],
            "NEA": [pair[1] for pair in letters], "EAF": calls.mean(axis=1) / 2, "BETA": beta, "SE": se,
            "N": n,
        }
    ).write_csv(folder / f"{name}.txt", separator="\t")  # fmt: skip
    np.savetxt(folder / f"{name}.ld", np.corrcoef(calls), header=" ".join(ids), comments="", fmt="%.6f")
(folder / "genes.gtf").write_text(
    'chr2\tx\tgene\t50100000\t50160000\t.\t+\t.\tgene_id "G1"; gene_name "OURS";\n'
    'chr2\tx\texon\t50100000\t50104000\t.\t+\t.\tgene_id "G1"; gene_name "OURS";\n'
    'chr2\tx\texon\t50150000\t50160000\t.\t+\t.\tgene_id "G1"; gene_name "OURS";\n'
    'chr2\tx\tgene\t50240000\t50290000\t.\t-\t.\tgene_id "G2"; gene_name "NEIGHBOUR";\n'
)


def run(command):
    """What would be typed, with files of the tutorial's folder."""
    print(f"$ {command}")
    code = main([part.replace("@", f"{folder}/") for part in command.split()][1:])
    assert code == 0, code


run(
    "postgwas finemap @gwas.txt --ld @gwas.ld --region 2:50000000-50400000 --out @gwas --figures "
    "--figure_format png --gtf @genes.gtf --overwrite --quiet"
)
run("postgwas coloc abf @gwas.txt @eqtl.txt --region 2:50000000-50400000 --out @abf --overwrite --quiet")
run(
    "postgwas coloc plot @gwas.txt @eqtl.txt --ld @gwas.ld --gtf @genes.gtf --mark OURS --sensitivity "
    f"@abf.sensitivity.tsv --lead {ids[shared]} --out @region --figure_format png --overwrite --quiet"
)
print(pl.read_csv(folder / "gwas.credible_sets.tsv", separator="\t").select("CS", "SIZE", "LEAD", "LEAD_PIP"))
print(sorted(path.name for path in folder.glob("*.png")))

# %% [markdown]
# `region.locuscompare.png` shows it: the eQTL's strongest points are not the GWAS's, but those in LD with the
# shared variant rise in both.
#
# ## A second population
#
# Where LD differs, two populations together narrow down what one cannot: the causal variant must fit both.

# %%
far_people = people(4000, draw_founders())
far_trait = 0.11 * far_people[shared] + rng.normal(size=4000)
near_trait = 0.11 * gwas_people[shared, :4000] + rng.normal(size=4000)
z, matrices = [], []
for calls, values in ((gwas_people[:, :4000], near_trait), (far_people, far_trait)):
    beta, se = associate(calls, values)
    z.append(beta / se)
    matrices.append(np.corrcoef(calls))
alone = finemap.susie_rss(z[0], matrices[0], 4000)
both = finemap.susie_multi_rss(z, matrices, [4000, 4000])
for name, fit in (("one population", alone), ("both", both)):
    sizes = [len(credible) for credible in fit.credible_sets]
    print(f"{name}: credible sets of {sizes} variants, PIP of {ids[shared]} {fit.pip[shared]:.2f}")

# %% [markdown]
# From files: `postgwas finemap north.txt,south.txt --genotypes north,south --out both`. Whole genomes of
# regions against all genes around them: `postgwas coloc genomewide`. What each method does, and how its numbers
# compare with coloc's and susieR's, is in docs/methods/coloc.md, finemap.md and coloc_figures.md.
