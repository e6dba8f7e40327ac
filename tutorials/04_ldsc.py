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
# # LD score regression
#
# A variant in LD with many others tags more causal effects, so under polygenicity its chi-square is
# larger. LD score regression turns that slope into heritability, the slope of products of two traits'
# Z into genetic covariance, and the intercepts into measures of confounding and of shared samples. It
# needs summary statistics and LD scores, nothing else.
#
# `postgwas ldsc` takes ldsc.py's flags, writes its log lines and gives its numbers. Here we use the
# Python functions on the demo study of three simulated traits, whose truth is known. It runs in seconds.

# %%
import numpy as np
import postgwas.ldsc
from postgwas.reference.demo import write_demo
from postgwas.sumstats.munge.run import munge

study = write_demo("tutorial_4", overwrite=True)
names = study.truth.trait_names
panel = study.ld_ref_panel

# %% [markdown]
# ## Munging
#
# ldsc reads `.sumstats` files: an id, two alleles, Z and N. `munge` makes them from files of any
# dialect by the rules of munge_sumstats.py, and says what became of every row. The three files come
# from three programs; no column needs to be named.

# %%
files = []
for name, path in zip(names, study.sumstats):
    munged = munge(path, out=f"tutorial_4/{name}", overwrite=True)
    files.append(munged.path)
    print(f"{name}: {munged.n_rows:,} rows in, {len(munged):,} out")
    for reason, count in munged.counts.items():
        if count:
            print(f"    {reason}: {count:,}")

# %% [markdown]
# ## Heritability
#
# `ref_ld` are the LD scores of the model; for real data of European ancestry that is a folder like
# `eur_w_ld_chr/`. The summary has the lines that ldsc.py prints.

# %%
found = postgwas.ldsc.h2(files[0], ref_ld=panel)
print(found.summary())

# %% [markdown]
# - `Intercept` above 1 is confounding (the demo has 1.02 for this trait), and `Ratio` the share of the
#   mean chi-square's excess that it explains.
# - `Lambda GC` is above the intercept because polygenicity raises it too: it is no measure of confounding.
# - The warning is ldsc's: with fewer than 200,000 SNPs something usually went wrong before (a wrong panel, ids that do
#   not match). Here it is the demo, which is small, and the standard errors tell.
# - Standard errors come from a block jackknife over 200 stretches of the genome. Its pseudovalues are
#   there: the standard error of their mean is that of the estimate.

# %%
values = found.pseudovalues()["h2"]
print(f"h2 {found.h2:.4f} ({found.h2_se:.4f})")
print(f"from {values.size} pseudovalues: {values.std(ddof=1) / np.sqrt(values.size):.4f}")

# %% [markdown]
# For a case-control trait, `samp_prev` and `pop_prev` give the liability scale:

# %%
liability = postgwas.ldsc.h2(files[0], ref_ld=panel, samp_prev=0.4, pop_prev=0.15)
print(f"observed {liability.fit.tot:.4f}, liability {liability.h2:.4f} ({liability.h2_se:.4f})")

# %% [markdown]
# ## Genetic correlation
#
# `rg` takes the first trait with each of the others, as `ldsc.py --rg` does. Alleles are compared:
# swapped and strand-flipped variants are aligned, variants whose alleles disagree are left out of
# that pair and counted.

# %%
pairs = postgwas.ldsc.rg(files, ref_ld=panel)
for pair in pairs.pairs:
    fit = pair.fit
    print(
        f"{pair.p1}, {pair.p2}: rg {pair.rg:.3f} ({pair.se:.3f}), P {fit.p:.2g}, {pair.found.n_snps:,} SNPs"
    )
    print(f"    covariance intercept {fit.gencov.intercept:.3f} ({fit.gencov.intercept_se:.3f})")

# %% [markdown]
# The covariance intercept estimates the correlation of Z at null variants: shared participants times
# the phenotypic correlation. It does not bias rg.
#
# ## All pairs
#
# `rg_matrix` gives the numbers of `rg` for every pair, reading each file once.

# %%
matrix = postgwas.ldsc.rg_matrix(files, ref_ld=panel, trait_names=names)
np.set_printoptions(precision=3, suppress=True)
print(matrix.rg)
print("standard errors\n", matrix.se)
print("the truth\n", study.truth.rg)

# %%
off = ~np.eye(len(names), dtype=bool)
error = (matrix.rg - study.truth.rg)[off] / matrix.se[off]
print("errors in standard errors:", np.unique(error.round(6)))
assert np.all(np.abs(error) < 4)

# %% [markdown]
# A pair can fail without stopping the others: `matrix.status()` says why, and `reason` in the table
# has it in words. A heritability that is not positive leaves rg as NaN; an rg beyond 1.2 is given as a
# number, with that status.

# %%
print(matrix.table().select("p1", "p2", "rg", "se", "p", "gcov_int", "n_snps", "status"))

# %% [markdown]
# ## The heat map
#
# Traits are put in order by clustering, or left as given with `order="given"`. Two stars mark what is
# significant over all pairs (Bonferroni), one star P below 0.05; pairs without an estimate are grey and
# say NA, values beyond 1 are hatched.

# %%
from postgwas.plot.saving import save_figure

print(save_figure(matrix.plot(), "tutorial_4/rg.png"))

# %% [markdown]
# ## Files and the store
#
# With `out`, the log with ldsc's lines, tables at full precision and figures are written; with `store`
# everything goes to the study's store too.

# %%
postgwas.ldsc.rg_matrix(
    files,
    ref_ld=panel,
    trait_names=names,
    out="tutorial_4/traits",
    store="tutorial_4/study.h5",
    figures=True,
    overwrite=True,
)

# %%
from postgwas.store import Study

for entry in Study.open("tutorial_4/study.h5").ls():
    print(entry.key, entry.kind)
with open("tutorial_4/traits.log") as log:
    print(log.read()[-1200:])

# %% [markdown]
# The same from the command line:
#
# ```
# postgwas munge --sumstats depression.txt.gz --out depression
# postgwas ldsc --h2 depression.sumstats.gz --ref-ld-chr eur_w_ld_chr/ --w-ld-chr eur_w_ld_chr/ --out h2
# postgwas ldsc --rg depression.sumstats.gz,neuroticism.sumstats.gz,wellbeing.sumstats.gz --rg_matrix \
#     --ref-ld-chr eur_w_ld_chr/ --w-ld-chr eur_w_ld_chr/ --out traits --figures --store study.h5
# ```
