"""Say something to whoever runs a command, also where they have stopped listening."""

import os
import sys
from collections.abc import Sequence
from typing import Final, TextIO

EXIT_INTERRUPTED: Final = 130
"""What shells expect of a command that Ctrl-C has ended: 128 and the number of the signal."""


def say(*lines: str) -> None:
    """Write to standard output."""
    _write(sys.stdout, lines)


def complain(*lines: str) -> None:
    """Write to standard error."""
    _write(sys.stderr, lines)


def _write(stream: TextIO, lines: Sequence[str]) -> None:
    try:
        stream.write("".join(f"{line}\n" for line in lines))
        stream.flush()
    except OSError:
        # Who read our words has gone, such as `head` or a closed terminal, and Python would flush them once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
