"""The table of samples that every genotype file has, and lists of samples to keep."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.text_table import read_columns, read_text, split_columns
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("genotypes")


def read_fam(path: str | os.PathLike[str]) -> pl.DataFrame:
    """FID, IID and SEX of a PLINK 1 .fam file.

    Raises
    ------
    InputError
        If a line has not six columns, or a sample occurs twice.
    """
    frame = read_columns(path, ("FID", "IID", "FATHER", "MOTHER", "SEX", "PHENOTYPE"))
    return check_samples(frame.select("FID", "IID", sex_codes(frame["SEX"])), str(path))


def sex_codes(text: pl.Series) -> pl.Series:
    """SEX as PLINK writes it: 1 male, 2 female, null where it is not known.

    Examples
    --------
    >>> import polars as pl
    >>> sex_codes(pl.Series(["1", "F", "male", "0", "NA"])).to_list()
    [1, 2, 1, None, None]
    """
    import polars as pl

    codes = {"1": 1, "M": 1, "MALE": 1, "2": 2, "F": 2, "FEMALE": 2}
    return text.str.to_uppercase().replace_strict(codes, default=None, return_dtype=pl.Int8).alias("SEX")


def refuse_zero_one(text: pl.Series, path: str) -> None:
    """Refuse sexes that are 0 and 1: 0 is unknown to PLINK, and a woman or a man to others.

    Raises
    ------
    InputError
    """
    if set(text.drop_nulls().unique()) == {"0", "1"}:
        raise InputError(
            f"{path}: the sexes are 0 and 1, which does not tell who is male",
            hint="M and F, or 1 for male and 2 for female",
        )


def read_sexes(path: str | os.PathLike[str]) -> pl.DataFrame:
    """IID (and FID, null where there is none) and SEX of a file.

    It may be a .psam or .fam file, or have two columns: IID SEX, or three: FID IID SEX, with
    a header that begins with # or without one.

    Raises
    ------
    InputError
        If it has other columns, or a sample twice.
    """
    import polars as pl

    data = read_text(path)
    first = data.lstrip().split(b"\n", 1)[0].split()
    if first[0].startswith(b"#") or len(first) == 6:
        return read_psam(path)
    if len(first) not in (2, 3):
        raise InputError(f"{path}: {len(first)} columns; expected IID SEX, or FID IID SEX")
    names = ["FID", "IID", "SEX"][3 - len(first) :]
    frame = split_columns(data, names, str(path))
    refuse_zero_one(frame["SEX"], str(path))
    family = pl.col("FID") if "FID" in names else pl.lit(None, pl.String).alias("FID")
    return check_samples(frame.select(family, "IID", sex_codes(frame["SEX"])), str(path))


def with_sexes(samples: pl.DataFrame, path: str | os.PathLike[str]) -> pl.DataFrame:
    """The samples with the sexes of a file (see :func:`read_sexes`), null where it has none.

    Raises
    ------
    InputError
        If it names none of the samples.
    """
    sexes = read_sexes(path)
    families = not (sexes["FID"].is_null().all() or samples["FID"].is_null().all())
    by = ["FID", "IID"] if families else ["IID"]
    if not families:
        sexes = sexes.unique("IID", keep="none")
    found = samples.drop("SEX").join(sexes.select(*by, "SEX"), on=by, how="left", maintain_order="left")
    if found["SEX"].is_null().all():
        raise InputError(
            f"{path}: gives the sex of none of {samples.height:,} samples (such as '{samples['IID'][0]}')",
            hint="IID SEX or FID IID SEX; 1, M, male or 2, F, female",
        )
    return found.select(samples.columns)


def read_psam(path: str | os.PathLike[str]) -> pl.DataFrame:
    """FID (null where there is none), IID and SEX of a PLINK 2 .psam file, or of a .fam file.

    Raises
    ------
    InputError
        If there is no IID column, or a sample occurs twice.
    """
    import polars as pl

    data = read_text(path)
    header: list[str] = []
    n_header = 0
    while data.startswith(b"#"):
        line, _, data = data.partition(b"\n")
        n_header += 1
        if line.startswith((b"#FID", b"#IID")):
            header = line[1:].decode(errors="replace").split()
            break
    if not header:
        return read_fam(path)
    if "IID" not in header:
        raise InputError(f"{path}: the header has no column IID")
    frame = split_columns(data, header, str(path), first_line=n_header + 1)
    family = pl.col("FID") if "FID" in header else pl.lit(None, pl.String).alias("FID")
    sex = sex_codes(frame["SEX"]) if "SEX" in header else pl.lit(None, pl.Int8).alias("SEX")
    return check_samples(frame.select(family, "IID", sex), str(path))


def read_sample_file(path: str | os.PathLike[str]) -> pl.DataFrame:
    """FID, IID and SEX of a .sample file (Oxford's): two lines of header; ID_1 is FID, ID_2 is IID.

    Raises
    ------
    InputError
        If the header is not that of a .sample file, or a sample occurs twice.
    """
    import polars as pl

    first, _, rest = read_text(path).partition(b"\n")
    kinds, _, rest = rest.partition(b"\n")
    header = first.decode(errors="replace").split()
    if (
        header[:1] not in (["ID_1"], ["ID"])
        or kinds.split()[:1] != [b"0"]
        or len(kinds.split()) != len(header)
    ):
        raise InputError(
            f"{path}: not a .sample file; expected ID_1 ID_2 missing ... and below them 0 0 0 ..."
        )
    if not rest.strip():
        raise InputError(f"{path}: there are no samples")
    frame = split_columns(rest, header, str(path), first_line=3)
    iid = "ID_2" if "ID_2" in header else header[0]
    family = pl.col(header[0]) if iid != header[0] else pl.lit(None, pl.String)
    sexes = [name for name in header if name.lower() == "sex"]
    sex = sex_codes(frame[sexes[0]]) if sexes else pl.lit(None, pl.Int8).alias("SEX")
    return check_samples(frame.select(family.alias("FID"), pl.col(iid).alias("IID"), sex), str(path))


def check_samples(samples: pl.DataFrame, path: str) -> pl.DataFrame:
    """The table itself.

    Raises
    ------
    InputError
        If there is no sample, or two have the same FID and IID.
    """
    if samples.height == 0:
        raise InputError(f"{path}: there are no samples")
    ids = samples.select("FID", "IID")
    twice = ids.is_duplicated()
    if twice.any():
        first = ids.row(int(twice.arg_true()[0]))
        name = " ".join(part for part in first if part is not None)
        raise InputError(
            f"{path}: sample '{name}' occurs more than once ({int(twice.sum())} rows have such ids)",
            hint="sample ids must be unique",
        )
    return samples


def keep_samples(
    samples: pl.DataFrame, keep: str | os.PathLike[str] | Sequence[str], *, first_column: bool = False
) -> NDArray[np.int64]:
    """Rows of the samples that a list names, in the order of `samples`; a warning counts unknown names.

    Parameters
    ----------
    samples : polars.DataFrame
        FID, IID.
    keep : path or sequence of str
        IIDs, or a file with one column: IID, or two: FID IID, or as the header (``#FID IID``, ``#IID``) says.
    first_column : bool
        Match the first column with IID whatever follows, as ldsc.py does.

    Raises
    ------
    InputError
        If nobody on the list is among the samples.
    """
    if isinstance(keep, str | os.PathLike):
        path = f"{os.fspath(keep)}: "
        ids = _listed(read_text(keep).decode(errors="replace"), first_column=first_column)
    else:
        path, ids = "", {(name,) for name in keep}
    iid = samples["IID"].to_list()
    if ids and len(next(iter(ids))) == 2:
        family = samples["FID"].fill_null("0").to_list()
        found = [row for row, pair in enumerate(zip(family, iid)) if pair in ids]
    else:
        found = [row for row, one in enumerate(iid) if (one,) in ids]
    if not found:
        example = " ".join(next(iter(ids), ("",)))
        raise InputError(
            f"{path}none of the {len(ids)} ids is a sample of the genotypes (such as '{example}' "
            f"against IID '{iid[0]}')",
            hint="one column with IID, or two with FID and IID",
        )
    if len(ids) > len(found):
        known = {(one,) for one in iid} | set(zip(samples["FID"].fill_null("0").to_list(), iid))
        absent = sorted(" ".join(one) for one in ids - known)
        if absent:
            some = ", ".join(absent[:3]) + (", ..." if len(absent) > 3 else "")
            log.warning(
                "%s%d of %d ids are no samples of the genotypes (%s)", path, len(absent), len(ids), some
            )
    return np.array(found, dtype=np.int64)


def _listed(text: str, *, first_column: bool) -> set[tuple[str, ...]]:
    lines = [fields for line in text.splitlines() if (fields := line.split())]
    if first_column:
        return {(fields[0],) for fields in lines}
    columns = ["FID", "IID"] if len(lines[0]) > 1 else ["IID"]
    if lines[0][0].lstrip("#") in ("FID", "IID") and (lines[0][0].startswith("#") or "IID" in lines[0]):
        columns = [name for name in (lines[0][0].lstrip("#"), *lines[0][1:2]) if name in ("FID", "IID")]
        lines = lines[1:]
    width = len(columns)
    return {tuple(fields[:width]) for fields in lines if len(fields) >= width}
