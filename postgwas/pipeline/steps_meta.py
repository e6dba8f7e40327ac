"""Steps across the ancestries of a trait: meta-analysis by each method, MAMA and its LD scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from postgwas.pipeline.build import make_step, wanted, written
from postgwas.pipeline.meta_methods import WITH_EFFECT, methods_of, traits_of
from postgwas.pipeline.named_files import genotype_files
from postgwas.pipeline.step import Step
from postgwas.pipeline.study_file import StudyDescription
from postgwas.pipeline.study_schema import Gwas

#: A method that needs LD scores across ancestries, hence a step of its own kind.
_MAMA = "mama"
#: LD scores of two ancestries; their sums of weights, which tell the units, are beside them.
_CROSS = ".cross.ldscore.gz"


def meta_steps(study: StudyDescription, harmonised: Mapping[str, Step]) -> list[Step]:
    """Meta-analysis of each trait of two GWAS or more, by each of its methods.

    Parameters
    ----------
    study : StudyDescription
    harmonised : mapping of str to Step
        Name of a GWAS to the step that harmonises it.
    """
    if not wanted(study, "meta"):
        return []
    steps: list[Step] = []
    together: list[tuple[str, list[Gwas]]] = []
    for trait, gwas in traits_of(study.content).items():
        if len(gwas) < 2:
            continue
        methods = methods_of(study.content, trait)
        steps += [_meta(study, trait, one, gwas, harmonised) for one in methods if one != _MAMA]
        if _MAMA in methods and wanted(study, _MAMA):
            together.append((trait, gwas))
    return steps + _mama_steps(study, together, harmonised)


def _meta(
    study: StudyDescription, trait: str, method: str, gwas: Sequence[Gwas], harmonised: Mapping[str, Step]
) -> Step:
    tables = [written(harmonised[one.name], ".tsv.gz") for one in gwas]
    words = ["--method", method, "--sumstats", ",".join(tables)]
    words += ["--names", ",".join(one.name for one in gwas)]
    words += ["--ancestry", ",".join(one.ancestry for one in gwas)]
    formats = _listed((study.settings("meta") or {}).get("format"))
    if formats:
        # Colocalisation reads METAL's columns, whatever else is asked for.
        usual = ["tbl"] if method in WITH_EFFECT else []
        words += ["--format", ",".join(dict.fromkeys([*usual, *formats]))]
    after = [harmonised[one.name] for one in gwas]
    return make_step(
        study, "meta", f"{trait}_{method}", words, reads=tables, after=after, prefix=trait,
        title=f"ancestries of a trait together, {method}", without=("method", "format"),
    )  # fmt: skip


def _mama_steps(
    study: StudyDescription, traits: Sequence[tuple[str, list[Gwas]]], harmonised: Mapping[str, Step]
) -> list[Step]:
    """MAMA of each trait; LD scores across ancestries are made once for all traits, unless they are given."""
    settings = study.settings(_MAMA) or {}
    given = settings.get("ld_scores", settings.get("ld-scores"))
    scores: dict[tuple[str, str], Step] = {}
    steps = []
    for trait, gwas in traits:
        names = [name for name in study.content.ancestries if any(one.ancestry == name for one in gwas)]
        after = [harmonised[one.name] for one in gwas]
        if given is None and wanted(study, "cross_scores"):
            for pair in combinations(names, 2):
                if pair not in scores:
                    scores[pair] = _cross_scores(study, *pair)
            used = {pair: scores[pair] for pair in combinations(names, 2)}
            after += used.values()
            files = [written(step, _CROSS) for step in used.values()]
            places = [f"{one},{two}={name}" for (one, two), name in zip(used, files)]
            reads = [*files, *(written(step, ".cross.M") for step in used.values())]
        elif given is None:
            continue  # cross_scores: false leaves out what hangs on it
        else:
            places, reads = [], []  # a setting as any other
        tables = [written(harmonised[one.name], ".tsv.gz") for one in gwas]
        words = ["--sumstats", *(f"{table},{one.ancestry},{trait}" for table, one in zip(tables, gwas))]
        words += ["--ld_scores", *places] if places else []
        steps.append(make_step(study, _MAMA, trait, words, reads=[*tables, *reads], after=after))
    return [*scores.values(), *steps]


def _cross_scores(study: StudyDescription, one: str, two: str) -> Step:
    """In the units of effects per allele, with the window of the LD scores within ancestries."""
    paths = [study.file(study.content.ancestries[name].genotypes or "") for name in (one, two)]
    words = ["--genotypes", paths[0], "--genotypes2", paths[1], "--per_allele"]
    if not _windows(study.settings("cross_scores")):
        windows = _windows(study.settings("ld_scores")) or {"ld_wind_kb": 1000}
        for name, value in windows.items():
            words += [f"--{name.replace('-', '_')}", str(value)]
    reads = [*genotype_files(paths[0]), *genotype_files(paths[1])]
    return make_step(study, "cross_scores", f"{one}_{two}", words, reads=reads)


def _windows(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    found = (settings or {}).items()
    return {name: value for name, value in found if name.replace("-", "_").startswith("ld_wind_")}


def _listed(value: object) -> list[str]:
    """A setting that is a list, or text with commas."""
    texts = map(str, value if isinstance(value, list) else [] if value is None else [value])
    return [item.strip() for text in texts for item in text.split(",") if item.strip()]
