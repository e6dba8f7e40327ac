"""Several studies: what must hold between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from postgwas.errors import PostgwasError, UsageError
from postgwas.pipeline.study_file import read_study


def refuse_shared_results(paths: Sequence[str]) -> None:
    """Two studies with one results' folder would take each other's results away.

    A study that cannot be read is passed over here: it fails when its turn comes.

    Raises
    ------
    UsageError
    """
    seen: dict[Path, str] = {}
    for path in paths:
        try:
            out = read_study(path).out.resolve()
        except PostgwasError:
            continue
        if out in seen:
            raise UsageError(
                f"{seen[out]} and {path} both write to {out}", hint="out: in study.yaml says where results go"
            )
        seen[out] = path
