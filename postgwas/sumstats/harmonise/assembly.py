"""Lengths of the chromosomes of the human assemblies, by which a file's build is told."""

from __future__ import annotations

from collections.abc import Mapping

from postgwas.errors import UsageError

BUILDS = ("GRCh37", "GRCh38")
"""Builds whose positions are told apart from known SNPs."""

HG19_CHRM_LENGTH = 16571
"""UCSC's hg19 chrM, NC_001807. GRCh37 and GRCh38 have NC_012920, of 16,569 bases."""

_LENGTHS = {
    "NCBI36": (
        247249719, 242951149, 199501827, 191273063, 180857866, 170899992, 158821424, 146274826,
        140273252, 135374737, 134452384, 132349534, 114142980, 106368585, 100338915, 88827254,
        78774742, 76117153, 63811651, 62435964, 46944323, 49691432, 154913754, 57772954,
    ),
    "GRCh37": (
        249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022,
        141213431, 135534747, 135006516, 133851895, 115169878, 107349540, 102531392, 90354753,
        81195210, 78077248, 59128983, 63025520, 48129895, 51304566, 155270560, 59373566,
    ),
    "GRCh38": (
        248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636,
        138394717, 133797422, 135086622, 133275309, 114364328, 107043718, 101991189, 90338345,
        83257441, 80373285, 58617616, 64444167, 46709983, 50818468, 156040895, 57227415,
    ),
}  # fmt: skip

_SPELLINGS = {
    "grch38": "GRCh38", "hg38": "GRCh38", "b38": "GRCh38", "38": "GRCh38",
    "grch37": "GRCh37", "hg19": "GRCh37", "b37": "GRCh37", "37": "GRCh37", "hs37d5": "GRCh37",
    "ncbi36": "NCBI36", "hg18": "NCBI36", "b36": "NCBI36", "36": "NCBI36",
}  # fmt: skip


def length_of(build: str, chromosome: int) -> int | None:
    """Bases of a chromosome (1..22, X = 23, Y = 24) in a build; None if not known.

    Examples
    --------
    >>> length_of("GRCh37", 22), length_of("GRCh38", 22), length_of("GRCh38", 25)
    (51304566, 50818468, None)
    """
    lengths = _LENGTHS.get(build, ())
    return lengths[chromosome - 1] if 1 <= chromosome <= len(lengths) else None


def build_of_lengths(lengths: Mapping[int, int]) -> str | None:
    """Build whose chromosomes have these lengths; None if none or not all of them agree.

    Parameters
    ----------
    lengths : mapping of int to int
        Chromosome code (1..22, X = 23, Y = 24; others are ignored) to its number of bases.

    Examples
    --------
    >>> build_of_lengths({21: 48129895, 22: 51304566})
    'GRCh37'
    >>> build_of_lengths({21: 48129895, 22: 50818468}) is None
    True
    """
    nuclear = {code: length for code, length in lengths.items() if 1 <= code <= 24}
    for build in _LENGTHS:
        if nuclear and all(length_of(build, code) == length for code, length in nuclear.items()):
            return build
    return None


def build_name(text: str) -> str:
    """A build's name as we write it, from any usual spelling.

    Raises
    ------
    UsageError
        The name is none of a build that we know.

    Examples
    --------
    >>> build_name("hg19"), build_name("GRCh38.p14"), build_name("b37")
    ('GRCh37', 'GRCh38', 'GRCh37')
    """
    short = text.strip().lower().partition(".p")[0]
    if short not in _SPELLINGS:
        raise UsageError(f"'{text}': not a genome build; expected GRCh37 (hg19) or GRCh38 (hg38)")
    return _SPELLINGS[short]
