"""Steps that join traits and genes, and the report."""

from __future__ import annotations

from collections.abc import Sequence

from postgwas.pipeline.build import make_step, wanted
from postgwas.pipeline.step import Step
from postgwas.pipeline.study_file import StudyDescription


def coloc_steps(study: StudyDescription, steps: Sequence[Step]) -> list[Step]:
    """Colocalisation of each GWAS with each tissue."""
    if not wanted(study, "coloc"):
        return []
    return []


def report_step(study: StudyDescription, steps: Sequence[Step]) -> list[Step]:
    """The page of the whole study, from its store."""
    if not wanted(study, "report"):
        return []
    words = [str(study.store), "--title", study.content.study.name]
    return [make_step(study, "report", "", words, after=steps, prefix="report.html", uses_store=True)]
