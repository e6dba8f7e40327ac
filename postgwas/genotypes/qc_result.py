"""What the quality control of genotypes found, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.groups import Groups
from postgwas.genotypes.haploid import Copies
from postgwas.genotypes.heterozygosity import Homozygosity
from postgwas.genotypes.qc_filters import Passing, Step
from postgwas.genotypes.run_king import KingResult
from postgwas.genotypes.selection import Selected
from postgwas.genotypes.sex_check import SexCheck, SexStatus
from postgwas.genotypes.variant_quality import VariantQuality

if TYPE_CHECKING:
    import polars as pl

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_STATUS = {
    SexStatus.OK: "ok", SexStatus.MISMATCH: "mismatch", SexStatus.NOT_IN_FILE: "not in file",
    SexStatus.UNCLEAR: "unclear",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class SampleQuality:
    """Of each sample.

    Attributes
    ----------
    missing, possible : ndarray of int64, shape (n,)
        Missing calls, and variants that could have one: all, but Y's in men alone.
    autosomes : Homozygosity
        At autosomal variants that pass.
    het_deviation : ndarray of float64, shape (n,)
        Of its inbreeding coefficient, in standard deviations from the mean.
    on_x : Homozygosity
        At variants of X that pass.
    y_calls : ndarray of int64, shape (n,)
        Calls on Y.
    sexes : SexCheck
    """

    missing: Ints
    possible: Ints
    autosomes: Homozygosity
    het_deviation: Floats
    on_x: Homozygosity
    y_calls: Ints
    sexes: SexCheck


@dataclass(frozen=True, eq=False)
class QcResult:
    """Outcome of the quality control.

    Attributes
    ----------
    genotypes : Genotypes
        What was looked at; `passing` has what is left.
    copies : ndarray of int8, shape (V,)
        :class:`postgwas.genotypes.haploid.Copies`.
    groups : Groups or None
        Those that Hardy-Weinberg was tested in.
    quality : VariantQuality
        Counted in the samples that pass the filter of missing calls.
    samples : SampleQuality
    people, sites : Passing
        Samples and variants that pass, and the filters' steps.
    kinship : KingResult or None
    selected : Selected
        What the selection left out before.
    """

    genotypes: Genotypes
    copies: NDArray[np.int8]
    groups: Groups | None
    quality: VariantQuality
    samples: SampleQuality
    people: Passing
    sites: Passing
    kinship: KingResult | None
    selected: Selected

    @property
    def passing(self) -> Genotypes:
        """The genotypes that pass, not yet read."""
        return self.genotypes.select(
            variants=np.flatnonzero(self.sites.mask), samples=np.flatnonzero(self.people.mask)
        )

    @property
    def sex_was_checked(self) -> bool:
        """Whether a variant of X says anything."""
        return bool(self.samples.on_x.n_calls.any())

    def account(self) -> pl.DataFrame:
        """Filters in their order: OF, FILTER, ROWS_IN, DROPPED, ROWS_OUT."""
        import polars as pl

        steps = [*self._selection_steps(), *self.people.steps]  # which the variants' filters share
        rows = [(step.of, step.reason, step.rows_in, step.dropped, step.rows_out) for step in steps]
        names = {"OF": pl.String, "FILTER": pl.String, "ROWS_IN": pl.Int64, "DROPPED": pl.Int64,
                 "ROWS_OUT": pl.Int64}  # fmt: skip
        return pl.DataFrame(rows, schema=names, orient="row")

    def _selection_steps(self) -> list[Step]:
        steps = []
        for of, dropped, left in (
            ("samples", self.selected.samples_dropped, self.genotypes.n_samples),
            ("variants", self.selected.variants_dropped, self.genotypes.n_variants),
        ):
            rows = left + sum(dropped.values())
            for reason, number in dropped.items():
                steps.append(Step(of, reason, rows, number))
                rows -= number
        return steps

    def variant_table(self) -> pl.DataFrame:
        """One row a variant; FILTER is PASS or the filter that took it."""
        import polars as pl

        quality, alleles = self.quality, self.quality.alleles
        one_copy = (self.copies == Copies.Y) | (self.copies == Copies.MT)
        n = quality.hom1 + quality.het + quality.hom2
        with np.errstate(invalid="ignore"):
            observed = quality.het / n
        columns = {
            "N": quality.n_people, "N_MISSING": quality.n_missing, "F_MISSING": quality.missing_share,
            "N_ALLELES": alleles.total, "A1_COUNT": alleles.a1, "A1_FREQ": alleles.frequency,
            "MAF": alleles.minor_frequency, "MAC": alleles.minor, "N_IMPOSSIBLE": quality.impossible,
            "HOM_A1": quality.hom1, "HET": quality.het, "HOM_A2": quality.hom2, "HET_OBSERVED": observed,
            "HET_EXPECTED": quality.hwe.expected_het, "HWE_P": quality.hwe.p,
            "HWE_MLOG10P": quality.hwe.mlog10p,
        }  # fmt: skip
        names = () if self.groups is None else self.groups.names
        for name, test in zip(names, quality.by_group):
            columns[f"HWE_MLOG10P_{name}"] = test.mlog10p
        shown = {
            name: np.where(one_copy, np.nan, values) if name.startswith("HWE_") else values
            for name, values in columns.items()
        }
        table = self.genotypes.variants.select("CHR", "CHROM", "POS", "SNPID", "A1", "A2")
        return table.with_columns(
            *(pl.Series(name, values) for name, values in shown.items()), _filter(self.sites)
        )

    def sample_table(self) -> pl.DataFrame:
        """One row a sample; FILTER is PASS or the filter that took it."""
        import polars as pl

        found = self.samples
        with np.errstate(invalid="ignore"):
            share = found.missing / found.possible
        columns = {
            "N_VARIANTS": found.possible, "N_MISSING": found.missing, "F_MISSING": share,
            "HOM_OBSERVED": found.autosomes.observed, "HOM_EXPECTED": found.autosomes.expected,
            "N_CALLS": found.autosomes.n_calls, "F": found.autosomes.inbreeding, "F_SD": found.het_deviation,
        }  # fmt: skip
        table = self.genotypes.samples.with_columns(pl.Series(name, one) for name, one in columns.items())
        if self.groups is not None:
            table = table.with_columns(pl.Series("GROUP", self.groups.labels(), dtype=pl.String))
        return table.hstack(self.sex_table().drop("FID", "IID", "SEX")).with_columns(_filter(self.people))

    def sex_table(self) -> pl.DataFrame:
        """FID, IID, SEX, X_CALLS, X_F, Y_CALLS, SEX_GENOTYPES and SEX_STATUS of each sample."""
        import polars as pl

        found = self.samples
        sex = pl.Series("SEX_GENOTYPES", found.sexes.sex).replace(0, None)
        checked = self.sex_was_checked
        status = [_STATUS[SexStatus(code)] if checked else None for code in found.sexes.status.tolist()]
        return self.genotypes.samples.with_columns(
            pl.Series("X_CALLS", found.on_x.n_calls), pl.Series("X_F", found.on_x.inbreeding),
            pl.Series("Y_CALLS", found.y_calls), sex,
            pl.Series("SEX_STATUS", status, dtype=pl.String),
        )  # fmt: skip

    def sex_problems(self) -> pl.DataFrame:
        """Rows of :meth:`sex_table` whose status is not ok; none where sexes were not checked."""
        import polars as pl

        return self.sex_table().filter(pl.col("SEX_STATUS") != "ok")


def _filter(passing: Passing) -> pl.Series:
    import polars as pl

    return pl.Series("FILTER", passing.reasons(), dtype=pl.String).fill_null("PASS")
