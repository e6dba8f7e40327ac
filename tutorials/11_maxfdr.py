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
# # maxFDR: how wrong can MTAG's new loci be?
#
# MTAG borrows strength by one rule for all variants: effects on the traits have the covariance Omega.
# Real variants do not obey. Some act on one trait alone, and for those MTAG lends the second trait a
# signal that is not its own: a false discovery with a small P value. The P value cannot tell, because it
# is computed under the rule. *maxFDR* answers from the other side: of all mixtures of "acts on both, on
# one, on none" that could have given this Omega, which is the worst, and what share of the significant
# variants would then be false?
#
# The data do not say which mixture is true, so we simulate some, all with the same Omega, and count.

# %%
from pathlib import Path

import numpy as np
import pandas as pd
import postgwas
from postgwas.cli.main import main
from postgwas.mtag.maxfdr import fdr_at, fdr_model
from postgwas.mtag.maxfdr_grid import max_fdr_grid

folder = Path("tutorial_11")
folder.mkdir(exist_ok=True)
M = 100_000  # independent variants, so that each either acts on a trait or does not
N = np.array([500_000.0, 40_000.0])
names = ["large", "small"]
r_g = 0.7
omega = 0.5 / M * np.array([[1, r_g], [r_g, 1]])  # both traits: heritability 0.5
sigma = np.eye(2)  # no participant in common
np.savetxt(folder / "sigma.txt", sigma)

# %% [markdown]
# ## Worlds of one Omega
#
# A world is four probabilities: a variant acts on neither trait, on the second alone, on the first alone,
# on both (the order of maxFDR's files). Where both act, effects have the covariance Omega / (probability),
# so that their mean over all variants is Omega, in every world.

# %%
states = np.array([[False, False], [False, True], [True, False], [True, True]])
worlds = {
    "all act on both": [0.0, 0.0, 0.0, 1.0],
    "some on one trait": [0.5, 0.1, 0.1, 0.3],
    "more on the first alone": [0.6, 0.0, 0.2, 0.2],
}


def simulate(p, seed):
    """Two GWAS of a world, and which variants act on which trait."""
    rng = np.random.default_rng(seed)
    acts = states[rng.choice(4, M, p=p)]
    together = states.T.astype(float) * p @ states  # probability that both of two traits are acted on
    effects = rng.multivariate_normal(np.zeros(2), omega / together, M, method="eigh") * acts
    z = np.sqrt(N) * effects + rng.standard_normal((M, 2))
    place = np.arange(M)
    variants = pd.DataFrame(
        {"SNPID": [f"rs{i + 1}" for i in place], "CHR": place // 5000 + 1,
         "POS": (place % 5000 + 1) * 20_000, "EA": "A", "NEA": "G", "EAF": 0.3}
    )  # fmt: skip
    return [variants.assign(Z=z[:, t].round(6), N=N[t]) for t in range(2)], acts


gwas, acts = simulate(worlds["some on one trait"], seed=11)
for name, table in zip(names, gwas):
    table.to_csv(folder / f"{name}.tsv", sep="\t", index=False)

# %% [markdown]
# ## Running it
#
# `--fdr` is all. maxFDR uses the run's Omega and Sigma and the traits' sample sizes, nothing else, and takes
# a moment. For a run of earlier, `--skip_mtag --fdr` does it from the files that lie under `--out`. (Sigma
# is given here because our variants have no LD; usually it comes from LD scores.)

# %%
command = [
    "mtag", "--sumstats", f"{folder}/large.tsv,{folder}/small.tsv", "--trait_names", ",".join(names),
    "--residcov_path", f"{folder}/sigma.txt", "--fdr", "--out", f"{folder}/out", "--overwrite", "--quiet",
]  # fmt: skip
print("postgwas", " ".join(command))
assert main(command) == 0
points = np.loadtxt(folder / "out_prob_grid.txt")
fdr = np.loadtxt(folder / "out_fdr_mat.txt")
for line in (folder / "out.log").read_text().splitlines():
    if "  Max FDR of" in line:
        print(line.partition("  ")[2])

# %% [markdown]
# ## Which grid
#
# All ways of sharing ten tenths (`--intervals 10`) among the four states: 286 points for two traits.
# A point stays if it is possible. If few variants act on both traits, these few must carry the whole genetic
# covariance; where that would take effects whose correlation exceeds 1, the point is struck out. So the
# higher r_g is, the fewer mixtures remain. `out_prob_grid.txt` has those that do, `out_fdr_mat.txt` the FDR
# of each trait at each.

# %%
print(f"{len(points)} of 286 points can give this Omega")
worst = points[fdr[:, 1].argmax()]
print("worst for 'small': neither {:.1f}, small alone {:.1f}, large alone {:.1f}, both {:.1f}".format(*worst))
assert len(points) < 286 and worst[2] > 0

# %% [markdown]
# ## How to read it
#
# By trait. `large` has signal of its own and takes little from `small`: nothing to fear. `small` takes
# much, and in the worst mixture, one in which some variants act on `large` alone, one significant variant
# in six is false. That is a bound, not an estimate. In a paper: "at most 17 % of the loci of `small` are
# false discoveries, whatever the mixture of shared and trait-specific variants". It is *not* said
# that one in six is.
#
# ## Does it bound?
#
# In each world we count the significant variants of `small` that do not act on it. Beside that stands the
# formula behind maxFDR at the world's own probabilities, which nobody knows in real data, and maxFDR as the
# run reports it. One world more is the one that the search picked as the worst.

