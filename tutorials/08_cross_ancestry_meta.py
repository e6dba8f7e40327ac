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
# # Which meta-analysis for which effects
#
# Nine cohorts, three of each of three ancestries, one trait. If a variant's effect is the same everywhere, nothing
# beats the fixed effect. If it is not, what is lost, and which method gets it back? Frequencies follow the
# out-of-Africa history of humans; effects are planted by five rules, so the truth is known. We count false
# positives where there is no effect, and power at P < 5e-8 where there is one. It runs in under a minute.

# %%
from pathlib import Path

import matplotlib
import numpy as np
import polars as pl

matplotlib.use("Agg")
from matplotlib.figure import Figure
from postgwas.cli.main import main as postgwas
from postgwas.meta.ancestry_axes import axis_markers, classical_scaling, frequency_distances
from postgwas.meta.mrmega import mrmega
from postgwas.meta.random_effects import random_effects
from postgwas.meta.re2_likelihood import re2_statistic
from postgwas.meta.re2_null import re2_null
from postgwas.reference.population_history import simulate_population_haplotypes

folder = Path("tutorial_8")
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(8)
ANCESTRIES = ("AFR", "EUR", "EAS")
N = np.array([6_000, 9_000, 4_000, 14_000, 11_000, 20_000, 8_000, 7_000, 5_000])
WHO = np.repeat(np.arange(3), 3)  # the ancestry of each cohort

# %% [markdown]
# ## Frequencies
#
# Six stretches of sequence, 200 people of each ancestry. A cohort's frequency is its ancestry's, give or take a little
# drift between cohorts and the sample itself.

# %%
parts, places, chromosomes = [], [], []
for number in range(6):
    found = simulate_population_haplotypes(
        {name: 200 for name in ANCESTRIES}, length=400_000, seed=80 + number, maf_min=0.05, n_variants=700
    )
    parts.append(np.stack([found.dosages(name).mean(axis=1) / 2 for name in ANCESTRIES]))
    # One marker of each million bases makes the axes: spread the variants out.
    places.append(np.arange(1, parts[-1].shape[1] + 1) * 200_000)
    chromosomes.append(np.full(parts[-1].shape[1], number + 1))
ancestral = np.concatenate(parts, axis=1).clip(0.02, 0.98)
drifted = ancestral[WHO] + rng.normal(0, np.sqrt(0.002 * ancestral * (1 - ancestral))[WHO])
eaf = (rng.binomial(2 * N[:, None], drifted.clip(0.01, 0.99)) / (2 * N[:, None])).clip(0.005, 0.995)
print(f"{eaf.shape[1]} variants of {eaf.shape[0]} cohorts")

# %% [markdown]
# ## Axes of ancestry
#
# MR-MEGA's axes are made of these frequencies alone; two are enough for three ancestries.

# %%
chrom, pos = np.concatenate(chromosomes), np.concatenate(places)
rows = axis_markers(chrom, pos, eaf)
axes = classical_scaling(frequency_distances(eaf[:, rows]), 2)
for cohort, (name, row) in enumerate(zip(np.array(ANCESTRIES)[WHO], axes), 1):
    print(f"cohort {cohort} {name}: {row[0]:+.3f} {row[1]:+.3f}")

# %% [markdown]
# ## Effects by five rules
#
# In units of b, by cohort. An effect of one b explains 0.055 % of the trait's variance at the cohorts' mean frequency.

# %%
RULES = {
    "the same": lambda size: np.ones((9, size)),
    "one ancestry": lambda size: np.repeat((WHO == 2)[:, None] * 1.6, size, axis=1),
    "along an axis": lambda size: np.repeat(np.array([0.2, 0.8, 1.4])[WHO][:, None], size, axis=1),
    "opposite": lambda size: np.repeat(np.array([1.4, 0.7, -1.0])[WHO][:, None], size, axis=1),
    "any cohort": lambda size: rng.normal(0.6, 0.9, (9, size)),
}


