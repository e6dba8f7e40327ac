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
# # A first MTAG run
#
# MTAG takes GWAS results of several related traits and gives, for each trait, estimates that borrow
# strength from the others. It needs no individual-level data and allows for samples that overlap.
# Two matrices govern it:
#
# - **Omega**, the covariance of the traits' true effects at a variant: how much there is to borrow;
# - **Sigma**, the covariance of their estimation errors: what shared participants and stratification
#   have put into the Z scores. It comes from LD score regression.
#
# Here we run it on three simulated traits. Their truth is known, so that we can look behind the
# estimates at the end. Everything below runs in a few seconds and needs no download.

# %%
from pathlib import Path

import numpy as np
import postgwas
from postgwas.reference.demo import write_demo

study = write_demo("tutorial_1", overwrite=True)
for path in study.sumstats:
    print(path)

# %% [markdown]
# The three files come from three programs, with three sets of column names. One has P, one -log10 P,
# one neither Z nor rsID in the usual place; in two of them some effect alleles are swapped. There is
# no need to convert them: formats are recognised by their header.
#
# `ld_ref_panel` is a folder of LD scores in the layout of `eur_w_ld_chr`. For real data of European
# ancestry you would write `ld_ref_panel="eur_w_ld_chr"`.

# %%
result = postgwas.mtag(
    study.sumstats,
    ld_ref_panel=study.ld_ref_panel,
    trait_names=study.truth.trait_names,
    fdr=True,
)
print(result.summary())

# %% [markdown]
# How to read this:
#
# - `GWAS mean chi^2` and `MTAG mean chi^2` are mean squared Z scores, the GWAS's divided by Sigma's
#   diagonal. The gain is largest for the trait with the least power, here `wellbeing`.
# - `GWAS equiv. (max) N` is the sample size at which a plain GWAS of this trait would have had MTAG's
#   mean chi2.
# - The blocks that follow are Omega, the genetic correlations and Sigma, with standard errors.
# - `MTAG weight factors` are the weights that a trait's estimate gives to all GWAS, added up: 1 if it used its own
#   alone. That of `wellbeing` is below 0 because the other two, which go the other way, count with a minus.
# - `Max FDR` is an upper bound on the false discovery rate among significant variants, over all the
#   ways in which variants may affect some of the traits and not others. MTAG assumes that they all
#   share one Omega; this says how badly that can go wrong. It deserves a sentence in any paper.
# - Warnings at the end (`Look at this before you publish`) are meant to be read. Ours says that the
#   demo has few variants.

# %% [markdown]
# ## The numbers
#
# Matrices are numpy arrays in the order of `trait_names`. Omega is on the standardised scale: both
# genotype and phenotype have variance 1.

# %%
print("Omega\n", result.omega)
print("its standard errors\n", result.omega_se)
print("genetic correlations\n", result.genetic_correlation.round(3))
print("true genetic correlations\n", study.truth.rg)
print("Sigma\n", result.sigma.round(3))
print("true Sigma\n", study.truth.sigma.round(3))

# %% [markdown]
# Each trait's results are a pandas table with the columns of mtag.py: `Z`, `N` and `FRQ` are those of
# the GWAS, aligned to one effect allele (`A1`); the `mtag_` columns are new. `mtag_beta` is per allele.

# %%
wellbeing = result.traits["wellbeing"]
print(wellbeing.sort_values("mtag_pval").head(10).to_string(index=False))

# %% [markdown]
# Loci that the GWAS alone does not find:

# %%
new = wellbeing[(wellbeing["mtag_pval"] < 5e-8) & (wellbeing["Z"].abs() < 5.4513)]
print(f"{len(new)} SNPs are significant in MTAG only")

# %% [markdown]
# ## The figures
#
# GWAS above, MTAG below, on the same axes, and the QQ plot of both. `plot` returns a matplotlib figure.
# A wider QQ curve with an unchanged start is what one hopes for: MTAG adds signal, not inflation.

# %%
from postgwas.plot.saving import save_figure

save_figure(result.plot("wellbeing"), "tutorial_1/wellbeing.png")
save_figure(result.plot_correlations(), "tutorial_1/rg.png")

