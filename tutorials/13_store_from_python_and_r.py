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
# # The store from Python and from R
#
# Results are worth keeping in one place with where they came from, and worth little if only one program
# can open that place. The store is HDF5, which everything reads. This tutorial goes through it three
# ways: by postgwas, by plain h5py, and from R; and puts results of one's own into it.
#
# First a study to look at.

# %%
import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import h5py
import hdf5plugin  # h5py finds the Zstd filter by this import
import numpy as np
import pandas as pd
import postgwas
from postgwas.errors import PostgwasError
from postgwas.reference.demo import write_demo
from postgwas.store import Provenance, Study

folder = Path("tutorial_13")
demo = write_demo(folder, n_variants=30_000, overwrite=True)
panel, names = demo.ld_ref_panel, demo.truth.trait_names
for old in (folder / "study.h5", folder / "from_r.h5"):
    old.unlink(missing_ok=True)
shutil.rmtree(folder / "study.parts", ignore_errors=True)
result = postgwas.mtag(
    demo.sumstats, trait_names=names, ld_ref_panel=panel, fdr=True, store=folder / "study.h5"
)

# %% [markdown]
# ## By postgwas
#
# A key is a path: room, then name. Tables come as pandas or polars, whole or some columns; matrices as
# arrays. Ask for the columns that you need: each lies by itself, and only what is asked for is read.

# %%
study = Study.open(folder / "study.h5")
for entry in study.ls():
    print(f"{entry.key:20s} {entry.kind:18s} {entry.rows:>7,} rows  {', '.join(entry.columns[:4])} ...")
table = study.read_table("mtag/depression", ["SNPID", "CHR", "POS", "EA", "Z", "MLOG10P"])
print(table.nlargest(3, "MLOG10P").to_string(index=False))
print(study.units("mtag/depression"))

# %% [markdown]
# P is not in it: -log10 P is, because P of a strong locus is too small for a floating-point number and
# would be 0. A region is found without reading the table.

# %%
lead = table.loc[table["MLOG10P"].idxmax()]
region = f"{lead['CHR']}:{max(lead['POS'] - 2_000_000, 1)}-{lead['POS'] + 2_000_000}"
by_postgwas = study.query(region, trait="depression", columns=["SNPID", "POS", "Z"])
print(region, len(by_postgwas), "variants")

# %% [markdown]
# ## Putting your own results in
#
# `write_table` sorts by place, compresses, notes checksums, and gives the file its name when all is
# written: a killed script leaves a whole result or none. `Provenance` is not optional: in a year it is what
# tells you which file the numbers are of. Inputs are named with size and SHA-256.

# %%
leads = table.loc[table.groupby("CHR")["MLOG10P"].idxmax()]
origin = Provenance.collect(
    command="tutorial 13: the strongest variant of each chromosome", inputs=[demo.sumstats[0]],
    rows_in=len(table), rows_out=len(leads), dropped={"not the strongest": len(table) - len(leads)},
)  # fmt: skip
study.write_table("mine/leads", leads, kind="leads", provenance=origin, units={"MLOG10P": "-log10 P"})
again = study.read_table("mine/leads")
assert again["SNPID"].tolist() == leads.sort_values(["CHR", "POS"])["SNPID"].tolist()
print(study.provenance("mine/leads").dropped)

# %% [markdown]
# A key is written once. Replacing a result is a decision, so it has to be said (`overwrite=True`). From
# several processes write different keys at once; nothing needs to be locked.

# %%
try:
    study.write_table("mine/leads", leads, kind="leads", provenance=origin)
    raise SystemExit("a result was replaced silently")
except PostgwasError as error:
    print(error)

# %% [markdown]
# ## By plain h5py
#
# `study.h5` is an index of links to the files of `study.parts/`, so a program that knows nothing of
# postgwas opens the one file and walks. A numeric column is a dataset. Text takes one step more: all rows'
# letters lie in one run of bytes, and row i is what lies between `offsets[i]` and `offsets[i + 1]` (that is
# how Arrow has it in memory, so postgwas copies nothing). Alleles are codes into a short list. Texts of
# attributes are of fixed length, which h5py gives as bytes: `.decode()` makes text of them.

