"""When issues are due: a schedule in words or as a cron line -> slots -> what to make now.

Pure: the moment comes in as a value. No module in here may know the store or the clock.
"""

from typing import Literal

Missed = Literal["latest", "all", "none"]
"""Which missed slots are made up for: the latest, all of them, none."""
