"""Sex by expression: XIST, which women express, and genes of the Y chromosome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError

FloatArray = NDArray[np.float64]

XIST = ("XIST", "ENSG00000229807")

#: Genes of the male-specific Y that most tissues express: name -> Ensembl ID.
Y_GENES: dict[str, str] = {
    "RPS4Y1": "ENSG00000129824",
    "ZFY": "ENSG00000067646",
    "USP9Y": "ENSG00000114374",
    "DDX3Y": "ENSG00000067048",
    "UTY": "ENSG00000183878",
    "KDM5D": "ENSG00000012817",
    "EIF1AY": "ENSG00000198692",
    "TXLNGY": "ENSG00000131002",
}

MALE, FEMALE, UNCLEAR = 1, 2, 0

#: Times the other, where both are expressed.
_CLEAR = 10.0


@dataclass(frozen=True, eq=False)
class SexByExpression:
    """What XIST and Y genes say.

    Attributes
    ----------
    xist, y : ndarray, shape (samples,)
        CPM (or TPM) of XIST, and the mean over the Y genes.
    sex : ndarray of int8, shape (samples,)
        1 male, 2 female, 0 where both or neither are expressed.
    """

    xist: FloatArray
    y: FloatArray
    sex: NDArray[np.int8]


def sex_of(xist: FloatArray, y: FloatArray, *, limit: float = 1.0) -> SexByExpression:
    """Female where XIST reaches `limit` and the Y genes do not, male the other way round.

    Where both do, the one that is ten times the other decides: one stray read is many CPM in a
    shallow library. Anything else is unclear.

    Parameters
    ----------
    xist : ndarray, shape (samples,)
        CPM or TPM of XIST.
    y : ndarray, shape (samples,)
        Mean CPM or TPM of Y genes.
    limit : float

    Examples
    --------
    >>> sex_of(np.array([50.0, 0.1, 30.0]), np.array([0.0, 20.0, 25.0])).sex
    array([2, 1, 0], dtype=int8)
    """
    has_xist = xist >= limit
    has_y = y >= limit
    sex = np.zeros(len(xist), np.int8)
    sex[has_xist & (~has_y | (xist >= _CLEAR * y))] = FEMALE
    sex[has_y & (~has_xist | (y >= _CLEAR * xist))] = MALE
    return SexByExpression(xist, y, sex)


def sex_genes(ids: Sequence[str], names: Sequence[str | None]) -> tuple[int, list[int]]:
    """Rows of XIST and of the Y genes, found by Ensembl ID (any version) or name.

    Raises
    ------
    InputError
        If XIST is not there, or none of the Y genes.
    """
    bare = [name.split(".")[0] for name in ids]
    at = {name: row for row, name in reversed(list(enumerate(bare)))}
    for row, name in reversed(list(enumerate(names))):
        if name is not None:
            at.setdefault(name, row)
    xist = next((at[name] for name in (XIST[1], XIST[0]) if name in at), None)
    rows = [at[i] if i in at else at[n] for n, i in Y_GENES.items() if i in at or n in at]
    if xist is None or not rows:
        lost = "XIST is not" if xist is None else f"none of {', '.join(Y_GENES)} is"
        raise InputError(
            f"sex cannot be told from expression: {lost} among the genes",
            hint="names or Ensembl IDs are looked for; --gtf gives names; --skip sex goes on without",
        )
    return xist, rows
