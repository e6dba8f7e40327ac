"""A web server on this machine that can misbehave, and a small panel in an archive."""

from __future__ import annotations

import gzip
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Site:
    """What the server serves, how it misbehaves, and what it was asked.

    Attributes
    ----------
    files : path -> bytes
    cuts : path -> numbers of bytes after which one answer each is cut off
    statuses : path -> status codes to answer with before serving
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    cuts: dict[str, list[int]] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    ignore_range: bool = False
    with_length: bool = True
    wrong_range: bool = False
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    sent: int = 0


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            site.asked.append((self.path, wanted))
            self.close_connection = True
            if site.statuses.get(self.path):
                self.send_error(site.statuses[self.path].pop(0))
                return
            if self.path not in site.files:
                self.send_error(404)
                return
            body, start = site.files[self.path], 0
            etag = site.etags.get(self.path, '"one"')
            same = self.headers.get("If-Range") in (None, etag)
            if wanted and same and not site.ignore_range:
                start = int(wanted.removeprefix("bytes=").partition("-")[0])
                if start >= len(body):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(body)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                shown = start + 5 if site.wrong_range else start
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {shown}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            if etag:
                self.send_header("ETag", etag)
            if site.with_length:
                self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            cuts = site.cuts.get(self.path)
            stop = min(len(body), start + cuts.pop(0)) if cuts else len(body)
            site.sent += stop - start
            self.wfile.write(body[start:stop])
            self.wfile.flush()

    return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Data and cache folders of this test alone."""
    monkeypatch.setenv("POSTGWAS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("POSTGWAS_CACHE", str(tmp_path / "cache"))
    # A proxy of the machine would see requests to 127.0.0.1.
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "data"


def panel_files(folder: str = "tiny_w_ld_chr", chromosomes: int = 3, rows: int = 400) -> dict[str, bytes]:
    """A panel in eur_w_ld_chr layout, with the stray files that such archives have."""
    files = {}
    for c in range(1, chromosomes + 1):
        lines = ["CHR\tSNP\tBP\tCM\tMAF\tL2"]
        lines += [
            f"{c}\trs{c}_{i}\t{i * 1000}\t0\t0.3\t{1 + (i * 7919 * c) % 1009 / 10}" for i in range(rows)
        ]
        files[f"{folder}/{c}.l2.ldscore.gz"] = gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0)
        files[f"{folder}/{c}.l2.M_5_50"] = f"{5000 * c}\n".encode()
    files[f"{folder}/README"] = b"tiny\n"
    return files


def tar(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as packed:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def tiny() -> Callable[..., dict[str, bytes]]:
    return panel_files


@pytest.fixture
def packed() -> Callable[..., bytes]:
    return tar
