"""Reading a study.yaml: every mistake at once, each with its line."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import InputError
from postgwas.pipeline.yaml_lines import Document, Place, read_document

if TYPE_CHECKING:
    from postgwas.pipeline.study_schema import StudyFile

#: Endings that a prefix of genotypes may stand for.
GENOTYPES = (".pgen", ".bed", ".vcf.gz", ".bcf", ".bgen", ".vcf")
_PLINK = {".pgen": (".pgen", ".pvar", ".psam"), ".bed": (".bed", ".bim", ".fam")}


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
        found = self.content.steps.get(kind, True)
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
            from postgwas.pipeline.meta_methods import method_problems

            problems += [(document.line(("steps", *place)), text) for place, text in method_problems(content)]
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


def _told(place: Place, error: Any) -> str:
    where = ".".join(
        str(part) for part in place if not str(part).startswith(("dict[", "bool", "constrained"))
    )
    kind, message = error["type"], error["msg"]
    if kind == "extra_forbidden":
        return f"{where}: unknown entry"
    if kind == "missing":
        return f"{where}: missing"
    if kind == "string_pattern_mismatch":
        return f"{where}: expected letters, digits, _, - and . only, as it becomes part of file names"
    if kind == "string_type":
        return f"{where}: expected text (in quotes where YAML reads it as a number, true or false)"
    text = message.removeprefix("Value error, ").removeprefix("Input should be ")
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
                problem = shape_problem(value) if methods else problem_of(kind, name, value)
                if problem is not None:
                    problems.append((document.line(("steps", kind, name)), f"steps.{kind}: {problem}"))
    return problems


def _problems(document: Document, study: StudyFile) -> list[tuple[int, str]]:
    """Files that are not there, names that are not declared or given twice."""
    folder = document.path.parent
    problems: list[tuple[int, str]] = []

    def look(place: Place, name: str | None, *, genotypes: bool = False) -> None:
        if name is None:
            return
        present = bool(genotype_files(folder / name)) if genotypes else bool(files_of(folder / name))
        if not present:
            problems.append((document.line(place), f"{'.'.join(map(str, place))}: no file '{name}'"))

    for field in ("variants", "fasta", "chain", "gtf"):
        look(("reference", field), getattr(study.reference, field))
    for name, one in study.ancestries.items():
        look(("ancestries", name, "genotypes"), one.genotypes, genotypes=True)
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
            problems.append((line, f"gwas.{number}: {gwas.name} is in line {seen[gwas.name]} already"))
        seen[gwas.name] = line
    for tissue, data in study.expression.items():
        place = ("expression", tissue)
        look((*place, "counts"), data.counts)
        look((*place, "genotypes"), data.genotypes, genotypes=True)
        look((*place, "samples"), data.samples)
        if data.covariates and data.samples is None:
            line = document.line((*place, "covariates"))
            problems.append((line, f"expression.{tissue}.covariates: columns of samples, which is missing"))
        if study.reference.gtf is None:
            problems.append((document.line(place), "reference.gtf: missing; it says where genes lie"))
    return problems


def files_of(path: Path) -> list[str]:
    """The file, or with @ for the chromosome all files, in order."""
    if path.is_file():
        return [str(path)]
    if "@" in path.name:
        return sorted(glob.glob(glob.escape(str(path)).replace("@", "*")))
    return []


def genotype_files(path: Path) -> list[str]:
    """All files of genotypes that a name or a prefix stands for; none: there are none."""
    found = files_of(path) if path.name.endswith(GENOTYPES) else []
    if not found:
        for ending in GENOTYPES:
            found = files_of(path.with_name(path.name + ending))
            if found:
                break
    together = []
    for name in found:
        for ending, group in _PLINK.items():
            if name.endswith(ending):
                stem = name.removesuffix(ending)
                together += [stem + one for one in group if Path(stem + one).is_file()]
                zipped = Path(f"{stem}.pvar.zst")
                together += [str(zipped)] if zipped.is_file() else []
                break
        else:
            index = [name + ending for ending in (".tbi", ".csi", ".bgi") if Path(name + ending).is_file()]
            together += [name, *index]
    return together
