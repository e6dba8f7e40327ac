"""Download one file so that an interrupted transfer goes on where it stopped."""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from postgwas.errors import OutputError, PanelError
from postgwas.reference.files import sha256_of, write_text

BLOCK = 1 << 18
TIMEOUT = 60.0
# Attempts in a row that bring nothing; one that brings bytes starts the count anew.
FRUITLESS_ATTEMPTS = 4


def download(
    address: str,
    target: Path,
    *,
    sha256: str | None = None,
    size: int | None = None,
    advance: Callable[[int], None] | None = None,
    pause: float = 1.0,
) -> str:
    """Bring `address` to `target`, through ``target.part``, and return its SHA-256.

    A ``.part`` file of an earlier run is gone on with (HTTP Range and If-Range)
    if the server still has the same file, and is begun anew if it does not or
    ignores ranges.

    Parameters
    ----------
    address : str
        http or https.
    target : Path
        Final name; it appears only when everything has arrived and been checked.
    sha256, size : optional
        What the file must have.
    advance : callable, optional
        Called with the number of bytes of each block.
    pause : float
        Seconds before a second attempt; doubled for each further one.

    Raises
    ------
    PanelError
        If the server refuses, the connection keeps breaking, or the file is
        not the expected one (it is then removed).
    OutputError
        If the file cannot be written.
    """
    part = target.with_name(target.name + ".part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{part.parent}: cannot be made ({error.strerror})") from error
    resumed = part.exists() and part.stat().st_size > 0
    _transfer(address, part, advance, pause)
    found = sha256_of(part)
    if resumed and sha256 is not None and found != sha256:
        # What an earlier run left may have been of another file.
        _discard(part)
        _transfer(address, part, advance, pause)
        found = sha256_of(part)
    length = part.stat().st_size
    if size is not None and length != size:
        _discard(part)
        raise PanelError(f"{address}: {length} bytes came, expected {size}; the file was removed")
    if sha256 is not None and found != sha256:
        _discard(part)
        raise PanelError(f"{address}: its SHA-256 is {found}, expected {sha256}; the file was removed")
    os.replace(part, target)
    _state(part).unlink(missing_ok=True)
    return found


def _transfer(address: str, part: Path, advance: Callable[[int], None] | None, pause: float) -> None:
    fruitless, wait = 0, pause
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            if _attempt(address, part, advance):
                return
            reason = "the connection was cut"
        except urllib.error.HTTPError as error:
            if error.code == 416 and before:
                # Nothing comes after what is here: it is complete, or not of this file.
                if error.headers.get("Content-Range") == f"bytes */{before}":
                    return
                _discard(part)
            elif error.code < 500 and error.code not in (408, 429):
                raise PanelError(f"{address}: the server answered {error.code} {error.reason}") from error
            reason = f"the server answered {error.code} {error.reason}"
        except urllib.error.URLError as error:
            reason = str(error.reason)
        except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
        after = part.stat().st_size if part.exists() else 0
        if after > before:
            fruitless, wait = 0, pause
            continue
        fruitless += 1
        if fruitless >= FRUITLESS_ATTEMPTS:
            kept = f"; {after} bytes are kept, the next fetch goes on from there" if after else ""
            raise PanelError(f"{address}: cannot be fetched ({reason}){kept}")
        time.sleep(wait)
        wait *= 2


def _attempt(address: str, part: Path, advance: Callable[[int], None] | None) -> bool:
    """One request; True if the file is complete."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(
        address, headers={"User-Agent": "postgwas", "Accept-Encoding": "identity"}
    )
    known = _known(part, address)
    if have and known:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", known)
    else:
        have = 0
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        start, total = _extent(response, have)
        if start == 0:
            _remember(part, address, response.headers)
        return _receive(response, part, start, total, advance)


def _extent(response: Any, have: int) -> tuple[int, int | None]:
    """Where the answer begins in the file, and how long the file is, if the server says so."""
    length = response.headers.get("Content-Length")
    if response.status == 206:
        place = response.headers.get("Content-Range", "")
        first, _, rest = place.removeprefix("bytes ").partition("-")
        total = rest.partition("/")[2]
        if not first.isdigit() or int(first) != have:
            raise http.client.HTTPException(f"asked for bytes from {have}, got '{place}'")
        return have, int(total) if total.isdigit() else None
    return 0, int(length) if length is not None and length.isdigit() else None


def _receive(
    response: Any, part: Path, start: int, total: int | None, advance: Callable[[int], None] | None
) -> bool:
    done = start
    try:
        with part.open("r+b" if start else "wb") as handle:
            handle.seek(start)
            handle.truncate()
            try:
                while block := response.read(BLOCK):
                    handle.write(block)
                    done += len(block)
                    if advance is not None:
                        advance(len(block))
            except http.client.IncompleteRead as error:
                handle.write(error.partial)
                done += len(error.partial)
            except (ConnectionError, TimeoutError, http.client.HTTPException):
                # What came is kept; the next attempt goes on from there.
                return False
            finally:
                handle.flush()
                os.fsync(handle.fileno())
    except (ConnectionError, TimeoutError):
        raise
    except OSError as error:
        raise OutputError(f"{part}: cannot be written ({error.strerror})") from error
    return total is None or done == total


def _state(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _remember(part: Path, address: str, headers: Any) -> None:
    """Note which version of the file the part belongs to."""
    etag = headers.get("ETag") or ""
    # If-Range takes strong validators only.
    version = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified")
    write_text(_state(part), json.dumps({"address": address, "version": version}))


def _known(part: Path, address: str) -> str | None:
    """Version of the file that the part belongs to, or None if it cannot be gone on with."""
    with suppress(OSError, ValueError, AttributeError):
        state = json.loads(_state(part).read_text("utf-8"))
        if state.get("address") == address and state.get("version"):
            return str(state["version"])
    return None


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _state(part).unlink(missing_ok=True)