# %%
worlds["the worst for 'small'"] = worst.tolist()
model = fdr_model(omega, sigma, N)


def count(table, acts):
    """Variants below 5e-8, and how many of them do not act on the trait `small`."""
    row = table["SNP"].str[2:].astype(int).to_numpy() - 1
    hits = table["mtag_pval"].to_numpy() < 5e-8
    return int(hits.sum()), int((hits & ~acts[row, 1]).sum())


rows, runs = [], {}
for seed, (label, p) in enumerate(worlds.items()):
    gwas, acts = simulate(p, seed)
    runs[label] = postgwas.mtag(gwas, trait_names=names, residcov_path=folder / "sigma.txt", fdr=True)
    hits, false = count(runs[label].traits["small"], acts)
    in_gwas = np.abs(gwas[1]["Z"].to_numpy()) > 5.4513
    rows.append(
        {"world": label, "GWAS hits": int(in_gwas.sum()), "MTAG hits": hits, "false": false,
         "share": false / hits, "formula": float(fdr_at(model, np.array([p]))[0, 1]),
         "maxFDR": float(runs[label].max_fdr[1])}
    )  # fmt: skip
shares = pd.DataFrame(rows).set_index("world")
print(shares.round(3).to_string())

# %% [markdown]
# maxFDR is the same in all worlds, up to the error of the estimated Omega: it cannot know which one it is
# in. The share is 0 where all variants act on both, and comes up to the bound in the worst world, which
# shows that the bound is not idle. It stays a bound for what it ranges over: mixtures of normal
# effects with at least a tenth of the variants acting on each trait (see below).

# %%
noise = np.sqrt(shares["formula"] * (1 - shares["formula"]) / shares["MTAG hits"])
assert (abs(shares["share"] - shares["formula"]) <= 3 * noise).all()
assert (shares["share"] <= shares["maxFDR"] + 3 * noise).all()
assert shares.loc["all act on both", "share"] == 0
assert shares.loc["the worst for 'small'", "share"] > 0.75 * shares.loc["the worst for 'small'", "maxFDR"]

# %% [markdown]
# ## When is it large?
#
# When a small GWAS leans on a large one. Then most of what MTAG says of `small` is what `large` says, and
# a variant of `large` alone passes. It falls as the trait has more data of its own.

# %%
table = {}
for n_small in (20_000, 40_000, 80_000, 160_000, 500_000):
    table[n_small] = {
        f"r_g {r}": max_fdr_grid(0.5 / M * np.array([[1, r], [r, 1]]), sigma, [N[0], n_small]).maximum[1]
        for r in (0.3, 0.5, 0.7, 0.9, 0.98)
    }
large_when = pd.DataFrame(table).T.rename_axis("N of 'small'")
print(large_when.round(4).to_string())
assert (large_when.iloc[0, :4] > 0.1).all() and (large_when.iloc[-1] < 0.001).all()
nearly_same = 0.5 / M * np.array([[1, 0.98], [0.98, 1]])
fine = max_fdr_grid(nearly_same, sigma, [N[0], 20_000], intervals=50)
print(f"r_g 0.98, N 20,000, in steps of 0.02: {fine.maximum[1]:.4f} at {fine.at[1]}")

# %% [markdown]
# Along a row it rises with r_g first, since more is borrowed, then falls: with r_g near 1 hardly a mixture
# is left in which a variant acts on one trait alone. A plain 0 is the grid's doing: at r_g 0.98 no mixture
# in steps of a tenth has variants of one trait alone; in finer steps there are some (the last line; its
# smallest share is finer too, see below). So *different traits of unequal power* are the dangerous case;
# traits of equal power are safe.
#
# What to do about a large value: report it; look at the trait's GWAS at new loci (a GWAS P of 0.5 beside an
# MTAG P of 1e-9 is borrowed); replicate; or leave the large trait out and see what stays.
#
# ## Finer, and more traits
#
# - `--intervals 20` refines the grid. It also allows smaller shares (1/20), so the maximum rises: compare
#   runs at the same setting only. As shares go to 0 the FDR goes to 1 for any data, because the few causal
#   variants become few among all discoveries. Every statement of maxFDR has such a limit behind it.
# - `--fdr_method optimise` searches between the grid's points with the same limit, and is the way for four
#   to ten traits, where a grid would have millions of points.
# - `--exact_n` uses each variant's N rather than the mean: for files whose N varies.
# - `--fit_ss` asks the data: it fits to each trait the share of variants that act on it (spike and slab) and
#   keeps the points near it. It can only lower the bound, and only if you believe the fit.

# %%
for label, extra in {
    "--intervals 10": {},
    "--intervals 20": {"intervals": 20},
    "--fdr_method optimise": {"fdr_method": "optimise", "fdr_starts": 8},
    "--fit_ss": {"fit_ss": True},
}.items():
    gwas, _ = simulate(worlds["all act on both"], seed=0)
    run = postgwas.mtag(gwas, trait_names=names, residcov_path=folder / "sigma.txt", fdr=True, **extra)
    print(f"{label:24s} maxFDR of 'small' {run.max_fdr[1]:.4f}")

# %% [markdown]
# In this world all variants act on both traits, and the true share is 0. The grid cannot know that and says
# the same as in the worst world; the spike and slab sees that hardly a variant is without effect, and
# rules the bad mixtures out. What the method is in formulae, and where it differs from mtag.py's, is in
# docs/methods/maxfdr.md.
