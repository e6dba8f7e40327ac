"""Steps of summary statistics: harmonise, LD scores, h2, rg, MTAG, fine-mapping."""

from __future__ import annotations

from postgwas.pipeline.build import make_step, wanted, written
from postgwas.pipeline.file_flags import overlaps, panel_of
from postgwas.pipeline.named_files import genotype_files, one_file, variant_files
from postgwas.pipeline.step import Step
from postgwas.pipeline.steps_meta import meta_steps
from postgwas.pipeline.study_file import StudyDescription
from postgwas.pipeline.study_schema import Gwas


def gwas_steps(study: StudyDescription) -> list[Step]:
    """All steps of the study's summary statistics."""
    steps: list[Step] = []
    harmonised = {one.name: _harmonise(study, one) for one in study.content.gwas}
    if not wanted(study, "harmonise"):
        return steps
    steps += harmonised.values()
    used = dict.fromkeys(one.ancestry for one in study.content.gwas)
    scores = {name: _ld_scores(study, name) for name in used}
    steps += [step for step, _ in scores.values() if step is not None]
    for ancestry in used:
        of = [one for one in study.content.gwas if one.ancestry == ancestry]
        steps += _of_ancestry(study, ancestry, of, harmonised, scores[ancestry])
    steps += meta_steps(study, harmonised)
    if wanted(study, "finemap"):
        steps += [step for one in study.content.gwas for step in _finemap(study, one, harmonised[one.name])]
    return steps


def _harmonise(study: StudyDescription, gwas: Gwas) -> Step:
    reference = study.content.reference
    path = study.file(gwas.file)
    formats = "tsv,ldsc" if _regressed(study, gwas.ancestry) else "tsv"  # LDSC's needs N and ids
    words, reads = [path, "--trait_names", gwas.name, "--format", formats], [path]
    for flag, name, find in (
        ("reference", reference.variants, variant_files),
        ("fasta", reference.fasta, one_file),
        ("chain", reference.chain, one_file),
    ):
        if name is not None:
            words += [f"--{flag}", study.file(name)]
            reads += find(study.file(name))
    if reference.variants is not None and reference.af_field is not None:
        words += ["--af_field", reference.af_field.replace("{ancestry}", gwas.ancestry)]
    build = gwas.build or study.content.study.build
    for flag, value in (
        ("build", build), ("n", gwas.n), ("n_cases", gwas.n_cases), ("n_controls", gwas.n_controls)
    ):  # fmt: skip
        if value is not None:
            words += [f"--{flag}", f"{value:.12g}" if isinstance(value, float) else str(value)]
    for field, column in sorted(gwas.columns.items()):
        words += [f"--{_flag_of(field)}", column]
    if gwas.header_names:
        # In one word: the first name may be a -.
        words.append(f"--columns={','.join(gwas.header_names)}")
    return make_step(study, "harmonise", gwas.name, words, reads=reads)


def _regressed(study: StudyDescription, ancestry: str) -> bool:
    """Whether an ancestry has LD scores, or genotypes to make them of, and a step that regresses on them."""
    about = study.content.ancestries[ancestry]
    scores = about.ld_scores is not None or (about.genotypes is not None and wanted(study, "ld_scores"))
    return scores and (wanted(study, "h2") or wanted(study, "rg"))


def _flag_of(field: str) -> str:
    from postgwas.cli.harmonise import NAME_FLAGS

    return next((flag for flag, (name, _) in NAME_FLAGS.items() if name == field), field.lower())


def _ld_scores(study: StudyDescription, ancestry: str) -> tuple[Step | None, str | None]:
    """The step that makes LD scores, and their name; neither where there is nothing to make them of."""
    about = study.content.ancestries[ancestry]
    if about.ld_scores is not None:
        return None, panel_of(about.ld_scores, study.folder).words[0]
    if about.genotypes is None or not wanted(study, "ld_scores"):
        return None, None
    path = study.file(about.genotypes)
    words = ["--genotypes", path]
    settings = study.settings("ld_scores") or {}
    if not any(name.replace("-", "_").startswith("ld_wind_") for name in settings):
        words += ["--ld_wind_kb", "1000"]
    step = make_step(study, "ld_scores", ancestry, words, reads=genotype_files(path))
    return step, written(step, "")


