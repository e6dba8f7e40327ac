"""The settings of a run of harmonise, checked before anything is read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from postgwas.errors import OutputError, UsageError
from postgwas.sumstats.chunks import CHUNK_BYTES
from postgwas.sumstats.harmonise.assembly import BUILDS, build_name
from postgwas.sumstats.harmonise.match import EffectAllele, Palindromic, Unmatched
from postgwas.sumstats.harmonise.strand import AlleleRules

FORMATS = ("tsv", "parquet", "ssf", "ldsc", "vcf")
"""Output formats, and the endings of their files."""

ENDINGS = {
    "tsv": ".tsv.gz",
    "parquet": ".parquet",
    "ssf": ".ssf.tsv.gz",
    "ldsc": ".sumstats.gz",
    "vcf": ".vcf.gz",
}

_SUFFIXES = (
    *(".gz", ".bgz", ".bz2", ".xz", ".zst", ".zip"),
    *(".txt", ".tsv", ".csv", ".vcf", ".sumstats", ".tbl", ".TBL", ".ssf", ".regenie", ".assoc", ".h"),
)


@dataclass(frozen=True)
class HarmoniseOptions:
    """Settings of a run; :func:`postgwas.sumstats.harmonise.run.harmonise` says what they mean."""

    build: str = "auto"
    target_build: str | None = None
    chain: str | None = None
    reference: str | None = None
    af_field: str | None = None
    reference_cache: bool = True
    fasta: str | None = None
    palindromic: Palindromic = "drop"
    palindromic_maf: float = 0.4
    effect_allele: EffectAllele | None = None
    unmatched: Unmatched = "drop"
    eaf_difference: float = 0.2
    formats: tuple[str, ...] = ("tsv",)
    store: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    header: Sequence[str] | None = None
    dialect: str | None = None
    dialect_files: tuple[str, ...] = ()
    n: float | None = None
    n_cases: float | None = None
    n_controls: float | None = None
    sample: str | None = None
    ssf_metadata: Mapping[str, object] = field(default_factory=dict)
    report: bool = True
    figures: bool = False
    overwrite: bool = False
    chunk_bytes: int = CHUNK_BYTES
    read_ahead: bool = False

    def __post_init__(self) -> None:
        if self.build != "auto":
            object.__setattr__(self, "build", build_name(self.build))
        if self.target_build is not None:
            object.__setattr__(self, "target_build", build_name(self.target_build))
        for name in ("build", "target_build"):
            value = getattr(self, name)
            if value not in (None, "auto", *BUILDS):
                raise UsageError(f"--{name} {value}: expected {' or '.join(BUILDS)}")
        _check_choice("--palindromic", self.palindromic, ("drop", "infer", "keep"))
        _check_choice("--unmatched", self.unmatched, ("drop", "keep"))
        if self.effect_allele is not None:
            _check_choice("--effect_allele", self.effect_allele, ("alt", "ref", "given"))
        for flag, value in (
            ("--palindromic_maf", self.palindromic_maf),
            ("--eaf_difference", self.eaf_difference),
        ):
            highest = 0.5 if flag == "--palindromic_maf" else 1.0
            if not 0.0 <= value <= highest:
                raise UsageError(f"{flag} {value}: expected a number from 0 to {highest:g}")
        self._check_needs()

    def _check_needs(self) -> None:
        compares = self.reference is not None or self.fasta is not None
        if self.palindromic == "infer" and self.reference is None:
            raise UsageError(
                "--palindromic infer compares frequencies with a reference's, and there is none",
                hint="--reference names it",
            )
        if self.effect_allele in ("alt", "ref") and not compares:
            raise UsageError(
                f"--effect_allele {self.effect_allele}: only a reference or sequence tells which that is",
                hint="--reference or --fasta names one",
            )
        if self.af_field is not None and self.reference is None:
            raise UsageError("--af_field without --reference")
        if not self.formats and self.store is None:
            raise UsageError("nothing to write", hint=f"--format {','.join(FORMATS)}, or --store")
        for name in self.formats:
            if name == "none":
                raise UsageError("--format none: expected alone, without other formats")
            _check_choice("--format", name, FORMATS)

    @property
    def needs_ref(self) -> bool:
        """Whether the files themselves have to tell REF: it is to be written, and nothing else tells it."""
        return "vcf" in self.formats and not self.compares

    @property
    def compares(self) -> bool:
        """Whether alleles are compared with a reference or a sequence."""
        return self.reference is not None or self.fasta is not None

    def rules(self, *, maf_like: bool) -> AlleleRules:
        """What to do with alleles."""
        return AlleleRules(
            palindromic=self.palindromic,
            palindromic_maf=self.palindromic_maf,
            effect_allele=self.effect_allele or "alt",
            unmatched=self.unmatched,
            eaf_limit=self.eaf_difference,
            maf_like=maf_like,
        )


def _check_choice(flag: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise UsageError(f"{flag} {value}: expected {', '.join(choices[:-1])} or {choices[-1]}")


def names_of(paths: Sequence[str], given: Sequence[str] | None) -> list[str]:
    """A name for each file, by default from its own, without endings.

    Examples
    --------
    >>> names_of(["in/height.ssf.tsv.gz", "bmi.txt"], None)
    ['height', 'bmi']
    """
    if given:
        if len(given) != len(paths):
            raise UsageError(f"--trait_names has {len(given)} names for {len(paths)} files")
        names = list(given)
    else:
        names = [_stem(path) for path in paths]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"two files would be named {twice[0]}", hint="--trait_names gives others")
    return names


def _stem(path: str) -> str:
    name = os.path.basename(path)
    while True:
        shorter = next((name[: -len(s)] for s in _SUFFIXES if name.endswith(s) and len(name) > len(s)), name)
        if shorter == name:
            return name
        name = shorter


def prefixes(out: str | os.PathLike[str], names: Sequence[str]) -> list[Path]:
    """Prefix of the output files of each trait.

    One file takes `out` itself; several, or a folder, take ``<out>/<name>``.

    Raises
    ------
    OutputError
        The folder of `out` does not exist.
    """
    text = os.fspath(out)
    folder = text.endswith(os.sep) or Path(text).is_dir()
    if len(names) == 1 and not folder:
        parent = Path(text).parent
        if not parent.is_dir():
            raise OutputError(f"{text}: the folder {parent} does not exist", hint="create it first")
        return [Path(text)]
    base = Path(text)
    try:
        base.mkdir(exist_ok=True)
    except FileExistsError:
        raise OutputError(
            f"{text}: several files need a folder, and this is a file", hint="give another --out"
        ) from None
    except OSError as error:
        raise OutputError(f"{text}: the folder cannot be made: {error.strerror}") from None
    return [base / name for name in names]
