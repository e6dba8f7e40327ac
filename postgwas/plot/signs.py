"""Names in scripts that matplotlib's own font lacks: a font of the machine that has them, if there is one."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..runlog import get_logger

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = get_logger("plot")

#: Families with Chinese, Japanese, Korean, Arabic, Hebrew, Indian and other scripts, as systems have them.
_OTHERS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Source Han Sans",
    "Hiragino Sans", "PingFang SC", "Yu Gothic", "Microsoft YaHei", "Malgun Gothic", "WenQuanYi Zen Hei",
    "IPAGothic", "Droid Sans Fallback", "Arial Unicode MS", "Noto Sans Arabic", "Noto Sans Hebrew",
    "Noto Sans Devanagari", "Noto Sans Thai", "FreeSans", "Unifont",
)  # fmt: skip
_OWN = "DejaVu Sans"


@contextmanager
def all_signs(figure: Figure) -> Iterator[None]:
    """Within it `figure` is laid out or drawn with fonts that have its signs; says which none has, once.

    A figure whose texts matplotlib's own font can write is left as it is: the same bytes on any machine.
    """
    from matplotlib.text import Text

    odd = [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and any(ord(sign) > 0x24F for sign in text.get_text())
    ]
    lacking = {text: lost for text in odd if (lost := lacking_signs(text.get_text()))}
    for text in lacking:
        text.set_fontfamily([_OWN, *_others()])
    lost = "".join(sorted(set("".join(lacking.values())) - _held(_others())))
    if lost:
        _tell(lost)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from")
        yield


def lacking_signs(text: str) -> str:
    """The signs of a text that matplotlib's own font lacks, sorted.

    Examples
    --------
    >>> lacking_signs("Gr\u00f6\u00dfe \u03bb"), lacking_signs("\u8eab\u9577") == "\u8eab\u9577"
    ('', True)
    """
    return "".join(sorted({sign for sign in text if sign.isprintable()} - _held((_OWN,))))


@functools.cache
def _others() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    held = {one.name for one in fontManager.ttflist}
    return tuple(name for name in _OTHERS if name in held)


@functools.cache
def _held(families: tuple[str, ...]) -> frozenset[str]:
    """Signs that any of the families has."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(
        chr(code)
        for name in families
        for code in get_font(findfont(FontProperties(family=[name]))).get_charmap()
    )


@functools.cache
def _tell(lost: str) -> None:
    log.warning("no font here has the signs %s: figures show boxes; install one, such as Noto Sans CJK", lost)
