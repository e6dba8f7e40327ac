"""Reading a study.yaml: every mistake at once, each with its line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import InputError
from postgwas.pipeline.file_flags import Find, NoSuchFile, panel_of
from postgwas.pipeline.named_files import genotype_files, one_file, variant_files
from postgwas.pipeline.yaml_lines import Document, Place, read_document

if TYPE_CHECKING:
    from postgwas.pipeline.study_schema import StudyFile


@dataclass(frozen=True)
class StudyDescription:
    """A study.yaml that is right as far as can be told without reading the data.

    Attributes
    ----------
    path, folder, out : Path
        The file, where it lies, where results go; absolute.
    content : StudyFile
    """

    path: Path
    folder: Path
    out: Path
    content: StudyFile

    @property
    def store(self) -> Path:
        """The study's HDF5 store."""
        return self.out / f"{self.content.study.name}.h5"

    def file(self, name: str) -> str:
        """A file of the study, absolute."""
        return str(self.folder / name)

    def settings(self, kind: str) -> dict[str, Any] | None:
        """Settings of a kind of step; None where it is left out."""
        from postgwas.pipeline.kinds import KINDS

        found = self.content.steps.get(kind, not KINDS[kind].asked)
        return None if found is False else {} if found is True else found


class StudyFileError(InputError):
    """A study.yaml with one mistake or more; a line for each."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} ({self.hint})"


def read_study(path: str | Path) -> StudyDescription:
    """Read and check a study.yaml.

    Parameters
    ----------
    path : path
        The file, or a folder that holds a study.yaml.

    Returns
    -------
    StudyDescription

    Raises
    ------
    InputError
        No such file, or no YAML.
    StudyFileError
        All mistakes, a line each.
    """
    from pydantic import ValidationError

    from postgwas.pipeline.study_schema import StudyFile

    path = Path(path).absolute()
    if path.is_dir():
        path = path / "study.yaml"
    document = read_document(path)
    problems: list[tuple[int, str]] = []
    content = None
    if not isinstance(document.data, dict):
        raise InputError(f"{path}: expected sections such as 'study:' and 'gwas:'")
    try:
        sections = {name: part for name, part in document.data.items() if part is not None}
        content = StudyFile.model_validate(sections)  # a section of comments alone is as if left out
    except ValidationError as error:
        for one in error.errors(include_url=False):
            place = tuple(part for part in one["loc"] if part != "[key]")
            problems.append((document.line(_known(document, place)), _told(place, one)))
    problems += (settings := _settings_problems(document))
    if content is not None:
        problems += _problems(document, content)
        if not settings:
            from postgwas.pipeline.asked import asked_problems
            from postgwas.pipeline.meta_methods import method_problems

            found = [*method_problems(content), *asked_problems(content)]
            problems += [(document.line(("steps", *place)), text) for place, text in found]
    if problems:
        lines = [f"{path}, line {line}: {text}" for line, text in sorted(set(problems))]
        raise StudyFileError("\n".join(lines))
    assert content is not None
    out = (path.parent / content.study.out).absolute()
    if "," in str(out):
        raise InputError(
            f"{path}: results would go to {out}: lists of files are parted by commas",
            hint="a folder without a comma, or study: out: elsewhere",
        )
    return StudyDescription(path, path.parent, out, content)


def _known(document: Document, place: Place) -> Place:
    """pydantic names branches of unions in its places; the file knows nothing of them."""
    while place and place not in document.lines:
        place = place[:-1]
    return place


#: What pydantic calls the branches of unions.
_BRANCHES = ("dict[", "bool", "constrained", "literal[", "list[")


def _meant(name: str) -> str:
    """The entry of a study.yaml that a name resembles, for a message."""
    import difflib

    from postgwas.pipeline import study_schema as schema

    models = (
        schema.StudyFile, schema.About, schema.Reference, schema.Ancestry, schema.Gwas, schema.Expression
    )  # fmt: skip
    known = dict.fromkeys(field for model in models for field in model.model_fields)
    near = difflib.get_close_matches(name.lower(), known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _told(place: Place, error: Any) -> str:
    where = ".".join(str(part) for part in place if not str(part).startswith(_BRANCHES))
    kind, message = error["type"], error["msg"]
    if kind == "extra_forbidden":
        return f"{where}: unknown entry{_meant(str(place[-1]))}"
    if kind == "missing":
        return f"{where}: missing"
    if kind == "string_pattern_mismatch":
        return f"{where}: expected letters, digits, _, - and . only, as it becomes part of file names"
    if kind == "string_type":
        return f"{where}: expected text (in quotes where YAML reads it as a number, true or false)"
    text = message.removeprefix("Value error, ").removeprefix("Input should be ")
    text = {"a valid dictionary": "entries such as {a: b}", "a valid list": "a list such as [a, b]"}.get(
        text, text
    )
    return (
        f"{where}: expected {text}" if message.startswith("Input should") else f"{where}: {text}".lstrip(": ")
    )


def _settings_problems(document: Document) -> list[tuple[int, str]]:
    import difflib

    from postgwas.pipeline.kinds import KINDS
    from postgwas.pipeline.meta_methods import shape_problem
    from postgwas.pipeline.settings import available, problem_of

    steps = document.data.get("steps")
    problems = []
    for kind, settings in steps.items() if isinstance(steps, dict) else ():
        line = document.line(("steps", kind))
        if kind not in KINDS:
            near = difflib.get_close_matches(kind, KINDS, n=1)
            more = f" (did you mean {near[0]}?)" if near else f": expected {', '.join(KINDS)}"
            problems.append((line, f"steps.{kind}: unknown step{more}"))
        elif isinstance(settings, dict) and settings and available(kind):
            for name, value in settings.items():
                methods = (kind, name) == ("meta", "method")
                folder = document.path.parent
                problem = shape_problem(value) if methods else problem_of(kind, name, value, folder, settings)
                if problem is not None:
                    problems.append((document.line(("steps", kind, name)), f"steps.{kind}: {problem}"))
    return problems


def _problems(document: Document, study: StudyFile) -> list[tuple[int, str]]:
    """Files that are not there, names that are not declared or given twice."""
    folder = document.path.parent
    problems: list[tuple[int, str]] = []

    def look(place: Place, name: str | None, find: Find = one_file) -> None:
        if name is not None and not find(str(folder / name)):
            kind = "is a folder, no file" if (folder / name).is_dir() else "no file"
            problems.append((document.line(place), f"{'.'.join(map(str, place))}: {kind} '{name}'"))

    look(("reference", "variants"), study.reference.variants, variant_files)
    look(("reference", "people"), study.reference.people, genotype_files)
    for field in ("fasta", "chain", "gtf", "people_groups"):
        look(("reference", field), getattr(study.reference, field))
    for name, one in study.ancestries.items():
        look(("ancestries", name, "genotypes"), one.genotypes, genotype_files)
        if one.ld_scores is not None:
            try:
                panel_of(one.ld_scores, folder)
            except NoSuchFile as error:
                line = document.line(("ancestries", name, "ld_scores"))
                problems.append((line, f"ancestries.{name}.ld_scores: {error}"))
    seen: dict[str, int] = {}
    for number, gwas in enumerate(study.gwas):
        look(("gwas", number, "file"), gwas.file)
        line = document.line(("gwas", number))
        if gwas.ancestry not in study.ancestries:
            problems.append(
                (document.line(("gwas", number, "ancestry")),
                 f"gwas.{number}.ancestry: '{gwas.ancestry}' is not under ancestries")
            )  # fmt: skip
        if gwas.name in seen:
            told = f"gwas.{number}: {gwas.name} is in line {seen[gwas.name]} already"
            told += "; two studies of a trait in one ancestry need two names under ancestries"
            problems.append((line, told))
        seen[gwas.name] = line
    for tissue, data in study.expression.items():
        place = ("expression", tissue)
        for field in ("counts", "phenotypes", "phenotype_groups", "covariate_table"):
            look((*place, field), getattr(data, field))
        look((*place, "genotypes"), data.genotypes, genotype_files)
        look((*place, "samples"), data.samples)
        if data.covariates and data.samples is None:
            line = document.line((*place, "covariates"))
            problems.append((line, f"expression.{tissue}.covariates: columns of samples, which is missing"))
        if study.reference.gtf is None and data.counts is not None:
            problems.append((document.line(place), "reference.gtf: missing; it says where genes lie"))
    return [*problems, *_overruled(document, study)]


def _overruled(document: Document, study: StudyFile) -> list[tuple[int, str]]:
    """Lists of variants and people that what passed quality control would silently take the place of."""
    if not study.steps.get("genotypes_qc") or study.steps["genotypes_qc"] is True:
        return []
    return [
        (
            document.line(("steps", kind, name)),
            f"steps.{kind}: '{name}' belongs under genotypes_qc, whose limits decide what {kind} reads",
        )
        for kind, settings in study.steps.items()
        if kind.startswith(("genotypes_", "eqtl_")) and kind != "genotypes_qc" and isinstance(settings, dict)
        for name in settings
        if name in ("extract", "keep")
    ]
