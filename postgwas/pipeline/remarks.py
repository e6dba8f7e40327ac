"""What the page of a study says at its top: whose results are missing, out of date, or in part missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from postgwas.pipeline.markers import Marker
from postgwas.pipeline.step import Step


def with_remarks(
    step: Step,
    markers: Mapping[str, Marker],
    *,
    failed: Collection[str] = (),
    waiting: Mapping[str, str] | None = None,
    planned: Collection[str] = (),
) -> Step:
    """The step of the page, with a remark for each step before it that is not whole.

    Remarks are part of the command, and so of the key: when that is mended, the page is made again.

    Parameters
    ----------
    step : Step
    markers : mapping of str to Marker
        What is known of finished steps.
    failed : collection of str
        Steps that failed in this run.
    waiting : mapping of str to str
        Steps that could not be run: name to the step that they wait for.
    planned : collection of str
        Steps that are to be run before it: nothing is known of them yet.
    """
    waiting = waiting or {}
    remarks = []
    for name in step.after:
        marker = markers.get(name)
        there = marker is not None and (marker.parts or marker.files)
        if name in planned:
            continue
        if name in failed:
            # It may have failed before anything of it was removed.
            what = "those of an earlier run" if there else "missing"
            remarks.append(f"{name} failed in the last run: its results are {what}")
        elif name in waiting:
            remarks.append(
                f"{name} waits for {waiting[name]}: its results are {'out of date' if there else 'missing'}"
            )
        elif marker is None:
            remarks.append(f"{name} has not been run, or failed: its results are missing")
        elif marker.status:
            remarks.append(f"{name}: part of its results is missing: {marker.what_is_missing}")
    words = [word for text in remarks for word in ("--remark", text)]
    return replace(step, argv=(*step.argv, *words)) if words else step
