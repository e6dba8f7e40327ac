"""Columns as plain NumPy arrays, text as spans of one buffer: no other library is needed to read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from postgwas.errors import StoreError
from postgwas.store.damage import damage
from postgwas.store.encoding import read_dataset
from postgwas.store.schema import encoding_of
from postgwas.store.values import Array, Numbers


class Spans(NamedTuple):
    """A column of text.

    Attributes
    ----------
    content : ndarray of uint8
        UTF-8.
    starts, lengths : ndarray of int64, shape (T,)
        Where each text lies in `content`; -1 is the length of a missing one.
    """

    content: Array
    starts: Array
    lengths: Array


def read_buffers(node: Any, *, file: Path, key: str) -> Numbers | Spans:
    """A stored column of any encoding; `key` is for messages.

    Raises
    ------
    StoreError
        If the encoding is unknown or newer, or the content is damaged.
    """
    encoding, _ = encoding_of(node, file=file, key=key)
    with damage(file, key):
        if encoding == "array":
            return Numbers(read_dataset(node))
        if encoding == "nullable":
            return Numbers(read_dataset(node["values"]), read_dataset(node["mask"]).astype(bool))
        if encoding == "string-array":
            return _packed(node)
        if encoding == "fixed-string-array":
            return _fixed(node)
        if encoding == "categorical":
            return _labelled(node, file=file, key=key)
    raise StoreError(f"{file}: {key}: is a {encoding!r}, expected a column")


def _packed(node: Any) -> Spans:
    offsets = read_dataset(node["offsets"]).view(np.int64)
    content = read_dataset(node["bytes"])
    lengths = np.diff(offsets)
    # Damaged offsets would otherwise point into foreign memory.
    if offsets[0] != 0 or offsets[-1] != content.size or (lengths.size and lengths.min() < 0):
        raise ValueError("offsets of text do not fit its bytes")
    return _without_missing(node, content, offsets[:-1], lengths)


def _fixed(node: Any) -> Spans:
    values = read_dataset(node["values"])
    width = values.dtype.itemsize
    lengths = np.char.str_len(values).astype(np.int64)
    starts = np.arange(values.size, dtype=np.int64) * width
    return _without_missing(node, values.view(np.uint8).reshape(-1), starts, lengths)


def _labelled(node: Any, *, file: Path, key: str) -> Spans:
    labels = read_buffers(node["categories"], file=file, key=f"{key}/categories")
    codes = read_dataset(node["codes"]).astype(np.int64)
    if not isinstance(labels, Spans) or (codes.size and codes.max() >= labels.starts.size):
        raise ValueError("codes point past the categories")
    if not labels.starts.size:
        return Spans(labels.content, np.zeros(codes.size, np.int64), np.full(codes.size, -1))
    lengths = np.where(codes < 0, -1, labels.lengths[codes])
    return Spans(labels.content, labels.starts[codes], lengths)


def _without_missing(node: Any, content: Array, starts: Array, lengths: Array) -> Spans:
    if "mask" in node:
        lengths = np.where(read_dataset(node["mask"]).astype(bool), -1, lengths)
    return Spans(content, starts, lengths)