# %%
with h5py.File(folder / "study.h5") as h5:
    columns = h5["mtag/depression/columns"]
    z = columns["Z"][:]
    letters, offsets = columns["SNPID/bytes"][:].tobytes(), columns["SNPID/offsets"][:]
    snpid = [letters[a:b].decode() for a, b in pairwise(offsets)]
    alleles, ends = columns["EA/categories/bytes"][:].tobytes(), columns["EA/categories/offsets"][:]
    distinct = np.array([alleles[a:b].decode() for a, b in pairwise(ends)])
    ea = distinct[columns["EA/codes"][:]]
    told = json.loads(h5["mtag/depression/provenance"][()])
    made_with = h5["mtag/depression"].attrs["postgwas"].decode()
print(f"{len(z):,} rows by postgwas {made_with}; {told['rows_in']:,} went in, {told['rows_out']:,} came out")
assert snpid == table["SNPID"].tolist()
assert np.array_equal(z, table["Z"]) and np.array_equal(ea, table["EA"].astype(str))

# %% [markdown]
# A region without postgwas: rows are sorted, and `position-index` has the first and last place of every
# `chunk_rows` rows. Here there is one chunk; in a table of ten million it saves reading 150 of them.

# %%
chromosome, start, stop = int(lead["CHR"]), *(int(at) for at in region.partition(":")[2].split("-"))
with h5py.File(folder / "study.h5") as h5:
    node = h5["mtag/depression"]
    first, last = (
        [
            tuple(place)
            for place in zip(node[f"position-index/{end}_chr"][:], node[f"position-index/{end}_pos"][:])
        ]
        for end in ("first", "last")
    )
    size = node["position-index"].attrs["chunk_rows"]
    found = []
    for chunk, (low, high) in enumerate(zip(first, last)):
        if high < (chromosome, start) or low > (chromosome, stop):
            continue
        rows = slice(chunk * size, (chunk + 1) * size)
        chrom, pos = (node[f"columns/{name}"][rows] for name in ("CHR", "POS"))
        inside = (chrom == chromosome) & (pos >= start) & (pos <= stop)
        found.append(node["columns/Z"][rows][inside])
assert np.array_equal(np.concatenate(found), by_postgwas["Z"])

# %% [markdown]
# Read as you like; *write* through postgwas. Parts are never changed once they have their name: their
# checksums would be wrong, and `verify` would say so of a result that nobody damaged.
#
# ## One file for others
#
# `pack` makes one file of the study. `portable=True` compresses by gzip and stores text at fixed width, so
# that readers without the Zstd filter have it too: R, MATLAB, `h5dump`. It is larger, so it is for giving
# away, not for working with.

# %%
study.pack(folder / "portable.h5", portable=True, overwrite=True)
with h5py.File(folder / "portable.h5") as h5:
    print(h5["mtag/depression/columns/SNPID/values"][:3], h5["mtag/depression/columns/Z"].compression)
assert len(Study.open(folder / "portable.h5").ls()) == len(study.ls())

# %% [markdown]
# ## From R
#
# With Bioconductor's rhdf5 or CRAN's hdf5r (Debian and Ubuntu: `apt-get install r-cran-hdf5r`). Three things
# to know: R counts from 1, so codes of alleles need + 1; R has matrices by column where HDF5 has them by row,
# so they arrive transposed; and a file can be read in part (`index=` of rhdf5), which matters for tables of
# ten million rows.
#
# The script makes a data frame of MTAG's results, prints lambda of MTAG's Z and the mixture at which the first
# trait's maxFDR is reached: the shares of the eight states of three traits (a variant acts on none, on the
# third alone, ... on all; tutorial 11). Then it writes the best variant of each chromosome.
#
# R's own results go back as a file of their own, which the next cell puts into the store. Checksums,
# sorting and provenance are the writer's work, and there is one writer.

