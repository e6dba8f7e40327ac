"""A study: all results of one piece of work, opened through one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from postgwas.errors import OutputError, StoreError
from postgwas.store import index
from postgwas.store.attributes import integer_attribute, text_attribute
from postgwas.store.beginning import begin, or_no_store
from postgwas.store.buffers import Spans, read_buffers
from postgwas.store.columns import column_order, columns_of, read_group, units_of
from postgwas.store.containment import check_links, member
from postgwas.store.damage import BROKEN, damage, first_line
from postgwas.store.encoding import read_json
from postgwas.store.hdf5 import new_file, open_file
from postgwas.store.index import Entry, part_name, parts_folder
from postgwas.store.schema import check_column_name, check_key, encoding_of, is_result
from postgwas.store.values import Array, Numbers, to_numpy, to_pandas, to_polars

if TYPE_CHECKING:
    import os

    import pandas as pd
    import polars as pl

    from postgwas.store.provenance import Provenance
    from postgwas.store.verify import Report


class OpenResult(NamedTuple):
    """A result's group while its file is open, and the file that holds it."""

    group: Any
    file: Path


@dataclass(frozen=True)
class Study:
    """A store of results: ``study.h5`` with ``study.parts/``, or one packed file.

    It holds no open file, so it can be sent to worker processes, and many of
    them may write at once.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from postgwas.store.provenance import Provenance
    >>> study = Study.open(pathlib.Path(tempfile.mkdtemp()) / "study.h5", create=True)
    >>> table = {"CHR": [2, 1], "POS": [7, 9], "BETA": np.array([0.1, 0.2])}
    >>> study.write_table("mtag/height", table, kind="mtag-results",
    ...                   units={"BETA": "standardised"}, provenance=Provenance.collect("example"))
    >>> study.read_table("mtag/height")["BETA"].tolist()
    [0.2, 0.1]
    """

    path: Path
    packed: bool = False
    #: Begun by this object: it goes again where its first result is refused.
    new: bool = field(default=False, repr=False, compare=False)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, create: bool = False) -> Study:
        """Open a study; with `create`, begin an empty one where there is none.

        Raises
        ------
        StoreError
            If there is none, or the file is not a study, is damaged or newer.
        OutputError
            If it cannot be created.
        """
        file = Path(path)
        folder = parts_folder(file)
        if not file.exists():
            if not create and not folder.is_dir():
                raise StoreError(f"{file}: no such store")
            new = not folder.is_dir()
            begin(file, folder)
            return cls(file, new=new)
        if file.is_dir():
            raise StoreError(f"{file}: is a folder; expected a store (STUDY.h5)")
        try:
            with open_file(file) as handle:
                encoding_of(handle, file=file, key="/", expected=("study",))
                packed = text_attribute(handle, "layout") == "packed"
                linked = not packed and len(handle) > 1
        except BROKEN as error:
            raise StoreError(f"{file}: not a readable store: {first_line(error)}") from error
        if linked and not folder.is_dir():
            raise StoreError(
                f"{file}: its results are missing: expected them in {folder}",
                hint="move both together, or make one file with 'postgwas store pack'",
            )
        if create and not packed:
            begin(file, folder)
        return cls(file, packed)

    @or_no_store
    def write_table(
        self,
        key: str,
        columns: Any,
        *,
        kind: str,
        provenance: Provenance,
        attrs: Mapping[str, Any] | None = None,
        units: Mapping[str, str] | None = None,
        overwrite: bool = False,
    ) -> None:
        """Store a table, sorted by CHR and POS where it has them.

        Parameters
        ----------
        key : str
            Such as ``mtag/height``.
        columns : mapping of name to array, or a polars or pandas DataFrame
            :class:`ColumnsOnDemand` for big tables whose rows are sorted already.
        kind : str
            What the table is, such as ``mtag-results``.
        provenance : Provenance
        attrs : mapping, optional
            Anything that JSON can hold.
        units : mapping of column to unit, optional
            Such as ``{"BETA": "standardised"}``.
        overwrite : bool
            Replace the result where the key is taken.

        Raises
        ------
        StoreError
            If the key is taken or a column cannot be stored.
        OutputError
            If the part cannot be written; nothing is left of it then.
        """
        from postgwas.store.part import (
            ColumnsOnDemand,
            new_header,
            sort_table,
            sorted_table,
            write_table_part,
        )  # fmt: skip
        from postgwas.store.provenance import plain

        self._check_writable(key, overwrite=overwrite)
        units = dict(units or {})
        if isinstance(columns, ColumnsOnDemand):
            table = sorted_table(columns, key=key)
        else:
            table = sort_table(columns_of(columns, key=key))
        for name in units.keys() - table[0].keys():
            raise StoreError(f"{key}: unit given for column {name!r}, which is not there")
        with self._new_part(key, overwrite=overwrite) as handle:
            write_table_part(
                handle,
                table,
                new_header(key, kind),
                units=units,
                attrs=plain(attrs or {}),
                provenance=provenance.to_json(),
            )

    @or_no_store
    def write_arrays(
        self,
        key: str,
        arrays: Mapping[str, Any],
        *,
        kind: str,
        provenance: Provenance,
        attrs: Mapping[str, Any] | None = None,
        overwrite: bool = False,
    ) -> None:
        """Store named arrays of any shape, or lists of text; otherwise as :meth:`write_table`."""
        from postgwas.store.part import as_arrays, new_header, write_arrays_part
        from postgwas.store.provenance import plain

        self._check_writable(key, overwrite=overwrite)
        for name in arrays:
            check_column_name(name, key=key)
        checked = as_arrays(arrays, key=key)
        with self._new_part(key, overwrite=overwrite) as handle:
            write_arrays_part(
                handle,
                checked,
                new_header(key, kind),
                attrs=plain(attrs or {}),
                provenance=provenance.to_json(),
            )

    def ls(self) -> list[Entry]:
        """All results, sorted by key."""
        if not self.packed:
            return index.entries(self.path, index.list_parts(self.path))
        found: list[Entry] = []

        def add(_: str, node: Any) -> None:
            if is_result(node):
                found.append(index.entry_of(node))

        with damage(self.path, "/"), open_file(self.path) as handle:
            handle.visititems(add)
        return sorted(found, key=lambda entry: entry.key)

    def read_table(self, key: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A table, or some of its columns, as a pandas DataFrame.

        Raises
        ------
        StoreError
            If the key or a column is missing, the result is no table, or it is damaged.
        """
        import pandas as pd

        with self.result(key) as (group, file):
            encoding_of(group, file=file, key=key, expected=("table",))
            found = read_group(group, columns, file=file, key=key)
            n_rows = integer_attribute(group, "n_rows")
        named = {name: to_pandas(column, name) for name, column in found.items()}
        return pd.DataFrame(named, index=pd.RangeIndex(n_rows))

    def read_polars(self, key: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """As :meth:`read_table`, as a polars DataFrame; text is not copied."""
        import polars as pl

        with self.result(key) as (group, file):
            encoding_of(group, file=file, key=key, expected=("table",))
            found = read_group(group, columns, file=file, key=key)
        return pl.DataFrame([to_polars(column, name) for name, column in found.items()])

    def columns(self, key: str) -> tuple[str, ...]:
        """Names of a table's columns."""
        with self.result(key) as (group, file):
            encoding_of(group, file=file, key=key, expected=("table",))
            return tuple(column_order(group))

    def read_buffers(self, key: str, columns: Sequence[str]) -> list[Numbers | Spans]:
        """Some columns as NumPy arrays, text as spans of one buffer; see :mod:`.buffers`."""
        with self.result(key, keep_chunks=False) as (group, file):
            encoding_of(group, file=file, key=key, expected=("table",))
            present = column_order(group)
            for name in columns:
                if name not in present:
                    raise StoreError(f"{file}: {key}: has no column {name!r}; it has {', '.join(present)}")
            inside = group["columns"]
            return [read_buffers(member(inside, name), file=file, key=f"{key}/{name}") for name in columns]

    def read_arrays(self, key: str) -> dict[str, Array]:
        """The arrays of a result; text as object arrays."""
        from postgwas.store.part import read_arrays_part

        with self.result(key) as (group, file):
            found = read_arrays_part(group, file=file, key=key)
        return {
            name: value if isinstance(value, np.ndarray) else to_numpy(value) for name, value in found.items()
        }

    def attrs(self, key: str) -> dict[str, Any]:
        """The attributes that were stored with a result."""
        with self.result(key) as (group, file):
            return dict(read_json(group, "attrs", file=file, key=key))

    def units(self, key: str) -> dict[str, str]:
        """Units of a table's columns, of those that have one."""
        with self.result(key) as (group, file):
            encoding_of(group, file=file, key=key, expected=("table",))
            return units_of(group)

    def provenance(self, key: str) -> Provenance:
        """Where a result comes from."""
        from postgwas.store.provenance import Provenance

        with self.result(key) as (group, file):
            document = read_json(group, "provenance", file=file, key=key)
        return Provenance.from_json(document, where=f"{file}: {key}")

    def query(
        self,
        region: str | None = None,
        *,
        snp: str | Sequence[str] | None = None,
        gene: str | Sequence[str] | None = None,
        trait: str | None = None,
        key: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Rows of a region, of named SNPs or of genes, from all tables or one trait's; see :mod:`.query`."""
        from postgwas.store.query import query

        return query(self, region, snp=snp, gene=gene, trait=trait, key=key, columns=columns)

    def export(
        self,
        key: str,
        path: str | os.PathLike[str],
        format: str | None = None,
        *,
        genome_build: str | None = None,
        overwrite: bool = False,
    ) -> None:
        """Write a result to a file of another format; see :mod:`.export`."""
        from postgwas.store.export import export

        export(self, key, Path(path), format, genome_build=genome_build, overwrite=overwrite)

    def verify(self) -> Report:
        """Read everything again and compare with the checksums; see :mod:`.verify`."""
        from postgwas.store.verify import verify

        return verify(self)

    def pack(self, out: str | os.PathLike[str], *, portable: bool = False, overwrite: bool = False) -> None:
        """Write all results into one self-contained file; see :mod:`.pack`."""
        from postgwas.store.pack import pack

        pack(self, Path(out), portable=portable, overwrite=overwrite)

    @contextmanager
    def result(self, key: str, *, keep_chunks: bool = True) -> Iterator[OpenResult]:
        """Open the group of a key for the modules of this room."""
        check_key(key)
        file = self.path if self.packed else parts_folder(self.path) / part_name(key)
        try:
            handle = open_file(file, keep_chunks=keep_chunks)
        except FileNotFoundError:
            raise self._missing(key) from None
        except OSError as error:
            raise StoreError(f"{file}: {key}: damaged: {first_line(error)}") from error
        with damage(file, key), handle:
            group = handle
            if self.packed:
                try:
                    group = member(handle, key)
                except KeyError:
                    raise self._missing(key) from None
                if not is_result(group):
                    raise self._missing(key)
            check_links(group)
            encoding_of(group, file=file, key=key, expected=("table", "arrays"))
            held = text_attribute(group, "key")
            if held != key:
                raise StoreError(f"{file}: {key}: the file holds {held!r}")
            yield OpenResult(group, file)

    def _missing(self, key: str) -> StoreError:
        from difflib import get_close_matches

        entries = self.ls()
        lost = index.lost_part(self.path, [entry for entry in entries if entry.key == key])
        if lost is not None:
            return lost
        keys = [entry.key for entry in entries]
        near = get_close_matches(key, keys, n=3) or keys[:5]
        held = f"near it: {', '.join(near)}" if near else "the store is empty"
        return StoreError(f"{self.path}: has no {key!r}", hint=f"{held}; 'postgwas store ls' lists all")

    def _check_writable(self, key: str, *, overwrite: bool) -> None:
        check_key(key)
        if self.packed:
            raise StoreError(
                f"{self.path}: is a packed file, which is only read", hint="write to another store"
            )
        names = index.list_parts(self.path)
        if part_name(key) in names:
            if overwrite:
                return
            raise StoreError(f"{self.path}: {key} exists already", hint="--overwrite replaces it")
        for entry in index.entries(self.path, names):
            if entry.key.startswith(f"{key}/") or key.startswith(f"{entry.key}/"):
                raise StoreError(
                    f"{self.path}: {key!r} cannot be stored beside {entry.key!r}: one contains the other"
                )

    @contextmanager
    def _new_part(self, key: str, *, overwrite: bool) -> Iterator[Any]:
        file = parts_folder(self.path) / part_name(key)
        with new_file(file, overwrite=overwrite) as handle:
            yield handle
        try:
            index.rebuild(self.path)
        except OutputError:
            if not overwrite:
                # The whole result or nothing: the same call can be made again once there is space.
                file.unlink(missing_ok=True)
            raise
