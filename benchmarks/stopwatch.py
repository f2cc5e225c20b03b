"""Run a command; write its seconds and the peak memory of its largest process, in KiB, to stderr.

A program of its own, and a small one: a process inherits the peak of the one that starts it, so
this one must be smaller than anything it measures. Imports next to nothing for that reason.
"""

from __future__ import annotations

import os
import sys
import time

if __name__ == "__main__":
    start = time.perf_counter()
    child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    sys.stderr.write(f"\n{seconds:.6f} {usage.ru_maxrss}\n")
    sys.exit(os.waitstatus_to_exitcode(status))
