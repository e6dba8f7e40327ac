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
# # One trait in three ancestries
#
# Three GWAS of one trait, in people of European, East Asian and African ancestry. How alike are its effects?
# What does each GWAS gain from the others, and at what price? Genotypes follow the out-of-Africa history of
# humans, so LD and frequencies differ between ancestries as they do; effects are correlated, not equal, and
# half of the sequence has none, so that power and false positives can be counted. It runs in less than a minute.

# %%
from pathlib import Path

import numpy as np
import polars as pl
from postgwas.cli.main import main as postgwas
from postgwas.genotypes.write_plink import write_plink1
from postgwas.meta import MamaOptions, Population, combine_fixed, mama, popcorn
from postgwas.meta.mama_estimator import estimate
from postgwas.meta.mama_regression import constrained, regress
from postgwas.meta.mama_scores import read_scores, score_array
from postgwas.meta.random_effects import random_effects
from postgwas.reference.population_history import simulate_population_haplotypes
from postgwas.reference.simulate_gwas import simulate_gwas

folder = Path("tutorial_9")
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(7)

# %% [markdown]
# ## A study to work on
#
# Four stretches of 4 Mb, each on a chromosome of its own; 300 people of each ancestry give the LD. One SNP in
# four of chromosomes 1 and 2 has an effect; standardised effects correlate 0.7 between any two ancestries.

# %%
ancestries = ("EUR", "EAS", "AFR")
n_samples = {"EUR": 150_000, "EAS": 60_000, "AFR": 25_000}
correlation, h2 = 0.7, 0.006
genotypes, places = {one: [] for one in ancestries}, []
for chromosome in range(1, 5):
    found = simulate_population_haplotypes(
        dict.fromkeys(ancestries, 300), length=4_000_000, seed=70 + chromosome, maf_min=0.05, n_variants=2500
    )
    dosages = {one: found.dosages(one) for one in ancestries}
    frequency = np.array([d.mean(axis=1) / 2 for d in dosages.values()])
    common = np.all((frequency > 0.05) & (frequency < 0.95), axis=0)
    for one in ancestries:
        genotypes[one].append(dosages[one][common])
    places.append(pl.DataFrame({"CHROM": str(chromosome), "POS": found.position[common]}))
variants = pl.concat(places).with_columns(A1=pl.lit("A"), A2=pl.lit("G"), CM=pl.lit(0.0))
variants = variants.with_columns(pl.format("rs{}_{}", "CHROM", "POS").alias("SNPID"))
print(f"{variants.height:,} SNPs with a frequency of 5 % or more in all three ancestries")


def draw_study(rng):
    """Effects, standard errors and frequencies that three GWAS report, each (ancestries, SNPs)."""
    shape = np.full((3, 3), correlation) + (1 - correlation) * np.eye(3)
    parts = []
    for chromosome in range(4):
        n_snps = len(genotypes["EUR"][chromosome])
        causal = (rng.random(n_snps) < 0.25) & (chromosome < 2)
        effects = rng.multivariate_normal(np.zeros(3), shape * h2 / (0.5 * n_snps), n_snps) * causal[:, None]
        for i, one in enumerate(ancestries):
            d = genotypes[one][chromosome]
            gwas = simulate_gwas(d, effects[:, [i]] / d.std(axis=1, keepdims=True), [n_samples[one]], rng=rng)
            parts.append((i, gwas.beta[:, 0], gwas.se[:, 0], gwas.eaf))
    return [
        np.array([np.concatenate([part[k] for part in parts if part[0] == i]) for i in range(3)])
        for k in (1, 2, 3)
    ]


beta, se, frequency = draw_study(rng)

# %%
for i, one in enumerate(ancestries):
    people = pl.DataFrame({"IID": [f"{one}{i}" for i in range(300)]}).with_columns(
        FID=pl.lit(None, pl.String), SEX=pl.lit(None, pl.Int8)
    )
    write_plink1(folder / one, variants, people, genotypes[one])
    variants.select("SNPID", CHR="CHROM", POS="POS", EA="A1", NEA="A2").with_columns(
        BETA=beta[i], SE=se[i], EAF=frequency[i], N=pl.lit(n_samples[one])
    ).write_csv(folder / f"{one}.tsv", separator="\t")

# %% [markdown]
# ## LD scores within and across ancestries
#
# One file for each pair of ancestries.

# %%
pairs = [("EUR", "EAS"), ("EUR", "AFR"), ("EAS", "AFR")]
for a, b in pairs:
    files = ["--bfile", str(folder / a), "--bfile2", str(folder / b), "--out", str(folder / f"{a}_{b}")]
    postgwas(["ldsc", "--l2", *files, "--ld_wind_kb", "1000", "--quiet", "--overwrite"])

# %% [markdown]
# ## How alike are the effects?
#
# Popcorn's genetic impact correlation, from Z statistics and scores alone. The scores are of few people and
# little sequence, hence the standard errors and the warnings; a genome has hundreds of times as many SNPs.

