"""Files and parameters behind a result on genotypes, for its provenance."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.opening import genotype_files
from postgwas.genotypes.selection import Selection


def input_files(data: Genotypes | str | None, others: Iterable[Any] = ()) -> list[str]:
    """Files that were read: the genotypes', if there are any, and of other arguments those that name one."""
    given = [os.fspath(one) for one in others if isinstance(one, str | os.PathLike)]
    read = [] if data is None else genotype_files(data)
    return [*read, *(file for file in given if Path(file).is_file())]


def selection_lists(selection: Selection | None) -> list[Any]:
    """What of a selection may be files."""
    chosen = selection or Selection()
    return [chosen.keep, chosen.remove, chosen.extract, chosen.exclude, chosen.sex]


def parameters_of(
    data: Genotypes, selection: Selection | None, settings: Any = None, **others: Any
) -> dict[str, Any]:
    """Every parameter with the value that was used."""
    chosen = asdict(selection or Selection())
    more = {} if settings is None else asdict(settings)
    return {"genotypes": data.path, **chosen, **more, **others}
