import subprocess

import pytest


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a file system needs more rights")
    yield place
    subprocess.run(["umount", str(place)], check=True)
