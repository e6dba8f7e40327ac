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
# # Meta-analysis as a step of a study: which method for which question
#
# `study.yaml` takes several methods of meta-analysis at once, for all traits or by trait. They do not compete:
# they answer different questions, and each has a price.
#
# | method | asks | needs | price |
# | --- | --- | --- | --- |
# | `fixed` | is there an effect, if it is the same everywhere? | nothing | loses what differs |
# | `re2` | is there an effect, the same or not? | nothing | a little power where effects agree |
# | `mrmega` | is there an effect, does it go with ancestry? | several cohorts | a degree of freedom an axis |
# | `mama` | what is the effect in *each* ancestry? | genotypes for LD, a genome | one correlation for all variants |
#
# This tutorial simulates a study with known effects, runs all four as steps, and holds each answer to the
# truth.

# %%
from pathlib import Path

import numpy as np
import polars as pl
from postgwas.cli.main import main as postgwas
from postgwas.genotypes.write_plink import write_plink1
from postgwas.reference.population_history import simulate_population_haplotypes
from postgwas.reference.simulate_gwas import simulate_gwas, standardised
from postgwas.store import Study

folder = Path("tutorial_14")
for name in ("genotypes", "gwas"):
    (folder / name).mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(14)
ANCESTRIES = ("AFR", "EUR", "EAS")

# %% [markdown]
# ## The sequence
#
# 24 stretches of 200 kb, each some millions of bases from the next; frequencies and LD as the out-of-Africa
# history of humans made them. 300 people of each ancestry tell the LD.

# %%
STRETCHES = 24
parts = [
    simulate_population_haplotypes(
        dict.fromkeys(ANCESTRIES, 300), length=200_000, seed=140 + number, maf_min=0.05, n_variants=200
    )
    for number in range(STRETCHES)
]
dosages = {one: [part.dosages(one) for part in parts] for one in ANCESTRIES}
stretch = np.repeat(np.arange(STRETCHES), [part.n_variants for part in parts])
chromosome = 1 + stretch // 6
position = np.concatenate([10_000_000 * (1 + n % 6) + part.position for n, part in enumerate(parts)])
frequency = {one: np.concatenate([d.mean(axis=1) / 2 for d in dosages[one]]) for one in ANCESTRIES}
variants = pl.DataFrame(
    {"SNPID": [f"v{i}" for i in range(stretch.size)], "CHROM": chromosome.astype(str), "POS": position,
     "A1": "A", "A2": "G", "CM": 0.0}
)  # fmt: skip
for one in ANCESTRIES:
    people = pl.DataFrame({"IID": [f"{one}{i}" for i in range(300)]}).with_columns(
        FID=pl.lit(None, pl.String), SEX=pl.lit(None, pl.Int8)
    )
    write_plink1(folder / "genotypes" / one, variants, people, dosages[one])
print(f"{variants.height:,} variants in {STRETCHES} stretches")


def causal_variant(number):
    """The variant of a stretch whose rarer allele is the most common, in the ancestry where it is rarest."""
    least = np.min([np.minimum(f, 1 - f) for f in frequency.values()], axis=0)
    return int(np.where(stretch == number, least, 0).argmax())


def write_gwas(name, ancestry, effects, n):
    """One GWAS of `n` people from effects per copy; gives the effects that LD makes of them."""
    rows, marginal = [], []
    for number in range(STRETCHES):
        here = stretch == number
        gwas = simulate_gwas(dosages[ancestry][number], effects[here, None], [n], rng=rng)
        rows.append(np.stack([gwas.eaf, gwas.beta[:, 0], gwas.se[:, 0]]))
        x, _, sd = standardised(dosages[ancestry][number])
        marginal.append(x @ (x.T @ (effects[here] * sd)) / x.shape[1] / np.where(sd > 0, sd, 1))
    eaf, beta, se = np.concatenate(rows, axis=1)
    table = variants.select("SNPID", CHR="CHROM", POS="POS", EA="A1", NEA="A2").with_columns(
        EAF=eaf.round(5), BETA=beta, SE=se, N=pl.lit(n)
    )
    table.filter(pl.col("BETA").is_not_nan() & pl.col("EAF").is_between(0.01, 0.99)).write_csv(
        folder / "gwas" / f"{name}.tsv", separator="\t"
    )
    return np.concatenate(marginal)


# %% [markdown]
# ## Two traits
#
# **LDL** comes from six cohorts, two of each ancestry. It has one causal variant in each of ten stretches: the
# same effect everywhere (4), an effect that goes with ancestry (3: upwards in Africans, downwards in Europeans,
# none in East Asians), and an effect that one cohort has alone (3), as a cohort does whose phenotype was
# measured differently.

