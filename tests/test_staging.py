"""What a run keeps on disk for a while."""

from __future__ import annotations

import errno

import pytest

from postgwas.errors import OutputError
from postgwas.staging import scratch_folder


@pytest.mark.parametrize(
    "error",
    [OSError("No space left on device (os error 28)"), OSError(errno.ENOSPC, "No space left on device")],
)
def test_a_full_disk_is_told_with_its_folder(tmp_path, error):
    with pytest.raises(OutputError, match="disk full") as caught, scratch_folder(tmp_path):
        raise error
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert list(tmp_path.iterdir()) == []


def test_errors_that_name_their_file_or_are_others_stay_as_they_are(tmp_path):
    for error in (OSError(errno.ENOSPC, "No space left on device", "/cache/x"), OSError("gone")):
        with pytest.raises(OSError) as caught, scratch_folder(tmp_path):
            raise error
        assert caught.value is error