# %% [markdown]
# ## Are the new estimates better?
#
# With simulated data we can tell. The true effects are in `study.effects` (standardised). We compare
# the GWAS's effects, Z / sqrt(N), and MTAG's, with them.

# %%
truth = dict(zip(study.snpid, study.effects[:, 2]))
allele = dict(zip(study.snpid, study.ea))
same = wellbeing["SNP"].map(allele).to_numpy() == wellbeing["A1"].to_numpy(dtype=str)
true = wellbeing["SNP"].map(truth).to_numpy() * np.where(same, 1, -1)
known = np.isfinite(true)
gwas = (wellbeing["Z"] / np.sqrt(wellbeing["N"])).to_numpy()
scale = np.sqrt(2 * wellbeing["FRQ"] * (1 - wellbeing["FRQ"]))
mtag = (wellbeing["mtag_beta"] * scale).to_numpy()
for name, estimate in (("GWAS", gwas), ("MTAG", mtag)):
    error = np.mean((estimate[known] - true[known]) ** 2)
    r = np.corrcoef(estimate[known], true[known])[0, 1]
    print(f"{name}: mean squared error {error:.2e}, correlation with the truth {r:.3f}")

# %% [markdown]
# MTAG's estimates are shrunk towards what the other traits suggest, so its errors are smaller. They
# are not free of bias at a variant whose effects do not follow Omega: that is what maxFDR is about.
#
# ## Keeping it
#
# One call puts tables, matrices and maxFDR into a study's store, with where each came from.

# %%
for key in result.to_store("tutorial_1/study.h5", overwrite=True):
    print(key)

# %%
from postgwas.store import Study

stored = Study.open("tutorial_1/study.h5")
lead = wellbeing.loc[wellbeing["mtag_pval"].idxmin()]
region = f"{lead['CHR']}:{max(lead['BP'] - 250_000, 1)}-{lead['BP'] + 250_000}"
print(region)
print(stored.query(region, trait="wellbeing").to_string(index=False))

# %% [markdown]
# ## From the command line
#
# As you would run mtag.py: flags are the same, and the files it writes have the same names and columns. No column is
# named here, nothing was munged before; both are mtag.py's first hurdles.

# %%
from postgwas.cli.main import main

files = ",".join(map(str, study.sumstats))
command = f"mtag --sumstats {files} --ld_ref_panel {study.ld_ref_panel} --fdr --out tutorial_1/first --overwrite --quiet"
print("postgwas", command)
assert main(command.split()) == 0

# %% [markdown]
# The log has a line a step. Read it once for a new set of files: which column was taken for what, how many rows each rule
# left out, how many variants all traits share, and on how many alleles were turned.

# %%
log = Path("tutorial_1/first.log").read_text().splitlines()
print(*(line[21:] for line in log if "Trait 2" in line or "Merge" in line), sep="\n")

# %% [markdown]
# `first_trait_2.txt` holds the second trait's results:
#
# | column | is |
# | --- | --- |
# | `SNP`, `CHR`, `BP` | of the first file that has them |
# | `A1`, `A2` | effect and other allele, of the first trait, for all traits |
# | `Z`, `N`, `FRQ` | of the trait's own GWAS, on that allele |
# | `mtag_beta`, `mtag_se` | MTAG's effect of a copy of `A1`, in standard deviations of the trait, and its error |
# | `mtag_z`, `mtag_pval` | their ratio and its P |
#
# Further `first_omega_hat.txt` and `first_sigma_hat.txt` (the matrices), `first_omega_se.txt` and `first_rg.txt` (standard
# errors, genetic correlations), `first_prob_grid.txt` and `first_fdr_mat.txt` (maxFDR, tutorial 11), and
# `first.rejected.tsv.gz`: each row that was left out, with its line and why.

# %%
print(*Path("tutorial_1/first_trait_2.txt").read_text().splitlines()[:4], sep="\n")
same = np.loadtxt("tutorial_1/first_omega_hat.txt")
assert np.allclose(same, result.omega, rtol=1e-6)

# %% [markdown]
# From here: the options, and what goes wrong with each (tutorial 10), maxFDR (11), files of any kind (2), LD score
# regression (4). For those who come from mtag.py: docs/from_mtag.md.
