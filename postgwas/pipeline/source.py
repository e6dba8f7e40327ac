"""What a step reads: the words that name it, its files, and the steps that write them."""

from __future__ import annotations

from dataclasses import dataclass

from postgwas.pipeline.build import written
from postgwas.pipeline.step import Step


@dataclass(frozen=True)
class Source:
    """Words of a command that name something, the files behind them, and the steps that write those."""

    words: tuple[str, ...]
    reads: tuple[str, ...]
    after: tuple[Step, ...] = ()

    def __add__(self, other: Source | None) -> Source:
        """Both, one after the other."""
        if other is None:
            return self
        return Source(self.words + other.words, self.reads + other.reads, self.after + other.after)


def written_by(step: Step, flag: str, ending: str) -> Source:
    """A file that a step writes, as the value of a flag."""
    name = written(step, ending)
    return Source((flag, name), (name,), (step,))
