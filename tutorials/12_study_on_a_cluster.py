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
# # A study on a Dask cluster, with a worker killed in the middle
#
# One file, `study.yaml`, says what a study is made of; `postgwas run` does what is to be done. The same
# file runs on a laptop, on three machines or in a queue. Two promises make that worth something:
#
# - *where* it runs changes no bit of the results, so a cluster needs no separate validation;
# - a worker that dies (memory limit, preempted node) costs time and nothing else.
#
# We test both: a small study on one core, then on a cluster of three worker processes, of which we kill
# one with `kill -9` while it works; then the content of both stores is compared.

# %%
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from postgwas.cli.main import main as postgwas
from postgwas.reference.demo_study import write_demo_study
from postgwas.reference.demo_study_design import TINY
from postgwas.store import Study
from postgwas.store.content import content_checksums

folder = Path("tutorial_12").resolve()
shutil.rmtree(folder, ignore_errors=True)

# %% [markdown]
# ## The study
#
# The demo study in small: GWAS of two traits, genotypes for LD, counts of 36 genes in 180 people. (The
# whole demo is `postgwas demo --out demo`.) `steps` holds flags of the steps' commands; `false` leaves a
# step out. Here some numbers are small so that it takes seconds: do not copy those.

# %%
write_demo_study(folder / "one_core", plan=TINY, seed=3)
(folder / "one_core" / "study.yaml").write_text("""\
study: {name: small, build: GRCh38, seed: 4}
reference: {variants: reference/variants.vcf.gz, af_field: "AF_{ancestry}", gtf: expression/genes.gtf}
ancestries:
  EUR: {genotypes: genotypes/EUR.pgen}
gwas:
  - {trait: LDL, ancestry: EUR, file: gwas/EUR_LDL.regenie.gz}
  - {trait: TG, ancestry: EUR, file: gwas/EUR_TG.regenie.gz}
expression:
  lcl: {counts: expression/counts.tsv.gz, genotypes: genotypes/expressed.pgen,
        samples: expression/samples.tsv, covariates: [sex], factors: 1, genotype_pcs: 2}
steps:
  harmonise: {no_report: true}
  ld_scores: {ld_wind_kb: 100}
  h2: false
  rg: false
  mtag: {n_blocks: 12, median_z_cutoff: 1}
  finemap: false
  coloc: false
  report: false
  genotypes_qc: false
  genotypes_prune: {maf_min: 0.05}
  genotypes_pca: {n_axes: 3}
  eqtl_permute: {window: 100000, maf_min: 0.05, permutations: 3000, qvalue_method: bh}
  eqtl_cis: false
  eqtl_independent: false
  eqtl_finemap: false
""")
shutil.copytree(folder / "one_core", folder / "cluster")

# %% [markdown]
# What would be done, and why (all of it, as nothing has been):

# %%
assert postgwas(["run", str(folder / "one_core"), "--dry_run"]) == 0

# %% [markdown]
# ## On one core

# %%
assert postgwas(["run", str(folder / "one_core"), "--quiet"]) == 0
alone = content_checksums(folder / "one_core" / "results" / "small.h5")
for key in alone:
    print(key)

# %% [markdown]
# `content_checksums` covers the values of every column and array. The files themselves differ in the
# time of day that is written into them.
#
# ## A cluster
#
# A scheduler and three workers, each a process of its own, started as one would on four machines. There
# the study's folder, and the scheduler file, must be on a disk that all of them can read. One thread a
# worker: a task's sums are then always taken in one order.

