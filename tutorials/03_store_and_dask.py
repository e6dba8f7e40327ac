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
# # The store, and running on several processes or machines
#
# `study.h5` keeps all results of a study together with where they came from. Results are the same
# bits whether they are computed in this process, by several, or on a cluster.

# %%
import contextlib
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import postgwas
from postgwas.reference.demo import write_demo
from postgwas.store import Study

study = write_demo("tutorial_3", overwrite=True)
folder = Path("tutorial_3")
names = study.truth.trait_names
result = postgwas.mtag(
    study.sumstats,
    ld_ref_panel=study.ld_ref_panel,
    trait_names=names,
    store=folder / "study.h5",
    overwrite=True,
)

# %% [markdown]
# ## What is in it
#
# Each result is one immutable file below `study.parts/`; `study.h5` is a small index of them. A run
# that is killed leaves a whole result or none.

# %%
store = Study.open(folder / "study.h5")
for entry in store.ls():
    print(entry.key, entry.kind, f"{entry.rows:,} rows" if entry.rows else "")

# %% [markdown]
# Tables are sorted by position and indexed: a region reads only the pieces that hold it.

# %%
print(store.query("2:100000000-101000000", trait="depression", columns=["SNPID", "POS", "EA", "Z"]))
print(store.query(snp=str(result.traits["depression"]["SNP"].iloc[0])).to_string(index=False))

# %% [markdown]
# Matrices are stored as arrays:

# %%
arrays = store.read_arrays("mtag/covariances")
print({name: array.shape for name, array in arrays.items()})
assert np.array_equal(arrays["omega"], result.omega)

# %% [markdown]
# Every result knows its inputs, their checksums, the rows that went in and came out and why the rest
# did not, and the versions of the programs.

# %%
origin = store.provenance("mtag/depression")
print(origin.rows_in, "rows in,", origin.rows_out, "out")
for reason, count in origin.dropped.items():
    print("  ", reason, count)

# %% [markdown]
# `verify` reads everything again and compares checksums; `pack` makes one file of the whole study, to
# send to a colleague; `export` writes a table in another format.

# %%
report = store.verify()
print(report.results, "results verified,", len(report.problems), "problems")
store.pack(folder / "packed.h5", overwrite=True)
store.export("mtag/depression", folder / "depression.parquet", overwrite=True)

# %% [markdown]
# From the command line:
#
# ```
# postgwas store ls study.h5
# postgwas store show study.h5 mtag/depression
# postgwas store query study.h5 --region 2:100000000-101000000 --trait depression
# postgwas store export study.h5 mtag/depression --out depression.parquet
# postgwas store verify study.h5
# postgwas store pack study.h5 --out packed.h5
# ```

# %% [markdown]
# ## Several processes
#
# `cores=4` (`--cores 4`) starts four worker processes for this run. In a notebook or on the command
# line that is all. In a script, put the call under `if __name__ == "__main__":`, as for anything in
# Python that starts processes.
#
# ## An existing Dask cluster
#
# Any Dask cluster will do, whoever started it: on a laptop, on a few machines, or by a job queue. Here
# we start one as one would in two terminals.

# %%
scheduler_file = folder / "scheduler.json"
dask = [sys.executable, "-m"]
processes = [
    subprocess.Popen([*dask, "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard",
                      "--scheduler-file", scheduler_file], stderr=subprocess.DEVNULL),
    subprocess.Popen([*dask, "distributed.cli.dask_worker", "--nworkers", "2", "--nthreads", "1",
                      "--no-dashboard", "--scheduler-file", scheduler_file,
                      "--local-directory", folder], stderr=subprocess.DEVNULL),
]  # fmt: skip
try:
    while not scheduler_file.exists():
        time.sleep(0.2)
    on_cluster = postgwas.mtag(
        study.sumstats,
        ld_ref_panel=study.ld_ref_panel.resolve(),
        trait_names=names,
        scheduler=scheduler_file,
    )
finally:
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)

# %% [markdown]
# The same bits:

# %%
assert np.array_equal(on_cluster.omega, result.omega)
assert np.array_equal(on_cluster.sigma, result.sigma)
for name in names:
    assert on_cluster.traits[name].equals(result.traits[name])
print("identical")

# %% [markdown]
# On the command line: `--dask_scheduler scheduler.json` or `--dask_scheduler tcp://host:8786`. On a
# cluster with a job queue, `--dask_jobqueue slurm --cores 20` submits the workers itself
# (`pip install 'postgwas[jobqueue]'`). The input files must be where the workers can read them.