def draw(rule: str | None, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard errors of `size` variants, (cohorts, variants)."""
    chosen = rng.integers(0, eaf.shape[1], size)
    f = eaf[:, chosen]
    se = 1 / np.sqrt(2 * N[:, None] * f * (1 - f))
    common = (f * (1 - f)).mean(axis=0)
    true = 0.0 if rule is None else RULES[rule](size) * np.sqrt(0.00055 / (2 * common))
    return true + rng.normal(0, se), se


def single(beta: np.ndarray, se: np.ndarray) -> np.ndarray:
    """The best of the three ancestries alone, corrected for three looks."""
    each = [random_effects(beta[WHO == one], se[WHO == one], method="FE").mlog10p for one in range(3)]
    return np.maximum(np.max(each, axis=0) - np.log10(3), 0)


METHODS = {
    "best single ancestry": single,
    "fixed": lambda b, s: random_effects(b, s, method="FE").mlog10p,
    "random (DL)": lambda b, s: random_effects(b, s, method="DL").mlog10p,
    "random (REML, Knapp-Hartung)": lambda b, s: random_effects(b, s, method="REML", test="knha").mlog10p,
    "RE2": lambda b, s: re2_null(9).mlog10p(re2_statistic(b, s).total),
    "MR-MEGA, 2 axes": lambda b, s: mrmega(b, s, axes).association.mlog10p,
}

# %% [markdown]
# ## False positives
#
# Where no variant has an effect, a share alpha of P-values should be below alpha. Random effects by
# DerSimonian and Laird keep less than that when the fixed effect would be right. (Of 80 expected at alpha
# 0.001, 62 to 98 may well be counted.)

# %%
LEVELS = (0.05, 0.01, 0.001)
null_beta, null_se = draw(None, 80_000)
false = {name: np.array([np.mean(of(null_beta, null_se) >= -np.log10(a)) for a in LEVELS]) for name, of in METHODS.items()}
for name, shares in false.items():
    print(f"{name:30}" + "  ".join(f"{share:.5f}" for share in shares))

# %% [markdown]
# ## Power

# %%
power = {name: [] for name in METHODS}
for rule in RULES:
    beta, se = draw(rule, 2_000)
    for name, of in METHODS.items():
        power[name].append(np.mean(of(beta, se) >= -np.log10(5e-8)))
print(f"{'':30}" + "  ".join(f"{rule:>14}" for rule in RULES))
for name, shares in power.items():
    print(f"{name:30}" + "  ".join(f"{share:14.2f}" for share in shares))

# %% [markdown]
# Beside each other: the fixed effect has the most power where effects are alike, and loses most where they are
# opposite. RE2 and MR-MEGA give up little there and keep their power; MR-MEGA does better where effects go with
# ancestry, RE2 where they differ from cohort to cohort. Where one ancestry has all of the effect, its GWAS alone is as good
# as any: the others add noise. Random effects (DL, or REML) are for estimates with honest intervals, not for discovery.

# %%
figure = Figure(figsize=(11, 4.6), layout="constrained")
left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1, 2.2]})
colours = ("0.6", "#0072B2", "#56B4E9", "#CC79A7", "#D55E00", "#009E73")
width = 0.8 / len(METHODS)
for at, (name, colour) in enumerate(zip(METHODS, colours)):
    shift = (at - (len(METHODS) - 1) / 2) * width
    left.bar(np.arange(len(LEVELS)) + shift, false[name] / np.array(LEVELS), width, color=colour)
    right.bar(np.arange(len(RULES)) + shift, power[name], width, color=colour, label=name)
left.axhline(1, color="black", linewidth=0.8)
left.set_xticks(range(len(LEVELS)), [f"alpha {level}" for level in LEVELS])
left.set_ylabel("false positives / alpha")
left.set_title("no effect anywhere", loc="left", fontweight="bold", fontsize=10)
right.set_xticks(range(len(RULES)), RULES)
right.set_ylabel("power at P < 5e-8")
right.set_ylim(0, 1)
right.set_title("effects", loc="left", fontweight="bold", fontsize=10)
figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
for one in (left, right):
    one.spines[["top", "right"]].set_visible(False)
figure.savefig(folder / "power.png", dpi=150)
print("wrote", folder / "power.png")

# %% [markdown]
# ## The same from files
#
# `postgwas meta` does all this on files of any dialect. Here nine small ones, three variants with effects in
# two ancestries (AFR and EUR): two that an ancestry finds alone, and one that needs all. `--loci` lists lead loci and
# `--figures` draws their forests (`re2.forest.png`).

# %%
se = 1 / np.sqrt(2 * N[:, None] * eaf * (1 - eaf))
beta = rng.normal(0, se)
for leader in (400, 1500, 3300):
    beta[WHO < 2, leader] += 3.6 * se[3, leader]
files = []
for cohort in range(9):
    files.append(folder / f"cohort{cohort + 1}.tsv")
    lines = ["SNPID\tCHR\tPOS\tEA\tNEA\tEAF\tBETA\tSE\tN"]
    lines += [
        f"v{i}\t{chrom[i]}\t{pos[i]}\tA\tG\t{eaf[cohort, i]:.5f}\t{beta[cohort, i]:.6f}\t{se[cohort, i]:.6f}\t{N[cohort]}"
        for i in range(eaf.shape[1])
    ]
    files[-1].write_text("\n".join(lines) + "\n")
shared = ["--sumstats", ",".join(map(str, files)), "--ancestry", ",".join(np.array(ANCESTRIES)[WHO])]
shared += ["--any_build", "--overwrite", "--loci", "5e-8"]
assert postgwas(["meta", "--method", "mrmega", "--pcs", "2", *shared, "--out", str(folder / "mrmega"), "--quiet"]) == 0
assert postgwas(["meta", "--method", "re2", *shared, "--figures", "--out", str(folder / "re2"), "--quiet"]) == 0
loci = pl.read_csv(folder / "re2.loci.tsv", separator="\t")
het = pl.read_csv(folder / "mrmega.result", separator="\t", null_values="NA")
het = het.select("P-value_ancestry_het", "P-value_residual_het", SNPID="MarkerName")
wide = pl.Config(tbl_cols=10, tbl_width_chars=130, tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True)
with wide:
    print(loci.select("SNPID", "STATUS", pl.col("^MLOG10P.*$").round(1)).join(het, on="SNPID"))
assert loci["SNPID"].to_list() == ["v400", "v1500", "v3300"] and loci["STATUS"][2] == "gained"

# %% [markdown]
# All three are found and nothing else is. `shared` loci are genome-wide significant in an ancestry by itself too; `gained` is
# what the cohorts have together alone; a `lost` one would be an ancestry's own that the combination does not have. MLOG10P is
# RE2's -log10 P, beside it the fixed effect of each ancestry. The last two columns are MR-MEGA's: effects differ by ancestry at
# all three (EAS has none), and what ancestry leaves (P 0.04 to 0.32) is hardly more than chance.
#
# In a study the same methods are steps: tutorial 14.
