"""A connector of one's own, to begin with: a folder with one that works, made from ``files``."""

import re
import shutil
from pathlib import Path

from bothways.connectors import registry
from bothways.errors import AppCannotBeCalled, AppThereAlready, DiskFull, FolderThereAlready

FILES = Path(__file__).parent / "files"
"""What is made, for an app called ``my_app``."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
_LONGEST = 40


def make(parent: Path, name: str) -> Path:
    """Make a folder with a connector for an app of this name and return it; where that cannot be, write nothing."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise AppCannotBeCalled(name=name)
    if registry.is_known(name):
        raise AppThereAlready(name=name)
    folder = parent / name
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise FolderThereAlready(folder=folder) from error
    except OSError as error:
        raise DiskFull(reason=f"{folder}: {error.strerror}") from error
    try:
        for file in sorted(path for path in FILES.rglob("*.*") if path.suffix != ".pyc"):
            made = folder / _called(str(file.relative_to(FILES)), name)
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(_called(file.read_text("utf-8"), name), "utf-8")
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise DiskFull(reason=f"{folder}: {error.strerror}") from error
        raise
    return folder


def _called(text: str, name: str) -> str:
    """Return a text with the name of the app in all its forms."""
    words = name.split("_")
    forms = {
        "my_app": name,
        "my-app": "-".join(words),
        "MY_APP": name.upper(),
        "MyApp": "".join(word.capitalize() for word in words),
        "My app": " ".join(words).capitalize(),
    }
    for ours, theirs in forms.items():
        text = text.replace(ours, theirs)
    return text