# %%
COHORTS = {"AFR_1": 9_000, "AFR_2": 7_000, "EUR_1": 14_000, "EUR_2": 10_000, "EAS_1": 12_000, "EAS_2": 8_000}
PLANTED = {
    "the same": ((0, 1, 2, 3), dict.fromkeys(COHORTS, 0.036)),
    "by ancestry": ((4, 5, 6), {"AFR_1": 0.08, "AFR_2": 0.08, "EUR_1": -0.045, "EUR_2": -0.045}),
    "one cohort": ((7, 8, 9), {"EAS_1": 0.09}),
}
lead = {number: causal_variant(number) for number in range(STRETCHES)}
for cohort, n in COHORTS.items():
    effects = np.zeros(stretch.size)
    for numbers, size in PLANTED.values():
        for number in numbers:
            effects[lead[number]] = size.get(cohort, 0.0)
    write_gwas(f"{cohort}_LDL", cohort[:3], effects, n)

# %% [markdown]
# **BMI** comes from one large GWAS of each ancestry. Every variant may have a small effect; effects of
# ancestries correlate 0.6. In one stretch a large effect is in Africans alone.

# %%
BMI = {"AFR": 25_000, "EUR": 150_000, "EAS": 60_000}
CORRELATION = 0.6
shape = np.full((3, 3), CORRELATION) + (1 - CORRELATION) * np.eye(3)
small = rng.multivariate_normal(np.zeros(3), shape * 0.015 / stretch.size, stretch.size)
true = {}
for at, (ancestry, n) in enumerate(BMI.items()):
    f = frequency[ancestry]
    sd = np.sqrt(2 * f * (1 - f))
    effects = np.divide(small[:, at], sd, out=np.zeros(stretch.size), where=sd > 0)
    effects[lead[20]] = 0.12 if ancestry == "AFR" else 0.0
    true[ancestry] = write_gwas(f"{ancestry}_BMI", ancestry, effects, n)

# %% [markdown]
# ## study.yaml
#
# Methods by trait: MR-MEGA needs three studies more than axes of ancestry, so it is for LDL; MAMA has one
# result an ancestry, so it is for BMI. Ask for what a trait cannot have and you are told before anything runs.
#
# - Cohorts of one ancestry get names of their own under `ancestries`: a name is an entry's own.
# - `pcs: 2`: two axes tell three ancestries apart. More would cost degrees of freedom and fit noise.
# - `cross_scores` are LD scores across each pair of ancestries, from the genotypes under `ancestries`.
# - `mama` is told what so few variants cannot tell: nobody is in two GWAS and errors are what the GWAS say
#   (`reg_se2_ident`, `reg_int_zero`), and LD scores of 300 people are noisy (`ld_weight_floor`). With a genome,
#   leave these out and let it estimate.

# %%
entries = [(f"{cohort}_LDL", "LDL", cohort) for cohort in COHORTS] + [(f"{one}_BMI", "BMI", one) for one in BMI]
gwas = "\n".join(f"  - {{trait: {t}, ancestry: {a}, file: gwas/{name}.tsv}}" for name, t, a in entries)
(folder / "study.yaml").write_text(f"""\
study: {{name: three, build: GRCh38}}
ancestries:
  AFR: {{genotypes: genotypes/AFR.bed}}
  EUR: {{genotypes: genotypes/EUR.bed}}
  EAS: {{genotypes: genotypes/EAS.bed}}
  AFR_1: {{}}
  AFR_2: {{}}
  EUR_1: {{}}
  EUR_2: {{}}
  EAS_1: {{}}
  EAS_2: {{}}
gwas:
{gwas}
steps:
  harmonise: {{no_report: true}}
  meta:
    method: {{LDL: [fixed, re2, mrmega], BMI: [fixed, mama]}}
    pcs: 2
  cross_scores: {{ld_wind_kb: 200}}
  mama: {{reg_int_zero: true, reg_se2_ident: true, ld_weight_floor: 1}}
  h2: false          # LD score regression wants a genome, and so does MTAG
  rg: false
  mtag: false
  ld_scores: false   # these would be for those three
  finemap: false
  report: false
""")
assert postgwas(["run", str(folder), "--dry_run"]) == 0

# %%
assert postgwas(["run", str(folder), "--quiet"]) == 0
study = Study.open(folder / "results" / "three.h5")
for key in study.ls():
    if key.key.startswith("meta/"):
        print(key.key, f"{key.rows:,} rows")

# %% [markdown]
# ## LDL: is there an effect?
#
# -log10 P of the planted variants; 7.3 is genome-wide significance.

