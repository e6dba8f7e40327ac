"""Hidden factors from files to files: what ``postgwas expression peer`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.threads import one_blas_thread
from postgwas.errors import UsageError
from postgwas.expression.covariates import Unmatched
from postgwas.expression.factor_inputs import FactorInputs, factor_inputs
from postgwas.expression.factor_number import Discovery, n_factors_gtex
from postgwas.expression.factors_pca import NumberOfPCs, Rule
from postgwas.expression.peer_fit import PeerFit, Stop
from postgwas.expression.peer_updates import PeerPriors
from postgwas.genotypes.selection import Selection
from postgwas.runlog import get_logger, run_log

log = get_logger(__name__)

Method = Literal["peer", "pca"]


@dataclass(frozen=True)
class HiddenFactorOptions:
    """How hidden factors are estimated, and how many.

    Attributes
    ----------
    method : {"peer", "pca"}
    n_factors : int, sequence of int, or None
        None: GTEx's rule by sample size for PEER, `rule` for components. Several: the one that
        finds most eGenes, which needs `genotypes`.
    rule : {"elbow", "be"}
        For the number of components.
    n_permutations, seed : int
        Of the rule ``be``.
    covariates : sequence of path
        Known covariates, fitted beside PEER's factors, or regressed out before components.
    compare : sequence of path
        Known covariates that the factors are only compared with.
    categorical : collection of str
        Covariates whose numbers name groups.
    unmatched : {"refuse", "drop"}
        What becomes of samples that a file of covariates does not have.
    add_mean, priors, max_iter, stop, tolerance, var_tolerance
        See :func:`postgwas.expression.peer_fit.peer`.
    discoveries : path, optional
        Table of discoveries at several numbers of factors, to choose by.
    genotypes : path, optional
        To count eGenes at several numbers of factors.
    dosage : bool
        Their dosages rather than hard calls.
    selection : Selection, optional
        Which of their samples and variants; everything if None.
    window : int
        Bases to each side of the TSS, for the count.
    """

    method: Method = "peer"
    n_factors: int | Sequence[int] | None = None
    rule: Rule = "elbow"
    n_permutations: int = 20
    seed: int = 1
    covariates: Sequence[str] = ()
    compare: Sequence[str] = ()
    categorical: Collection[str] = ()
    unmatched: Unmatched = "refuse"
    add_mean: bool = False
    priors: PeerPriors = field(default_factory=PeerPriors)
    max_iter: int = 1000
    stop: Stop = "settled"
    tolerance: float | None = None
    var_tolerance: float | None = None
    discoveries: str | None = None
    genotypes: str | None = None
    dosage: bool = False
    selection: Selection | None = None
    window: int = 1_000_000

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises
        ------
        UsageError
        """
        several = self.n_factors is not None and not isinstance(self.n_factors, int)
        if self.method not in ("peer", "pca"):
            raise UsageError(f"--method {self.method}: expected peer or pca")
        if several and self.genotypes is None:
            raise UsageError(
                "several numbers of factors need a way to choose among them",
                hint="--genotypes FILE counts eGenes with each",
            )
        if self.genotypes is not None and not several:
            raise UsageError(
                "--genotypes chooses among several numbers of factors", hint="--n_factors 0,5,10,15,20"
            )
        if self.discoveries is not None and (self.genotypes is not None or self.n_factors is not None):
            raise UsageError("--discoveries gives the number of factors itself: leave out --n_factors")
        if self.add_mean and self.method == "pca":
            raise UsageError("--add_mean has no meaning with --method pca, which always centres genes")
        if self.window < 1:
            raise UsageError(f"--window {self.window}: expected bases, at least 1")


