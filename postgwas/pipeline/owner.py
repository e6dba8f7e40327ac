"""Whose results a folder holds: two study.yaml files with one `out` would take each other's for their own."""

from __future__ import annotations

import os
from pathlib import Path

from postgwas.errors import OutputError
from postgwas.pipeline.digests import write_whole
from postgwas.pipeline.markers import FOLDER
from postgwas.pipeline.study_file import StudyDescription

_NAME = "study"


def check_owner(study: StudyDescription) -> None:
    """Refuse results of another study.yaml, as long as that is there.

    Raises
    ------
    OutputError
    """
    try:
        # From where the folder really is: behind a link, .. leads elsewhere.
        owner = study.out.resolve() / (study.out / FOLDER / _NAME).read_text(encoding="utf-8")
        other = owner.is_file() and not owner.samefile(study.path)
    except (OSError, ValueError):
        return
    if other:
        raise OutputError(
            f"{study.out} holds the results of {os.path.normpath(owner)}",
            hint=f"another out: in {study.path.name}, for each study its own",
        )


def take(study: StudyDescription) -> None:
    """Record whose results these are; from the results' folder, so that all may be moved together."""
    path: Path = study.out / FOLDER / _NAME
    name = os.path.relpath(study.path.parent.resolve() / study.path.name, study.out.resolve())
    try:
        known = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        known = ""
    if known != name:
        write_whole(path, name)
