"""Archives that hold what they should, and those that try something."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from postgwas.errors import PanelError
from postgwas.reference import unpack as unpacking
from postgwas.reference.unpack import unpack

FILES = {"p/1.l2.M_5_50": b"5\n", "p/deep/er/x.txt": b"y" * 100_000}


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(tmp_path, packed, mode):
    (tmp_path / "a").write_bytes(packed(FILES, mode))
    assert unpack(tmp_path / "a", tmp_path / "out") == 2
    assert contents(tmp_path / "out") == FILES


def test_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "a", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p/", "")
        for name, content in FILES.items():
            archive.writestr(name, content)
    assert unpack(tmp_path / "a", tmp_path / "out") == 2
    assert contents(tmp_path / "out") == FILES


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "p/../../evil", "..\\evil", "C:/evil"])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_names_that_lead_elsewhere(tmp_path, packed, name, kind):
    if kind == "tar":
        (tmp_path / "a").write_bytes(packed({name: b"x"}))
    else:
        with zipfile.ZipFile(tmp_path / "a", "w") as archive:
            archive.writestr(name, b"x")
    with pytest.raises(PanelError, match="outside its folder"):
        unpack(tmp_path / "a", tmp_path / "out" / "deeper")
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices(tmp_path, kind):
    with tarfile.open(tmp_path / "a", "w") as archive:
        entry = tarfile.TarInfo("p/link")
        entry.type, entry.linkname = kind, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(PanelError, match="link or device"):
        unpack(tmp_path / "a", tmp_path / "out")


def test_link_in_a_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(PanelError, match="is a link"):
        unpack(tmp_path / "a", tmp_path / "out")


def test_not_an_archive(tmp_path):
    (tmp_path / "a").write_bytes(b"<html>not found</html>" * 100)
    with pytest.raises(PanelError, match="not a tar or zip"):
        unpack(tmp_path / "a", tmp_path / "out")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_truncated_archive(tmp_path, packed, mode):
    import numpy as np

    noise = np.random.default_rng(0).bytes(200_000)
    whole = packed({"p/x": noise}, mode)
    (tmp_path / "a").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PanelError):
        unpack(tmp_path / "a", tmp_path / "out")


def test_damaged_zip(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("p/x", b"hello" * 1000)
    data = bytearray(buffer.getvalue())
    data[100] ^= 255
    (tmp_path / "a").write_bytes(bytes(data))
    with pytest.raises(PanelError, match="damaged"):
        unpack(tmp_path / "a", tmp_path / "out")


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize("how", ["size", "number"])
def test_archives_that_grow_without_measure(
    tmp_path: Path, kind: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "_FREE_BYTES", 1 << 20)
    monkeypatch.setattr(unpacking, "MOST_FILES", 20)
    contents = {"zeros": bytes(40 << 20)} if how == "size" else {f"f{i}": b"x" for i in range(21)}
    archive = tmp_path / f"bomb.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in contents.items():
                packed.writestr(name, content)
    else:
        with tarfile.open(archive, "w:gz") as packed:
            for name, content in contents.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                packed.addfile(member, io.BytesIO(content))
    told = "200 times its size" if how == "size" else "more than 20 files"
    with pytest.raises(PanelError, match=told):
        unpack(archive, tmp_path / "out")
    written = [path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert sum(written) < 30 << 20
