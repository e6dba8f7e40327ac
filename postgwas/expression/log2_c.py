"""Base-2 logarithm by the C library, whose bits do not depend on the processor.

NumPy takes another algorithm on processors with AVX-512 and may differ there in the last bit.
Trimmed means rank logarithms, and small counts give many that are equal: a last bit decides which
genes fall to the trim, and with them the fifth digit of a factor. R uses the C library too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def log2_c(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """log2 of positive numbers.

    Examples
    --------
    >>> log2_c(np.array([1.0, 8.0]))
    array([0., 3.])
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    flat = np.ascontiguousarray(values, dtype=np.float64).ravel()
    # By way of buffers: pa.array and to_numpy would import pandas first.
    given = pa.Array.from_buffers(pa.float64(), len(flat), [None, pa.py_buffer(flat)])
    found = pc.log2(given)
    logs = np.frombuffer(found.buffers()[1], np.float64, count=len(flat), offset=8 * found.offset)
    return logs.reshape(values.shape)
