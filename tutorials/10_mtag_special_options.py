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
# # MTAG's special options
#
# The defaults of MTAG are right for several traits that are genetically correlated and may share
# participants. Each option below swaps an estimate for an assumption (`--no_overlap`,
# `--perfect_gencov`, `--equal_h2`), a number of your own (`--gencov_path`, `--residcov_path`), another
# estimator (`--numerical_omega`) or another set of variants. An assumption that holds gains power; one
# that does not gives standard errors that are too small, and nothing in the output looks odd. So we use
# simulated traits, whose truth is known, and look at the errors themselves.

# %%
from pathlib import Path

import numpy as np
import pandas as pd
import postgwas
from postgwas.errors import PostgwasError
from postgwas.reference.demo import write_demo

folder = Path("tutorial_10")
study = write_demo(folder, n_variants=60_000, overwrite=True)
truth = study.truth
names = truth.trait_names
panel = {"ld_ref_panel": study.ld_ref_panel}
base = postgwas.mtag(study.sumstats, trait_names=names, **panel)
print(base.summary())

# %% [markdown]
# Our yardstick: MTAG's model says that (estimate - true effect) has the variance `mtag_se`^2. So the
# mean squared error in units of standard errors, *calibration*, is 1 if the model holds. Above 1 the
# standard errors are too small and P values too good.

# %%
row_of = {snp: row for row, snp in enumerate(study.snpid)}


def true_effects(table, effects):
    """Standardised effects of A1 at the variants of a table; NaN where the id is not the panel's."""
    rows = table["SNP"].map(row_of).fillna(-1).to_numpy(dtype=int)
    sign = np.where(study.ea[rows] == table["A1"].to_numpy(dtype=str), 1.0, -1.0)
    return np.where(rows >= 0, effects[rows] * sign, np.nan)


def standardised(table):
    """Estimates and standard errors on the scale of the truth."""
    scale = np.sqrt(2 * table["FRQ"] * (1 - table["FRQ"])).to_numpy()
    return table["mtag_beta"].to_numpy() * scale, table["mtag_se"].to_numpy() * scale


def calibration(result, effects=study.effects):
    """One number a trait: mean of ((estimate - truth) / standard error)^2."""
    found = []
    for index, name in enumerate(result.trait_names):
        estimate, se = standardised(result.traits[name])
        error = estimate - true_effects(result.traits[name], effects[:, index])
        found.append(np.nanmean((error / se) ** 2))
    return np.round(found, 2)


print(dict(zip(names, calibration(base).tolist())))
assert np.all(np.abs(calibration(base) - 1) < 0.15)

# %% [markdown]
# ## `--no_overlap`: no participant is in two of the GWAS
#
# Sigma's off-diagonal elements are set to 0 instead of being estimated. *Use it* when the cohorts are
# known to be distinct: it saves the error of those estimates. *What goes wrong:* our GWAS do share
# people. The covariance that shared people put into Z must then go somewhere, and it goes into Omega:
# by Sigma_qr / sqrt(N_q N_r), which is not small beside Omega_qr.

# %%
no_overlap = postgwas.mtag(study.sumstats, trait_names=names, no_overlap=True, **panel)
expected = truth.omega[0, 1] + truth.sigma[0, 1] / np.sqrt(truth.n_samples[0] * truth.n_samples[1])
print(f"Omega, depression and neuroticism: true {truth.omega[0, 1]:.2e}, by default {base.omega[0, 1]:.2e}")
print(f"with --no_overlap {no_overlap.omega[0, 1]:.2e}; what the formula says {expected:.2e}")
print(f"which would be a correlation of {expected / np.sqrt(truth.omega[0, 0] * truth.omega[1, 1]):.2f}")
print("calibration", dict(zip(names, calibration(no_overlap).tolist())))
for line in no_overlap.warnings:
    print("-", line)
assert no_overlap.omega[0, 1] > truth.omega[0, 1] + 3 * base.omega_se[0, 1]
assert abs(base.omega[0, 1] - truth.omega[0, 1]) < 3 * base.omega_se[0, 1]
assert np.all(calibration(no_overlap) > 1.25)

# %% [markdown]
# Here it is so much that r_g comes out beyond 1; Omega was shrunk to something possible, with a warning.
# With less overlap there would be none. Mean chi2 goes *up* (see the summary of this run): a gain from a
# wrong assumption looks like power. If in doubt, leave the option out. The default estimates 0 where
# there is no overlap.
#
# ## `--perfect_gencov`: one trait, measured differently
#
# All genetic correlations are taken as 1, heritabilities may differ. *Use it* for GWAS of one trait by
# several measures: a clinical diagnosis and a questionnaire, of which one is noisier. We make such a
# pair: the second measure has 0.6 times the effects, and other people.

