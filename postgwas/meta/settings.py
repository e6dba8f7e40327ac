"""What a run of ``postgwas meta`` is told beside its studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from postgwas.errors import UsageError

FORMATS = ("tbl", "ssf", "parquet", "tsv", "mrmega")


@dataclass(frozen=True)
class MetaSettings:
    """How studies are joined and what is written.

    Attributes
    ----------
    method : str
        Of :data:`postgwas.meta.methods.METHODS`.
    options : mapping
        The method's own.
    genomic_control : {"off", "on"} or float
        "on": each study's own lambda; a number: this for all. Studies that bring a lambda keep it.
        Below 1 nothing is corrected.
    by_id : bool
        Variants are joined by identifier and alleles rather than by place and alleles.
    multiallelic : {"mismatch", "separate"}
        What becomes of alleles that a study has alone at a site where others agree.
    palindromic : {"trust", "drop", "infer"}
        A/T and C/G: as written, set aside, or brought onto one strand by frequencies.
    palindromic_maf : float
        With "infer", the largest minor allele frequency.
    reference : str, optional
        With "infer", variants with frequencies to hold studies against, as of
        :func:`postgwas.sumstats.harmonise.reference.open_reference`; else against each other.
    af_field : str, optional
        Of the reference.
    min_studies : int
        Variants of fewer are left out.
    maf_min, info_min, n_min : float, optional
    formats : tuple of str
        Of :data:`FORMATS`.
    target_build : str, optional
        Studies on another build are lifted to it by `chain`.
    chain : str, optional
    any_build : bool
        Join studies whose builds differ or cannot be told, unasked.
    loci : float, optional
        P of lead loci, whose tables are written then.
    locus_window : int
        Base pairs around a lead in which there is no other.
    figures : bool
        Forest plots of the loci, and figures of diagnostics.
    diagnostics : bool
        Checks of each study, as consortia make them.
    """

    method: str = "fixed"
    options: Mapping[str, Any] = field(default_factory=dict)
    genomic_control: str | float = "off"
    by_id: bool = False
    multiallelic: str = "mismatch"
    palindromic: str = "trust"
    palindromic_maf: float = 0.4
    reference: str | None = None
    af_field: str | None = None
    min_studies: int = 1
    maf_min: float | None = None
    info_min: float | None = None
    n_min: float | None = None
    formats: tuple[str, ...] = ("tbl",)
    target_build: str | None = None
    chain: str | None = None
    any_build: bool = False
    loci: float | None = None
    locus_window: int = 500_000
    figures: bool = False
    diagnostics: bool = False

    def check(self) -> None:
        """Refuse what is out of range.

        Raises
        ------
        UsageError
        """
        for name in self.formats:
            if name not in FORMATS:
                raise UsageError(f"--format {name}: expected of {', '.join(FORMATS)}")
        if "mrmega" in self.formats and self.method != "mrmega":
            raise UsageError("--format mrmega: only with --method mrmega")
        if "ssf" in self.formats and self.method == "mrmega":
            raise UsageError("--format ssf: MR-MEGA has no one effect a variant", hint="--format mrmega,tsv")
        if "ssf" in self.formats and self.options.get("scheme", "stderr") != "stderr":
            raise UsageError("--format ssf: weighted z-scores have no effect", hint="--format tsv")
        if not isinstance(self.genomic_control, str) and not self.genomic_control > 0:
            raise UsageError(
                f"--genomic_control {self.genomic_control}: expected on, off or a number above 0"
            )
        if self.loci is not None and not 0 < self.loci < 1:
            raise UsageError(f"--loci {self.loci}: expected a P between 0 and 1", hint="--loci 5e-8")
        if self.locus_window < 1:
            raise UsageError(f"--locus_window {self.locus_window}: expected base pairs, at least 1")
        if self.figures and self.loci is None and not self.diagnostics:
            raise UsageError("--figures: of what?", hint="--loci 5e-8, --diagnostics or both")
        self._check_strands()
        if self.min_studies < 1:
            raise UsageError(f"--min_studies {self.min_studies}: expected at least 1")
        for flag, value, most in (
            ("--maf_min", self.maf_min, 0.5),
            ("--info_min", self.info_min, None),
            ("--n_min", self.n_min, None),
        ):  # fmt: skip
            if value is not None and not (0 <= value <= (np.inf if most is None else most)):
                raise UsageError(f"{flag} {value}: expected {'0 to 0.5' if most else 'at least 0'}")
        if self.chain is not None and self.target_build is None:
            raise UsageError("--chain without --target_build", hint="--target_build GRCh38")

    def _check_strands(self) -> None:
        if not 0 <= self.palindromic_maf < 0.5:
            raise UsageError(f"--palindromic_maf {self.palindromic_maf:g}: expected 0 to below 0.5")
        for flag, value in (("--reference", self.reference), ("--af_field", self.af_field)):
            if value is not None and self.palindromic != "infer":
                raise UsageError(f"{flag} without --palindromic infer", hint="--palindromic infer")
        if self.af_field is not None and self.reference is None:
            raise UsageError("--af_field without --reference")
        if self.reference is not None and self.by_id:
            raise UsageError(
                "--reference finds variants by their places, --match id does not", hint="--match position"
            )