# %%
found = {name: study.read_polars(f"meta/{name}/LDL") for name in ("fixed", "re2", "mrmega")}
wanted = pl.DataFrame(
    [(kind, f"v{lead[number]}") for kind, (numbers, _) in PLANTED.items() for number in numbers],
    schema=["planted", "SNPID"], orient="row",
)  # fmt: skip
table = wanted
for name, one in found.items():
    table = table.join(one.select("SNPID", pl.col("MLOG10P").round(1).alias(name)), on="SNPID", how="left")
het = found["mrmega"].select(
    "SNPID", pl.col("MLOG10P_ancestry_het").round(1).alias("ancestry_het"),
    pl.col("MLOG10P_residual_het").round(1).alias("residual_het"),
)  # fmt: skip
table = table.join(het, on="SNPID", how="left")
with pl.Config(tbl_rows=20, tbl_cols=10, tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True):
    print(table)
mean = {
    kind: rows.select(pl.col(pl.Float64).mean()).row(0, named=True) for (kind,), rows in table.group_by("planted")
}
assert mean["the same"]["fixed"] > max(mean["the same"]["re2"], mean["the same"]["mrmega"])
assert mean["by ancestry"]["mrmega"] > mean["by ancestry"]["re2"] > 7.3 > mean["by ancestry"]["fixed"]
assert mean["one cohort"]["re2"] > max(mean["one cohort"]["mrmega"], mean["one cohort"]["fixed"])

# %% [markdown]
# - *The same everywhere*: the fixed effect is best, as nothing is spent on differences; RE2 all but as good,
#   MR-MEGA pays for two axes.
# - *By ancestry*: effects of both signs cancel and the fixed effect sees nothing. MR-MEGA, whose axes these
#   effects follow, does better than RE2, and says why there is a hit: `ancestry_het`, not `residual_het`.
# - *One cohort*: RE2 is best, since it does not ask which studies differ. MR-MEGA's `residual_het` is what
#   ancestry does not explain: look at that cohort before you believe the locus. (Part of it looks like
#   ancestry, as the cohort is half of the East Asians.)
#
# So: `fixed` for discovery where effects are expected to agree, with `re2` beside it for what it misses;
# `mrmega` with many cohorts, to tell ancestry from trouble. `postgwas meta --method re2 --m_values` says which
# studies have the effect, `--loci 5e-8 --figures` draws their forest.
#
# ## BMI: what is the effect in each ancestry?
#
# For polygenic scores or fine-mapping the effect *in an ancestry* is wanted. The small GWAS is noisy; the fixed
# effect is a mean that is nobody's. MAMA weighs all three by how well effects correlate and by the LD that each
# has. True effects are those that a GWAS of everyone would show: a variant's own, and its neighbours' through
# LD.
#
# Two numbers of each: the root mean squared error, and the slope of estimates on true effects, which is 1 for
# estimates of the right size. (The stretch of the large effect is looked at below.)

# %%
truth = variants.select("SNPID", TRUE_EA="A1", STRETCH=pl.Series(stretch)).with_columns(**true)


def beside_truth(ancestry, method):
    """Estimates of a method at the variants that MAMA has, the effects that they are of, and standard errors."""
    key = {"own GWAS": f"sumstats/{ancestry}_BMI", "fixed": "meta/fixed/BMI", "MAMA": f"meta/mama/BMI/{ancestry}_BMI"}
    table = study.read_polars(key[method], ["SNPID", "EA", "BETA", "SE"]).join(
        truth, on="SNPID", maintain_order="left"
    )
    table = table.join(study.read_polars(key["MAMA"], ["SNPID"]), on="SNPID", how="semi", maintain_order="left")
    sign = pl.when(pl.col("EA") == pl.col("TRUE_EA")).then(1).otherwise(-1)
    return table.select("SNPID", "STRETCH", ESTIMATE=sign * pl.col("BETA"), TRUE=pl.col(ancestry), SE=pl.col("SE"))


METHODS = ("own GWAS", "fixed", "MAMA")
rows = []
for ancestry, n in BMI.items():
    error, slope = {}, {}
    for method in METHODS:
        one = beside_truth(ancestry, method).filter(pl.col("STRETCH") != 20)
        error[method] = float(np.sqrt(np.mean((one["ESTIMATE"] - one["TRUE"]).to_numpy() ** 2)))
        slope[method] = float(np.polyfit(one["TRUE"].to_numpy(), one["ESTIMATE"].to_numpy(), 1)[0])
    rows.append(
        (
            ancestry,
            n,
            *(f"{error[method]:.4f}" for method in METHODS),
            *(f"{slope[method]:.2f}" for method in METHODS),
        )
    )
    assert error["MAMA"] < min(error["own GWAS"], error["fixed"])
    assert abs(slope["MAMA"] - 1) < 0.15 and slope["fixed"] < 0.8