# %%
rng = np.random.default_rng(10)
variants = base.traits["depression"][["SNP", "CHR", "BP", "A1", "A2", "FRQ"]]
variants = variants[variants["SNP"].isin(study.snpid)]


def gwas_of(effects, n):
    """A GWAS of people of its own: Z ~ N(sqrt(N) effect, 1)."""
    z = np.sqrt(n) * true_effects(variants, effects) + rng.standard_normal(len(variants))
    # EA says which allele the effect is of; A1 alone would be taken for it too, with a warning.
    return variants.rename(columns={"A1": "EA", "A2": "NEA"}).assign(Z=z, N=float(n))


clinical, questionnaire = study.effects[:, 0], 0.6 * study.effects[:, 0]
pair_effects = np.column_stack([clinical, questionnaire])
pair = [gwas_of(clinical, 100_000), gwas_of(questionnaire, 250_000)]
pair_names = {"trait_names": ["clinical", "questionnaire"], "no_overlap": True}
free = postgwas.mtag(pair, **pair_names, **panel)
perfect = postgwas.mtag(pair, perfect_gencov=True, **pair_names, **panel)
for label, result in (("r_g estimated", free), ("--perfect_gencov", perfect)):
    chi2 = [round(line.mtag_mean_chi2, 3) for line in result.summaries]
    print(f"{label}: mean chi2 {chi2}, calibration {calibration(result, pair_effects).tolist()}")
print(f"r_g {free.genetic_correlation[0, 1]:.3f} (standard error {free.genetic_correlation_se[0, 1]:.3f})")
assert np.all(np.abs(calibration(perfect, pair_effects) - 1) < 0.1)
# With one effect behind both measures, there is one test: the same Z for both.
z = [perfect.traits[name]["mtag_z"].to_numpy() for name in perfect.trait_names]
assert np.allclose(z[0], z[1])

# %% [markdown]
# Where r_g is *not* 1 the option calls one trait's signal another's. Depression, neuroticism and
# well-being have 0.72, -0.65 and -0.60; the last trait points the other way, which the option ignores:

# %%
wrong = postgwas.mtag(study.sumstats, trait_names=names, perfect_gencov=True, **panel)
print("calibration", dict(zip(names, calibration(wrong).tolist())))
for line in wrong.warnings:
    print("-", line)
assert np.all(calibration(wrong) > 1.15)
assert sum("--perfect_gencov" in line for line in wrong.warnings) == 3

# %% [markdown]
# ## `--equal_h2`: one trait, one measure, several cohorts
#
# With `--perfect_gencov` too, all traits have the same effects in standard deviations: MTAG is a
# meta-analysis by sample size that corrects for overlap. There is one table, and no Omega. Without
# overlap and with Sigma = 1 it is Stouffer's sum, which we can check to the last digit. Sigma is given as
# a file here: `--residcov_path` is for that.

# %%
np.savetxt(folder / "identity.txt", np.eye(2))
same = [gwas_of(clinical, 100_000), gwas_of(clinical, 60_000)]
equal = {"perfect_gencov": True, "equal_h2": True, "trait_names": ["first", "second"]}
one = postgwas.mtag(same, residcov_path=folder / "identity.txt", **equal).meta_frame()
stouffer = (np.sqrt(100e3) * same[0]["Z"] + np.sqrt(60e3) * same[1]["Z"]) / np.sqrt(160e3)
expected_z = dict(zip(same[0]["SNP"], zip(same[0]["EA"], stouffer)))
difference = [
    abs(z - expected_z[snp][1] * (1 if a1 == expected_z[snp][0] else -1))
    for snp, a1, z in one.select("SNP", "A1", "mtag_z").iter_rows()
]
print(f"largest difference from Stouffer's Z: {max(difference):.1e}")
assert max(difference) < 1e-8

# %% [markdown]
# Used for the clinical and the questionnaire measure, whose effects differ, it averages the two. Tests
# stay tests, but the effects are those of neither: the slope on the truth should be 1.

