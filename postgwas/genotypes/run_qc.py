"""Quality control of samples and variants: ``postgwas.genotypes.qc``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import Engine, engine
from postgwas.errors import InputError, NoVariantsError
from postgwas.genotypes.autosomes import on_autosomes
from postgwas.genotypes.call_counts import CallCounts
from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.groups import Given, Groups, groups_of
from postgwas.genotypes.haploid import PSEUDOAUTOSOMAL, Copies, copies_by_place
from postgwas.genotypes.heterozygosity import Homozygosity, expected_homozygosity
from postgwas.genotypes.qc_filters import Passing, drop_samples_by_calls, drop_variants, het_deviations
from postgwas.genotypes.qc_result import QcResult, SampleQuality
from postgwas.genotypes.qc_settings import QcSettings
from postgwas.genotypes.qc_sweeps import sweep_counts, sweep_homozygosity
from postgwas.genotypes.run_king import KingResult, KingSettings, king
from postgwas.genotypes.selection import Selected, Selection, open_selected, select_genotypes
from postgwas.genotypes.sex_check import MALE, SexCheck, SexStatus, check_sex
from postgwas.genotypes.variant_quality import VariantQuality, sets_of_people, variant_quality
from postgwas.runlog import get_logger

log = get_logger(__name__)

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Small = NDArray[np.int8]

AUTOSOMAL, ON_X, ON_Y, OTHER = 0, 1, 2, 3
_N_CLASSES = 4


def qc(
    genotypes: Genotypes | str | os.PathLike[str],
    *,
    selection: Selection | None = None,
    settings: QcSettings | None = None,
    groups: Given | None = None,
    group_column: str | None = None,
    build: str | None = None,
    scratch: str | os.PathLike[str] | None = None,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> QcResult:
    """Call rates, frequencies, Hardy-Weinberg tests, heterozygosity, sexes and relatives.

    In this order: samples by missing calls; variants, counted in the samples that are left, by
    missing calls, frequency, count and Hardy-Weinberg; samples by heterozygosity (at the
    autosomal variants that pass), sex (at those of X) and relatives. Variants are not counted
    again after that.

    Parameters
    ----------
    genotypes : Genotypes or path
        Hard calls.
    selection : Selection, optional
        Which samples and variants to look at. Impossible calls are counted, not cleared.
    settings : QcSettings, optional
    groups : path, mapping or sequence, optional
        Groups of samples, see :func:`postgwas.genotypes.groups.groups_of`: Hardy-Weinberg is
        tested in each instead of in all together.
    group_column : str, optional
    build : str, optional
        GRCh37 or GRCh38: where X is pseudo-autosomal.
    scratch : path-like, optional
        Folder for the temporary file that a VCF needs, which workers on other machines must see.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    QcResult

    Raises
    ------
    UsageError, InputError, NoVariantsError
        If settings are out of range, files are damaged, lists name nobody.

    References
    ----------
    Wigginton, Cutler and Abecasis 2005, American Journal of Human Genetics 76:887-893, equation 2
    (Hardy-Weinberg); Manichaikul et al. 2010, Bioinformatics 26:2867-2873, equation 11 (kinship).

    Examples
    --------
    >>> result = qc("people.pgen", settings=QcSettings(max_missing=0.05, hwe=1e-6))  # doctest: +SKIP
    >>> result.sites.mask.sum(), result.people.mask.sum()  # doctest: +SKIP
    """
    settings = settings or QcSettings()
    settings.check()
    chosen = _opened(genotypes, selection, scratch)
    data = chosen.genotypes
    copies = copies_by_place(data.variants, build)
    told = data.samples["SEX"].fill_null(0).to_numpy().astype(np.int8)
    say_what_is_on_x(data, copies, told, build)
    labels = (
        None if groups is None else _large(groups_of(data.samples, groups, column=group_column), settings)
    )
    where: dict[str, Any] = {
        "cores": cores, "scheduler": scheduler, "jobqueue": jobqueue, "jobqueue_options": jobqueue_options,
    }  # fmt: skip
    with engine(**where) as eng:
        people = Passing("samples", data.n_samples)
        sites = Passing("variants", data.n_variants, steps=people.steps)
        classes = _classes(data, copies)
        counts = _count(eng, data, classes, labels)
        calls = _calls_of_people(counts, classes, told)
        drop_samples_by_calls(people, calls.missing, calls.possible, settings)
        _refuse_nobody(people, data)
        if not people.mask.all():
            rows = np.flatnonzero(people.mask)
            counts = _count(eng, data.select(samples=rows), classes, labels and labels.of(rows))
        n_groups = 0 if labels is None else len(labels.names)
        quality = variant_quality(counts, copies, n_groups=n_groups, midp=settings.midp)
        drop_variants(sites, quality, settings)
        autosomes = _homozygosity(eng, data, sites.mask & (classes == AUTOSOMAL), quality, settings)
        # plink's sex check has no factor for small samples.
        on_x = _homozygosity(eng, data, sites.mask & (classes == ON_X), quality, QcSettings())
    sexes = _sexes(data, on_x, calls.on_y, told, settings)
    deviations = het_deviations(autosomes.inbreeding, people.mask)
    if settings.het_sd is not None:
        people.drop(np.abs(deviations) > settings.het_sd, f"heterozygosity beyond {settings.het_sd:g} SD")
    if settings.sex_check == "remove":
        people.drop(sexes.status == SexStatus.MISMATCH, "genotypes say the other sex")
    _refuse_nobody(people, data)
    _refuse_nothing(sites, data)
    related = _relatives(data, people, sites, settings, where)
    samples = SampleQuality(calls.missing, calls.possible, autosomes, deviations, on_x, calls.on_y, sexes)
    return QcResult(data, copies, labels, quality, samples, people, sites, related, chosen)


def _opened(
    genotypes: Genotypes | str | os.PathLike[str],
    selection: Selection | None,
    scratch: str | os.PathLike[str] | None,
) -> Selected:
    """The selection; impossible calls stay, because they tell something about the samples."""
    plain = replace(selection or Selection(), haploid=None)
    if isinstance(genotypes, Genotypes):
        return select_genotypes(genotypes, plain)
    return open_selected(genotypes, plain, scratch=scratch)


def say_what_is_on_x(data: Genotypes, copies: Small, told: Small, build: str | None) -> None:
    """Warn where X cannot be understood: its pseudo-autosomal regions, people of unknown sex."""
    on_x = copies == Copies.X
    if not on_x.any():
        return
    if build is None:
        position = data.variants["POS"].to_numpy()[on_x]
        inside = [
            int(sum(((position >= a) & (position <= b)).sum() for a, b in regions))
            for regions in PSEUDOAUTOSOMAL.values()
        ]
        if max(inside):
            log.warning(
                "up to %s variants of X may be pseudo-autosomal and are taken for X proper: "
                "--haploid BUILD says where they are", f"{max(inside):,}",
            )  # fmt: skip
    unknown = int((told == 0).sum())
    if unknown:
        log.warning(
            "sex of %s of %s samples is unknown: they count as having two copies of X, and as none of Y",
            f"{unknown:,}", f"{len(told):,}",
        )  # fmt: skip


def _large(groups: Groups, settings: QcSettings) -> Groups:
    """Without groups that are too small to be tested."""
    large = groups.at_least(settings.hwe_least)
    small = [name for name in groups.names if name not in large.names]
    if not large.names:
        raise InputError(
            f"--groups: none of {len(groups.names)} groups has {settings.hwe_least} samples or more",
            hint="--hwe_least",
        )
    if small:
        log.warning(
            "groups of fewer than %d samples are not tested: %s", settings.hwe_least, ", ".join(small)
        )
    return large


def _classes(data: Genotypes, copies: Small) -> Small:
    """What calls of people are counted in."""
    classes = np.full(data.n_variants, OTHER, np.int8)
    pseudoautosomal = (data.variants["CHR"] == 23).fill_null(False).to_numpy() & (copies == Copies.TWO)
    classes[on_autosomes(data) | pseudoautosomal] = AUTOSOMAL
    classes[copies == Copies.X] = ON_X
    classes[copies == Copies.Y] = ON_Y
    return classes


def _count(eng: Engine, data: Genotypes, classes: Small, labels: Groups | None) -> CallCounts:
    sex = data.samples["SEX"].fill_null(0).to_numpy()
    n_groups = 0 if labels is None else len(labels.names)
    codes = np.full(data.n_samples, -1) if labels is None else labels.codes
    sets = sets_of_people(sex, codes[:, None] == np.arange(n_groups))
    return sweep_counts(eng, data, sets, classes, _N_CLASSES)


@dataclass(frozen=True, eq=False)
class _Calls:
    """Of each person: missing calls, variants that could have one, calls on Y."""

    missing: Ints
    possible: Ints
    on_y: Ints


def _calls_of_people(counts: CallCounts, classes: Small, told: Small) -> _Calls:
    sizes = np.bincount(classes, minlength=_N_CLASSES)
    counted = np.ones((len(told), _N_CLASSES), np.bool_)
    counted[:, ON_Y] = told == MALE
    return _Calls(
        (counts.people_missing * counted).sum(axis=1), (sizes * counted).sum(axis=1),
        sizes[ON_Y] - counts.people_missing[:, ON_Y],
    )  # fmt: skip


def _homozygosity(
    eng: Engine, data: Genotypes, wanted: Bools, quality: VariantQuality, settings: QcSettings
) -> Homozygosity:
    rows = np.flatnonzero(wanted)
    frequency, total = quality.alleles.frequency[rows], quality.alleles.total[rows]
    expected = expected_homozygosity(frequency, n_alleles=total if settings.small_sample else None)
    return sweep_homozygosity(eng, data.select(variants=rows), expected)


def _sexes(data: Genotypes, on_x: Homozygosity, on_y: Ints, told: Small, settings: QcSettings) -> SexCheck:
    if not on_x.n_calls.any():
        if settings.sex_check == "remove":
            raise InputError(
                f"{data.path}: no varying variant on X passes, so that sexes cannot be checked",
                hint="--sex_check list",
            )
        log.info("No varying variant on X passes: sexes are not checked")
    return check_sex(on_x.inbreeding, on_y, told, settings.sex_limits)


def _relatives(
    data: Genotypes, people: Passing, sites: Passing, settings: QcSettings, where: dict[str, Any]
) -> KingResult | None:
    if settings.relatives == "off":
        return None
    rows = np.flatnonzero(people.mask)
    if len(rows) < 2:
        log.warning("kinship needs at least two samples, %d is left", len(rows))
        return None
    left = data.select(samples=rows, variants=np.flatnonzero(sites.mask))
    found = king(
        left, settings=KingSettings(relatives=settings.relatives, max_kinship=settings.max_kinship), **where
    )
    if found.removed is not None:
        gone = np.zeros(data.n_samples, np.bool_)
        gone[rows[found.removed]] = True
        people.drop(gone, f"kinship >= {settings.max_kinship:g}")
    return found


def _refuse_nobody(people: Passing, data: Genotypes) -> None:
    if not people.mask.any():
        raise InputError(f"{data.path}: none of {data.n_samples:,} samples passes ({people.told()})")


def _refuse_nothing(sites: Passing, data: Genotypes) -> None:
    if not sites.mask.any():
        raise NoVariantsError(f"{data.path}: none of {data.n_variants:,} variants passes ({sites.told()})")
