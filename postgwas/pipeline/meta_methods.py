"""Which methods of meta-analysis a study asks for, of which traits; what stands in their way."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from postgwas.pipeline.settings import available, flags_of, problem_of

if TYPE_CHECKING:
    from postgwas.pipeline.study_schema import Gwas, StudyFile

#: Unless study.yaml says which.
DEFAULT = ("fixed", "random")
#: Their results have one effect of a variant: what colocalisation can use.
WITH_EFFECT = ("fixed", "random", "re2")
#: MR-MEGA fits an intercept and one slope an axis, and tests what is left.
_MRMEGA_SPARE = 3

#: A line's place, from `steps` inwards, and what is wrong there.
Problem = tuple[tuple[str, ...], str]


def methods_of(study: StudyFile, trait: str) -> list[str]:
    """Methods of a trait: of the list for all, or of the trait's own; none where `meta` is false."""
    settings = study.steps.get("meta", True)
    if settings is False:
        return []
    given = settings.get("method") if isinstance(settings, dict) else None
    if isinstance(given, Mapping):
        given = given.get(trait)
    if given is None:
        known = flags_of("meta")["method"].choices or () if available("meta") else ()
        return [one for one in DEFAULT if one in known]
    return list(dict.fromkeys(str(one) for one in (given if isinstance(given, list) else [given])))


def traits_of(study: StudyFile) -> dict[str, list[Gwas]]:
    """Each trait's GWAS, traits in order of their names."""
    found: dict[str, list[Gwas]] = {}
    for one in study.gwas:
        found.setdefault(one.trait, []).append(one)
    return dict(sorted(found.items()))


def shape_problem(value: Any) -> str | None:
    """What is wrong with the value of `method`: a name, a list of names, or one of these for each trait."""
    values = list(value.values()) if isinstance(value, dict) else [value]
    for one in values:
        if one == []:
            return "'method' is an empty list: meta: false leaves it out"
        methods = one if isinstance(one, list) else [one]
        problem = next(filter(None, (problem_of("meta", "method", method) for method in methods)), None)
        if problem is not None:
            return problem
        if "popcorn" in methods:
            return "'method' is 'popcorn': it is no step of a study; postgwas popcorn runs it"
    return None


def method_problems(study: StudyFile) -> list[Problem]:
    """Traits whose studies are too few for a method, or lack what it needs; settings that meet no method.

    Parameters
    ----------
    study : StudyFile
        With settings of `meta` and `mama` that have the right form.

    Returns
    -------
    list of (place, text)
    """
    if not available("meta"):
        return []
    settings = study.steps.get("meta", True)
    own = settings if isinstance(settings, dict) else {}
    traits = traits_of(study)
    problems: list[Problem] = []
    asked = own.get("method")
    for trait in asked if isinstance(asked, dict) else ():
        if len(traits.get(trait, [])) < 2:
            what = "has one GWAS alone" if trait in traits else "is no trait of the study"
            problems.append((("meta", "method"), f"steps.meta.method: '{trait}' {what}"))
    for trait, gwas in traits.items():
        if len(gwas) < 2:
            continue
        methods = methods_of(study, trait)
        texts = [
            _mrmega_problem(trait, len(gwas), own) if "mrmega" in methods else None,
            _mama_problem(study, trait, gwas) if "mama" in methods else None,
        ]
        problems += [(("meta", "method"), f"steps.meta.method: {text}") for text in texts if text is not None]
    misplaced = sorted(set(own) & _mama_flags())
    problems += [(("meta", name), f"steps.meta: '{name}' belongs under steps.mama") for name in misplaced]
    return problems + _settings_without_method(study, traits)


def _mrmega_problem(trait: str, n_studies: int, settings: Mapping[str, Any]) -> str | None:
    if settings.get("pc_file") is not None:
        return None  # the file says how many axes there are
    axes = settings.get("pcs", flags_of("meta")["pcs"].default)
    if not isinstance(axes, int) or n_studies >= axes + _MRMEGA_SPARE:
        return None
    most = n_studies - _MRMEGA_SPARE
    mend = f"pcs: {most} fits" if most >= 1 else "leave it out, or name methods by trait"
    told = "1 axis of ancestry, which needs" if axes == 1 else f"{axes} axes of ancestry, which need"
    return f"mrmega of {trait}: {n_studies} studies are too few for {told} {axes + _MRMEGA_SPARE} ({mend})"


def _mama_problem(study: StudyFile, trait: str, gwas: Sequence[Gwas]) -> str | None:
    settings = study.steps.get("mama", True)
    if settings is False or (isinstance(settings, dict) and settings.get("ld_scores") is not None):
        return None
    without = [
        one.ancestry
        for one in gwas
        if one.ancestry in study.ancestries and study.ancestries[one.ancestry].genotypes is None
    ]
    if not without:
        return None
    return (
        f"mama of {trait}: LD scores across ancestries are made from genotypes, and {', '.join(without)} "
        "has none (or give ld_scores under steps.mama)"
    )


def _settings_without_method(study: StudyFile, traits: Mapping[str, Sequence[Gwas]]) -> list[Problem]:
    """Settings of MAMA where no trait's methods have it would be ignored."""
    asked = {one for trait, gwas in traits.items() if len(gwas) > 1 for one in methods_of(study, trait)}
    if "mama" in asked:
        return []
    return [
        ((kind,), f"steps.{kind}: no trait of two GWAS or more has mama among the methods of meta")
        for kind in ("mama", "cross_scores")
        if study.steps.get(kind, False) is not False
    ]


def _mama_flags() -> set[str]:
    """Flags that only MAMA reads."""
    from postgwas.cli import meta_mama

    parser = argparse.ArgumentParser(add_help=False)
    meta_mama.add_arguments(parser)
    return {option[2:] for action in parser._actions for option in action.option_strings}
