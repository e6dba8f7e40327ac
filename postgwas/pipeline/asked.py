"""Steps that are made only where `steps` names them: what each of them needs."""

from __future__ import annotations

from typing import Any

from postgwas.pipeline.kinds import KINDS
from postgwas.pipeline.study_schema import StudyFile

Problem = tuple[tuple[str, ...], str]


def asked_problems(content: StudyFile) -> list[Problem]:
    """What is asked for and cannot be made: place below `steps`, and why."""
    problems: list[Problem] = []
    for kind, entry in KINDS.items():
        given = content.steps.get(kind, False)
        if not entry.asked or given is False:
            continue
        settings = {} if given is True else {name.replace("-", "_"): value for name, value in given.items()}
        why = _lacking(kind, settings, content)
        if why is not None:
            problems.append(((kind,), f"steps.{kind}: {why}"))
    return problems


def _lacking(kind: str, settings: dict[str, Any], content: StudyFile) -> str | None:
    tissues = content.expression
    if not tissues:
        return "needs a tissue under expression"
    if kind == "eqtl_sharing":
        if len(tissues) < 2:
            return "needs two tissues or more under expression"
        return _off(content, "eqtl_cis", "eqtl_permute")
    if kind == "eqtl_afc":
        if all(one.counts is None for one in tissues.values()):
            return "needs raw counts, and all tissues have phenotypes"
        return _off(content, "eqtl_permute", "eqtl_independent")
    if kind == "eqtl_interaction" and "groups" in settings:
        return _off(content, "eqtl_permute", "eqtl_independent")
    wanted = _SHEETS.get(kind)
    if wanted is not None and wanted not in settings:
        bare = [name for name, one in tissues.items() if one.samples is None]
        if bare:
            return f"needs {wanted}: here, or samples: in expression.{bare[0]}"
    if kind == "expression_variance" and "group" not in settings:
        return "needs group: columns of samples, such as population"
    return None


#: The setting that the sheet of samples stands in for.
_SHEETS = {"eqtl_interaction": "interaction", "expression_variance": "sheet", "genotypes_fst": "groups"}


def _off(content: StudyFile, *kinds: str) -> str | None:
    off = [kind for kind in kinds if content.steps.get(kind, True) is False]
    return f"needs {off[0]}, which is false" if off else None
