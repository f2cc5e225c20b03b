"""When issues are due: a schedule in words or a cron expression -> slots -> which to make now.

Pure: the present time is a parameter. No module in here may use the store or the clock.
"""

from typing import Literal

Missed = Literal["latest", "all", "none"]
"""Which missed slots are made later: the latest, all, none."""
