"""Reports: one self-contained HTML file, figures within, nothing fetched."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template of this package; text is escaped.

    Parameters
    ----------
    template : str
        A file of ``postgwas/report/templates``.
    values : mapping
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("postgwas.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = count
    return environment.get_template(template).render(**values)


def count(value: int) -> str:
    """A number with thin spaces between thousands, which no line break parts.

    Examples
    --------
    >>> count(1234567)
    '1\\u202f234\\u202f567'
    """
    return f"{value:,}".replace(",", "\u202f")


def picture(figure: Figure, *, dpi: int = 120) -> str:
    """A figure as a data URI of PNG, the same bytes for the same figure."""
    return data_uri(png(figure, dpi=dpi))


def png(figure: Figure, *, dpi: int = 120) -> bytes:
    """A figure as PNG."""
    from postgwas.plot.literal import mend_formulas
    from postgwas.plot.signs import all_signs

    mend_formulas(figure)
    buffer = io.BytesIO()
    with all_signs(figure):
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def data_uri(image: bytes) -> str:
    """PNG bytes as text for ``src``."""
    return "data:image/png;base64," + base64.b64encode(image).decode("ascii")
