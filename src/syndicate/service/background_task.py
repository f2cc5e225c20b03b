"""A background task: a slow job, in a separate thread."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from syndicate.service.jobs import Job, TaskResult


class BackgroundTask:
    """The thread of a job, which runs it once at a time.

    It outlives a change of the configuration: the job of the next configuration begins when the
    one of the configuration before has ended. So nothing is sent or reported twice.
    """

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._run: Future[TaskResult] | None = None
        self.job: Job | None = None
        """The job that runs, or ran last."""

    def start(self, job: Job, now: datetime) -> None:
        """Begin a run of a job, once the result of the one before was taken."""
        self.job, self._run = job, self._executor.submit(job.task, now)

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, and no result waits to be taken."""
        return self._run is None

    @property
    def has_ended(self) -> bool:
        """Whether a result waits to be taken."""
        return self._run is not None and self._run.done()

    def result(self, _: datetime) -> TaskResult:
        """What the run came to; waits for its end. Raises what the task raised."""
        assert self._run is not None, "a run was begun"
        ended, self._run = self._run, None
        return ended.result()

    def close(self) -> None:
        """Wait for the end of the run, if one is going on; none begins any more."""
        self._executor.shutdown()
