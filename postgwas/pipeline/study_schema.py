"""What a study.yaml holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

#: Becomes part of file names and of keys of the store.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
File = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


#: Names that columns of summary statistics go by here.
Column = Literal["SNPID", "CHR", "POS", "EA", "NEA", "EAF", "BETA", "OR", "SE", "Z", "P", "N", "INFO"]

#: What a rule sees in place of an entry that does not have its form.
_UNKNOWN: Any = object()


class _Strict(BaseModel):
    """No entry but those named, and none of another type.

    Rules between entries are held against the last of them, not against the whole: so they are told beside
    mistakes of form. What does not have its form is not among what a rule sees, which is silent then.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, allow_inf_nan=False
    )


class About(_Strict):
    """The study itself: its name, its build, where results go."""

    name: Name
    out: File = "results"
    build: Literal["GRCh37", "GRCh38"] | None = None
    seed: int = Field(default=1, ge=0, lt=2**31)


class Reference(_Strict):
    """What alleles and frequencies are held against, where genes lie, and people whose ancestry is known.

    `af_field` may hold ``{ancestry}``. `people` are genotypes, `people_groups` tells their groups (in
    `group_column` of it); the people with expression are placed among them.
    """

    variants: File | None = None
    af_field: str | None = None
    fasta: File | None = None
    chain: File | None = None
    gtf: File | None = None
    people: File | None = None
    people_groups: File | None = None
    group_column: str | None = Field(default=None, validate_default=True)

    @field_validator("group_column")
    @classmethod
    def _labelled(cls, group_column: str | None, info: ValidationInfo) -> str | None:
        people, groups = info.data.get("people", _UNKNOWN), info.data.get("people_groups", _UNKNOWN)
        if _UNKNOWN not in (people, groups) and (people is None) != (groups is None):
            raise ValueError("people (genotypes) and people_groups (a table of their groups) belong together")
        if group_column is not None and groups is None:
            raise ValueError("group_column is one of people_groups, which is missing")
        if info.data.get("af_field") is not None and info.data.get("variants", _UNKNOWN) is None:
            raise ValueError("af_field is one of variants, which is missing")
        return group_column


class Ancestry(_Strict):
    """A population: genotypes for LD, or LD scores that exist already."""

    genotypes: File | None = None
    ld_scores: str | None = None


class Gwas(_Strict):
    """One file of summary statistics.

    With `n_cases` and `n_controls` N is the effective one, 4 / (1/cases + 1/controls); with `pop_prev`, the
    prevalence in the population, heritability is on the liability scale. `columns` says what columns are
    called in the file; `header` names all columns of a file without a header line, in order, with - for those
    that are left out.
    """

    trait: Name
    ancestry: Name
    file: File
    n: float | None = Field(default=None, gt=0)
    n_cases: float | None = Field(default=None, gt=0)
    n_controls: float | None = Field(default=None, gt=0)
    pop_prev: float | None = Field(default=None, gt=0, lt=1, validate_default=True)
    columns: dict[Column, str] = {}
    header: str | list[str] | None = None
    build: Literal["GRCh37", "GRCh38"] | None = None

    @property
    def name(self) -> str:
        """What its results are called."""
        return f"{self.ancestry}_{self.trait}"

    @property
    def header_names(self) -> list[str]:
        """Names of all columns of a file without a header line; none where it has one."""
        return _names(self.header)

    @field_validator("header")
    @classmethod
    def _header(cls, header: str | list[str] | None) -> str | list[str] | None:
        names = _names(header)
        if header is not None and set(names) <= {"-", "_", ""}:
            raise ValueError(
                "header names no column; expected the names of all columns in order, - for others"
            )
        used = [name for name in names if name not in ("-", "_")]
        twice = next((name for name in used if used.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"header has {twice!r} twice")
        wrong = next((name for name in names if not name or "," in name), None)
        if wrong is not None:
            raise ValueError("header: a name is empty, or has a comma")
        return header

    @field_validator("pop_prev")
    @classmethod
    def _cases(cls, pop_prev: float | None, info: ValidationInfo) -> float | None:
        n, cases, controls = (info.data.get(name, _UNKNOWN) for name in ("n", "n_cases", "n_controls"))
        if _UNKNOWN not in (cases, controls) and (cases is None) != (controls is None):
            raise ValueError("n_cases and n_controls belong together")
        if _UNKNOWN not in (n, cases) and n is not None and cases is not None:
            raise ValueError("n and n_cases exclude each other")
        if pop_prev is not None and cases is None:
            raise ValueError("pop_prev goes with n_cases and n_controls")
        return pop_prev


def _names(header: str | list[str] | None) -> list[str]:
    given = header.split(",") if isinstance(header, str) else header or []
    return [name.strip() for name in given]


class Expression(_Strict):
    """Expression of one tissue, and genotypes of the same people.

    Either `counts`, or `phenotypes`, a BED that is normalised already, of expression, intron usage or any
    numbers; `phenotype_groups` tells which of them belong together. `covariate_table` are numbers in
    FastQTL's layout; hidden factors and axes are then made only where their number is given. `unmatched` is
    ``drop`` where only people that all files have are to be used.
    """

    counts: File | None = None
    phenotypes: File | None = None
    phenotype_groups: File | None = None
    genotypes: File
    samples: File | None = None
    covariates: list[str] = []
    covariate_table: File | None = None
    factors: int | None = Field(default=None, ge=0)
    genotype_pcs: int | None = Field(default=None, ge=0)
    unmatched: Literal["refuse", "drop"] = Field(default="refuse", validate_default=True)

    @property
    def n_factors(self) -> int:
        """Hidden factors to be made."""
        return self._or(self.factors, 10)

    @property
    def n_axes(self) -> int:
        """Axes of ancestry among the covariates."""
        return self._or(self.genotype_pcs, 5)

    def _or(self, given: int | None, usual: int) -> int:
        return given if given is not None else usual if self.covariate_table is None else 0

    @field_validator("unmatched")
    @classmethod
    def _one_matrix(cls, unmatched: str, info: ValidationInfo) -> str:
        counts, phenotypes = info.data.get("counts", _UNKNOWN), info.data.get("phenotypes", _UNKNOWN)
        if _UNKNOWN not in (counts, phenotypes) and (counts is None) == (phenotypes is None):
            raise ValueError("expected counts, or phenotypes (a BED that is normalised already)")
        if info.data.get("covariate_table") is not None and info.data.get("covariates"):
            raise ValueError("covariates and covariate_table exclude each other")
        return unmatched


class StudyFile(_Strict):
    """All of a study.yaml.

    `steps` holds, for each kind of step, flags of its command, or false to leave it out.
    """

    study: About
    reference: Reference = Reference()
    ancestries: dict[Name, Ancestry] = {}
    gwas: list[Gwas] = []
    expression: dict[Name, Expression] = {}
    steps: dict[str, dict[str, Any] | bool] = Field(default={}, validate_default=True)

    @field_validator("steps")
    @classmethod
    def _something(cls, steps: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if info.data.get("gwas") == [] and info.data.get("expression") == {}:
            raise ValueError("nothing to do: expected entries under gwas or expression")
        return steps
