"""The log of a run: one line a step on the terminal and in ``<out>.log``, counts in and out.

Standard logging throughout. Modules call :func:`get_logger`; only :func:`run_log`
installs handlers, and it takes away what it installed, so that a library user who
never calls it sees nothing and keeps their own logging set-up.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from postgwas.errors import OutputError, PostgwasError

ROOT = "postgwas"
#: Command line of the step that runs in this process; see :func:`running_step`.
_step = ""
logging.getLogger(ROOT).addHandler(logging.NullHandler())


def get_logger(name: str) -> logging.Logger:
    """Logger of a module, below ``postgwas``.

    Examples
    --------
    >>> get_logger("mtag").name, get_logger("postgwas.mtag.run").name
    ('postgwas.mtag', 'postgwas.mtag.run')
    """
    return logging.getLogger(name if name == ROOT or name.startswith(f"{ROOT}.") else f"{ROOT}.{name}")


def log_step(
    logger: logging.Logger,
    step: str,
    *,
    rows_in: int,
    rows_out: int,
    dropped: Mapping[str, int] | None = None,
    unit: str = "variants",
) -> None:
    """One line for one step: what came in, what went out, and why the rest did not.

    ``dropped`` maps a reason to its count; zero counts are left out of the text
    and kept in the JSON log.
    """
    text = f"{step}: {rows_in:,} {unit} in, {rows_out:,} out"
    reasons = [f"{count:,} {reason}" for reason, count in (dropped or {}).items() if count]
    if reasons:
        text += f" (dropped: {', '.join(reasons)})"
    fields = {"step": step, "rows_in": rows_in, "rows_out": rows_out, "dropped": dict(dropped or {})}
    logger.info(text, extra={"fields": fields})


@contextmanager
def run_log(
    path: str | os.PathLike[str] | None,
    *,
    verbose: bool = False,
    stream_stdout: bool = False,
    quiet: bool = False,
    json_lines: bool = False,
    fresh: bool = False,
    plain: bool = False,
    command: str | None = None,
) -> Iterator[logging.Logger]:
    """Send what the package logs to the terminal and to a file while the block runs.

    Parameters
    ----------
    path : path or None
        The log file, by custom ``<out>.log``; None for none.
    verbose : bool
        Debug lines too (where the time goes).
    stream_stdout : bool
        The terminal's lines go to stdout; otherwise to stderr.
    quiet : bool
        Only warnings and errors on the terminal, no progress. The file has everything.
    json_lines : bool
        The file holds one JSON object a line.
    fresh : bool
        Start the file anew. Otherwise lines are added to an existing log, so that a
        run that is refused ("exists already") does not wipe out the log of the run
        that made the results.
    plain : bool
        Lines of the file without the time, for logs that users' programs read (those of ldsc.py).
    command : str, optional
        Command line, for the first line of the log; by default the running one.

    Raises
    ------
    OutputError
        If the log file cannot be written.

    Notes
    -----
    Inside another ``run_log`` only the file is added: one terminal line a step.
    An exception that passes through leaves a last line in the file.
    """
    root = logging.getLogger(ROOT)
    level_before = root.level
    handlers: list[logging.Handler] = []
    if not any(isinstance(handler, ConsoleHandler) for handler in root.handlers):
        handlers.append(ConsoleHandler(stdout=stream_stdout, quiet=quiet, verbose=verbose))
    file_handler = (
        None if path is None else _LogFile(Path(path), json_lines=json_lines, fresh=fresh, plain=plain)
    )
    if file_handler is not None:
        file_handler.setLevel(logging.DEBUG if verbose else logging.INFO)
        handlers.append(file_handler)
    for handler in handlers:
        root.addHandler(handler)
    # Libraries that call logging.debug() give a root logger without handlers one that prints all lines again.
    silent = logging.NullHandler()
    logging.getLogger().addHandler(silent)
    wanted = logging.DEBUG if verbose else logging.INFO
    # An outer run_log may be more talkative; its handlers still want their lines.
    root.setLevel(min(wanted, level_before) if level_before else wanted)
    try:
        if file_handler is not None:
            file_handler.say(root, logging.INFO, _first_line(command))
        yield root
    except BaseException as error:
        if file_handler is not None:
            _last_line(root, file_handler, error)
        raise
    finally:
        root.setLevel(level_before)
        logging.getLogger().removeHandler(silent)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


@contextmanager
def running_step(command: str) -> Iterator[None]:
    """Have logs and provenance name the command line of a study's step, not the one that runs the study."""
    global _step
    before, _step = _step, command
    try:
        yield
    finally:
        _step = before


