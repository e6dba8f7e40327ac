"""Steps of genotypes and expression up to what is mapped: quality control, axes, counts, covariates."""

from __future__ import annotations

from postgwas.pipeline.build import make_step, wanted, written
from postgwas.pipeline.named_files import genotype_files
from postgwas.pipeline.settings import flags_of
from postgwas.pipeline.source import Source, written_by
from postgwas.pipeline.step import Step
from postgwas.pipeline.steps_ancestry import ancestry_steps, reference_axes
from postgwas.pipeline.steps_eqtl import Tissue, eqtl_steps, sharing_steps, unmatched
from postgwas.pipeline.study_file import StudyDescription
from postgwas.pipeline.study_schema import Expression


def expression_steps(study: StudyDescription) -> list[Step]:
    """All steps of the study's tissues; those of genotypes once, for all tissues of the same genotypes."""
    steps = reference_axes(study)
    reference = steps[-1] if steps else None
    genotypes: dict[str, Source] = {}
    axes: dict[str, Step] = {}
    for tissue, data in study.content.expression.items():
        path = study.file(data.genotypes)
        if path not in genotypes:
            checks, genotypes[path] = _people(study, tissue, data)
            steps += checks
            if reference is not None:
                steps += ancestry_steps(study, tissue, genotypes[path], reference)
        people = genotypes[path]
        if data.n_axes and path not in axes and wanted(study, "genotypes_pca"):
            same = [one for one in study.content.expression.values() if study.file(one.genotypes) == path]
            made = _axes(study, tissue, people, max(one.n_axes for one in same))
            steps += made
            axes[path] = made[-1]
        steps += _tissue(study, tissue, data, people, axes.get(path) if data.n_axes else None)
    return steps + sharing_steps(study, steps)


def _tissue(
    study: StudyDescription, tissue: str, data: Expression, people: Source, axes: Step | None
) -> list[Step]:
    matrix = _matrix(study, tissue, data)
    if matrix is None:
        return []
    steps = [*matrix.after]
    if wanted(study, "expression_variance"):
        steps.append(_variance(study, tissue, data, matrix))
    made, covariates = _covariates(study, tissue, data, matrix, axes)
    steps += made
    return steps + eqtl_steps(study, Tissue(tissue, data, people, matrix, covariates))


def _people(study: StudyDescription, tissue: str, data: Expression) -> tuple[list[Step], Source]:
    """The genotypes; where their quality control has limits, what passes them."""
    path = study.file(data.genotypes)
    people = Source(("--genotypes", path), tuple(genotype_files(path)))
    steps: list[Step] = []
    if wanted(study, "genotypes_qc"):
        checks = make_step(study, "genotypes_qc", tissue, people.words, reads=people.reads)
        steps.append(checks)
        if study.settings("genotypes_qc"):
            people += written_by(checks, "--extract", ".extract.txt")
            people += written_by(checks, "--keep", ".keep.txt")
    if wanted(study, "genotypes_fst"):
        steps.append(_differentiation(study, tissue, data, people))
    return steps, people


def _differentiation(study: StudyDescription, tissue: str, data: Expression, people: Source) -> Step:
    """F_ST of the groups that the sheet of samples names, or another file."""
    if "groups" not in (study.settings("genotypes_fst") or {}):
        sheet = study.file(data.samples or "")
        people += Source(("--groups", sheet), (sheet,))
    return make_step(study, "genotypes_fst", tissue, people.words, reads=people.reads, after=people.after)


def _axes(study: StudyDescription, tissue: str, people: Source, least: int) -> list[Step]:
    """Pruning, then principal components, as many as the tissues of these genotypes ask for at least."""
    given = {name.replace("-", "_") for name in study.settings("genotypes_pca") or {}}
    more = least > flags_of("genotypes_pca")["n_axes"].default and "n_axes" not in given
    number = ["--n_axes", str(least)] if more else []
    if not wanted(study, "genotypes_prune"):
        words = [*people.words, *number]
        return [make_step(study, "genotypes_pca", tissue, words, reads=people.reads, after=people.after)]
    pruned = make_step(study, "genotypes_prune", tissue, people.words, reads=people.reads, after=people.after)
    kept = written(pruned, ".prune.in")
    words = [*people.words, "--extract", kept, *number]  # the last list counts
    reads, after = [*people.reads, kept], [*people.after, pruned]
    return [pruned, make_step(study, "genotypes_pca", tissue, words, reads=reads, after=after)]


def _matrix(study: StudyDescription, tissue: str, data: Expression) -> Source | None:
    """The phenotype BED: the study's own, or made of counts; None where it is not to be made."""
    if data.phenotypes is not None:
        bed = study.file(data.phenotypes)
        return Source((bed,), (bed,))
    if not wanted(study, "expression_prepare"):
        return None
    counts, gtf = study.file(data.counts or ""), study.file(study.content.reference.gtf or "")
    prepared = make_step(
        study, "expression_prepare", tissue, [counts, "--gtf", gtf, "--name", tissue], reads=[counts, gtf]
    )
    bed = written(prepared, ".expression.bed.gz")
    return Source((bed,), (bed,), (prepared,))


def _variance(study: StudyDescription, tissue: str, data: Expression, matrix: Source) -> Step:
    """Shares of variance that groups of people explain."""
    if "sheet" not in (study.settings("expression_variance") or {}):
        sheet = study.file(data.samples or "")
        matrix += Source(("--sheet", sheet), (sheet,))
    return make_step(
        study, "expression_variance", tissue, matrix.words, reads=matrix.reads, after=matrix.after
    )


def _covariates(
    study: StudyDescription, tissue: str, data: Expression, matrix: Source, axes: Step | None
) -> tuple[list[Step], Source | None]:
    """Hidden factors, then all covariates in one file; no steps where there is nothing to put together."""
    steps: list[Step] = []
    words, reads, after = ["--samples", *matrix.words], [*matrix.reads], [*matrix.after]
    if data.n_factors and wanted(study, "expression_peer"):
        number = ["--n_factors", str(data.n_factors)]
        factors = make_step(
            study, "expression_peer", tissue, [*matrix.words, *number], reads=reads, after=after
        )
        steps.append(factors)
        found = written(factors, ".peer_factors.txt")
        words, reads, after = [*words, "--factors", found], [*reads, found], [*after, factors]
    if data.covariate_table is not None:
        table = study.file(data.covariate_table)
        words, reads = [*words, "--known", table], [*reads, table]
    elif data.covariates and data.samples is not None:
        sheet = study.file(data.samples)
        words += ["--known", sheet, "--include", ",".join(data.covariates)]
        reads.append(sheet)
    if axes is not None:
        found = written(axes, ".eigenvec")
        words += ["--genotype_pcs", found, "--n_genotype_pcs", str(data.n_axes)]
        reads, after = [*reads, found], [*after, axes]
    if len(words) == 2 or not wanted(study, "expression_covariates"):
        return [], None
    words += unmatched(study, "expression_covariates", data)
    together = make_step(study, "expression_covariates", tissue, words, reads=reads, after=after)
    found = written(together, ".covariates.txt")
    return [*steps, together], Source(("--covariates", found), (found,), (together,))
