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
from syndicate.service.forwarding import Forwarding
from syndicate.service.hook_task import HookTask
from syndicate.service.http_server import HttpServer
from syndicate.service.issue_pages import IssuePages
from syndicate.service.issue_task import IssueTask
from syndicate.service.jobs import AtSlots, Every, Job, OnDemand
from syndicate.service.refresh_task import RefreshTask, places_of_issues
from syndicate.service.signup_task import SignupMailTask
from syndicate.service.store_task import StoreTask
from syndicate.site import Setup

MINUTE = Every(timedelta(minutes=1))
"""For jobs that run sooner when they are wanted; and to find what other programs changed."""

APPROVALS = Every(timedelta(seconds=10))
"""Commands set the times of approvals, which are in the store."""

DELIVERIES = Every(timedelta(seconds=5))
"""Commands make, approve and resume issues."""


def site_jobs(setup: Setup, served: BuildState) -> Iterator[Job]:
    """Articles and issues: what is due together is published in this order."""
    poll = Every(timedelta(seconds=setup.config.service.poll_interval))
    yield Job("store", MINUTE, StoreTask(setup).turn)
    yield Job(NEXT_ARTICLE, OnDemand(), article_due)
    yield Job(BuildTask.name, poll, BuildTask(setup, served).turn)
    for newsletter in setup.config.newsletters.values():  # a job each, so that each fails alone
        issues = IssueTask(setup, newsletter, served)
        trigger = AtSlots(issues.schedule) if issues.schedule else OnDemand()
        yield Job(issues.name, trigger, issues.turn, wanted=issues.wanted)
    if setup.config.newsletters:
        approvals = ApprovalTask(setup, served)
        yield Job(approvals.name, APPROVALS, approvals.turn, wanted=approvals.wanted)


def server_jobs(setup: Setup, served: BuildState, serving: HttpServer) -> Iterator[Job]:
    """Refreshing the served documents, and findings of the server."""
    poll = Every(timedelta(seconds=setup.config.service.poll_interval))
    folders = places_of_issues(setup.places.output, setup.config.newsletters)
    refresh = RefreshTask(serving, served, folders)
    yield Job(refresh.name, poll, refresh.turn, wanted=refresh.wanted)
    forwarding = Forwarding(serving, setup.config_file)
    yield Job(forwarding.name, poll, forwarding.turn)


def mail_jobs(
    setup: Setup,
    served: BuildState,
    shown: IssuePages,
    email_requested: Event,
    delivery: DeliveryTask,
) -> Iterator[Job]:
    """Hooks, emails and bounces: slow, so in the background, where they delay no other job."""
    if setup.config.hooks or setup.config.feeds.hub:
        hooks = HookTask(setup, served, shown)
        yield Job(hooks.name, MINUTE, hooks.turn, background=True, wanted=hooks.wanted)
    signups = SignupMailTask(setup, email_requested)
    yield Job(signups.name, MINUTE, signups.turn, background=True, wanted=signups.wanted)
    yield Job(delivery.looking, DELIVERIES, delivery.look, wanted=delivery.has_changed)
    yield Job(
        delivery.sending, OnDemand(), delivery.send, background=True, wanted=delivery.is_needed
    )
    if setup.config.bounces != BounceSettings():
        bounces = BounceTask(setup)
        yield Job(bounces.name, MINUTE, bounces.turn, background=True)
