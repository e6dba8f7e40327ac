"""Where the results of a command on genotypes go: a prefix, a store, and what may be replaced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from postgwas.destination import check_prefix, refuse_existing, refuse_stored
from postgwas.staging import appear_together


@dataclass(frozen=True)
class Destination:
    """Results under one prefix.

    Attributes
    ----------
    out : str, optional
        Prefix of the files; None: nothing is written.
    endings : tuple of str
        Of all files that will be written, the log apart.
    store : str, optional
        A study's store.
    keys : tuple of str
        What is put there, such as "pca": its key is ``genotypes/pca/<name of the prefix>``.
    overwrite : bool
    """

    out: str | None = None
    endings: tuple[str, ...] = ()
    store: str | None = None
    keys: tuple[str, ...] = ()
    overwrite: bool = False

    def path(self, ending: str) -> Path:
        """``<out><ending>``."""
        return Path(f"{self.out}{ending}")

    @property
    def folder(self) -> Path | None:
        """Where scratch files may lie, which workers elsewhere see too."""
        return None if self.out is None else Path(self.out).parent

    def key(self, what: str) -> str:
        """Key of a result in the store."""
        return f"genotypes/{what}/{Path(self.out or 'result').name}"

    def check(self) -> None:
        """Refuse before any work is done.

        Raises
        ------
        UsageError
            If the prefix is none.
        OutputError
            If its folder is missing or not writable, or results are there already.
        StoreError
            If the store has them already.
        """
        if self.out is None:
            return
        check_prefix(self.out, example="results/pca")
        if not self.overwrite:
            refuse_existing(map(self.path, self.endings))
            refuse_stored(self.store, [self.key(what) for what in self.keys])

    @contextmanager
    def together(self) -> Iterator[Destination]:
        """The same prefix in a folder aside; the files get their names when the block ends well."""
        assert self.out is not None
        with appear_together(Path(self.out).parent) as aside:
            yield replace(self, out=str(aside / Path(self.out).name))
