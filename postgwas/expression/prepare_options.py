"""What `prepare` is asked to do, and what of it contradicts itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from postgwas.errors import UsageError
from postgwas.expression.rank_normal import TIES, Ties, offset_of
from postgwas.expression.sample_scale import NORMS, FactorOptions, Norm

GeneFilter = Literal["mage", "gtex", "edger", "custom", "none"]
FILTERS: tuple[GeneFilter, ...] = ("mage", "gtex", "edger", "custom", "none")
Transform = Literal["int", "log2", "none"]
TRANSFORMS: tuple[Transform, ...] = ("int", "log2", "none")

#: Limits of the named filters: counts, TPM, share of samples.
_LIMITS: dict[str, tuple[float, float, float]] = {
    "mage": (6.0, 0.1, 0.2),
    "gtex": (6.0, 0.1, 0.2),
    "custom": (0.0, 0.0, 0.2),
}


@dataclass(frozen=True)
class FilterOptions:
    """Which genes are expressed enough.

    Attributes
    ----------
    rule : {"mage", "gtex", "edger", "custom", "none"}
    min_count, min_tpm, min_share : float, optional
        In place of the rule's own limits (6, 0.1, 0.2; edgeR's min_count is 10).
    min_total_count, large_n, min_prop
        As :func:`postgwas.expression.filters.filter_by_expression`.
    cpm_for_tpm : bool
        CPM takes the place of TPM where there is neither TPM nor lengths.
    """

    rule: GeneFilter = "mage"
    min_count: float | None = None
    min_tpm: float | None = None
    min_share: float | None = None
    min_total_count: float = 15.0
    large_n: int = 10
    min_prop: float = 0.7
    cpm_for_tpm: bool = False

    def filled(self) -> FilterOptions:
        """With the rule's limits where none are given.

        Raises
        ------
        UsageError
            An unknown rule, or custom without a limit.
        """
        if self.rule not in FILTERS:
            raise UsageError(f"--filter {self.rule}: expected {', '.join(FILTERS)}")
        if self.rule == "custom" and self.min_count is None and self.min_tpm is None:
            raise UsageError("--filter custom without a limit", hint="--min_count, --min_tpm or both")
        if self.rule == "edger" and (self.min_tpm is not None or self.min_share is not None):
            raise UsageError("--filter edger has no limit of TPM or share", hint="--min_count, --min_prop")
        if self.rule == "edger":
            return self if self.min_count is not None else replace(self, min_count=10.0)
        count, tpm, share = _LIMITS.get(self.rule, (0.0, 0.0, 0.2))
        return replace(
            self,
            min_count=count if self.min_count is None else self.min_count,
            min_tpm=tpm if self.min_tpm is None else self.min_tpm,
            min_share=share if self.min_share is None else self.min_share,
        )

    @property
    def needs_tpm(self) -> bool:
        """Whether TPM, or CPM in its place, is looked at."""
        return self.rule in ("mage", "gtex") or (self.rule == "custom" and bool(self.min_tpm))


@dataclass(frozen=True)
class PrepareOptions:
    """How counts become expression that is ready for QTL mapping.

    Attributes
    ----------
    filter : FilterOptions
    norm : {"tmm", "tmmwsp", "rle", "uq", "deseq2", "poscounts", "qn", "none"}
    factors : FactorOptions
    factors_from : {"all", "kept"}
        Genes that factors are computed from: all with counts, as GTEx's pipeline, or those that the
        filter keeps, as edgeR's manual.
    transform : {"int", "log2", "none"}
    offset, ties
        Of the inverse normal transform, see :func:`postgwas.expression.inverse_normal`.
    prior_count : float
        Of log2 CPM.
    lengths : str, optional
        File of gene ids and lengths in bases; goes before the lengths of counts and GTF.
    samples : str, optional
        File of samples to use, the first column.
    sample_to_participant : str, optional
        Two columns: sample and the name that it gets; others are left out.
    sample_sheet : str, optional
        Table with a column of samples, as they are called at the end; for `group` and batches.
    group : str, optional
        Its column of groups for edgeR's filter.
    batch, batch2 : str, optional
        Its columns of batches whose effect is taken out of log2 expression.
    batch_covariates : tuple of str
        Its columns of numbers that are taken out too.
    keep_design : tuple of str
        Its columns whose effect is to stay when batches go.
    chromosomes : str or sequence of str, optional
        Only genes on these are written; factors and filter do not depend on it.
    strip_versions : bool
        Find genes without the version of their id.
    min_annotated : float
        Least share of genes that the GTF must have.
    """

    filter: FilterOptions = field(default_factory=FilterOptions)
    norm: Norm = "tmm"
    factors: FactorOptions = field(default_factory=FactorOptions)
    factors_from: Literal["all", "kept"] = "all"
    transform: Transform = "int"
    offset: float | str = 0.0
    ties: Ties = "average"
    prior_count: float = 2.0
    lengths: str | None = None
    samples: str | None = None
    sample_to_participant: str | None = None
    sample_sheet: str | None = None
    group: str | None = None
    batch: str | None = None
    batch2: str | None = None
    batch_covariates: tuple[str, ...] = ()
    keep_design: tuple[str, ...] = ()
    chromosomes: str | Sequence[str] | None = None
    strip_versions: bool = False
    min_annotated: float = 0.5

    def __post_init__(self) -> None:
        """A chromosome alone is one: the letters of "12" are not chromosomes 1 and 2."""
        if isinstance(self.chromosomes, str):
            object.__setattr__(self, "chromosomes", (self.chromosomes,))

    @property
    def removes_batches(self) -> bool:
        """Whether any batch or covariate is taken out."""
        return bool(self.batch or self.batch2 or self.batch_covariates)

    @property
    def columns(self) -> list[str]:
        """Columns of the sample sheet that are used."""
        named = (self.group, self.batch, self.batch2, *self.batch_covariates, *self.keep_design)
        return [name for name in named if name is not None]

    def check(self) -> PrepareOptions:
        """The options with the filter's limits; refuses what contradicts itself.

        Raises
        ------
        UsageError
        """
        for flag, value, known in (
            ("norm", self.norm, NORMS),
            ("transform", self.transform, TRANSFORMS),
            ("ties", self.ties, TIES),
            ("factors_from", self.factors_from, ("all", "kept")),
        ):
            if value not in known:
                raise UsageError(f"--{flag} {value}: expected {', '.join(known)}")
        offset_of(self.offset)
        if not 0 <= self.min_annotated <= 1:
            raise UsageError(f"--min_annotated {self.min_annotated:g}: expected 0 to 1")
        if self.removes_batches and self.transform == "none":
            raise UsageError("batches are taken out of logarithms", hint="--transform log2 or int")
        if self.keep_design and not self.removes_batches:
            raise UsageError("--keep_design without a batch to take out", hint="--batch COLUMN")
        if self.columns and not self.sample_sheet:
            raise UsageError(f"column {self.columns[0]} of no table", hint="--sample_sheet FILE")
        if self.group and self.filter.rule != "edger":
            raise UsageError(f"--group {self.group}: only edgeR's filter knows groups", hint="--filter edger")
        return replace(self, filter=self.filter.filled())
