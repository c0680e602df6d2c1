"""The program of this package, and its exit codes as exceptions."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import threading
from typing import IO, Mapping, Sequence, Union

Argument = Union[str, int, float, "os.PathLike[str]"]


class StrffitError(Exception):
    """What the program ended with; ``str()`` is its message.

    :ivar code: its exit code.
    :ivar stderr: all that it said.
    """

    code = 1

    def __init__(self, message: str, code: int, stderr: str) -> None:
        super().__init__(message)
        self.code = code
        self.stderr = stderr


class RunError(StrffitError):
    """Something failed while running: a full disk, too little memory (exit code 1)."""


class ConfigError(StrffitError, ValueError):
    """A wrong command line or configuration (exit code 2)."""


class DataError(StrffitError, ValueError):
    """A file that cannot be used (exit code 3)."""


class Stopped(StrffitError):
    """It was asked to stop and has saved what is needed to go on with ``--resume`` (75)."""


_ERRORS = {1: RunError, 2: ConfigError, 3: DataError, 75: Stopped}


def program() -> pathlib.Path:
    """The path of the program: that of this package, or where ``STRFFIT_PROGRAM`` says.

    :raises FileNotFoundError: where there is none.
    """
    named = os.environ.get("STRFFIT_PROGRAM")
    path = pathlib.Path(named) if named else pathlib.Path(__file__).parent / "bin" / "strffit"
    if not path.is_file():
        raise FileNotFoundError(f"no strffit at {path}: install the wheel, or set STRFFIT_PROGRAM")
    return path


def _message(stderr: str) -> str:
    """The last error that it told, without ``error:``."""
    # A wrong command line ends with "Run with --help for more information."
    lines = [line for line in stderr.rstrip().splitlines() if not line.startswith("Run with ")]
    for number in range(len(lines) - 1, -1, -1):
        if lines[number].startswith("error: "):
            return "\n".join(lines[number:])[len("error: ") :]
    return lines[-1] if lines else "it said nothing"


def _forward(source: IO[str], told: list[str], to: IO[str] | None) -> None:
    for line in source:
        told.append(line)
        if to is not None:
            to.write(line)
            to.flush()


def run(
    arguments: Sequence[Argument],
    *,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    quiet: bool = False,
) -> str:
    """Runs ``strffit`` with these arguments and returns what it printed.

    :param arguments: as on a command line: ``["eval", "runs/ln", "--json"]``. Numbers and paths
        become text.
    :param cwd: the folder in which it runs.
    :param env: further environment variables.
    :param quiet: keep progress and warnings to yourself; else they go to ``sys.stderr`` as they come.
    :raises ConfigError: a wrong command line or configuration.
    :raises DataError: a file that cannot be used.
    :raises RunError: anything else that failed.
    :raises Stopped: it was asked to stop; ``train --resume`` goes on.
    """
    if isinstance(arguments, (str, bytes)):
        raise TypeError('expected a list of arguments, such as ["eval", "runs/ln"]; found one text')
    process = subprocess.Popen(
        [str(program()), *(os.fspath(a) if isinstance(a, os.PathLike) else str(a) for a in arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout is not None and process.stderr is not None
    told: list[str] = []
    listener = threading.Thread(target=_forward, args=(process.stderr, told, None if quiet else sys.stderr))
    listener.start()
    try:
        printed = process.stdout.read()
        code = process.wait()
    except KeyboardInterrupt:
        # The terminal has told the program too, which saves its state; a notebook has not.
        process.terminate()
        process.wait()
        raise
    finally:
        listener.join()
        process.stdout.close()
        process.stderr.close()
    if code == 0:
        return printed
    stderr = "".join(told)
    if code < 0:
        raise RunError(f"strffit was ended by signal {-code}", code, stderr)
    raise _ERRORS.get(code, RunError)(_message(stderr), code, stderr)


def main() -> None:
    """The command ``strffit`` of this package."""
    path = str(program())
    os.execv(path, [path, *sys.argv[1:]])