# %%
script = r"""
file <- "portable.h5"
if (requireNamespace("rhdf5", quietly = TRUE)) {
  read <- function(name) rhdf5::h5read(file, name)
  write_table <- function(table, out) {
    rhdf5::h5createFile(out)
    for (name in names(table)) rhdf5::h5write(table[[name]], out, name)
  }
} else {
  handle <- hdf5r::H5File$new(file, mode = "r")
  read <- function(name) handle[[name]]$read()
  write_table <- function(table, out) {
    made <- hdf5r::H5File$new(out, mode = "w")
    for (name in names(table)) made[[name]] <- table[[name]]
    made$close_all()
  }
}
column <- function(key, name) as.vector(read(paste0(key, "/columns/", name)))
text <- function(key, name) as.vector(read(paste0(key, "/columns/", name, "/values")))
levels_of <- function(key, name) {
  lists <- as.vector(read(paste0(key, "/columns/", name, "/categories/values")))
  lists[column(key, paste0(name, "/codes")) + 1]
}

key <- "mtag/depression"
mtag <- data.frame(
  SNPID = text(key, "SNPID"), CHR = column(key, "CHR"), POS = column(key, "POS"),
  EA = levels_of(key, "EA"), NEA = levels_of(key, "NEA"), Z = column(key, "Z"),
  MLOG10P = column(key, "MLOG10P"), stringsAsFactors = FALSE
)
cat(nrow(mtag), "rows; lambda", round(median(mtag$Z^2) / qchisq(0.5, 1), 4), "\n")
at <- t(read("mtag/maxfdr/arrays/at"))
cat("worst mixture of", read("mtag/maxfdr/arrays/traits/values")[1], ":", at[1, ], "\n")
best <- do.call(rbind, by(mtag, mtag$CHR, function(part) part[which.max(part$MLOG10P), ]))
write_table(best, "from_r.h5")
"""
(folder / "study.R").write_text(script)
here = 'requireNamespace("rhdf5", quietly = TRUE) || requireNamespace("hdf5r", quietly = TRUE)'
with_r = shutil.which("Rscript") is not None and subprocess.run(
    ["Rscript", "-e", f"quit(status = if ({here}) 0 else 1)"], capture_output=True, check=False
).returncode == 0  # fmt: skip
if with_r:
    ran = subprocess.run(["Rscript", "study.R"], cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    print(ran.stdout)
else:
    print("no R with rhdf5 or hdf5r here; tutorial_13/study.R is what would have run")

# %% [markdown]
# What R made, into the store, with the script as an input, so that its checksum tells which one it was:

# %%
if with_r:
    with h5py.File(folder / "from_r.h5") as h5:
        arrays = {name: h5[name][:] for name in ("SNPID", "CHR", "POS", "EA", "NEA", "Z", "MLOG10P")}
    of_r = pd.DataFrame(
        {name: array.astype(str) if array.dtype.kind in "SO" else array for name, array in arrays.items()}
    )
    study.write_table(
        "mine/leads_by_r", of_r, kind="leads",
        provenance=Provenance.collect(command="Rscript study.R", inputs=[folder / "study.R"]),
    )  # fmt: skip
    kept = study.read_table("mine/leads_by_r")
    assert kept["SNPID"].tolist() == again["SNPID"].tolist()
    assert np.array_equal(kept["Z"], again["Z"])
    print(study.provenance("mine/leads_by_r").inputs)

# %% [markdown]
# Text is the other way between programs, and sometimes the simpler one: `export` writes a table as TSV,
# Parquet (R: `arrow::read_parquet`) or GWAS-SSF, and `postgwas store query` prints a region for a pipe.

# %%
study.export("mtag/depression", folder / "depression.parquet", overwrite=True)
print(study.verify().problems or "every checksum holds")