# %%
averaged = postgwas.mtag(pair, **{**equal, "no_overlap": True, "trait_names": ["a", "b"]}, **panel)
table = averaged.meta_frame().to_pandas().rename(columns={"meta_freq": "FRQ"})
slope = np.polyfit(true_effects(table, clinical), standardised(table)[0], 1)[0]
print(f"effects are {slope:.2f} of the clinical measure's; N's average: {(100 + 0.6 * 250) / 350:.2f}")
for line in averaged.warnings:
    print("-", line)
assert abs(slope - 250 / 350) < 0.05

# %% [markdown]
# ## `--gencov_path` and `--residcov_path`: Omega and Sigma of your own
#
# *Use them* where the data at hand are too few to estimate the matrices (one chromosome, a lookup of
# some hundred SNPs, an array of immune loci) and a whole genome is available elsewhere; or to repeat a
# published run. Text with one row a line, or .npy. Order and sign must be those of the traits, and
# Omega is on the standardised scale. With Sigma given no LD scores are needed.

# %%
np.savetxt(folder / "omega.txt", base.omega)
np.savetxt(folder / "sigma.txt", base.sigma)
matrices = {"gencov_path": folder / "omega.txt", "residcov_path": folder / "sigma.txt"}
given = postgwas.mtag(study.sumstats, trait_names=names, only_chr=["22"], ld_ref_panel=None, **matrices)
small = postgwas.mtag(study.sumstats, trait_names=names, only_chr=["22"], residcov_path=folder / "sigma.txt")
print("r_g from chromosome 22 alone\n", small.genetic_correlation.round(2))
print("r_g, whole genome\n", base.genetic_correlation.round(2))
print("truth\n", truth.rg)
whole = base.traits["wellbeing"].query("CHR == 22")["mtag_z"].to_numpy()
# Not the last digit: text has 18 of them, but the matrices are added up in another order.
assert np.allclose(given.traits["wellbeing"]["mtag_z"], whole, rtol=1e-6)

# %% [markdown]
# A matrix that cannot be a covariance is refused: it is your number, so it is not repaired silently.

# %%
np.savetxt(folder / "wrong.txt", base.omega * np.array([[1, 2, 1], [2, 1, 1], [1, 1, 1]]))
try:
    postgwas.mtag(study.sumstats, trait_names=names, gencov_path=folder / "wrong.txt", **panel)
    raise SystemExit("a matrix with a correlation of 1.4 was taken")
except PostgwasError as error:
    print(error)

# %% [markdown]
# ## `--numerical_omega`: maximum likelihood
#
# The default, the method of moments, has no distribution in it and jackknife standard errors. Maximum
# likelihood assumes that effects are normal, weights variants by their N, and always gives a matrix
# that is a covariance. *Use it* as a check, or where the moments give an Omega that had to be shrunk.
# Where they disagree by more than the standard error, ask why (N that varies, a few huge loci).

# %%
ml = postgwas.mtag(study.sumstats, trait_names=names, numerical_omega=True, **panel)
print("difference, in standard errors\n", ((ml.omega - base.omega) / base.omega_se).round(2))
assert np.all(np.abs(ml.omega - base.omega) < base.omega_se)

# %% [markdown]
# ## `--std_betas`: effects per standard deviation of the genotype
#
# Only the units of `mtag_beta` and `mtag_se` change, by sqrt(2 f (1 - f)). *Use it* when other programs
# want standardised effects, or when frequencies are not to be trusted. Z and P are the same.

# %%
std = postgwas.mtag(study.sumstats, trait_names=names, std_betas=True, **panel).traits["depression"]
per_allele = base.traits["depression"]
assert np.array_equal(std["mtag_z"], per_allele["mtag_z"]) or np.allclose(std["mtag_z"], per_allele["mtag_z"])
assert np.allclose(std["mtag_beta"], standardised(per_allele)[0])

# %% [markdown]
# ## `--use_beta_se`: results in the units of the files
#
# By default MTAG uses Z and N alone, so that `mtag_beta` is in standard deviations of the trait, whatever BETA was.
# With the option Z is BETA / SE and N is 1 / (2 f (1 - f) SE^2), which makes effects come out in the units of BETA:
# centimetres, or log odds. *Use it* for odds ratios, and where N is not known or not people. *What goes wrong:* N is no
# number of people then, unless the trait has variance 1; do not report it as one. (mtag.py 1.0.8 refuses the option.)
# We write neuroticism on a questionnaire's scale, on which a standard deviation is 10 points.

