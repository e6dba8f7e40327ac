"""Whether studies can be combined: builds, scales of the trait, one that outweighs the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from postgwas.errors import InputError, NoVariantsError
from postgwas.meta.read_study import ReadStudy

SCALE_RATIO = 1.5
"""How far standard deviations of the trait, as SE, N and EAF tell them, may be apart."""
HIGH_LAMBDA = 1.3
DOMINANT = 0.8
"""Share of all people from which on one study is said to decide alone."""
FEW_ROWS = 200


def check_builds(studies: Sequence[ReadStudy], *, any_build: bool) -> list[str]:
    """Refuse studies of different builds; a line for each study whose build is known.

    Raises
    ------
    InputError
        If two studies are of different builds.
    """
    known = [study for study in studies if study.build.build is not None]
    builds = {study.build.build for study in known}
    if len(builds) > 1 and not any_build:
        said = "; ".join(f"{study.name} is on {study.build.build}" for study in known)
        raise InputError(
            f"studies are on different builds: {said}",
            hint="--target_build GRCh38 --chain FILE lifts them; --any_build joins them all the same",
        )
    wrong = [study for study in studies if _elsewhere(study)]
    if wrong and known and not any_build:
        study = wrong[0]
        raise InputError(
            f"{study.name}: positions are of no known build: {study.build.reason}",
            hint="postgwas harmonise brings it onto another build; --any_build takes it all the same",
        )
    return [f"{study.name}: {study.build.build}: {study.build.reason}" for study in known]


def _elsewhere(study: ReadStudy) -> bool:
    """Known SNPs are mostly at places of no build that is known."""
    call = study.build
    fits = call.n_grch37 + call.n_grch38
    return call.build is None and call.n_known >= 20 and fits < 0.5 * call.n_known


def check_rows(studies: Sequence[ReadStudy]) -> None:
    """Refuse a study that has no usable row.

    Raises
    ------
    NoVariantsError
    """
    for study in studies:
        if not study.n_used:
            why = ", ".join(f"{count:,} {reason}" for reason, count in study.dropped.items())
            raise NoVariantsError(f"{study.name}: none of {study.n_rows:,} rows can be used: {why}")


def warnings_of(studies: Sequence[ReadStudy]) -> list[str]:
    """What a careful analyst would look at before believing the result."""
    found: list[str] = []
    scales = {
        study.name: study.sd_median
        for study in studies
        if np.isfinite(study.sd_median) and study.n_used >= FEW_ROWS
    }
    if len(scales) > 1:
        middle = float(np.median(list(scales.values())))
        far = {name: sd for name, sd in scales.items() if max(sd / middle, middle / sd) > SCALE_RATIO} or (
            scales if max(scales.values()) / min(scales.values()) > SCALE_RATIO else {}
        )
        if far:
            said = ", ".join(f"{name} {sd:.3g}" for name, sd in far.items())
            found.append(
                f"SE, N and EAF tell different standard deviations of the trait: {said} (median of all "
                f"{middle:.3g}): are effects on the same scale? --scheme samplesize does not need it"
            )
    found.extend(
        f"{study.name}: lambda {study.lambda_gc:.3f}: inflated test statistics; --genomic_control on, or "
        "correct it by its LD score intercept"
        for study in studies
        if study.n_used >= FEW_ROWS and study.lambda_gc > HIGH_LAMBDA
    )
    sizes = {study.name: study.n_median for study in studies if np.isfinite(study.n_median)}
    if len(sizes) == len(studies) > 1:
        name, most = max(sizes.items(), key=lambda item: item[1])
        share = most / sum(sizes.values())
        if share > DOMINANT:
            found.append(f"{name} has {100 * share:.0f} % of all people: the result is nearly its own")
    found.extend(
        f"{study.name}: {study.n_bad_eaf:,} frequencies outside 0 to 1, taken as missing"
        for study in studies
        if study.n_bad_eaf
    )
    return found