def running_command() -> str:
    """The command line of this process, quoted for a shell; empty where there is none to repeat."""
    if _step:
        return _step
    program = os.path.basename(sys.argv[0]) if sys.argv else ""
    return "" if program in ("", "-c", "-m") else shlex.join([program, *sys.argv[1:]])


def quiet_terminal() -> bool:
    """Whether a run asked for no progress on the terminal."""
    return any(isinstance(h, ConsoleHandler) and h.quiet for h in logging.getLogger(ROOT).handlers)


class ConsoleHandler(logging.StreamHandler[TextIO]):
    """Lines for people. Looks the stream up each time, because a progress bar swaps it while it shows."""

    def __init__(self, *, stdout: bool, quiet: bool, verbose: bool) -> None:
        self._name_of_stream = "stdout" if stdout else "stderr"
        self.quiet = quiet
        logging.Handler.__init__(self)
        self.setLevel(logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        stream: TextIO = getattr(sys, self._name_of_stream)
        return stream

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        return f"{record.levelname.lower()}: {text}" if record.levelno >= logging.WARNING else text

    def handleError(self, record: logging.LogRecord) -> None:
        """A terminal that is gone must not end the run."""


class _LogFile(logging.FileHandler):
    def __init__(self, path: Path, *, json_lines: bool, fresh: bool, plain: bool = False) -> None:
        try:
            super().__init__(path, mode="w" if fresh else "a", encoding="utf-8")
        except FileNotFoundError as error:
            why = error.strerror if path.parent.is_dir() else f"folder '{path.parent}' does not exist"
            raise OutputError(
                f"cannot write '{path}': {why}", hint="create it or give another --out"
            ) from None
        except OSError as error:
            raise OutputError(f"cannot write '{path}': {error.strerror}", hint="give another --out") from None
        self._path = path
        self._json = json_lines
        self._plain = plain

    def say(self, logger: logging.Logger, level: int, text: str) -> None:
        """A line for this file alone."""
        self.handle(logger.makeRecord(logger.name, level, "", 0, text, (), None))

    def format(self, record: logging.LogRecord) -> str:
        if self._json:
            return _json_line(record)
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        word = f"{record.levelname}{':' * self._plain} " if record.levelno != logging.INFO else ""
        text = f"{word}{record.getMessage()}" if self._plain else f"{stamp}  {word}{record.getMessage()}"
        return f"{text}\n{record.exc_text}" if record.exc_text else text

    def handleError(self, record: logging.LogRecord) -> None:
        """A log that cannot be written ends the run: a full disk is told at once, in one line."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            what = "disk full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror
            raise OutputError(f"{what} while writing '{self._path}'") from error
        super().handleError(record)

    def close(self) -> None:
        try:
            super().close()
        except OSError:  # the last flush on a full disk: reported when the line was written
            self.stream = None


def _json_line(record: logging.LogRecord) -> str:
    entry: dict[str, Any] = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z",
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }
    entry.update(getattr(record, "fields", {}))
    if record.exc_text:
        entry["traceback"] = record.exc_text
    return json.dumps(entry, default=str, ensure_ascii=False)


def _first_line(command: str | None) -> str:
    from postgwas import __version__

    return f"postgwas {__version__}: {command or running_command() or 'started'}"


def _last_line(root: logging.Logger, file: _LogFile, error: BaseException) -> None:
    try:
        if isinstance(error, PostgwasError):
            file.say(root, logging.ERROR, str(error))
        elif isinstance(error, KeyboardInterrupt):
            file.say(root, logging.ERROR, "interrupted")
        elif isinstance(error, Exception):
            file.say(root, logging.ERROR, f"{type(error).__name__}: {error}")
    except OutputError:  # the log itself is what failed; the first error is the one to tell
        return
