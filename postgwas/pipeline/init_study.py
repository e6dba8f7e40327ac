"""A study.yaml from what lies in a folder."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

from postgwas.errors import InputError, OutputError
from postgwas.pipeline.digests import write_whole
from postgwas.pipeline.found_files import Found, look_through
from postgwas.pipeline.study_file import StudyFileError, read_study


def init_study(
    folder: str | os.PathLike[str], *, name: str | None = None, overwrite: bool = False
) -> tuple[Path, dict[str, list[str]]]:
    """Write FOLDER/study.yaml.

    Parameters
    ----------
    folder : path
    name : str, optional
        The study's; default: the folder's.
    overwrite : bool

    Returns
    -------
    Path
        The file that was written.
    dict of str to list of str
        What was found, by kind.

    Raises
    ------
    InputError
        No such folder, or nothing in it that a study could begin with.
    OutputError
        There is a study.yaml, or the folder cannot be written.
    """
    root = Path(folder)
    if not root.is_dir():
        what = "is a file; expected the folder of the study's files" if root.exists() else "no such folder"
        raise InputError(f"{root}: {what}")
    path = root / "study.yaml"
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already", hint="--overwrite replaces it")
    found = look_through(root)
    expressed = (found.counts or found.phenotypes) and found.genotypes
    if not found.gwas and not expressed:
        unknown = f"; {_some(found.unknown)} cannot be told what they are" if found.unknown else ""
        raise InputError(
            f"{root}: found neither summary statistics nor expression (counts, or a phenotype BED) with "
            f"genotypes{unknown}",
            hint="postgwas demo --out DIR makes a study to look at",
        )
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name or root.resolve().name).lstrip("_.-") or "study"
    try:
        write_whole(path, study_text(found, plain))
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}") from None
    try:
        read_study(path)
    except StudyFileError as error:
        # Written nevertheless: the user is asked to finish it.
        found.told["to be mended"] = str(error).splitlines()
    return path, found.told


def study_text(found: Found, name: str) -> str:
    """The text of a study.yaml."""
    lines = [
        "# A study of postgwas. Look at each line with a question mark, then:",
        "#     postgwas run study.yaml --dry_run",
        "study:",
        f"  name: {_quoted(name)}",
        "  out: results",
        "  # build: GRCh37        # of all GWAS files; without it told by the positions of known SNPs",
        "  seed: 1",
        "",
        "reference:",
        _entry("variants", found.variants, "a VCF of sites: alleles and strands are held against it"),
        "  # af_field: AF_{ancestry}   # frequencies of an ancestry in it, such as AF_EUR",
        _entry("gtf", found.gtf, "places of genes, for expression"),
        "",
        "ancestries:          # ? genotypes: an LD reference; ld_scores: a folder or a panel's name",
    ]
    for ancestry in dict.fromkeys([*(one.ancestry for one in found.gwas), *found.panels]):
        about = []
        if ancestry in found.panels:
            about.append(f"genotypes: {_quoted(found.panels[ancestry])}")
        if ancestry in found.scores:
            about.append(f"ld_scores: {_quoted(found.scores[ancestry])}")
        lines.append(f"  {_quoted(ancestry)}: {{{', '.join(about)}}}")
    unplaced = [] if found.counts or found.phenotypes else found.people
    lines += [f"  # ? whose genotypes: {_quoted(name)}; as genotypes: of their ancestry" for name in unplaced]
    lines += ["", "gwas:                # ? trait and ancestry are guessed from the names of the files"]
    if not found.gwas:
        lines[-1] = "gwas: []"
    for one in found.gwas:
        words = ("trait", one.trait), ("ancestry", one.ancestry), ("file", one.file)
        text = ", ".join(f"{field}: {_quoted(text)}" for field, text in words)
        if one.header:
            lines.append(
                "  # ? no header line: name each column (CHR SNPID POS EA NEA EAF BETA OR SE Z P N INFO);"
            )
            lines.append("  # - leaves it out; EA is the effect allele: is it the first of the two?")
            text += f", header: [{', '.join(one.header)}]"
        lines.append(f"  - {{{text}}}")
    lines.append("")
    lines += _expression(found)
    lines += [
        "# Flags of each step's command; false leaves a step out.",
        "steps: {}",
        "#  h2: {n_blocks: 200}",
        "#  mtag: {fdr: true}",
        *_meta(found),
        "#  finemap: false",
        *(
            ["#  eqtl_afc: true     # made where it is asked for; docs/pipeline.md lists more"]
            if found.counts
            else []
        ),
    ]
    return "\n".join(lines) + "\n"


def _meta(found: Found) -> list[str]:
    """Methods of meta-analysis that the studies suffice for; those that they do not, with what they need."""
    traits = Counter(one.trait for one in found.gwas)
    most = max(traits.values(), default=0)
    fit = ["fixed", "random", "re2"] + (["mrmega"] if most >= 4 else [])
    if most >= 2 and all(one.ancestry in found.panels for one in found.gwas):
        fit.append("mama")
    axes = f", pcs: {min(most - 3, 3)}" if most >= 4 else ""
    return [
        f"#  meta: {{method: [{', '.join(fit)}]{axes}}}   # by trait: {{LDL: [fixed, mama], TG: fixed}};",
        "#        mrmega needs three GWAS of a trait more than axes (pcs), mama genotypes of each ancestry",
        "#  mama: {freq_bounds: [0.01, 0.99]}",
    ]


def _expression(found: Found) -> list[str]:
    if not ((found.counts or found.phenotypes) and found.genotypes):
        return [
            "# expression:",
            "#   tissue: {counts: counts.tsv.gz, genotypes: people.pgen}",
            "#   other: {phenotypes: normalised.bed.gz, covariate_table: known.txt, genotypes: people.pgen}",
            "",
        ]
    lines = ["expression:", "  tissue:            # ? its name"]
    if found.counts:
        lines.append(f"    counts: {_quoted(found.counts)}")
    else:
        lines.append(f"    phenotypes: {_quoted(found.phenotypes or '')}   # ? normalised already")
    lines.append(f"    genotypes: {_quoted(found.genotypes)}   # ? of the same people")
    lines.append("    unmatched: refuse   # drop: go on with the people that all files have")
    if found.covariate_table is not None:
        lines.append(f"    covariate_table: {_quoted(found.covariate_table)}   # ?")
    elif found.samples is not None:
        lines.append(f"    samples: {_quoted(found.samples)}")
        lines.append(
            f"    covariates: [{', '.join(map(_quoted, found.covariates))}]   # ? columns of samples"
        )
    if found.covariate_table is None:
        lines += ["    factors: 10", "    genotype_pcs: 5"]
    return [*lines, ""]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _entry(field: str, value: str | None, what: str) -> str:
    return f"  {field}: {_quoted(value)}" if value else f"  # {field}:              # {what}"


def _quoted(text: str) -> str:
    """As YAML text, whatever is in it."""
    import json

    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*", text)
    reserved = text.lower() in ("yes", "no", "on", "off", "true", "false", "null", "y", "n")
    return text if plain and not reserved else json.dumps(text, ensure_ascii=False)
