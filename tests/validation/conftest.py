"""Peers' figures that several folders compare with."""

from __future__ import annotations

from pathlib import Path

import pytest
from qtl.eqtl_oracle import Oracle


@pytest.fixture(scope="session")
def oracle(shared: Path) -> Oracle:
    """The simulated eQTL study and what peers made of it."""
    return Oracle(shared)
