"""What became of each study's A/T and C/G SNPs, and whether its frequencies could tell."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from postgwas.errors import InputError
from postgwas.meta.settle_strands import StudyStrands, added
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    from postgwas.meta.run_meta import MetaResult
    from postgwas.meta.settings import MetaSettings

log = get_logger("meta")


def strands_of(result: MetaResult) -> list[StudyStrands]:
    """Of each study, in the order of names; none where strands were not inferred."""
    blocks = [block.strands for block in result.blocks if block.strands]
    return [added([one[at] for one in blocks]) for at in range(len(result.studies))] if blocks else []


def check_strands(result: MetaResult, chosen: MetaSettings) -> None:
    """Say what was inferred; refuse a study whose frequencies do not follow its effect alleles.

    Raises
    ------
    InputError
    """
    others = "the other study" if len(result.studies) == 2 else "the middle study"
    against = others if chosen.reference is None else "the reference"
    found = strands_of(result)
    wrong: list[str] = []
    told: list[str] = []
    for study, one in zip(result.studies, found):
        like = one.range.maf_like
        lines = one.frequencies.warnings(study.name, maf_like=like, against=against)
        if one.n_inferred and not one.frequencies.usable(maf_like=like):
            wrong.append(study.name)
            told = [*told, *lines]
        else:
            for line in lines:
                log.warning("%s", line)
    if wrong:
        raise InputError(
            f"strands of A/T and C/G cannot be inferred from frequencies of {', '.join(wrong)}: {told[0]}",
            hint="--palindromic drop",
        )
    for at, (study, one) in enumerate(zip(result.studies, found)):
        late = Counter(why for block in result.blocks for k, _, _, why in block.rejected if k == at)
        aside = {why: n for why, n in late.items() if why.startswith("A/T or C/G")}
        log.info(
            "%s: A/T and C/G: %s on the strand of %s, %s turned, %s of no other study left as written, %s "
            "set aside",
            study.name, f"{one.n_inferred - one.n_turned:,}",
            "the reference" if chosen.reference is not None else "most studies",
            f"{one.n_turned:,}", f"{one.n_alone:,}", f"{sum(aside.values()):,}",
        )  # fmt: skip