# %%
points = pd.read_csv(study.sumstats[1], sep=None, engine="python")
points["BETA"], points["SE"] = 10 * points["BETA"], 10 * points["SE"]
points.to_csv(folder / "points.regenie.gz", sep=" ", index=False, na_rep="NA")
files = [study.sumstats[0], folder / "points.regenie.gz", study.sumstats[2]]
by_n = postgwas.mtag(files, trait_names=names, **panel).traits["neuroticism"]
by_se = postgwas.mtag(files, trait_names=names, use_beta_se=True, **panel).traits["neuroticism"]
both = by_n.merge(by_se, on="SNP", suffixes=("", "_by_se"))
ratio = np.median(both["mtag_se_by_se"] / both["mtag_se"])
print(f"standard errors are {ratio:.2f} times as large; correlation of Z {both['mtag_z'].corr(both['mtag_z_by_se']):.4f}")
print(f"N: {by_n['N'].median():,.0f} people, with --use_beta_se {by_se['N'].median():,.0f}")
assert abs(ratio / 10 - 1) < 0.05 and both["mtag_z"].corr(both["mtag_z_by_se"]) > 0.99

# %% [markdown]
# ## `--n_min`, `--maf_min`, `--info_min`: which variants
#
# MTAG treats Omega as one number for all variants. Rare variants have other effects per standard
# deviation, and a variant typed in a quarter of the people has mostly error. By default N must be at
# least the 90th percentile / 1.5 and MAF 0.01. *Loosen* `n_min` where cohorts had different arrays and
# the loss is large (the table of dropped rows tells); *tighten* it where N varies and its values
# are doubtful. A value for all traits, or one each.

# %%
for label, filters in {
    "default": {},
    "--n_min 0 --maf_min 0": {"n_min": 0, "maf_min": 0},
    "--maf_min 0.05": {"maf_min": 0.05},
    "--n_min 150000,100000,85000": {"n_min": [150_000, 100_000, 85_000]},
}.items():
    result = postgwas.mtag(study.sumstats, trait_names=names, **filters, **panel)
    print(f"{label}: {result.summaries[0].n_variants:,} variants, calibration {calibration(result).tolist()}")

# %% [markdown]
# In the demo effects do not depend on frequency, so nothing is lost by rare variants; in real data that
# is not so. `--info_min` needs a column of imputation quality. A file without one is an error, not a
# filter that did nothing:

# %%
try:
    postgwas.mtag(study.sumstats, trait_names=names, info_min=0.9, **panel)
    raise SystemExit("INFO was filtered where there is none")
except PostgwasError as error:
    print(error)

# %% [markdown]
# ## `--include`, `--exclude`, `--only_chr`: lists
#
# They leave variants out *before* anything is estimated. That is right for regions that one does not trust (the
# MHC), and wrong for a list of hits, chosen for being large: give Omega and Sigma of all variants along.

# %%
hits = base.traits["depression"].query("abs(Z) > 3")["SNP"]
(folder / "hits.txt").write_text("SNP\n" + "\n".join(hits) + "\n")
lists = {"trait_names": names, "include": folder / "hits.txt"}
chosen = postgwas.mtag(study.sumstats, residcov_path=folder / "sigma.txt", **lists)
lookup = postgwas.mtag(study.sumstats, **lists, **matrices)
print(f"{len(hits)} hits: genetic variance {chosen.omega[0, 0] / base.omega[0, 0]:.0f} times that of all variants")
whole = base.traits["wellbeing"].merge(lookup.traits["wellbeing"], on="SNP", suffixes=("", "_lookup"))
alone = base.traits["wellbeing"].merge(chosen.traits["wellbeing"], on="SNP", suffixes=("", "_chosen"))
print(f"Z of wellbeing, largest difference from the whole run: {abs(whole['mtag_z'] - whole['mtag_z_lookup']).max():.0e} "
      f"with the matrices of all variants, {abs(alone['mtag_z'] - alone['mtag_z_chosen']).max():.1f} without")  # fmt: skip
assert chosen.omega[0, 0] > 3 * base.omega[0, 0] and np.allclose(whole["mtag_z"], whole["mtag_z_lookup"], rtol=1e-6)

# %% [markdown]
# (Hits are hits also because of their errors: the winner's curse. No option takes that away; replication does.)
#
# ## `--incld_ambig_snps`, `--no_allele_flipping`, `--homogNs_frac`
#
# A/T and C/G are left out, because two files may have them on different strands, which no letter tells.
# `--incld_ambig_snps` reports them too, with Omega and Sigma estimated without: *use it* when all files are
# on one strand (`postgwas harmonise` puts them there). `--no_allele_flipping` leaves out variants whose alleles are the
# other way round instead of turning them: hardly ever wanted. `--homogNs_frac 0.1` keeps variants whose N is
# within a tenth of the most common one, where a consortium's files have N of many sizes.