# %%
for a, b in pairs:
    fit = popcorn(
        str(folder / f"{a}.tsv"),
        str(folder / f"{b}.tsv"),
        str(folder / f"{a}_{b}.cross.ldscore.gz"),
        quiet=True,
    ).fit
    print(
        f"{a} and {b}: {fit.correlation:.2f} (standard error {fit.correlation_se:.2f}); the truth is {correlation}"
    )

# %% [markdown]
# ## MAMA
#
# Effects in each ancestry with the help of the others. Three things are said besides the files: the scores are those
# of standardised genotypes; they are from few people, so weights have a floor; and errors are what the GWAS say, as
# there is no confounding here, and 3,500 SNPs are too few to estimate any.

# %%
result = mama(
    [Population(str(folder / f"{one}.tsv"), one, "trait") for one in ancestries],
    [f"{a},{b}={folder}/{a}_{b}.cross.ldscore.gz" for a, b in pairs],
    out=str(folder / "mama"),
    options=MamaOptions(use_standardized_units=True, ld_weight_floor=1.0, reg_se2="identity", reg_int="zero"),
    overwrite=True,
    quiet=True,
)
root = np.sqrt(np.diag(result.coefficients.ld))
print("correlation of effects by MAMA's regressions:")
print((result.coefficients.ld / np.outer(root, root)).round(2))
for one, table, chi2 in zip(ancestries, result.tables, result.mean_chi2):
    gain = (table["N_EFF"] / table["N_ORIG"]).median()
    print(f"{one}: mean chi-squared {chi2:.2f}, effective N {gain:.2f} times N")

# %% [markdown]
# ## What is gained, and at what price
#
# Forty studies with new effects and errors on the same genotypes, now with arrays. SNPs of chromosomes 1 and 2 are in LD with
# causal ones; chromosomes 3 and 4 have none. Power is the share of the former with P below 5e-8, false positives the
# share of the latter with P below 0.05, which should be 0.05. The GWAS by themselves; all three combined by
# fixed and by random effects; MAMA for each ancestry.

# %%
scores, _, _ = read_scores(
    [f"{a},{b}={folder}/{a}_{b}.cross.ldscore.gz" for a, b in pairs], ancestries, standardized=True
)
order = variants.select(SNP=pl.col("SNPID").str.to_lowercase()).join(
    scores, on="SNP", how="left", maintain_order="left"
)
ld = score_array(order, ancestries)
null = variants["CHROM"].cast(pl.Int64).to_numpy() > 2
fixed = {"ld_fixed": constrained("free", 3), "intercept_fixed": constrained("zero", 3)}
rates = {}
for _ in range(40):
    beta, se, frequency = draw_study(rng)
    unit = np.sqrt(2 * frequency * (1 - frequency))
    b, e = (beta * unit).T, (se * unit).T
    coefficients = regress(b, e, ld, **fixed, se2_fixed=constrained("identity", 3), weight_floor=1.0)
    estimates = estimate(b, e, ld, coefficients)
    combined = random_effects(beta, se)
    z = {f"GWAS {one}": beta[i] / se[i] for i, one in enumerate(ancestries)}
    z |= {"fixed effects": combine_fixed(beta, se).z, "random effects": combined.beta / combined.se}
    z |= {f"MAMA {one}": estimates.beta[:, i] / estimates.se[:, i] for i, one in enumerate(ancestries)}
    for method, values in z.items():
        seen = np.isfinite(values)
        power = np.mean(np.abs(values[seen & ~null]) > 5.451)
        rates.setdefault(method, []).append((power, np.mean(np.abs(values[seen & null]) > 1.96)))
rows = pl.DataFrame(
    [(method, *np.mean(each, axis=0)) for method, each in rates.items()],
    schema=["method", "power", "false_positives"],
    orient="row",
)
print(rows)

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True, layout="constrained")
colours = ["#9aa5b1"] * 3 + ["#d08770"] * 2 + ["#2f6f9f"] * 3
for axis, name in zip(axes, ("power", "false_positives")):
    axis.barh(rows["method"].to_list(), rows[name].to_list(), color=colours)
    axis.spines[["top", "right"]].set_visible(False)
axes[1].axvline(0.05, color="black", linewidth=0.8, linestyle=":")
axes[0].invert_yaxis()
axes[0].set_xlabel("power: share of SNPs near causal ones with P < 5e-8")
axes[1].set_xlabel("false positives: share of SNPs without effect with P < 0.05")
figure.savefig(folder / "power.png", dpi=120)

# %% [markdown]
# Each GWAS gains from the others, the smallest relatively most, and false positives stay below 5 %: with the errors
# that the GWAS report, MAMA is careful where SNPs have no effect. Fixed effects have the most power for an effect
# that all ancestries share, and say nothing of one ancestry; random effects pay for heterogeneity with power.
