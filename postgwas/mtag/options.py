"""What one MTAG run is asked to do, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postgwas.errors import UsageError

PerTrait = float | Sequence[float | None] | None


@dataclass(frozen=True)
class MtagOptions:
    """Everything that decides the numbers of a run; names follow mtag.py's flags.

    See :func:`postgwas.mtag.run.mtag` for the meaning of each.
    """

    ld_ref_panel: str | None = "eur_w_ld_chr"
    trait_names: Sequence[str] | None = None
    columns: Mapping[str, str] | Sequence[Mapping[str, str]] = field(default_factory=dict)
    header: Sequence[str] | None = None
    dialect_files: Sequence[str] = ()
    # reading and quality control
    use_beta_se: bool = False
    n_value: PerTrait = None
    no_chr_data: bool = False
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    only_chr: Sequence[str] = ()
    homog_ns_frac: PerTrait = None
    homog_ns_dist: PerTrait = None
    maf_min: PerTrait = 0.01
    n_min: PerTrait = None
    n_max: PerTrait = None
    info_min: PerTrait = None
    incld_ambig_snps: bool = False
    no_allele_flipping: bool = False
    median_z_cutoff: float | None = 0.1
    force: bool = False
    # Sigma and Omega
    gencov_path: str | None = None
    residcov_path: str | None = None
    no_overlap: bool = False
    perfect_gencov: bool = False
    equal_h2: bool = False
    numerical_omega: bool = False
    tol: float = 1e-6
    time_limit: float = 100.0
    n_blocks: int = 200
    # output
    std_betas: bool = False
    meta_format: bool = False
    # maxFDR
    fdr: bool = False
    fdr_method: str = "grid"
    skip_mtag: bool = False
    grid_file: str | None = None
    fit_ss: bool = False
    intervals: int = 10
    p_sig: float = 5e-8
    n_approx: bool = True
    fdr_starts: int | None = None
    seed: int = 1
    compat: bool = False

    def per_trait(self, name: str, n_traits: int) -> list[Any]:
        """A flag's value for every trait: one value serves all, a list has one each.

        Raises
        ------
        UsageError
            The list has another length than there are traits.
        """
        value = getattr(self, name)
        if value is None or isinstance(value, (int, float)):
            return [value] * n_traits
        values = list(value)
        if len(values) == 1:
            return values * n_traits
        if len(values) != n_traits:
            flag = FLAGS.get(name, f"--{name}")
            raise UsageError(
                f"{flag} has {len(values)} values, expected 1 or {n_traits} (one for each trait)"
            )
        return values

    def check(self, n_traits: int) -> None:
        """Refuse flags that contradict each other or are out of range.

        Raises
        ------
        UsageError
        """
        if n_traits < 1:
            raise UsageError("no summary statistics given", hint="--sumstats FILE1,FILE2")
        if not isinstance(self.columns, Mapping) and len(self.columns) not in (1, n_traits):
            raise UsageError(
                f"columns has {len(self.columns)} mappings, expected 1 or {n_traits} (one for each trait)"
            )
        if self.equal_h2 and not self.perfect_gencov:
            raise UsageError(
                "--equal_h2 needs --perfect_gencov: traits of equal heritability that correlate "
                "perfectly are the model it stands for",
                hint="add --perfect_gencov",
            )
        if not self.compat:
            if self.homog_ns_frac is not None and self.homog_ns_dist is not None:
                raise UsageError(
                    "--homogNs_frac and --homogNs_dist exclude each other", hint="give one of them"
                )
            if self.only_chr and self.no_chr_data:
                raise UsageError(
                    "--only_chr needs chromosomes, which --no_chr_data says are absent",
                    hint="drop one of them",
                )
        if self.gencov_path and (self.perfect_gencov or self.equal_h2 or self.numerical_omega):
            raise UsageError(
                "--gencov_path gives Omega, so --perfect_gencov, --equal_h2 and --numerical_omega "
                "have nothing to estimate",
                hint="drop --gencov_path or the others",
            )
        if self.fdr_method not in ("grid", "optimise"):
            raise UsageError(f"--fdr_method {self.fdr_method}: expected grid or optimise")
        if self.intervals < 1:
            raise UsageError(f"--intervals {self.intervals}: expected a positive whole number, such as 10")
        _at_least("--n_blocks", self.n_blocks, 2)
        _at_least("--seed", self.seed, 0)
        if self.fdr_starts is not None:
            _at_least("--fdr_starts", self.fdr_starts, 1)
        if not 0 < self.p_sig < 1:
            raise UsageError(f"--p_sig {self.p_sig:g}: expected a P value between 0 and 1")
        if not self.tol > 0:
            raise UsageError(f"--tol {self.tol:g}: expected a positive number")
        if not self.time_limit > 0:
            raise UsageError(f"--time_limit {self.time_limit:g}: expected a positive number of hours")
        if self.median_z_cutoff is not None and not self.median_z_cutoff >= 0:
            raise UsageError(f"--median_z_cutoff {self.median_z_cutoff:g}: expected 0 or more")
        for chromosome in self.only_chr:
            chromosome_number(chromosome)
        for name, low, high in RANGES:
            for value in self.per_trait(name, n_traits):
                if value is not None and not low <= value <= high:
                    expected = f"at least {low:g}" if high >= 1e12 else f"{low:g} to {high:g}"
                    raise UsageError(f"{FLAGS.get(name, '--' + name)} {value:g}: expected {expected}")


#: Flags whose Python name is not the flag's.
FLAGS = {"homog_ns_frac": "--homogNs_frac", "homog_ns_dist": "--homogNs_dist"}

CHROMOSOMES = {"X": 23, "Y": 24, "MT": 25, "M": 25}


def chromosome_number(name: str) -> int:
    """1 to 22, X = 23, Y = 24, MT = 25, with or without "chr".

    Raises
    ------
    UsageError
    """
    short = name.strip().upper().removeprefix("CHR")
    code = CHROMOSOMES.get(short) or (int(short) if short.isdecimal() else 0)
    if not 1 <= code <= 25:
        raise UsageError(f"--only_chr {name}: no such chromosome; expected 1 to 22, X, Y or MT")
    return code


def _at_least(flag: str, value: int, least: int) -> None:
    if value < least:
        raise UsageError(f"{flag} {value}: expected at least {least}")


_NO_LIMIT = float("inf")
RANGES = (
    ("maf_min", 0.0, 0.5),
    ("info_min", 0.0, 2.0),
    ("n_min", 0.0, _NO_LIMIT),
    ("n_max", 0.0, _NO_LIMIT),
    ("n_value", 1.0, 1e12),  # finite: it enters the regressions
    ("homog_ns_frac", 0.0, 1.0),
    ("homog_ns_dist", 0.0, _NO_LIMIT),
)


def trait_names_for(sources: Sequence[str], given: Sequence[str] | None) -> list[str]:
    """Names of the traits: as given, else the files' names without their endings.

    Raises
    ------
    UsageError
        Wrong number of names, or two the same.
    """
    if given is not None:
        names = [str(name).strip() for name in given]
        if len(names) != len(sources):
            raise UsageError(
                f"--trait_names has {len(names)} names, expected {len(sources)} (one for each file)"
            )
        if len(set(names)) != len(names) or not all(names):
            raise UsageError(f"--trait_names {','.join(names)}: expected different, non-empty names")
        for name in names:
            if "/" in name or name in (".", ".."):
                raise UsageError(f"--trait_names {name}: a name may not hold '/'")
        return names
    stems = [_stem(source) for source in sources]
    if len(set(stems)) == len(stems):
        return stems
    return [f"trait_{i}" for i in range(1, len(sources) + 1)]


#: Endings that say nothing of the trait, in the order in which they are taken off.
ENDINGS = (
    *(".gz", ".bgz", ".bz2", ".xz", ".zst", ".zip"),
    *(".txt", ".tsv", ".csv", ".sumstats", ".vcf", ".regenie", ".ssf"),
)


def _stem(source: str) -> str:
    name = Path(source).name
    for ending in ENDINGS:
        name = name.removesuffix(ending)
    return name or "trait"
