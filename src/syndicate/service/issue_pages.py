"""Whether the web page of an issue is served: no email of it is sent before that.

Another program may have made the issue. Its page is then loaded in the next pass, without waiting
for the comparison of the whole folder once a minute.
"""

from __future__ import annotations

from syndicate.issues.archive import is_written, page_file_of
from syndicate.service.build_state import BuildState
from syndicate.service.http_server import HttpServer
from syndicate.site import Site
from syndicate.store.issues import Issue


class IssuePages:
    """Called by the tasks that send issues and call hooks, in their own threads."""

    def __init__(self, serving: HttpServer, served: BuildState) -> None:
        self._serving = serving
        self._served = served

    def __call__(self, site: Site, issue: Issue) -> bool:
        """Whether readers can read the page; if it is only written, it will be served soon."""
        if not is_written(site, issue):
            return False
        path = page_file_of(issue)
        if self._serving.serves(path):
            return True
        self._served.requested_paths.put(path)
        return False
