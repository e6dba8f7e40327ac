"""What a run would do: for each step, whether its results are there and why not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from postgwas.errors import InputError
from postgwas.pipeline.digests import Digests, code_digest
from postgwas.pipeline.estimate import seconds_of, sizes_of
from postgwas.pipeline.kinds import KINDS
from postgwas.pipeline.markers import Marker, Markers
from postgwas.pipeline.remarks import with_remarks
from postgwas.pipeline.step import Step, relative
from postgwas.pipeline.store_parts import listing, parts_folder

#: The flag that names fits, and the kind of step that makes them.
_FITS, _FITTED = "--qtl_fits", "eqtl_finemap/"


@dataclass(frozen=True)
class Planned:
    """One step of a plan.

    Attributes
    ----------
    step : Step
    kept : bool
        Its results are there already.
    why : str
        Why it runs; "kept" otherwise, and what is the matter with it then.
    inputs : tuple of str
        Files that it reads and that no step writes, from the study's folder.
    read : int
        Bytes that it reads; of what is still to be made, those of what that is made from.
    seconds : float
        About what it will take.
    measured : bool
        It took that long last time; otherwise a guess from the size of what it reads.
    """

    step: Step
    kept: bool
    why: str
    inputs: tuple[str, ...]
    read: int
    seconds: float
    measured: bool


def key_of(
    step: Step,
    root: Path,
    markers: dict[str, Marker],
    digests: Digests,
    others: Mapping[str, str] | None = None,
) -> str:
    """What a step's result depends on, as one checksum: its command, what it reads, the code.

    Parameters
    ----------
    step : Step
    root : Path
        Folder of study.yaml; moving it as a whole changes no key.
    markers : dict of str to Marker
        Of the steps before it.
    digests : Digests
    others : mapping of str to str, optional
        What else the step reads, and its checksums.

    Raises
    ------
    InputError
        A file that it reads is not there.
    """
    absent = _never_written(step, markers)
    read = {relative(one, root): "" if one in absent else _read(step, one, digests) for one in step.reads}
    # What is read through the store, or tells that there was nothing to do.
    before = {name: markers[name].content for name in step.after if name in markers and step.uses_store}
    parts = [
        [relative(word, root) for word in step.argv],
        read,
        before,
        code_digest(KINDS[step.kind].rooms, KINDS[step.kind].module, digests),
        *([dict(others)] if others else []),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _read(step: Step, name: str, digests: Digests) -> str:
    """Checksum of a file that a step reads; where it is not there, who makes it is said."""
    try:
        return digests.of(name)
    except InputError:
        maker = next((one for one in step.after if f"/{one}/" in name), None)
        if maker is None or Path(name).exists():
            raise
        raise InputError(
            f"{name} is not there: {maker} makes it", hint=f"--only {maker},{step.name}"
        ) from None


def without_fits(step: Step, markers: Mapping[str, Marker]) -> Step:
    """The step without fits of QTLs where fine-mapping found nothing: then there are none in the store."""
    empty = any(name in markers and markers[name].note for name in step.after if name.startswith(_FITTED))
    if not empty or _FITS not in step.argv:
        return step
    at = step.argv.index(_FITS)
    return replace(step, argv=step.argv[:at] + step.argv[at + 2 :])


def nothing_from(step: Step, markers: Mapping[str, Marker]) -> str | None:
    """The step before this one that found nothing, where this one reads what it would have written."""
    return next(iter(_never_written(step, markers).values()), None)


def _never_written(step: Step, markers: Mapping[str, Marker]) -> dict[str, str]:
    """Files that a step reads and that are not there since the step that writes them found nothing."""
    empty = [name for name in step.after if name in markers and markers[name].note]
    return {
        file: name for file in step.reads for name in empty if f"/{name}/" in file and not Path(file).exists()
    }


def state_of(
    step: Step, root: Path, kept: Markers, markers: dict[str, Marker], digests: Digests
) -> tuple[str, str | None, Marker | None]:
    """Key, reason to run (None: none) and marker of a step whose predecessors are done."""
    others = _by_others(step, kept, markers, digests) if step.kind == "report" else None
    key = key_of(step, root, markers, digests, others)
    marker = kept.read(step.name)
    if marker is None:
        begun = kept.begun(step.name).exists()
        return key, "did not finish last time" if begun else "new", None
    if marker.key != key:
        return key, "inputs, settings or code changed", marker
    damaged = kept.damage(marker, digests)
    return key, damaged, marker


def _by_others(step: Step, kept: Markers, markers: dict[str, Marker], digests: Digests) -> dict[str, str]:
    """Parts of the store that no step made: the page shows them too."""
    own = {part for name in step.after if name in markers for part in markers[name].parts}
    folder = parts_folder(kept.store)
    return {name: digests.of(str(folder / name)) for name in sorted(listing(kept.store)) if name not in own}


def make_plan(
    steps: Sequence[Step], chosen: Sequence[Step], again: set[str], *, root: Path, kept: Markers,
    digests: Digests,
) -> list[Planned]:  # fmt: skip
    """What would be done, without doing it.

    A step after one that runs is shown as following it; where that finds the same as before, it will be kept.
    """
    markers: dict[str, Marker] = {}
    runs: set[str] = set()
    names = {step.name for step in chosen}
    planned = []
    for step in steps:
        marker = kept.read(step.name)
        if marker is not None:
            markers[step.name] = marker
        if step.name not in names:
            continue
        step = without_fits(step, markers)
        if step.kind == "report":
            step = with_remarks(step, markers, planned=runs)
        why = "kept"
        before = next((name for name in step.after if name in runs), None)
        if step.name in again:
            why = "asked for"
        elif before is not None:
            why = f"follows {before}" if marker is not None else "new"
        else:
            try:
                why = state_of(step, root, kept, markers, digests)[1] or "kept"
            except InputError as error:
                why = f"waits: {error.message.removeprefix(f'{root}/')}"
        if why != "kept":
            runs.add(step.name)
        elif marker is not None and marker.status:
            why = "kept, though part of its results is missing"
        inputs = tuple(relative(one, root) for one in step.reads if not one.startswith(f"{kept.out}/"))
        planned.append((step, why, inputs))
    sizes = sizes_of(steps)
    seconds = seconds_of(steps, sizes, markers)
    return [
        Planned(step, step.name not in runs, why, inputs, sizes[step.name], seconds[step.name],
                step.name in markers and not markers[step.name].note)
        for step, why, inputs in planned
    ]  # fmt: skip
