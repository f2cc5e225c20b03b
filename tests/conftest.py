"""What tests of every room share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest


@pytest.fixture
def need() -> Callable[[str, str], str]:
    """Call with a program and how to install it: returns its path, skips where it is missing.

    With CI=true a missing program fails the test: there, nothing may pass by being skipped.
    """

    def path_of(program: str, hint: str) -> str:
        if path := shutil.which(program):
            return path
        reason = f"{program} is not installed: {hint}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return path_of
