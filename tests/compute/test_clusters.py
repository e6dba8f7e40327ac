"""The engine on a Dask cluster that runs already, and on one started through a job queue.

There is no queue here: job scripts are rendered for all four kinds, and one kind
(Slurm) runs end to end with an ``sbatch`` that starts the script at once.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import engine_tasks as tasks
import numpy as np
import pytest

from postgwas.compute import dask_backend
from postgwas.compute.engine import engine
from postgwas.compute.jobqueue import CLUSTERS, job_cluster
from postgwas.errors import EngineError, UsageError

SLURM_STAND_IN = """#!/bin/sh
# sbatch SCRIPT: start a copy in the background, print a job's number as Slurm does
cp "$1" "{folder}/job.sh"
setsid sh "{folder}/job.sh" >"{folder}/job.log" 2>&1 </dev/null &
echo $! >>"{folder}/started"
echo "Submitted batch job $!"
"""


@pytest.fixture(scope="module")
def scheduler_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A scheduler and one worker, each a program of its own."""
    folder = tmp_path_factory.mktemp("cluster")
    path = folder / "scheduler.json"
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent),
        "DASK_LOGGING__DISTRIBUTED": "error",
    }
    dask = [sys.executable, "-m", "dask"]
    at = ["--scheduler-file", str(path), "--no-dashboard"]
    programs = [
        subprocess.Popen(
            [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *at], cwd=folder, env=environment
        ),
        subprocess.Popen(
            [*dask, "worker", "--nthreads", "1", "--local-directory", str(folder), *at],
            cwd=folder,
            env=environment,
        ),
    ]
    end = time.monotonic() + 30
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    yield path
    for program in reversed(programs):
        program.terminate()
    for program in programs:
        program.wait(20)


def test_existing_cluster_by_file_and_by_address(scheduler_file: Path) -> None:
    with engine() as eng:
        expected = eng.map(tasks.float_work, range(3))
    address = json.loads(scheduler_file.read_text())["address"]
    # It is left running: the second connection finds it again.
    for scheduler in (scheduler_file, address, address.removeprefix("tcp://")):
        with engine(scheduler=scheduler) as eng:
            assert eng.cores == 1
            found = eng.map(tasks.float_work, range(3))
            seen = eng.map(tasks.process_and_threads, [0])
        for a, b in zip(expected, found):
            np.testing.assert_array_equal(a, b)
        assert seen[0][0] != os.getpid()
        assert set(seen[0][1]) == {1}


def test_a_scheduler_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(dask_backend, "CONNECT_SECONDS", 1)
    with (
        LocalCluster(
            n_workers=0, processes=False, dashboard_address="127.0.0.1:0", protocol="tcp"
        ) as cluster,
        pytest.raises(EngineError, match="has no workers"),
        engine(scheduler=cluster.scheduler_address),
    ):
        pass


def test_no_scheduler_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dask_backend, "CONNECT_SECONDS", 1)
    with pytest.raises(EngineError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):  # noqa: SIM117
        with engine(scheduler="tcp://127.0.0.1:9"):
            pass
    with pytest.raises(EngineError, match="neither an address"), engine(scheduler=tmp_path / "absent.json"):
        pass
    (tmp_path / "broken.json").write_text("not a scheduler file")
    with (
        pytest.raises(EngineError, match="is no Dask scheduler file"),
        engine(scheduler=tmp_path / "broken.json"),
    ):
        pass


def test_job_queue_without_dask_jobqueue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    with pytest.raises(EngineError, match="needs dask-jobqueue") as caught:
        job_cluster("slurm", {})
    assert caught.value.hint == "pip install 'postgwas[jobqueue]'"


