"""Builds that headers of a study's files state: genes must lie on the positions of the genotypes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postgwas.errors import PostgwasError
from postgwas.pipeline.named_files import genotype_files, one_file

#: Headers of thousands of contigs are shorter.
_MOST_BYTES = 1 << 20
_WITH_HEADER = (".vcf", ".vcf.gz", ".vcf.bgz", ".bcf", ".pvar", ".pvar.gz", ".pvar.zst")


def build_problems(data: dict[str, Any], folder: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """Places below the top where a build is stated that contradicts what genes are placed by.

    Nothing is said of a file whose header states no build.

    Parameters
    ----------
    data : dict
        Plain data of a study.yaml.
    folder : Path
        Files are found from there.

    Yields
    ------
    (place, text)
    """
    reference, tissues = data.get("reference"), data.get("expression")
    gtf = reference.get("gtf") if isinstance(reference, dict) else None
    if not isinstance(gtf, str) or not isinstance(tissues, dict):
        return
    genes = _stated(one_file(str(folder / gtf)))
    if genes is None:
        return
    about = data.get("study")
    build = about.get("build") if isinstance(about, dict) else None
    lifted = isinstance(reference, dict) and reference.get("chain") is not None
    if build in ("GRCh37", "GRCh38") and build != genes and not lifted:
        yield ("reference", "gtf"), f"reference.gtf: its header says {genes}, and study.build is {build}"
    for tissue, entry in tissues.items():
        counted = isinstance(entry, dict) and entry.get("counts") is not None
        name = entry.get("genotypes") if counted else None
        found = _stated(genotype_files(str(folder / name))) if isinstance(name, str) else None
        if found is not None and found != genes:
            told = f"their header says {found}, and that of reference.gtf, where genes lie, {genes}"
            yield ("expression", tissue, "genotypes"), f"expression.{tissue}.genotypes: {told}"


def _stated(files: list[str]) -> str | None:
    """Build that the header of the first of some files with one states."""
    from postgwas.sumstats.harmonise.reference_source import build_named, build_of_header

    for name in files:
        if name.endswith(_WITH_HEADER):
            return build_of_header(_header(name))
        if ".gtf" in Path(name).name:
            return build_named("\n".join(_header(name)))
    return None


def _header(path: str) -> list[str]:
    """Lines that begin with # before the first that does not; none where the file cannot be read.

    The step that reads the file says what is wrong with it.
    """
    from postgwas.sumstats.compression import ByteStream

    try:
        with ByteStream(path) as stream:
            start = stream.read(_MOST_BYTES)
    except (PostgwasError, OSError):
        return []
    text = start[9:] if start.startswith(b"BCF\2") else start
    lines = []
    for line in text.decode("utf-8", "replace").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line)
    return lines
