"""`python -m syndicate` is the same as `syndicate`."""

from syndicate.cli import run

run()
