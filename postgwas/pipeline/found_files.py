"""What the files of a folder are, told by names and first lines."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from postgwas.errors import PostgwasError

_ANCESTRIES = ("AFR", "AMR", "EAS", "EUR", "SAS", "MID", "CSA", "AMI")
_TABLES = re.compile(r"\.(txt|tsv|csv|gz|bgz|zst|regenie|linear|logistic|assoc|sumstats|vcf|meta|tbl|bgz)$")
_GENOTYPES = re.compile(r"\.(pgen|bed|bgen|bcf|vcf|vcf\.gz)$")
#: A chromosome in the name of a file: chr7, chrom_X.
_CHROMOSOME = re.compile(r"(chr(?:om)?[_.-]?)(?:[0-9]{1,2}|X|Y|MT?)(?![0-9A-Za-z])", re.IGNORECASE)
_SKIPPED = {"results", "truth", "__pycache__"}
_MOST_FILES = 5_000


@dataclass(frozen=True)
class FoundGwas:
    """A file of summary statistics, with guesses; `header` where it has no header line."""

    trait: str
    ancestry: str
    file: str
    header: tuple[str, ...] = ()


@dataclass
class Found:
    """What was found; files are below the folder that was looked through.

    Attributes
    ----------
    gwas : list of FoundGwas
    panels, scores : dict of str to str
        Ancestry to genotypes, to LD scores.
    genotypes : str or None
        Of people with counts.
    variants, gtf, counts, samples, phenotypes, covariate_table : str or None
    covariates : list of str
        Columns of `samples` that look like covariates.
    told : dict of str to list of str
        What is said of the files, by kind.
    unknown : list of str
        Tables that are none of these.
    people : list of str
        Genotypes whose names tell no ancestry.
    """

    gwas: list[FoundGwas] = field(default_factory=list)
    panels: dict[str, str] = field(default_factory=dict)
    scores: dict[str, str] = field(default_factory=dict)
    genotypes: str | None = None
    variants: str | None = None
    gtf: str | None = None
    counts: str | None = None
    phenotypes: str | None = None
    covariate_table: str | None = None
    samples: str | None = None
    covariates: list[str] = field(default_factory=list)
    told: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)


def look_through(root: Path) -> Found:
    """Tell what each file of a folder is."""
    found = Found()
    files = _files(root)
    people: list[str] = []
    sites: list[str] = []
    panels: dict[str, list[str]] = {}
    for name in files:
        base = name.rsplit("/", 1)[-1].lower()
        if base.endswith((".gtf", ".gtf.gz")):
            found.gtf = found.gtf or name
        elif ".l2.ldscore" in base:
            folder = name.rsplit("/", 1)[0] if "/" in name else "."
            found.scores.setdefault(ancestry_in(name) or "EUR", folder + "/")
        elif base.endswith((".bed", ".bed.gz")) and not _is_plink(root / name):
            _intervals(root, name, found)
        elif _is_gwas_vcf(root / name):
            found.gwas.append(FoundGwas(trait_in(name), ancestry_in(name) or "EUR", name))
        elif _GENOTYPES.search(base) and not _is_sites(root / name):
            ancestry = ancestry_in(name)
            if ancestry is None:
                people.append(name)
            else:
                panels.setdefault(ancestry, []).append(name)
        elif base.endswith((".vcf", ".vcf.gz", ".bcf")):
            sites.append(name)
        elif _TABLES.search(base):
            _table(root, name, found)
    found.panels = {ancestry: _whole(names) for ancestry, names in panels.items()}
    found.people = [_whole(people)] if people and "@" in _whole(people) else people
    found.variants = _whole(sites) if sites else None
    found.genotypes = found.people[0] if found.people else next(iter(found.panels.values()), None)
    found.gwas = _apart(found.gwas)
    found.told = {
        "summary statistics": [one.file for one in found.gwas],
        "genotypes": [*found.panels.values(), *found.people],
        "expression": [one for one in (found.counts, found.phenotypes) if one],
    }
    if without := [one.file for one in found.gwas if one.header]:
        found.told["without a header line, columns to be named"] = without
    if found.unknown:
        found.told["not told what they are"] = found.unknown
    return found


def _whole(names: list[str]) -> str:
    """The first of some files, with @ for the chromosome where it is one of a set."""
    patterns = [_CHROMOSOME.sub(r"\1@", name) for name in names]
    first = patterns[0]
    return first if patterns.count(first) > 1 else names[0]


def _apart(gwas: list[FoundGwas]) -> list[FoundGwas]:
    """The same, traits of an ancestry numbered where they would be called alike."""
    seen: dict[tuple[str, str], int] = {}
    named = []
    for one in gwas:
        key = (one.ancestry, one.trait.lower())
        seen[key] = seen.get(key, 0) + 1
        named.append(one if seen[key] == 1 else replace(one, trait=f"{one.trait}_{seen[key]}"))
    return named


def ancestry_in(name: str) -> str | None:
    """The ancestry that a file's name says.

    Examples
    --------
    >>> ancestry_in("gwas/height.eas.txt.gz"), ancestry_in("people.pgen")
    ('EAS', None)
    """
    words = re.split(r"[^A-Za-z]+", name.upper())
    return next((word for word in words if word in _ANCESTRIES), None)


def trait_in(name: str) -> str:
    """A trait's name from a file's.

    Examples
    --------
    >>> trait_in("gwas/EUR_LDL.regenie.gz"), trait_in("height eas.txt.gz")
    ('LDL', 'height')
    """
    stem = name.rsplit("/", 1)[-1]
    stem = re.sub(
        r"(\.(txt|tsv|csv|gz|bgz|zst|regenie|glm|linear|logistic|hybrid|assoc|sumstats|vcf|meta|tbl|h))+$",
        "", stem, flags=re.IGNORECASE,
    )  # fmt: skip
    kept = [word for word in re.split(r"[\s._-]+", stem) if word and word.upper() not in _ANCESTRIES]
    text = "_".join(kept) or "trait"
    return re.sub(r"[^A-Za-z0-9_.-]", "", text)[:40] or "trait"


def _files(root: Path) -> list[str]:
    names: list[str] = []
    for parent, folders, files in os.walk(root):
        folders[:] = sorted(one for one in folders if one not in _SKIPPED and not one.startswith("."))
        names += [str((Path(parent) / name).relative_to(root)) for name in sorted(files)]
        # Of linked folders, such as LD scores that several studies share, the files and no folders below.
        linked = [Path(parent) / one for one in folders if (Path(parent) / one).is_symlink()]
        names += [str(file.relative_to(root)) for one in linked for file in _files_in(one)]
        if len(names) > _MOST_FILES:
            break
    return [name for name in names if not name.rsplit("/", 1)[-1].startswith(".")][:_MOST_FILES]


def _files_in(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.is_file())
    except OSError:
        return []


def _head(path: Path) -> bytes:
    """The first 64 KiB, unpacked; nothing where the file cannot be read."""
    from postgwas.sumstats.compression import ByteStream

    try:
        stream = ByteStream(path)
        try:
            return stream.read(1 << 16)
        finally:
            stream.close()
    except (PostgwasError, OSError, EOFError):
        return b""


def _first_line(path: Path) -> list[str]:
    """Fields of the first line that is no comment of two signs; none where the file is no text."""
    head = _head(path)
    if b"\x00" in head:
        return []
    lines = head.decode("utf-8", errors="replace").splitlines()
    line = next((one for one in lines if one.strip() and not one.startswith("##")), "")
    return re.split(r"\t|,|;| +", line.strip())


def _is_sites(path: Path) -> bool:
    """Whether a VCF has no samples."""
    if not path.name.endswith((".vcf", ".vcf.gz")):
        return False
    fields = _first_line(path)
    return 0 < len(fields) <= 9 and fields[0] == "#CHROM"


def _is_gwas_vcf(path: Path) -> bool:
    """Whether a VCF has effects (ES) instead of genotypes."""
    return path.name.endswith((".vcf", ".vcf.gz")) and b"##FORMAT=<ID=ES," in _head(path)


def _is_plink(path: Path) -> bool:
    """Whether a .bed is one of PLINK, not one of intervals."""
    try:
        with path.open("rb") as stream:
            return stream.read(2) == b"\x6c\x1b"
    except OSError:
        return False


def _intervals(root: Path, name: str, found: Found) -> None:
    """A phenotype BED, or something else."""
    fields = _first_line(root / name)
    if (
        len(fields) > 10
        and fields[0].lstrip("#").lower() in ("chr", "chrom")
        and fields[1].lower() == "start"
    ):
        found.phenotypes = found.phenotypes or name
    else:
        found.unknown.append(name)


def _table(root: Path, name: str, found: Found) -> None:
    """Summary statistics, counts, covariates, or a sheet of samples."""
    fields = _first_line(root / name)
    if len(fields) < 2:
        head = _head(root / name)
        if b"\x00" in head or (not head and (root / name).stat().st_size):
            found.unknown.append(name)  # cut short, UTF-16, no text
        return
    lower = [one.lower().lstrip("#") for one in fields]
    if lower[0] in ("gene_id", "geneid", "gene", "name", "ensembl", "ensembl_id") and len(fields) > 5:
        found.counts = found.counts or name
    elif _is_sumstats(fields):
        found.gwas.append(FoundGwas(trait_in(name), ancestry_in(name) or "EUR", name))
    elif header := guessed_header(fields):
        found.gwas.append(FoundGwas(trait_in(name), ancestry_in(name) or "EUR", name, header))
    elif lower[0] in ("sample", "sample_id", "iid") and len(fields) <= 50 and found.samples is None:
        found.samples = name
        found.covariates = [one for one, low in zip(fields, lower) if low in ("sex", "age", "batch", "site")]
    elif lower[0] in ("id", "sampleid") and len(fields) > 10:
        found.covariate_table = found.covariate_table or name
    else:
        found.unknown.append(name)


def guessed_header(fields: list[str]) -> tuple[str, ...]:
    """Names of columns of a first line that is a variant already: what can be told of one, - for the rest.

    Empty where it is no such line: it has two alleles side by side, an id or a place, and three numbers more.

    Examples
    --------
    >>> guessed_header(["22", "rs10", "28273339", "-9", "G", "C", "221365", "0.0046", "0.4"])
    ('CHR', 'SNPID', 'POS', '-', 'EA', 'NEA', '-', '-', '-')
    >>> guessed_header(["SNP", "A1", "A2", "BETA", "SE", "P"])
    ()
    """
    alleles = [bool(re.fullmatch(r"[ACGT]+", one, re.IGNORECASE)) for one in fields]
    pair = next((i for i in range(len(fields) - 1) if alleles[i] and alleles[i + 1]), None)
    numbers = [bool(re.fullmatch(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", one, re.IGNORECASE)) for one in fields]
    ids = [i for i, one in enumerate(fields) if re.fullmatch(r"rs[0-9]+|(chr)?[0-9XY]+:[0-9]+.*", one)]
    if pair is None or not (ids or numbers[0]):
        return ()
    names = ["-"] * len(fields)
    names[pair], names[pair + 1] = "EA", "NEA"
    if ids:
        names[ids[0]] = "SNPID"
    place = next((i for i, one in enumerate(fields) if re.fullmatch(r"[0-9]{5,9}", one) and i < pair), None)
    code = next(
        (i for i, one in enumerate(fields) if re.fullmatch(r"(chr)?([1-9]|1[0-9]|2[0-6]|X|Y)", one)), None
    )
    if place is not None and code is not None and code < pair:
        names[code], names[place] = "CHR", "POS"
    # A list of variants such as a .bim has no more than its place in cM.
    others = sum(number and name == "-" for number, name in zip(numbers, names))
    return tuple(names) if others >= 3 else ()


def _is_sumstats(fields: list[str]) -> bool:
    """Whether a header has an effect allele, and a P-value or Z or an effect."""
    words = {re.sub(r"[^a-z0-9]", "", one.lower()) for one in fields}
    alleles = {"a1", "ea", "effectallele", "allele1", "testedallele", "alt", "codedallele"}
    values = {
        "p", "pval", "pvalue", "log10p", "neglog10p", "z", "zscore", "beta", "or", "tstat", "pbolt",
        "mlog10p", "frequentistaddpvalue", "pwald", "es", "b", "effect",
    }  # fmt: skip
    return bool(words & alleles) and bool(words & values)
