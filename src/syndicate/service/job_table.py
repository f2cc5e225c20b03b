"""The jobs of the service for a configuration, in the order in which they run, with triggers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Event

from syndicate.config.model import BounceSettings
from syndicate.service.approval_task import ApprovalTask
from syndicate.service.bounce_task import BounceTask
from syndicate.service.build_state import BuildState
from syndicate.service.build_task import NEXT_ARTICLE, BuildTask, article_due
from syndicate.service.delivery_task import DeliveryTask
from syndicate.service.forwarding import ProxyCheck
from syndicate.service.hook_task import HookTask
from syndicate.service.http_server import HttpServer
from syndicate.service.issue_pages import IssuePages
from syndicate.service.issue_task import IssueTask
from syndicate.service.jobs import IntervalTrigger, Job, OnDemandTrigger, SlotTrigger
from syndicate.service.publish_task import PublishMetrics, PublishTask
from syndicate.service.refresh_task import RefreshTask, places_of_issues
from syndicate.service.signup_task import SignupMailTask
from syndicate.service.store_task import StoreTask
from syndicate.site import Setup

MINUTE = IntervalTrigger(timedelta(minutes=1))
"""For jobs that run sooner when they have work; and to find what other programs changed."""

APPROVALS = IntervalTrigger(timedelta(seconds=10))
"""Commands set the times of approvals, which are in the store."""

DELIVERIES = IntervalTrigger(timedelta(seconds=5))
"""Commands make, approve and resume issues."""


def site_jobs(setup: Setup, served: BuildState) -> Iterator[Job]:
    """Articles and issues: what is due together is published in this order."""
    poll = IntervalTrigger(timedelta(seconds=setup.config.service.poll_interval))
    yield Job("store", MINUTE, StoreTask(setup).run)
    yield Job(NEXT_ARTICLE, OnDemandTrigger(), article_due)
    yield Job(BuildTask.name, poll, BuildTask(setup, served).run)
    for newsletter in setup.config.newsletters.values():  # a job each, so that each fails alone
        issues = IssueTask(setup, newsletter, served)
        trigger = SlotTrigger(issues.schedule) if issues.schedule else OnDemandTrigger()
        yield Job(issues.name, trigger, issues.run, has_work=issues.has_work)
    if setup.config.newsletters:
        approvals = ApprovalTask(setup, served)
        yield Job(approvals.name, APPROVALS, approvals.run, has_work=approvals.has_work)


def server_jobs(setup: Setup, served: BuildState, serving: HttpServer) -> Iterator[Job]:
    """Refreshing the served documents, and findings of the server."""
    poll = IntervalTrigger(timedelta(seconds=setup.config.service.poll_interval))
    folders = places_of_issues(setup.places.output, setup.config.newsletters)
    refresh = RefreshTask(serving, served, folders)
    yield Job(refresh.name, poll, refresh.run, has_work=refresh.has_work)
    forwarding = ProxyCheck(serving, setup.config_file)
    yield Job(forwarding.name, poll, forwarding.run)


def publish_jobs(setup: Setup, served: BuildState, metrics: PublishMetrics) -> Iterator[Job]:
    """Publishing to targets: slow, so in the background."""
    if setup.config.publish:
        task = PublishTask(setup, served, metrics)
        yield Job(task.name, MINUTE, task.run, background=True, has_work=task.has_work)


def mail_jobs(
    setup: Setup,
    served: BuildState,
    pages: IssuePages,
    email_requested: Event,
    delivery: DeliveryTask,
) -> Iterator[Job]:
    """Hooks, emails and bounces: slow, so in the background, where they delay no other job."""
    if setup.config.hooks or setup.config.feeds.hub:
        hooks = HookTask(setup, served, pages)
        yield Job(hooks.name, MINUTE, hooks.run, background=True, has_work=hooks.has_work)
    signups = SignupMailTask(setup, email_requested)
    yield Job(signups.name, MINUTE, signups.run, background=True, has_work=signups.has_work)
    yield Job(delivery.check_job, DELIVERIES, delivery.check, has_work=delivery.has_changed)
    yield Job(
        delivery.send_job,
        OnDemandTrigger(),
        delivery.send,
        background=True,
        has_work=delivery.is_needed,
    )
    if setup.config.bounces != BounceSettings():
        bounces = BounceTask(setup)
        yield Job(bounces.name, MINUTE, bounces.run, background=True)
