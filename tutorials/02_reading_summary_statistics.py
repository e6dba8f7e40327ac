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
# # Reading summary statistics
#
# Every GWAS program writes its own columns, and every file has its faults. This tutorial shows what
# the reader does with them, what quality control drops, and where dropped rows go.

# %%
import polars as pl
from postgwas.reference.demo import write_demo
from postgwas.sumstats import QCRules, quality_control, read_sumstats, write_delimited, write_rejected

pl.Config(tbl_cols=-1, tbl_width_chars=150, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True)
study = write_demo("tutorial_2", overwrite=True)

# %% [markdown]
# ## Three dialects, one table
#
# `read_sumstats` recognises the program by the header. Whatever it was, the table has the same
# columns: `SNPID CHR POS EA NEA EAF BETA SE Z P MLOG10P N INFO`, as far as they are in the file or
# follow from it. `EA` is always the effect allele: `BETA`, `Z` and `EAF` refer to it.

# %%
for path in study.sumstats:
    stats = read_sumstats(path)
    print(path.name, "is", stats.dialect)
    print("  columns:", ", ".join(f"{ours} = {theirs}" for ours, theirs in stats.columns.items()))
    print("  derived:", "; ".join(stats.derived))
    print(stats.frame.head(3))

# %% [markdown]
# In REGENIE's file the effect allele is `ALLELE1` and P is given as `LOG10P`; GWAS-SSF has no Z. Both
# are taken care of. `ROW` is the line in the file, so that any row can be found again.
#
# ## P values that no computer number can hold
#
# The smallest double is about 1e-308. Large studies go far below: as a number, such a P becomes 0 and
# the variant is lost or wrong. The reader takes the size of P from the text, so `MLOG10P` keeps it.

# %%
wellbeing = read_sumstats(study.sumstats[2])
print(wellbeing.frame.filter(pl.col("SNPID") == "rs19999999").select("SNPID", "Z", "P", "MLOG10P"))

# %% [markdown]
# ## Quality control
#
# The rules are those of LDSC's `munge_sumstats`, in its order; a row is counted under the first rule
# that it breaks. The default lower limit of N is the 90th percentile of N divided by 1.5.

# %%
checked = quality_control(wellbeing, QCRules())
print(f"{wellbeing.frame.height:,} rows in, {checked.stats.frame.height:,} out")
for reason, count in checked.counts.items():
    print(f"  {reason}: {count:,}")
print(f"N below {checked.n_min:,.0f} was dropped; the median of Z is {checked.median_z:.4f}")

# %% [markdown]
# No row is lost without trace: each has its line and its reason.

# %%
print(checked.rejected.head(8))
write_rejected("tutorial_2/wellbeing.rejected.tsv.gz", [("wellbeing.tsv.gz", checked.rejected)])

# %% [markdown]
# Rules can be changed one by one. Strand-ambiguous SNPs (A/T, C/G) are dropped by default because two
# files may give them on different strands; with one file alone there is no such danger.

# %%
lenient = quality_control(wellbeing, QCRules(keep_ambiguous=True, maf_min=0.001))
print(f"{lenient.stats.frame.height:,} rows with ambiguous and rarer SNPs")

# %% [markdown]
# ## A file that no dialect fits
#
# Name its columns. What is not named is still found by the header where possible.

# %%
odd = pl.DataFrame(
    {
        "marker": ["rs1", "rs2", "rs3"],
        "risk": ["A", "C", "T"],
        "other": ["G", "T", "C"],
        "effect": [0.02, -0.01, 0.005],
        "stderr": [0.004, 0.004, 0.005],
        "subjects": [50_000, 50_000, 48_000],
    }
)
odd.write_csv("tutorial_2/odd.csv")
stats = read_sumstats(
    "tutorial_2/odd.csv",
    columns={
        "SNPID": "marker",
        "EA": "risk",
        "NEA": "other",
        "BETA": "effect",
        "SE": "stderr",
        "N": "subjects",
    },
)
print(stats.frame)

# %% [markdown]
# When something is missing, the error says which file, what was found and which flag would help:

# %%
from postgwas.errors import PostgwasError

try:
    read_sumstats("tutorial_2/odd.csv", require=("SNPID", "Z"))
except PostgwasError as error:
    print(error)

# %% [markdown]
# ## Writing
#
# `write_delimited` writes any table whole or not at all, compressed by the suffix; floats are written
# with as many digits as it takes to read back the same number.

# %%
path = write_delimited(checked.stats.frame, "tutorial_2/wellbeing.clean.tsv.gz")
again = read_sumstats("tutorial_2/wellbeing.clean.tsv.gz")
assert again.frame["Z"].equals(checked.stats.frame["Z"])
print(f"{again.frame.height:,} rows read back, Z the same to the last bit")
