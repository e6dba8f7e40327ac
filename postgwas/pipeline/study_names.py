"""Files and names of a study.yaml: there, declared, given once; a mistake elsewhere hides none of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from postgwas.pipeline.file_flags import Find, NoSuchFile, panel_of
from postgwas.pipeline.named_files import genotype_files, one_file, variant_files
from postgwas.pipeline.yaml_lines import Document, Place

#: A line, and what is wrong there.
Problem = tuple[int, str]


def name_problems(document: Document) -> list[Problem]:
    """Files that are not there, names that are not declared or given twice.

    Looks at the plain data, so that entries are looked at whose neighbours do not have their form; what does
    not have its form itself is passed over, as the schema tells it.

    Parameters
    ----------
    document : Document
        A mapping.

    Returns
    -------
    list of (int, str)
        Line and text of each.
    """
    return [
        *_missing_files(document),
        *_gwas(document),
        *_expression(document),
        *_overruled(document),
        *_out(document),
    ]


def _part(data: Any, *place: str) -> dict[str, Any]:
    """A section of plain data, or a part of one; empty where it is no mapping."""
    for key in place:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _gwas_entries(data: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    entries = data.get("gwas")
    for number, entry in enumerate(entries) if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield number, entry


def _missing_files(document: Document) -> Iterator[Problem]:
    data, folder = document.data, document.path.parent
    for place, name, find in _files(data):
        if isinstance(name, str) and name and not find(str(folder / name)):
            kind = "is a folder, no file" if (folder / name).is_dir() else "no file"
            yield document.line(place), f"{'.'.join(map(str, place))}: {kind} '{name}'"
    for name in _part(data, "ancestries"):
        scores = _part(data, "ancestries", name).get("ld_scores")
        if isinstance(scores, str):
            try:
                panel_of(scores, folder)
            except NoSuchFile as error:
                line = document.line(("ancestries", name, "ld_scores"))
                yield line, f"ancestries.{name}.ld_scores: {error}"


def _files(data: Any) -> Iterator[tuple[Place, Any, Find]]:
    """Each entry that names files, and what finds them."""
    reference = _part(data, "reference")
    yield ("reference", "variants"), reference.get("variants"), variant_files
    yield ("reference", "people"), reference.get("people"), genotype_files
    for field in ("fasta", "chain", "gtf", "people_groups"):
        yield ("reference", field), reference.get(field), one_file
    for name in _part(data, "ancestries"):
        genotypes = _part(data, "ancestries", name).get("genotypes")
        yield ("ancestries", name, "genotypes"), genotypes, genotype_files
    for number, entry in _gwas_entries(data):
        yield ("gwas", number, "file"), entry.get("file"), one_file
    for tissue in _part(data, "expression"):
        entry = _part(data, "expression", tissue)
        for field in ("counts", "phenotypes", "phenotype_groups", "covariate_table", "samples"):
            yield ("expression", tissue, field), entry.get(field), one_file
        yield ("expression", tissue, "genotypes"), entry.get("genotypes"), genotype_files


def _gwas(document: Document) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    sections = document.data.get("ancestries")
    declared = _part(document.data, "ancestries")
    for number, entry in _gwas_entries(document.data):
        trait, ancestry = entry.get("trait"), entry.get("ancestry")
        in_form = sections is None or isinstance(sections, dict)
        if in_form and isinstance(ancestry, str) and ancestry not in declared:
            line = document.line(("gwas", number, "ancestry"))
            yield line, f"gwas.{number}.ancestry: '{ancestry}' is not under ancestries"
        if isinstance(trait, str) and isinstance(ancestry, str):
            line, name = document.line(("gwas", number)), f"{ancestry}_{trait}"
            if name in seen:
                told = f"gwas.{number}: {name} is in line {seen[name]} already"
                yield line, f"{told}; two studies of a trait in one ancestry need two names under ancestries"
            seen[name] = line


def _expression(document: Document) -> Iterator[Problem]:
    reference = document.data.get("reference")
    for tissue in _part(document.data, "expression"):
        entry = _part(document.data, "expression", tissue)
        if entry.get("covariates") and entry.get("samples") is None:
            line = document.line(("expression", tissue, "covariates"))
            yield line, f"expression.{tissue}.covariates: columns of samples, which is missing"
        bare = reference is None or (isinstance(reference, dict) and reference.get("gtf") is None)
        if bare and entry.get("counts") is not None:
            line = document.line(("expression", tissue))
            yield line, "reference.gtf: missing; it says where genes lie"
    if not document.data.get("expression") and _part(document.data, "reference").get("people") is not None:
        told = "reference.people: places the people of expression, of whom there are none"
        yield document.line(("reference", "people")), told


def _overruled(document: Document) -> Iterator[Problem]:
    """Lists of variants and people that what passed quality control would silently take the place of."""
    steps = _part(document.data, "steps")
    if not _part(steps, "genotypes_qc"):
        return
    for kind in steps:
        if kind.startswith(("genotypes_", "eqtl_")) and kind != "genotypes_qc":
            for name in _part(steps, kind):
                if name in ("extract", "keep"):
                    told = f"'{name}' belongs under genotypes_qc, whose limits decide what {kind} reads"
                    yield document.line(("steps", kind, name)), f"steps.{kind}: {told}"


def _out(document: Document) -> Iterator[Problem]:
    """Lists of files on command lines are parted by commas: a step would look for half a path."""
    from postgwas.pipeline.study_schema import About

    out = _part(document.data, "study").get("out", About.model_fields["out"].default)
    if isinstance(out, str) and "," in (whole := str((document.path.parent / out).absolute())):
        told = f"results would go to {whole}: lists of files are parted by commas"
        mend = "a folder without a comma, or study: out: elsewhere"
        yield document.line(("study", "out")), f"{told} ({mend})"
