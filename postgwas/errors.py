"""The errors that a user can meet.

Every error that is the input's, the command line's or the machine's fault is a
:class:`PostgwasError`. The command line prints its one line and ends with
:attr:`PostgwasError.exit_status`; anything else is a defect of ours and keeps
its traceback.
"""

from __future__ import annotations

import errno


class PostgwasError(Exception):
    """Base of all errors shown to the user as one line.

    Parameters
    ----------
    message : str
        What was found and what was expected; names the file, line or column.
    hint : str, optional
        What would mend it, usually a flag.
    """

    exit_status = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        text = " ".join(self.message.split())
        return f"{text} ({' '.join(self.hint.split())})" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        # Errors travel back from worker processes.
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[PostgwasError], message: str, hint: str | None) -> PostgwasError:
    return kind(message, hint=hint)


class UsageError(PostgwasError):
    """The command line or the arguments contradict each other or are out of range."""


class InputError(PostgwasError):
    """A file is missing, empty, truncated or not what it should be."""


class ColumnError(InputError):
    """A needed column is missing, duplicated or of the wrong type."""


class NoVariantsError(PostgwasError):
    """No variants are left after a step; the message counts where they went."""


class NoSignalError(NoVariantsError, InputError):
    """Nothing is as strong as was asked for; a study goes on without that step's results."""


class MatrixError(PostgwasError):
    """A covariance matrix has the wrong size, NaN or Inf, or is not positive definite."""


class PanelError(PostgwasError):
    """A reference panel is unknown, absent, incomplete or fails its checksum."""


class OutputError(PostgwasError):
    """A result cannot be written: folder missing, not writable, disk full, or it exists already."""


class StoreError(PostgwasError):
    """The store lacks a key, is damaged or was written by a newer version."""


class EngineError(PostgwasError):
    """Workers cannot be started or keep dying."""


class PostgwasWarning(UserWarning):
    """Something that a caller from Python must know: a prior that was lowered, data that look wrong.

    Results hold the same lines as ``notes``; commands log them as warnings.
    """


def full_disk(error: BaseException) -> int | None:
    """The number of the error if a disk or a quota was full; None of any other.

    HDF5 and polars say it in their message alone.

    Examples
    --------
    >>> full_disk(OSError("No space left on device (os error 28)")), full_disk(OSError("gone"))
    (28, None)
    """
    for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        told = (f"errno = {code},", f"(os error {code})")
        if getattr(error, "errno", None) == code or any(one in str(error) for one in told):
            return code
    return None
