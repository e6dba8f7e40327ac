"""Names from elsewhere in figures: matplotlib reads what stands between two dollar signs as a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def literal(text: str) -> str:
    r"""The text with its dollar signs as they are.

    Examples
    --------
    >>> literal("cost ($)")
    'cost (\\$)'
    """
    return text.replace("$", r"\$")


def mend_formulas(figure: Figure) -> None:
    """Let texts that are no formulas, though they have dollar signs, be written as they are."""
    from matplotlib.mathtext import MathTextParser
    from matplotlib.text import Text

    parser: MathTextParser = MathTextParser("path")
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_ticklabels()  # gives them their texts
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if "$" not in text.get_text() or not text.get_parse_math():
            continue
        try:
            for line in text.get_text().split("\n"):
                if "$" in line:
                    parser.parse(line)
        except ValueError:
            text.set_parse_math(False)
