"""What MAMA is told: populations, and what is assumed of its coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from postgwas.errors import UsageError
from postgwas.meta.mama_filters import CHROMOSOMES
from postgwas.meta.mama_outputs import read_coefficients
from postgwas.meta.mama_regression import Rule, constrained


@dataclass(frozen=True)
class Population:
    """Summary statistics of one population.

    Attributes
    ----------
    path : str
    ancestry : str
        As in the columns of the LD scores: ANC1_ANC2.
    phenotype : str
    columns : mapping
        Canonical name -> column of the file, where it is not found by itself.
    n : float, optional
        Sample size, before a column of the file.
    """

    path: str
    ancestry: str
    phenotype: str
    columns: Mapping[str, str] = field(default_factory=dict)
    n: float | None = None

    @property
    def name(self) -> str:
        """``ANCESTRY_PHENOTYPE``, part of the names of its files."""
        return f"{self.ancestry}_{self.phenotype}"


@dataclass(frozen=True)
class MamaOptions:
    """What :func:`mama` may do otherwise; names are those of the flags.

    Attributes
    ----------
    use_standardized_units : bool
        Regress effects of standardised genotypes; inputs and outputs stay per allele.
    reg_ld, reg_se2, reg_int : {"free", "zero", "diagonal", "identity"} or path
        What is assumed of the coefficients of LD scores, squared standard errors and the
        constant, or a file that has them.
    reg_ld_set_corr : float, optional
        Genetic correlation that fixes the covariances.
    ld_weight_floor : float
        Least LD score in the weights of the regressions; 0 is mama.py's way.
    freq_bounds : (float, float)
    allowed_chr_values : str or sequence of str
    allow_palindromic_snps : bool
    snp_list : path, optional
        Ids to keep, one a line.
    input_sep : str, optional
        Separator (a regular expression) of all inputs.
    add_col_match, replace_col_match : mapping
        Standard column -> pattern of names of columns.
    freq_from_scores : bool
        Fill missing frequencies with those of the samples behind the LD scores.
    mama_compat : bool
        Find columns by mama.py's patterns only, keep its way with A/T and C/G SNPs, and estimate from
        however few SNPs.
    """

    use_standardized_units: bool = False
    reg_ld: str = "free"
    reg_se2: str = "diagonal"
    reg_int: str = "free"
    reg_ld_set_corr: float | None = None
    ld_weight_floor: float = 0.0
    freq_bounds: tuple[float, float] = (0.01, 0.99)
    allowed_chr_values: str | Sequence[str] = CHROMOSOMES
    allow_palindromic_snps: bool = False
    snp_list: str | None = None
    input_sep: str | None = None
    add_col_match: Mapping[str, str] = field(default_factory=dict)
    replace_col_match: Mapping[str, str] = field(default_factory=dict)
    freq_from_scores: bool = False
    mama_compat: bool = False

    def __post_init__(self) -> None:
        """A chromosome alone is one: the letters of "12" are not chromosomes 1 and 2."""
        if isinstance(self.allowed_chr_values, str):
            object.__setattr__(self, "allowed_chr_values", (self.allowed_chr_values,))


def check(populations: Sequence[Population], options: MamaOptions) -> None:
    """Refuse what contradicts itself or is out of range.

    Raises
    ------
    UsageError
    """
    if not populations:
        raise UsageError("no summary statistics given", hint="--sumstats FILE,ANCESTRY,PHENOTYPE ...")
    names = [population.name for population in populations]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"ancestry and phenotype {name} are given twice: expected one file for each",
                hint="give the files different phenotypes",
            )
    low, high = options.freq_bounds
    if not 0 <= low < high <= 1:
        raise UsageError(f"--freq_bounds {low:g} {high:g}: expected two frequencies, the lower first")
    if not 0 <= options.ld_weight_floor < float("inf"):
        raise UsageError(f"--ld_weight_floor {options.ld_weight_floor:g}: expected an LD score, 0 or more")
    corr = options.reg_ld_set_corr
    if corr is not None and not -1 <= corr <= 1:
        raise UsageError(f"--reg_ld_set_corr {corr:g}: expected a correlation, from -1 to 1")


def fixed_coefficients(options: MamaOptions, k: int) -> dict[str, Any]:
    """Keyword arguments of :func:`postgwas.meta.mama_regression.regress` for k populations.

    Raises
    ------
    InputError, MatrixError
        If a file of coefficients cannot be used.
    """
    fixed: dict[str, Any] = {
        "ld_correlation": options.reg_ld_set_corr, "weight_floor": options.ld_weight_floor,
    }  # fmt: skip
    for key, name in (("ld_fixed", "reg_ld"), ("intercept_fixed", "reg_int"), ("se2_fixed", "reg_se2")):
        value: str = getattr(options, name)
        if value in ("free", "zero", "diagonal", "identity"):
            rule: Rule = value  # type: ignore[assignment]
            fixed[key] = constrained(rule, k)
        else:
            fixed[key] = read_coefficients(value, k, flag=f"--{name}_coef")
    return fixed