def test_a_job_queue_leaves_ctrl_c_alone() -> None:
    """dask-jobqueue sets a handler of its own when imported, under which Ctrl-C ends with status 0."""
    pytest.importorskip("dask_jobqueue")
    program = (
        "import signal\n"
        "from postgwas.compute.jobqueue import job_cluster\n"
        "with job_cluster('slurm', {'walltime': '00:01:00'}):\n"
        "    import dask_jobqueue.runner\n"
        "    print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.parametrize(
    ("queue", "own", "lines"),
    [
        ("slurm", {"account": "gwas"},
         ["#SBATCH -p short", "#SBATCH -A gwas", "#SBATCH -n 1", "#SBATCH --cpus-per-task=3",
          "#SBATCH --mem=6G", "#SBATCH -t 00:10:00", "#SBATCH --one", "#SBATCH --two=2"]),
        ("pbs", {"account": "gwas"},
         ["#PBS -q short", "#PBS -A gwas", "#PBS -l select=1:ncpus=3:mem=5723MB",
          "#PBS -l walltime=00:10:00", "#PBS --one", "#PBS --two=2"]),
        ("lsf", {"project": "gwas"},
         ["#BSUB -q short", '#BSUB -P "gwas"', "#BSUB -n 3", "#BSUB -M 6000000", "#BSUB -W 00:10:00",
          "#BSUB --one", "#BSUB --two=2"]),
        ("sge", {"project": "gwas", "resource_spec": "mem_free=6G"},
         ["#$ -q short", "#$ -P gwas", "#$ -l mem_free=6G", "#$ -l h_rt=00:10:00", "#$ --one", "#$ --two=2"]),
    ],
)  # fmt: skip
def test_job_scripts(queue: str, own: dict[str, str], lines: list[str]) -> None:
    """All as text, as the command line gives it; each core has a process of its own."""
    pytest.importorskip("dask_jobqueue")
    options = {
        "queue": "short", "memory": "6GB", "walltime": "00:10:00", "cores": "3",
        "job_extra_directives": "--one; --two=2", "job_script_prologue": "module load python;source env",
    }  # fmt: skip
    with job_cluster(queue, options | own) as cluster:
        script = cluster.job_script().splitlines()
    assert set(lines) <= set(script)
    assert {"module load python", "source env", "export OPENBLAS_NUM_THREADS=1"} <= set(script)
    # Workers are ended at their memory, never paused.
    assert "export DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE=False" in script
    command = next(line for line in script if "dask_worker" in line)
    assert "--nthreads 1 --memory-limit 1.86GiB --nworkers 3 --nanny" in command
    assert set(CLUSTERS) == {"slurm", "pbs", "lsf", "sge"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"memory": "lots"}, "memory=lots: expected a size such as 8GB"),
        ({"memory": "-5GB"}, "memory=-5GB: expected a size"),
        ({"memory": "1MB"}, "memory=1MB: a worker needs at least 1,000,000,000 bytes"),
        ({"cores": "two"}, "cores=two, processes=two: expected a whole number of cores"),
        ({"cores": "0"}, "cores=0"),
        ({"cores": "4", "processes": "2"}, "cores=4, processes=2: expected"),
        ({"queue": "a\n#SBATCH --uid=0"}, "queue: expected one line"),
        ({"walltime": "never"}, "slurm: walltime=never: expected a time such as 02:00:00"),
        ({"walltime": "2h"}, "walltime=2h: expected a time"),
        ({"walltime": "-1"}, "walltime=-1: expected a time"),
        ({"walltime": "1:00:00 --uid=0"}, "expected a time"),
        ({"walltime": "infinity"}, "walltime=infinity: expected a time"),
    ],
)
def test_settings_of_jobs_that_cannot_be(options: dict[str, str], told: str) -> None:
    pytest.importorskip("dask_jobqueue")
    with pytest.raises(UsageError) as caught:
        job_cluster("slurm", options)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("queue", "walltime"),
    [
        *((queue, time) for queue in ("slurm", "pbs", "lsf", "sge") for time in ("90", "01:30", "100:00:00")),
        ("slurm", "1-12"),
        ("slurm", "1-12:30:00"),
        ("slurm", "UNLIMITED"),
        ("sge", "INFINITY"),
        ("lsf", "1:30/host"),
    ],
)
def test_times_that_queues_take(queue: str, walltime: str) -> None:
    pytest.importorskip("dask_jobqueue")
    with job_cluster(
        queue, {"walltime": walltime, "resource_spec": "x"} if queue == "sge" else {"walltime": walltime}
    ) as cluster:
        assert walltime in cluster.job_script()


def test_bad_job_queue_and_options() -> None:
    pytest.importorskip("dask_jobqueue")
    with pytest.raises(UsageError, match="unknown job queue 'condor'"):
        job_cluster("condor", {})
    with pytest.raises(UsageError) as caught:
        job_cluster("slurm", {"no_such_option": "1"})
    said = "slurm: Got unexpected keyword argument 'no_such_option' (--dask_jobqueue_options)"
    assert str(caught.value) == said


def test_a_queue_that_starts_its_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dask_jobqueue")
    for name, text in (
        ("sbatch", SLURM_STAND_IN.format(folder=tmp_path)),
        ("scancel", f'#!/bin/sh\necho "$@" >>"{tmp_path}/cancelled"\nkill -- "-$1"\n'),
    ):
        program = tmp_path / name
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    options = {"interface": "lo", "memory": "1GB", "local_directory": str(tmp_path)}
    with engine(cores=1, jobqueue="slurm", jobqueue_options=options) as eng:
        assert eng.map(tasks.square, [1, 2, 3]) == [1, 4, 9]
    assert (tmp_path / "started").read_text().split() == (tmp_path / "cancelled").read_text().split()


def test_a_queue_that_is_not_there_or_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dask_jobqueue")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="no sbatch"), engine(cores=1, jobqueue="slurm"):
        pass
    sbatch = tmp_path / "sbatch"
    sbatch.write_text("#!/bin/sh\necho 'sbatch: error: Invalid account' >&2\nexit 1\n")
    sbatch.chmod(0o755)
    options = {"interface": "lo"}
    with pytest.raises(EngineError, match=r"slurm refused the jobs: .*Invalid account"):  # noqa: SIM117
        with engine(cores=2, jobqueue="slurm", jobqueue_options=options):
            pass
