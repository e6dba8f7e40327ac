"""How many permutations, of which kind, and what the results are called significant by."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from postgwas.errors import UsageError
from postgwas.qtl.qvalues import MOST_POINTS
from postgwas.runlog import get_logger

log = get_logger("qtl")

Scheme = Literal["plain", "shared"]

#: fewer leave no tail to fit
FEWEST_PERMUTATIONS = 20


@dataclass(frozen=True)
class PermutationOptions:
    """Permutations of a pass.

    Attributes
    ----------
    permutations : int or (int, int)
        Their number; or the two numbers of the adaptive scheme: a phenotype's permutations end when so many
        had a better association than the phenotype, or at the most.
    seed : int, optional
        Drawn, logged and stored if None.
    scheme : {"plain", "shared"}
        ``shared``: one null for all phenotypes, for those that are rank-normal.
    """

    permutations: int | tuple[int, int] = 1000
    seed: int | None = None
    scheme: Scheme = "plain"

    @property
    def adaptive(self) -> bool:
        """Whether the number depends on the phenotype."""
        return not isinstance(self.permutations, int)

    @property
    def most(self) -> int:
        """The largest number of permutations."""
        return self.permutations if isinstance(self.permutations, int) else self.permutations[1]

    def check(self, *, grouped: bool = False) -> None:
        """Refuse what cannot be.

        Raises
        ------
        UsageError
        """
        if self.scheme not in ("plain", "shared"):
            raise UsageError(f"--scheme {self.scheme}: expected plain or shared")
        if isinstance(self.permutations, int):
            if self.permutations < FEWEST_PERMUTATIONS:
                raise UsageError(
                    f"--permutations {self.permutations}: expected at least {FEWEST_PERMUTATIONS}"
                )
        else:
            least, most = self.permutations
            if not FEWEST_PERMUTATIONS <= least < most:
                raise UsageError(
                    f"--permutations {least} {most}: expected at least {FEWEST_PERMUTATIONS}, then more"
                )
            for other, holds in (
                ("--scheme shared", self.scheme == "shared"),
                ("--phenotype_groups", grouped),
            ):
                if holds:
                    raise UsageError(
                        f"--permutations {least} {most} with {other}: phenotypes share a null",
                        hint=f"a fixed number: --permutations {most}",
                    )
        if grouped and self.scheme == "shared":
            raise UsageError(
                "--scheme shared with --phenotype_groups: it would take a group's phenotypes for one",
                hint="--scheme plain",
            )
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"--seed {self.seed}: expected 0 or more")

    def with_seed(self) -> PermutationOptions:
        """The same with a seed: one is drawn, and told, where there is none."""
        if self.seed is not None:
            return self
        seed = secrets.randbelow(2**31)
        log.info("No seed is given: drew --seed %d", seed)
        return replace(self, seed=seed)


@dataclass(frozen=True)
class DiscoveryOptions:
    """What makes a phenotype a discovery.

    Attributes
    ----------
    fdr : float
        False discovery rate.
    qvalue_method : {"smoother", "bootstrap", "bh"}
    qvalue_lambda : float or sequence of float, optional
        As :func:`postgwas.qtl.qvalue`.
    """

    fdr: float = 0.05
    qvalue_method: Literal["smoother", "bootstrap", "bh"] = "smoother"
    qvalue_lambda: float | Sequence[float] | None = None

    def check(self) -> None:
        """Refuse what cannot be.

        Raises
        ------
        UsageError
        """
        if not 0 < self.fdr < 1:
            raise UsageError(f"--fdr {self.fdr:g}: expected between 0 and 1")
        if self.qvalue_lambda is None:
            return
        grid = [self.qvalue_lambda] if isinstance(self.qvalue_lambda, (int, float)) else [*self.qvalue_lambda]
        rises = all(one < other for one, other in pairwise(grid))
        good = rises and all(0 <= one < 1 for one in grid)
        if not (good and (len(grid) == 1 or 4 <= len(grid) <= MOST_POINTS)):
            told = " ".join(f"{one:g}" for one in grid)
            raise UsageError(
                f"--qvalue_lambda {told}: expected numbers from 0 to below 1, one, or 4 to {MOST_POINTS}, "
                "rising"
            )
