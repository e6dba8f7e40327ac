"""Which of several traits share a causal variant: all configurations, and how sums of them are counted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

Group = tuple[int, ...]
"""Traits that share one causal variant."""
Configuration = tuple[Group, ...]
"""Groups with a causal variant each; traits in no group have none."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def configurations(n_traits: int) -> list[Configuration]:
    """All ways in which traits have causal variants, alone or shared; the empty one first.

    Examples
    --------
    >>> [label(one) for one in configurations(2)]
    ['zero', 'a', 'b', 'a,b', 'ab']
    >>> [len(configurations(number)) for number in (2, 3, 4)]
    [5, 15, 52]
    """
    found: list[Configuration] = []
    for size in range(n_traits + 1):
        for traits in combinations(range(n_traits), size):
            found += sorted(partitions(traits), key=lambda one: (-len(one), one))
    return found


def groups(n_traits: int) -> list[Group]:
    """All sets of traits but the empty one, small ones first."""
    return [one for size in range(1, n_traits + 1) for one in combinations(range(n_traits), size)]


def partitions(items: tuple[int, ...]) -> Iterator[Configuration]:
    """All ways to divide items into groups, each in ascending order."""
    if not items:
        yield ()
        return
    first, rest = items[0], items[1:]
    for size in range(len(rest) + 1):
        for together in combinations(rest, size):
            left = tuple(one for one in rest if one not in together)
            for others in partitions(left):
                yield tuple(sorted(((first, *together), *others)))


def label(configuration: Configuration) -> str:
    """Letters of traits: "ab,c" where a and b share a variant and c has another; "zero" for none."""
    return ",".join("".join(LETTERS[trait] for trait in group) for group in configuration) or "zero"


def distinct_terms(configuration: Configuration) -> list[tuple[float, tuple[Group, ...]]]:
    r"""Signed products of sums that count only assignments of different variants to the groups.

    The sum over different variants of products of groups' Bayes factors is
    :math:`\sum_\pi \prod_{B \in \pi} (-1)^{|B|-1} (|B|-1)! S(B)` over all partitions :math:`\pi` of the
    groups, where S(B) sums over variants the product of all traits of B.

    Returns
    -------
    list of (float, tuple of Group)
        Factors, and the groups of traits whose sums are multiplied.

    Examples
    --------
    >>> distinct_terms(((0,), (1,)))
    [(-1.0, ((0, 1),)), (1.0, ((0,), (1,)))]
    """
    terms = []
    for one in partitions(tuple(range(len(configuration)))):
        factor = math.prod((-1.0) ** (len(block) - 1) * math.factorial(len(block) - 1) for block in one)
        merged = tuple(tuple(sorted(trait for row in block for trait in configuration[row])) for block in one)
        terms.append((factor, merged))
    return sorted(terms, key=lambda term: len(term[1]))
