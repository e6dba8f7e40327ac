"""Haplotypes of three populations from the out-of-Africa history of humans.

The demography is the three-population model of Gutenkunst et al.; recombination falls into hotspots, so that
LD has the blocks that real genomes show. Everything follows from the seed.

References
----------
Gutenkunst RN, Hernandez RD, Williamson SH, Bustamante CD (2009), Inferring the joint demographic history of
multiple populations from multidimensional SNP frequency data, PLoS Genetics 5:e1000695, table 1 (maximum
likelihood parameters). Baumdicker F et al. (2022), Efficient ancestry and mutation simulation with msprime
1.0, Genetics 220:iyab229. Myers S et al. (2005), A fine-scale map of recombination rates and hotspots across
the human genome, Science 310:321-324 (most recombination falls into a small part of the sequence).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Populations of the model, in the order of its samples.
POPULATIONS = ("AFR", "EUR", "EAS")
#: Years of a generation, and mutations a base and generation, that the model was fitted with.
GENERATION = 25.0
MUTATION_RATE = 2.35e-8
#: Mean crossovers a base and generation.
RECOMBINATION_RATE = 1.1e-8
#: Share of all recombination that falls into hotspots, their width and mean distance in bases.
HOTSPOT_SHARE, HOTSPOT_WIDTH, HOTSPOT_DISTANCE = 0.85, 2_000, 45_000


@dataclass(frozen=True)
class Haplotypes:
    """Biallelic variants of one stretch of sequence.

    Attributes
    ----------
    position : ndarray of int64, shape (n_variants,)
        1-based, sorted, distinct.
    alleles : mapping of str to ndarray of int8, shape (n_variants, n_haplotypes)
        By population: 1 where a haplotype carries the derived allele. Haplotypes 2 i and 2 i + 1 are those of
        person i.
    """

    position: NDArray[np.int64]
    alleles: Mapping[str, NDArray[np.int8]]

    @property
    def n_variants(self) -> int:
        """Variants of the stretch."""
        return int(self.position.size)

    def dosages(self, population: str) -> NDArray[np.int8]:
        """Copies of the derived allele, shape (n_variants, n_people)."""
        alleles = self.alleles[population]
        return alleles[:, 0::2] + alleles[:, 1::2]


def out_of_africa() -> Any:
    """The model as an ``msprime.Demography`` with populations AFR, EUR and EAS."""
    import msprime

    n_ancestral, n_bottleneck, n_africa = 7_300, 2_100, 12_300
    n_europe, n_asia, growth_europe, growth_asia = 1_000, 510, 0.0040, 0.0055
    t_africa, t_out, t_split = 220e3 / GENERATION, 140e3 / GENERATION, 21.2e3 / GENERATION
    model = msprime.Demography()
    model.add_population(name="AFR", initial_size=n_africa)
    model.add_population(
        name="EUR", initial_size=n_europe / np.exp(-growth_europe * t_split), growth_rate=growth_europe
    )
    model.add_population(
        name="EAS", initial_size=n_asia / np.exp(-growth_asia * t_split), growth_rate=growth_asia
    )
    model.add_population(name="OOA", initial_size=n_bottleneck)
    model.add_population(name="AMH", initial_size=n_africa)
    model.add_population(name="ANC", initial_size=n_ancestral)
    model.set_symmetric_migration_rate(["AFR", "EUR"], 3.0e-5)
    model.set_symmetric_migration_rate(["AFR", "EAS"], 1.9e-5)
    model.set_symmetric_migration_rate(["EUR", "EAS"], 9.6e-5)
    model.add_population_split(time=t_split, derived=["EUR", "EAS"], ancestral="OOA")
    model.add_symmetric_migration_rate_change(time=t_split, populations=["AFR", "OOA"], rate=25e-5)
    model.add_population_split(time=t_out, derived=["OOA", "AFR"], ancestral="AMH")
    model.add_population_split(time=t_africa, derived=["AMH"], ancestral="ANC")
    return model


def recombination_map(length: int, *, seed: int) -> Any:
    """Hotspots between cold stretches, as an ``msprime.RateMap`` whose mean is RECOMBINATION_RATE.

    Parameters
    ----------
    length : int
        Bases.
    seed : int

    Raises
    ------
    ValueError
        If the stretch is too short for two hotspots.
    """
    import msprime

    if length < 4 * HOTSPOT_DISTANCE:
        raise ValueError(f"length is {length}: expected at least {4 * HOTSPOT_DISTANCE} bases")
    rng = np.random.default_rng(seed)
    n = max(round(length / HOTSPOT_DISTANCE), 2)
    cell = length // n
    starts = np.arange(n) * cell + rng.integers(1, cell - HOTSPOT_WIDTH - 1, n)
    heat = rng.gamma(1.0, size=n)
    hot = HOTSPOT_SHARE * RECOMBINATION_RATE * length * heat / heat.sum() / HOTSPOT_WIDTH
    cold = (1 - HOTSPOT_SHARE) * RECOMBINATION_RATE * length / (length - n * HOTSPOT_WIDTH)
    edges = np.concatenate([[0], np.stack([starts, starts + HOTSPOT_WIDTH], axis=1).ravel(), [length]])
    rates = np.full(edges.size - 1, cold)
    rates[1::2] = hot
    return msprime.RateMap(position=edges, rate=rates)


def simulate_population_haplotypes(
    n_people: Mapping[str, int],
    *,
    length: int,
    seed: int,
    maf_min: float = 0.01,
    n_variants: int | None = None,
) -> Haplotypes:
    """Haplotypes of one stretch of sequence in several populations.

    Parameters
    ----------
    n_people : mapping of str to int
        Diploid people of each of AFR, EUR and EAS; a population may be left out.
    length : int
        Bases of the stretch.
    seed : int
        Between 1 and 2^31 - 1. Same seed and version of msprime, same haplotypes.
    maf_min : float
        Variants are kept whose minor allele is at least that frequent in some population.
    n_variants : int, optional
        Keep a random choice of so many.

    Returns
    -------
    Haplotypes

    Raises
    ------
    ValueError
        If a population is not of the model.

    Examples
    --------
    >>> found = simulate_population_haplotypes({"EUR": 50, "AFR": 50}, length=200_000, seed=1, n_variants=99)
    >>> found.n_variants, found.dosages("EUR").shape
    (99, (99, 50))
    """
    import msprime

    unknown = set(n_people) - set(POPULATIONS)
    if unknown:
        raise ValueError(f"unknown population {sorted(unknown)[0]}: expected of {', '.join(POPULATIONS)}")
    names = [name for name in POPULATIONS if n_people.get(name)]
    trees = msprime.sim_ancestry(
        samples={name: n_people[name] for name in names},
        demography=out_of_africa(),
        recombination_rate=recombination_map(length, seed=seed),
        random_seed=seed,
    )
    # Two states, so that a second mutation at a place leads back: no third allele.
    trees = msprime.sim_mutations(
        trees, rate=MUTATION_RATE, random_seed=seed, model=msprime.BinaryMutationModel(), discrete_genome=True
    )
    columns = np.cumsum([0, *(2 * n_people[name] for name in names)])
    spans = list(itertools.pairwise(columns))
    states = trees.genotype_matrix()
    common = np.zeros(len(states), dtype=np.bool_)
    for a, b in spans:
        share = states[:, a:b].sum(axis=1, dtype=np.int64) / (b - a)
        common |= np.minimum(share, 1.0 - share) >= maf_min
    states = states[common].astype(np.int8)
    position = trees.sites_position[common].astype(np.int64) + 1
    if n_variants is not None and n_variants < position.size:
        rows = np.random.default_rng(seed).choice(position.size, n_variants, replace=False)
        rows.sort()
        states, position = states[rows], position[rows]
    alleles = {name: states[:, a:b] for name, (a, b) in zip(names, spans)}
    return Haplotypes(position, alleles)