# %%
for label, options in {
    "default": {},
    "--incld_ambig_snps": {"incld_ambig_snps": True},
    "--no_allele_flipping": {"no_allele_flipping": True},
    "--homogNs_frac 0.1": {"homog_ns_frac": 0.1},
}.items():
    result = postgwas.mtag(study.sumstats, trait_names=names, residcov_path=folder / "sigma.txt", **options)
    print(f"{label}: {result.summaries[0].n_variants:,} variants")
    more = base.traits["depression"].merge(result.traits["depression"], on="SNP", suffixes=("", "_other"))
    assert np.allclose(more["mtag_z"], more["mtag_z_other"], atol=0.1)

# %% [markdown]
# ## `--meta_format`: variants that only some traits have
#
# By default a variant must be in all files. With the option a variant that is missing in some is
# estimated from the rest, with the same Omega and Sigma. *Use it* when one file has far fewer
# variants than the others. Here we take a third of the variants from well-being.

# %%
columns = {"SNP": "SNPID", "CHR": "CHR", "BP": "POS", "A1": "EA", "A2": "NEA", "FRQ": "EAF", "Z": "Z", "N": "N"}
tables = [base.traits[name][list(columns)].rename(columns=columns) for name in names]
keep = rng.random(len(tables[2])) > 1 / 3
tables[2] = tables[2][keep]
common = postgwas.mtag(tables, trait_names=names, **panel)
meta = postgwas.mtag(tables, trait_names=names, meta_format=True, **panel)
print({name: (len(common.traits[name]), len(meta.traits[name])) for name in names})
assert len(meta.traits["depression"]) > 1.3 * len(common.traits["depression"])
both = meta.traits["depression"].merge(common.traits["depression"], on="SNP", suffixes=("", "_common"))
assert len(both) == len(common.traits["depression"])
assert np.allclose(both["mtag_z"], both["mtag_z_common"])
assert np.all(np.abs(calibration(meta) - 1) < 0.15)

# %% [markdown]
# A Manhattan plot of such a run mixes variants of different power: the gain at a locus depends on which
# traits were there.
#
# ## Many traits
#
# T traits have T (T + 1) / 2 elements of Omega and of Sigma, each with its error, and each new trait
# brings less. Eight traits, each with half of its genetic variance in common with the others (r_g 0.5
# between any two): we add them one after the other, once with GWAS of 40,000 people, once with 10,000.
# MTAG takes Omega as known: with little power look at its standard errors, and at whether it was shrunk.

# %%
shared = study.effects[:, 0]
flips = rng.choice([-1.0, 1.0], (len(shared), 8))
eight = np.sqrt(0.5) * (shared[:, None] + flips * shared[:, None])
rows = []
for n, sizes in ((40_000, (2, 4, 8)), (10_000, (8,))):
    files = [gwas_of(eight[:, t], n) for t in range(8)]
    for size in sizes:
        result = postgwas.mtag(
            files[:size], trait_names=[f"t{t}" for t in range(size)], no_overlap=True, force=True, **panel
        )
        line = result.summaries[0]
        smallest = np.linalg.eigvalsh(result.genetic_correlation)[0]
        worst = calibration(result, eight).max()
        rows.append((n, size, line.gwas_mean_chi2, line.mtag_mean_chi2, worst, smallest))
many = pd.DataFrame(
    rows, columns=["N", "traits", "GWAS chi2", "MTAG chi2", "worst calibration", "smallest eigenvalue"]
)
print(many.round(3).to_string(index=False))
assert many["MTAG chi2"][:3].is_monotonic_increasing
assert np.all(many["worst calibration"][:3] < 1.1)

# %% [markdown]
# Look at the smallest eigenvalue of the genetic correlations: near 0, two traits tell the same story and
# Omega will soon be shrunk; leave one out. And whatever the options, run maxFDR (`--fdr`): the
# calibration above needs the truth, maxFDR needs none.
#
# On the command line the flags have the names of this page:
#
# ```
# postgwas mtag --sumstats a.txt,b.txt --ld_ref_panel eur_w_ld_chr --perfect_gencov --no_overlap --out ab
# postgwas mtag --sumstats a.txt,b.txt --gencov_path omega.txt --residcov_path sigma.txt \
#     --only_chr 22 --out ab22
# ```
