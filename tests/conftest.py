"""What all tests share: peers' figures beside the checkout, determinism, one thread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# Before anything imports numpy or matplotlib: the suite runs in several processes at once.
os.environ.setdefault("MPLBACKEND", "Agg")
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(variable, "1")

import hypothesis  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

hypothesis.settings.register_profile(
    "postgwas",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("postgwas")

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("POSTGWAS_SHARED", ROOT.parent / "shared"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what reads peers' figures or real data where they are not on this machine."""
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason=f"peers' figures and real data are not at {SHARED}")
    for item in items:
        if item.get_closest_marker("requires_shared"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of peers' figures and real data; POSTGWAS_SHARED names another place."""
    if not SHARED.is_dir():
        pytest.skip(f"peers' figures and real data are not at {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return ROOT


@pytest.fixture(autouse=True)
def global_random_state_is_untouched() -> Iterator[None]:
    """Everything random takes a seed: nothing may draw from numpy's global generator."""
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    yield
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    same = before["state"]["pos"] == after["state"]["pos"] and np.array_equal(
        before["state"]["key"], after["state"]["key"]
    )
    assert same, "numpy's global random state was used: pass a numpy.random.Generator instead"
