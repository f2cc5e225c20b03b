"""A background task: a slow job, in a separate thread."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from syndicate.service.jobs import Job, TaskResult


class BackgroundTask:
    """A thread that runs a job, one run at a time.

    It outlives a change of the configuration: the job of the new configuration starts after the
    job of the old one has ended. So nothing is sent or reported twice.
    """

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._run: Future[TaskResult] | None = None
        self.job: Job | None = None
        """The job that runs, or ran last."""

    def start(self, job: Job, now: datetime) -> None:
        """Start a run of a job, after the result of the previous run was taken."""
        self.job, self._run = job, self._executor.submit(job.task, now)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is running and no result is waiting."""
        return self._run is None

    @property
    def has_ended(self) -> bool:
        """Whether a result is waiting."""
        return self._run is not None and self._run.done()

    def result(self, _: datetime) -> TaskResult:
        """The result of the run; waits for its end. Raises what the task raised."""
        assert self._run is not None, "a run was started"
        ended, self._run = self._run, None
        return ended.result()

    def close(self) -> None:
        """Wait for the end of the current run; no other starts."""
        self._executor.shutdown()