columns = ["ancestry", "N", *(f"error {method}" for method in METHODS), *(f"slope {method}" for method in METHODS)]
with pl.Config(tbl_cols=10, tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True, tbl_width_chars=120):
    print(pl.DataFrame(rows, schema=columns, orient="row"))

# %% [markdown]
# MAMA's errors are the smallest in each ancestry, and its effects have their size. The fixed effect has the
# smallest standard errors and, with slopes of 0.5 to 0.7, the wrong size: a polygenic score of it would be off in
# every ancestry. MAMA gains most where N is smallest. Where effects are the same, the fixed effect is right too,
# and simpler.
#
# ## The price
#
# MAMA takes one correlation for all variants. At the variant whose large effect is in Africans alone it does
# not hold:

# %%
rows = []
for ancestry in BMI:
    for method in METHODS:
        one = beside_truth(ancestry, method).filter(pl.col("SNPID") == f"v{lead[20]}").row(0, named=True)
        away = (one["ESTIMATE"] - one["TRUE"]) / one["SE"]
        rows.append((ancestry, method, one["TRUE"], one["ESTIMATE"], one["SE"], away))
price = pl.DataFrame(rows, schema=["ancestry", "method", "truth", "estimate", "SE", "errors in SE"], orient="row")
with pl.Config(tbl_rows=9, tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True):
    print(price.with_columns(pl.col("truth", "estimate", "SE").round(4), pl.col("errors in SE").round(1)))
off = dict(zip(zip(price["ancestry"], price["method"]), price["errors in SE"].abs()))
assert off["AFR", "MAMA"] > 2 > off["AFR", "own GWAS"] and off["AFR", "fixed"] > 10

# %% [markdown]
# In Africans the effect is pulled towards the others' zero, by more standard errors than chance gives, and in
# East Asians a little up. It is far less than the fixed effect's error, but MAMA's P in one ancestry is no
# proof of an effect in that ancestry, just as MTAG's in one trait is none. For such loci believe the ancestry's
# own GWAS, and look at heterogeneity.

# %%
import matplotlib

matplotlib.use("Agg")
from matplotlib.figure import Figure

figure = Figure(figsize=(10, 4.2), layout="constrained")
left, right = figure.subplots(1, 2)
for at, (method, colour) in enumerate({"fixed": "#0072B2", "re2": "#D55E00", "mrmega": "#009E73"}.items()):
    left.bar(
        np.arange(3) + 0.27 * (at - 1), [mean[kind][method] for kind in PLANTED], 0.25, color=colour, label=method
    )
left.axhline(-np.log10(5e-8), color="black", linewidth=0.8, linestyle=":")
left.set_xticks(range(3), PLANTED)
left.set_ylabel("mean -log10 P of planted variants")
left.set_title("LDL: is there an effect?", loc="left", fontweight="bold", fontsize=10)
left.legend(frameon=False)
for method, colour in {"fixed": "#0072B2", "MAMA": "#CC79A7"}.items():
    one = beside_truth("AFR", method).filter(pl.col("STRETCH") != 20)
    right.plot(one["TRUE"], one["ESTIMATE"], ".", color=colour, markersize=3, alpha=0.5, label=method)
right.axline((0, 0), slope=1, color="black", linewidth=0.8)
right.set_xlabel("true effect in Africans")
right.set_ylabel("estimate")
right.set_title("BMI: what is it in Africans?", loc="left", fontweight="bold", fontsize=10)
right.legend(frameon=False, markerscale=3)
for axis in (left, right):
    axis.spines[["top", "right"]].set_visible(False)
figure.savefig(folder / "methods.png", dpi=150)
print("wrote", folder / "methods.png")

# %% [markdown]
# ## In a study of your own
#
# ```
# postgwas init my_folder          # writes study.yaml; put methods under steps: meta: {method: [fixed, re2, mama]}
# postgwas run my_folder --dry_run # a method that a trait cannot have is named here, with its line
# postgwas run my_folder --cores 8
# ```
#
# Without `report: false` the study's page has it all: lead loci of each method and of MAMA, forest plots of the
# strongest. By hand, each step is one command (`postgwas run my_folder --dry_run --commands` prints them). How
# power compares over many kinds of effects is in tutorial 8, how alike effects are at all (Popcorn) in tutorial
# 9; formulae are in docs/methods/meta_random.md, mrmega.md and mama.md.