@dataclass(frozen=True, eq=False)
class HiddenFactors:
    """Hidden factors of a study, and the evidence for their number.

    Attributes
    ----------
    inputs : FactorInputs
    names : tuple of str
        ``InferredCov1`` ... for PEER, ``ExpressionPC1`` ... for components.
    factors : ndarray, shape (samples, K)
    how : str
        How K was chosen, in words.
    fit : PeerFit or None
    pcs : NumberOfPCs or None
        The rule's evidence, if one was used.
    variance : ndarray or None
        Share of variance of each component, for components.
    discovery : Discovery or None
    """

    inputs: FactorInputs
    names: tuple[str, ...]
    factors: NDArray[np.float64]
    how: str
    fit: PeerFit | None = None
    pcs: NumberOfPCs | None = None
    variance: NDArray[np.float64] | None = None
    discovery: Discovery | None = None

    @property
    def method(self) -> Method:
        return "pca" if self.fit is None else "peer"


def hidden_factors(inputs: FactorInputs, options: HiddenFactorOptions) -> HiddenFactors:
    """Choose the number of factors and estimate them.

    Raises
    ------
    PostgwasError
        As :func:`postgwas.expression.peer_fit.peer`, :func:`postgwas.expression.factors_pca.choose_n_pcs`
        and :func:`postgwas.expression.run_discovery.discover`.
    """
    options.check()
    with one_blas_thread():
        n, how, pcs, discovery = _number(inputs, options)
        if n == 0:
            raise UsageError("0 hidden factors do best: there is nothing to write", hint="give --n_factors N")
        log.info("%d hidden factors: %s", n, how)
        if options.method == "pca":
            from postgwas.expression.factors_pca import expression_pcs

            made = expression_pcs(_regressed(inputs), n)
            names = tuple(f"ExpressionPC{i + 1}" for i in range(n))
            return HiddenFactors(inputs, names, made.factors, how, None, pcs, made.variance, discovery)
        fit = _peer(inputs, options, n)
        _tell(fit, options)
        names = tuple(f"InferredCov{i + 1}" for i in range(n))
        return HiddenFactors(inputs, names, fit.factors, how, fit, None, None, discovery)