# %%
scheduler_file = folder / "scheduler.json"
programs = {
    "scheduler": [sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0"],
    "first": [sys.executable, "-m", "dask", "worker", "--nthreads", "1", "--no-nanny"],
    "second": [sys.executable, "-m", "dask", "worker", "--nthreads", "1", "--no-nanny"],
    "third": [sys.executable, "-m", "dask", "worker", "--nthreads", "1", "--no-nanny"],
}
cluster = {}
for name, command in programs.items():
    at = ["--scheduler-file", str(scheduler_file), "--no-dashboard"]
    place = [] if name == "scheduler" else ["--name", name, "--local-directory", str(folder / "scratch")]
    cluster[name] = subprocess.Popen(
        [*command, *at, *place], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    )

# %% [markdown]
# `--no-nanny`: a nanny would start a killed worker again. We want to see that two are enough.
#
# The study runs in a process of its own, so that we are free to do harm. The step `eqtl_permute` is the
# longest; a file `.begun` says that it has begun. Then one worker dies without a chance to say goodbye.

# %%
from distributed import Client


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


try:
    wait_for(scheduler_file.exists)
    with Client(scheduler_file=str(scheduler_file)) as client:
        client.wait_for_workers(3, timeout=60)
        run = subprocess.Popen(
            [sys.executable, "-m", "postgwas.cli.main", "run", str(folder / "cluster"), "--quiet",
             "--dask_scheduler", json.loads(scheduler_file.read_text())["address"]]
        )  # fmt: skip
        begun = folder / "cluster" / "results" / ".steps" / "eqtl_permute__lcl.begun"
        wait_for(lambda: begun.exists() or run.poll() is not None)
        # Wait until it holds a task, so that the kill takes work with it.
        addresses = {worker["name"]: at for at, worker in client.scheduler_info()["workers"].items()}
        second = addresses["second"]
        wait_for(lambda: client.processing([second]).get(second) or run.poll() is not None)
        assert run.poll() is None, "the study was done before the worker could be killed"
        os.kill(cluster["second"].pid, signal.SIGKILL)
        print("killed a worker in the middle of eqtl_permute")
        status = run.wait(timeout=240)
        left = sorted(worker["name"] for worker in client.scheduler_info()["workers"].values())
finally:
    for process in reversed(cluster.values()):
        process.terminate()
    for process in cluster.values():
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
print("exit status", status, "- workers at the end:", left)
assert status == 0 and left == ["first", "third"]

# %% [markdown]
# ## The comparison

# %%
together = content_checksums(folder / "cluster" / "results" / "small.h5")
assert together == alone
print(f"{len(alone)} results, all of them identical to the last bit")
report = Study.open(folder / "cluster" / "results" / "small.h5").verify()
assert not report.problems

# %% [markdown]
# Why it holds: partitions depend on the data, never on the number of workers; random numbers belong to a
# gene's or a block's place, not to who computes it; sums are added up in the order of partitions. A task
# whose worker died is run again, up to three times: after that the task itself is the likely culprit
# (it needs more memory than a worker has), and the step fails with one line.
#
# ## Again
#
# Nothing is done twice: a step is kept while its inputs, settings and code are the same, wherever it ran.
# If the *driver* is killed, the same command goes on with the step that was interrupted.

# %%
start = time.perf_counter()
assert postgwas(["run", str(folder / "cluster")]) == 0
print(f"{time.perf_counter() - start:.1f} s")

# %% [markdown]
# A changed setting runs what depends on it and nothing else:

# %%
settings = folder / "cluster" / "study.yaml"
settings.write_text(settings.read_text().replace("genotype_pcs: 2", "genotype_pcs: 1"))
assert postgwas(["run", str(folder / "cluster"), "--dry_run"]) == 0

# %% [markdown]
# ## What you would type
#
# ```
# postgwas run my_study --cores 8                                    # worker processes of its own
# postgwas run my_study --dask_scheduler tcp://head:8786             # a cluster that runs
# postgwas run my_study --dask_jobqueue slurm --cores 40 --memory 8GB \
#     --dask_jobqueue_options queue=short,walltime=02:00:00          # submits 40 jobs itself
# ```
#
# `docs/pipeline.md` has all settings, and a table of faults: what happens and what is lost.
