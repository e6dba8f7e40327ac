"""Steps that tell the ancestry of the people with expression from labelled people of a reference."""

from __future__ import annotations

from postgwas.pipeline.build import make_step, wanted
from postgwas.pipeline.named_files import genotype_files
from postgwas.pipeline.source import Source, written_by
from postgwas.pipeline.step import Step
from postgwas.pipeline.study_file import StudyDescription

#: What the reference's steps are of.
_REFERENCE = "reference"


def reference_axes(study: StudyDescription) -> list[Step]:
    """Pruning and axes of the reference's people; nothing without any, the axes last."""
    about = study.content.reference
    if about.people is None or not study.content.expression or not wanted(study, "ancestry_pca"):
        return []
    path = study.file(about.people)
    people = Source(("--genotypes", path), tuple(genotype_files(path)))
    steps: list[Step] = []
    if wanted(study, "ancestry_prune"):
        steps.append(_step(study, "ancestry_prune", _REFERENCE, people))
        people += written_by(steps[0], "--extract", ".prune.in")
    return [*steps, _step(study, "ancestry_pca", _REFERENCE, people + _groups(study))]


def ancestry_steps(study: StudyDescription, tissue: str, people: Source, axes: Step) -> list[Step]:
    """The study's people on the reference's axes, and what groups they are of."""
    if not wanted(study, "ancestry_project"):
        return []
    loadings = written_by(axes, "--loadings", ".loadings.tsv.gz")
    placed = _step(study, "ancestry_project", tissue, people + loadings)
    if not wanted(study, "ancestry_groups"):
        return [placed]
    scores = written_by(placed, "--scores", ".projected.tsv")
    told = scores + written_by(axes, "--reference", ".eigenvec") + _groups(study)
    return [placed, _step(study, "ancestry_groups", tissue, told)]


def _groups(study: StudyDescription) -> Source:
    about = study.content.reference
    path = study.file(about.people_groups or "")
    column = () if about.group_column is None else ("--group_column", about.group_column)
    return Source(("--groups", path, *column), (path,))


def _step(study: StudyDescription, kind: str, of: str, source: Source) -> Step:
    return make_step(study, kind, of, source.words, reads=source.reads, after=source.after)
