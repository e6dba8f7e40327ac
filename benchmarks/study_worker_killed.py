"""The demo study on three worker processes, one of them ended with kill -9, against one process undisturbed.

    python benchmarks/study_worker_killed.py FOLDER [--step eqtl_permute/lcl]

Runs the study twice below FOLDER (a minute or two each), kills a worker while the step is at work, compares
the content of both stores, result by result. Ends with status 1 if a checksum differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from postgwas.reference.demo_study import write_demo_study
from postgwas.store.content import content_checksums
from postgwas.store.study import Study


def main() -> int:
    """Run both, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--step", default="eqtl_permute/lcl")
    parser.add_argument("--workers", type=int, default=3)
    args = parser.parse_args()
    alone, cluster = args.folder / "alone", args.folder / "cluster"
    write_demo_study(alone)
    shutil.copytree(alone, cluster)
    began = time.perf_counter()
    subprocess.run(_command(alone, 1), check=True, stdout=subprocess.DEVNULL)
    print(f"one process: {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    _with_a_death(cluster, args.workers, args.step)
    print(f"{args.workers} workers, one killed in {args.step}: {time.perf_counter() - began:.0f} s")
    one, two = (content_checksums(folder / "results" / "demo.h5") for folder in (alone, cluster))
    differing = sorted(key for key in one.keys() | two.keys() if one.get(key) != two.get(key))
    for name, found in (("one process", one), ("with a worker killed", two)):
        whole = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
        print(f"{name}: {len(found)} results, {whole}")
    problems = Study.open(cluster / "results" / "demo.h5").verify().problems
    print(f"differing: {differing or 'none'}; problems of the store: {problems or 'none'}")
    return int(bool(differing or problems))


def _command(folder: Path, cores: int) -> list[str]:
    words = [sys.executable, "-m", "postgwas.cli.main", "run", str(folder)]
    return [*words, "--cores", str(cores)]


def _with_a_death(folder: Path, workers: int, step: str) -> None:
    process = subprocess.Popen(_command(folder, workers), stdout=subprocess.DEVNULL)
    begun = folder / "results" / ".steps" / f"{step.replace('/', '__')}.begun"
    victims: list[int] = []
    while not victims:
        if process.poll() is not None:
            raise SystemExit(f"the run ended before {step} was at work: status {process.returncode}")
        victims = _workers(process.pid) if begun.exists() else []
        victims = victims if len(victims) >= workers else []
        time.sleep(0.02)
    os.kill(victims[0], signal.SIGKILL)
    print(f"killed worker {victims[0]} of {victims}")
    if process.wait() != 0:
        raise SystemExit(f"the run failed: status {process.returncode}")


def _workers(pid: int) -> list[int]:
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        try:
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child.pid)
        except psutil.Error:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
