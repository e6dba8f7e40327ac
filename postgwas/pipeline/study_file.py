"""Reading a study.yaml: every mistake at once, each with its line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import InputError
from postgwas.pipeline.study_builds import build_problems
from postgwas.pipeline.study_names import Problem, name_problems
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
    if not isinstance(document.data, dict):
        raise InputError(f"{path}: expected sections such as 'study:' and 'gwas:'")
    sections = {name: part for name, part in document.data.items() if part is not None}
    problems = list(document.problems)
    content = None
    try:
        content = StudyFile.model_validate(sections)  # a section of comments alone is as if left out
    except ValidationError as error:
        problems += [_form_problem(document, one) for one in error.errors(include_url=False)]
    settings, doubtful = _settings_problems(document)
    problems += [*settings, *name_problems(document), *_step_problems(document, sections, doubtful)]
    problems += [(document.line(place), text) for place, text in build_problems(document.data, path.parent)]
    if problems:
        lines = [f"{path}, line {line}: {text}" for line, text in sorted(set(problems))]
        raise StudyFileError("\n".join(lines))
    assert content is not None
    return StudyDescription(path, path.parent, (path.parent / content.study.out).absolute(), content)


def _step_problems(document: Document, sections: dict[str, Any], doubtful: set[str]) -> list[Problem]:
    """What stands in the way of steps, as far as the entries that decide it have their form."""
    from postgwas.pipeline.asked import asked_problems
    from postgwas.pipeline.meta_methods import method_problems

    found = []
    study = _outline(sections, "ancestries", "gwas", "steps")
    if study is not None and not doubtful & {"meta", "mama", "cross_scores"}:
        found += method_problems(study)
    if (study := _outline(sections, "expression", "steps")) is not None:
        found += [one for one in asked_problems(study) if one[0][0] not in doubtful]
    return [(document.line(("steps", *place)), text) for place, text in found]


def _outline(sections: dict[str, Any], *names: str) -> StudyFile | None:
    """A study of some sections alone; None where one of them does not have its form.

    Of GWAS, trait and ancestry alone: what else is wrong there decides no step.
    """
    from pydantic import TypeAdapter, ValidationError

    from postgwas.pipeline.study_schema import StudyFile

    parts = {}
    for name in names:
        if name not in sections:
            continue
        part = sections[name]
        if name == "gwas" and isinstance(part, list) and all(isinstance(one, dict) for one in part):
            part = [
                {"file": "-", **{key: one[key] for key in ("trait", "ancestry") if key in one}}
                for one in part
            ]  # fmt: skip
        form: Any = StudyFile.model_fields[name].annotation
        try:
            parts[name] = TypeAdapter(form).validate_python(part, strict=True)
        except ValidationError:
            return None
    return StudyFile.model_construct(**parts)


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


def _form_problem(document: Document, error: Any) -> Problem:
    """What the schema says of an entry, and its line."""
    place = tuple(part for part in error["loc"] if part != "[key]")
    return document.line(_known(document, place)), _told(place, error)


def _told(place: Place, error: Any) -> str:
    if error["type"] == "value_error":
        place = place[:-1]  # a rule of a whole entry, which is held against its last field
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
    if kind == "string_too_short":
        return f"{where}: expected a name, found none"
    text = message.removeprefix("Value error, ").removeprefix("Input should be ")
    if text.startswith("a valid dictionary"):
        text = "entries such as {a: b}"
    elif text == "a valid list":
        text = "a list such as [a, b]"
    return (
        f"{where}: expected {text}" if message.startswith("Input should") else f"{where}: {text}".lstrip(": ")
    )


def _settings_problems(document: Document) -> tuple[list[Problem], set[str]]:
    """What is wrong with settings of steps; kinds of steps that have such settings or were meant."""
    import difflib

    from postgwas.pipeline.kinds import KINDS
    from postgwas.pipeline.meta_methods import shape_problem
    from postgwas.pipeline.settings import available, problem_of

    steps = document.data.get("steps")
    problems, doubtful = [], set()
    for kind, settings in steps.items() if isinstance(steps, dict) else ():
        line = document.line(("steps", kind))
        if kind not in KINDS:
            near = difflib.get_close_matches(kind, KINDS, n=1)
            doubtful |= set(near)
            more = f" (did you mean {near[0]}?)" if near else f": expected {', '.join(KINDS)}"
            problems.append((line, f"steps.{kind}: unknown step{more}"))
        elif isinstance(settings, dict) and settings and available(kind):
            for name, value in settings.items():
                methods = (kind, name) == ("meta", "method")
                folder = document.path.parent
                problem = shape_problem(value) if methods else problem_of(kind, name, value, folder, settings)
                if problem is not None:
                    doubtful.add(kind)
                    problems.append((document.line(("steps", kind, name)), f"steps.{kind}: {problem}"))
    return problems, doubtful