def _of_ancestry(
    study: StudyDescription,
    ancestry: str,
    gwas: list[Gwas],
    harmonised: dict[str, Step],
    scores: tuple[Step | None, str | None],
) -> list[Step]:
    maker, panel = scores
    if panel is None:
        return []
    steps: list[Step] = []
    before = [] if maker is None else [maker]
    munged = {one.name: written(harmonised[one.name], ".sumstats.gz") for one in gwas}
    if wanted(study, "h2"):
        model, reads = _model(study, "h2", ancestry, maker)
        for one in gwas:
            after = [harmonised[one.name], *before]
            words = [munged[one.name], *model]
            if one.pop_prev is not None:
                # N is effective, as if half of the people were cases (Grotzinger et al. 2023).
                words += ["--samp_prev", "0.5", "--pop_prev", f"{one.pop_prev:.12g}"]
            steps.append(
                make_step(study, "h2", one.name, words, reads=[munged[one.name], *reads], after=after)
            )
    if len(gwas) < 2:
        return steps
    after = [*(harmonised[one.name] for one in gwas), *before]
    names = ",".join(one.name for one in gwas)
    if wanted(study, "rg"):
        model, reads = _model(study, "rg", ancestry, maker)
        words = [",".join(munged.values()), "--rg_matrix", "--trait_names", names, *model]
        steps.append(make_step(study, "rg", ancestry, words, reads=[*munged.values(), *reads], after=after))
    if wanted(study, "mtag"):
        tables = [written(harmonised[one.name], ".tsv.gz") for one in gwas]
        words = ["--sumstats", ",".join(tables), "--trait_names", names, "--ld_ref_panel", panel]
        words += ["--store_name", ancestry]
        reads = _scores_of(study, ancestry, maker)
        steps.append(make_step(study, "mtag", ancestry, words, reads=[*tables, *reads], after=after))
    return steps


def _model(
    study: StudyDescription, kind: str, ancestry: str, maker: Step | None
) -> tuple[list[str], list[str]]:
    """LD scores of model and weights, where settings of the step name no others, and their files."""
    settings = study.settings(kind) or {}
    given = {name.replace("-", "_") for name in settings}
    where = written(maker, "") if maker else panel_of(_scores(study, ancestry), study.folder).words[0]
    words: list[str] = []
    for flag in ("ref_ld", "w_ld"):
        if not given & {flag, f"{flag}_chr"}:
            words += [f"--{flag}" if maker else f"--{flag}_chr", where]
    if not words:
        return [], []
    overlap = overlaps(settings) and words[0].startswith("--ref")
    return words, _scores_of(study, ancestry, maker, overlap=overlap)


def _scores_of(
    study: StudyDescription, ancestry: str, maker: Step | None, *, overlap: bool = False
) -> list[str]:
    """Files of an ancestry's LD scores; with `overlap` the annotations that they were made of too."""
    if maker is None:
        return list(panel_of(_scores(study, ancestry), study.folder, overlap=overlap).files)
    endings = [".l2.ldscore.gz", ".l2.M", ".l2.M_5_50", *([".annot.gz"] if overlap else [])]
    return [written(maker, ending) for ending in endings]


def _scores(study: StudyDescription, ancestry: str) -> str:
    return study.content.ancestries[ancestry].ld_scores or ""


def _finemap(study: StudyDescription, gwas: Gwas, harmonised: Step) -> list[Step]:
    genotypes = study.content.ancestries[gwas.ancestry].genotypes
    if genotypes is None:
        return []
    path, table = study.file(genotypes), written(harmonised, ".tsv.gz")
    words, reads = [table, "--genotypes", path], [table, *genotype_files(path)]
    settings = study.settings("finemap") or {}
    if gwas.n_cases is not None and settings.get("method") == "abf" and "type" not in settings:
        words += ["--type", "cc"]  # of log odds; the harmonised table does not tell
    return [make_step(study, "finemap", gwas.name, words, reads=reads, after=[harmonised])]
