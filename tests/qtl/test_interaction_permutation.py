"""Permutations for interactions: the scheme written out, and its calibration where variants have effects."""

from __future__ import annotations

import numpy as np
import pytest

from postgwas.qtl.interaction import (
    InteractionBlock,
    InteractionModel,
    PhenotypePart,
    inner_products,
    interaction_block,
    interaction_effects,
    interaction_model,
    phenotype_parts,
)
from postgwas.qtl.interaction_permutation import main_effects, permuted_shares
from postgwas.qtl.interaction_top import permutation_columns


def orders(seed: int, n: int, number: int) -> np.ndarray:
    return np.random.default_rng(seed).permuted(np.tile(np.arange(n), (number, 1)), axis=1)


def residual_squares(design: np.ndarray, y: np.ndarray) -> float:
    rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(rest @ rest)


def test_the_scheme_written_out() -> None:
    """Fit the null with two signals, permute its residuals, add its fit, fit both models of each variant."""
    rng = np.random.default_rng(1)
    n = 80
    terms = np.vstack([rng.integers(0, 2, n), rng.normal(size=n)]).astype(float)
    covariates = rng.normal(size=(2, n))
    dosage = rng.binomial(2, 0.4, (6, n)).astype(float)
    dosage[5] = dosage[3]  # the same variant again: no third signal
    y = 1.5 * dosage[3] + dosage[1] + covariates[0] + 0.7 * rng.normal(size=n)
    order = orders(2, n, 4)
    model = interaction_model(terms, covariates)
    part = phenotype_parts(model, y[None])[0]
    blocks = [interaction_block(model, dosage[:2]), interaction_block(model, dosage[2:])]
    assert len(main_effects(model, blocks, part)) == 2
    found = permuted_shares(model, blocks, part, order)

    base = np.column_stack([np.ones(n), *terms, *covariates])
    null = np.column_stack([base, dosage[3], dosage[1]])
    fit = null @ np.linalg.lstsq(null, y, rcond=None)[0]
    for row, share in zip(order, found):
        again = fit + (y - fit)[row]
        shares = []
        for x in dosage:
            small = residual_squares(np.column_stack([base, x]), again)
            large = residual_squares(np.column_stack([base, x, *(x * terms)]), again)
            shares.append(1 - large / small)
        assert share == pytest.approx(max(shares), rel=2e-5)  # single precision


def test_without_signals_the_strongest_alone_is_kept() -> None:
    rng = np.random.default_rng(3)
    model = interaction_model(rng.integers(0, 2, 60).astype(float)[None])
    block = interaction_block(model, rng.binomial(2, 0.4, (30, 60)).astype(float))
    part = phenotype_parts(model, rng.normal(size=(1, 60)))[0]
    taken = main_effects(model, [block], part)
    assert len(taken) == 1
    at = int(np.argmax(np.abs(block.units[0] @ part.residual)))
    np.testing.assert_allclose(taken[0], block.units[0, at], atol=1e-12)


def test_no_usable_variant() -> None:
    model = interaction_model(np.arange(20.0)[None] % 2)
    part = phenotype_parts(model, np.random.default_rng(1).normal(size=(1, 20)))[0]
    block = interaction_block(model, np.ones((2, 20)))
    assert main_effects(model, [block], part).shape == (0, 20)
    assert np.isnan(permuted_shares(model, [block], part, orders(1, 20, 3))).all()


def linked(rng: np.random.Generator, variants: int, sex: np.ndarray) -> np.ndarray:
    """Genotypes in LD among women (1), and not among men."""
    latent = rng.normal(size=(variants + 6, len(sex))).cumsum(axis=0)
    latent = np.where(sex == 1, latent[6:] - latent[:-6], 2.4 * rng.normal(size=(variants, len(sex))))
    cuts = np.quantile(latent, [0.5, 0.9], axis=1)[:, :, None]
    return (latent > cuts[0]).astype(float) + (latent > cuts[1])


def of_phenotype(
    model: InteractionModel, block: InteractionBlock, part: PhenotypePart, order: np.ndarray
) -> np.ndarray:
    """Permute the phenotype's residuals as they are: the scheme that is not taken."""
    permuted = model.projection.residuals(part.residual[order])
    left = np.einsum("bn,bn->b", permuted, permuted) - (block.units[0] @ permuted.T) ** 2
    return ((block.units[1] @ permuted.T) ** 2 / left).max(axis=0)


def test_an_effect_with_ld_that_differs_between_the_groups_is_no_interaction() -> None:
    """P of a phenotype under the null of no interaction, where one variant or two have effects of their own.

    Their neighbours seem to interact with sex, because they stand for them among women alone. Permuting the
    phenotype finds an interaction nearly always; permuting beside these effects as often as it should.
    """
    small = {"residuals": 0, "phenotype": 0}
    runs, n = 120, 120
    for run in range(runs):
        rng = np.random.default_rng(run)
        sex = rng.integers(0, 2, n).astype(float)
        covariates = np.vstack([rng.normal(size=(2, n)), sex])
        dosage = linked(rng, 15, sex)
        y = 1.5 * dosage[7] + (run % 2) * dosage[0] + covariates[0] + rng.normal(size=n)
        model = interaction_model(sex[None], covariates)
        block = interaction_block(model, dosage)
        part = phenotype_parts(model, y[None])[0]
        inner = inner_products(block, part.residual[None])[:, :, 0]
        best = np.nanmax(interaction_effects(model, block, part, inner).share)
        order = orders(run, n, 99)
        for name, shares in (
            ("residuals", permuted_shares(model, [block], part, order)),
            ("phenotype", of_phenotype(model, block, part, order)),
        ):
            small[name] += (1 + (shares >= best).sum()) / 100 <= 0.1
    # 12 expected, standard deviation 3.3.
    assert 3 <= small["residuals"] <= 23
    assert small["phenotype"] > 80


def test_p_of_several_terms_is_that_of_one_with_the_same_distribution() -> None:
    """Shares of three columns are read as squared correlations of the same P."""
    rng = np.random.default_rng(4)
    shares = rng.beta(1.5, 50, (500, 30)).max(axis=1)
    shape1, shape2, _, pval_perm, pval_beta = permutation_columns(
        float(np.quantile(shares, 0.9)), shares, 3, 100
    )
    assert 0.8 < shape1 < 1.25 and 20 < shape2 < 45
    assert pval_perm == pytest.approx(0.1, abs=0.005)
    assert pval_beta == pytest.approx(0.1, abs=0.03)
