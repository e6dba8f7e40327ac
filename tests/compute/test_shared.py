"""One cluster for many commands: its size, its address, jobs of a queue."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import engine_tasks as tasks
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.compute.engine import engine
from postgwas.compute.memory import LEAST_MEMORY, parse_memory, workers_within
from postgwas.compute.shared import shared_cluster
from postgwas.errors import EngineError, UsageError

SBATCH = """#!/bin/sh
cp "$1" "{folder}/job.sh"
setsid sh "{folder}/job.sh" >"{folder}/job.log" 2>&1 </dev/null &
echo $! >>"{folder}/started"
echo "Submitted batch job $!"
"""


@pytest.mark.parametrize("text", ["", "8 apples", "-3GB", "GB", "8GBs", "1e9"])
def test_a_size_that_is_none(text):
    with pytest.raises(UsageError, match="expected a size such as 8GB"):
        parse_memory(text)


@given(cores=st.integers(1, 200), memory=st.integers(LEAST_MEMORY, 1 << 42))
def test_workers_fit_into_the_memory_and_have_enough(cores, memory):
    count, each = workers_within(cores, memory)
    assert 1 <= count <= cores
    assert count * each <= memory and each >= LEAST_MEMORY
    assert count == cores or (count + 1) * LEAST_MEMORY > memory


def test_too_little_memory_for_one_worker():
    with pytest.raises(UsageError, match="at least"):
        workers_within(4, LEAST_MEMORY - 1)


def test_several_commands_use_the_same_workers():
    with engine() as eng:
        expected = eng.map(tasks.float_work, range(3))
    with shared_cluster(2, memory=4 << 30) as address:
        for _ in range(2):
            with engine(scheduler=address) as eng:
                found = eng.map(tasks.float_work, range(3))
                assert eng.cores == 2
            for a, b in zip(expected, found):
                np.testing.assert_array_equal(a, b)
    with pytest.raises(EngineError, match="no Dask scheduler"), engine(scheduler=address) as eng:
        eng.map(tasks.float_work, [0])


def test_jobs_get_the_memory_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    sbatch = tmp_path / "sbatch"
    sbatch.write_text(SBATCH.format(folder=tmp_path))
    sbatch.chmod(sbatch.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "scancel").write_text("#!/bin/sh\nkill $1 2>/dev/null\ntrue\n")
    (tmp_path / "scancel").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    options = {"queue": "short", "walltime": "01:00:00", "local_directory": str(tmp_path)}
    with shared_cluster(1, jobqueue="slurm", jobqueue_options=options, memory=3 * 10**9) as address:
        with engine(scheduler=address) as eng:
            assert eng.map(tasks.float_work, [1])[0].size
        script = (tmp_path / "job.sh").read_text()
    assert "#SBATCH -p short" in script and "#SBATCH -t 01:00:00" in script
    assert "#SBATCH --mem=3G" in script and "--memory-limit 2.79GiB" in script
