"""What a study cannot do for want of files, in words for its plan."""

from __future__ import annotations

from postgwas.pipeline.build import wanted
from postgwas.pipeline.study_file import StudyDescription


def left_out(study: StudyDescription) -> list[str]:
    """A line for each ancestry of a GWAS that lacks LD scores or genotypes, and what is not done for it.

    Steps that ``steps:`` leaves out are not named.
    """
    lines = []
    for name in dict.fromkeys(one.ancestry for one in study.content.gwas):
        about = study.content.ancestries[name]
        without_scores = [kind for kind in ("h2", "rg", "mtag") if wanted(study, kind)]
        can_be_made = about.genotypes is not None and wanted(study, "ld_scores")
        if about.ld_scores is None and not can_be_made and without_scores:
            has = "neither ld_scores nor genotypes"
            if about.genotypes is not None:
                has = "no ld_scores, and steps say not to make them of its genotypes"
            lines.append(f"{name} has {has}: no {', '.join(without_scores)}")
        if about.genotypes is None and wanted(study, "finemap"):
            lines.append(f"{name} has no genotypes: no finemap")
    return lines