def hidden_factor_files(
    expression: str | os.PathLike[str],
    out: str,
    *,
    options: HiddenFactorOptions | None = None,
    residuals: bool = False,
    figures: bool = False,
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> HiddenFactors:
    """Estimate hidden factors and write them.

    OUT.peer_factors.txt (or OUT.pca_factors.txt) in the layout of covariates that FastQTL and tensorQTL
    read; OUT.factors.tsv (relevance and share of variance of each factor); OUT.weights.tsv.gz,
    OUT.trace.tsv and OUT.noise.tsv.gz of PEER; OUT.number.tsv where a rule chose the number;
    OUT.correlation.tsv with known covariates; OUT.residuals.bed.gz; OUT.rejected.tsv.gz; figures; OUT.log.

    Parameters
    ----------
    expression : path
        A phenotype BED or any other matrix of normalised expression.
    out : str
        Prefix of the files.
    options : HiddenFactorOptions, optional
    residuals : bool
        Write the residuals too.
    figures : bool
    store : str, optional
        A study's store, for ``expression/factors/<prefix>`` and what goes with it.
    overwrite, quiet, log_json : bool

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    from postgwas.expression.factor_outputs import factor_destination, store_factors, write_factors

    chosen = options or HiddenFactorOptions()
    chosen.check()
    target = factor_destination(
        out, chosen.method, residuals=residuals, figures=figures, store=store, overwrite=overwrite
    )
    target.check()
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        inputs = factor_inputs(
            expression, covariates=chosen.covariates, compare=chosen.compare, unmatched=chosen.unmatched,
            categorical=chosen.categorical, add_mean=chosen.add_mean or chosen.method == "pca",
        )  # fmt: skip
        found = hidden_factors(inputs, chosen)
        with target.together() as aside:
            written = write_factors(found, aside, residuals=residuals, figures=figures)
        if store is not None:
            store_factors(found, target, chosen, os.fspath(expression), time.perf_counter() - began)
        log.info("Wrote %s", ", ".join(f"{out}{ending}" for ending in written))
    return found


def _number(
    inputs: FactorInputs, options: HiddenFactorOptions
) -> tuple[int, str, NumberOfPCs | None, Discovery | None]:
    if options.discoveries is not None:
        from postgwas.expression.factor_number import choose_by_discovery
        from postgwas.expression.run_discovery import read_discoveries

        found = choose_by_discovery(*read_discoveries(options.discoveries))
        return found.n, f"the fewest with {found.share:.0%} of the most discoveries", None, found
    if isinstance(options.n_factors, int):
        return options.n_factors, "as asked for", None, None
    if options.n_factors is not None:
        found = _discovered(inputs, options, list(options.n_factors))
        return found.n, f"the fewest with {found.share:.0%} of the most eGenes", None, found
    if options.method == "peer":
        n = inputs.matrix.n_samples
        return n_factors_gtex(n), f"GTEx's rule for {n} samples", None, None
    from postgwas.expression.factors_pca import choose_n_pcs

    pcs = choose_n_pcs(
        _regressed(inputs), rule=options.rule, n_permutations=options.n_permutations, seed=options.seed
    )
    what = "the elbow of their variances" if pcs.rule == "elbow" else "permutations (Buja and Eyuboglu)"
    return pcs.n, what, pcs, None


def _discovered(inputs: FactorInputs, options: HiddenFactorOptions, numbers: list[int]) -> Discovery:
    from postgwas.expression.factors_pca import expression_pcs
    from postgwas.expression.run_discovery import discover
    from postgwas.genotypes.selection import open_selected, tell_selection

    assert options.genotypes is not None
    known = None if inputs.known is None else inputs.known.matrix.values.T

    def factors(k: int) -> NDArray[np.float64]:
        if options.method == "pca":
            return expression_pcs(_regressed(inputs), k).factors
        fit = _peer(inputs, options, k)
        return fit.factors[:, fit.is_active]

    chosen = open_selected(options.genotypes, options.selection, dosage=options.dosage)
    tell_selection(chosen)
    return discover(inputs.matrix, chosen.genotypes, numbers, factors, known=known, window=options.window)


def _peer(inputs: FactorInputs, options: HiddenFactorOptions, n: int) -> PeerFit:
    from postgwas.expression.peer_fit import peer

    # In the order of the ids, so that the order of a file changes no bit.
    matrix = inputs.matrix
    genes, people = np.argsort(matrix.gene_ids), np.argsort(matrix.samples)
    fit = peer(
        matrix.values[np.ix_(genes, people)], n,
        None if inputs.known is None else inputs.known.matrix.values.T[people],
        add_mean=options.add_mean, priors=options.priors, max_iter=options.max_iter, stop=options.stop,
        tolerance=options.tolerance, var_tolerance=options.var_tolerance,
    )  # fmt: skip
    genes, people = np.argsort(genes), np.argsort(people)  # and back
    return replace(
        fit, factors=fit.factors[people], known=fit.known[people], weights=fit.weights[genes],
        eps=fit.eps[genes], residuals=fit.residuals[np.ix_(genes, people)],
    )  # fmt: skip


def _regressed(inputs: FactorInputs) -> NDArray[np.float64]:
    """Expression without its known covariates and mean."""
    values = inputs.matrix.values
    if inputs.known is None:
        return values
    design = np.column_stack([np.ones(values.shape[1]), inputs.known.matrix.values.T])
    basis = np.linalg.qr(design)[0]
    rest: NDArray[np.float64] = values - (values @ basis) @ basis.T
    return rest


def _tell(fit: PeerFit, options: HiddenFactorOptions) -> None:
    change = fit.residual_variance[-1]
    if fit.converged:
        log.info("Converged after %d iterations; variance of residuals %.6g", fit.n_iterations, change)
    else:
        log.warning(
            "not converged after %d iterations (the factors are written all the same, and marked): "
            "bound %.10g, variance of residuals %.6g; --max_iter allows more",
            fit.n_iterations, fit.bound[-1], change,
        )  # fmt: skip
    off = int((~fit.is_active).sum())
    if off:
        log.warning(
            "%d of %d factors explain nothing and were switched off: fewer will do", off, len(fit.is_active)
        )
