"""Undated files that are pages, or are held back, because of the files around them. Pure."""

from __future__ import annotations

import json

from syndicate import findings
from syndicate.catalogue.records import ENCODE, NO_BODY, Record, ScannedFile
from syndicate.content import page_rules
from syndicate.content.article import HoldKind
from syndicate.content.page_rules import Surrounding
from syndicate.findings import Finding, Level


def with_page_by_place(
    file: ScannedFile, record: Record | None, around: Surrounding | None
) -> ScannedFile:
    """The file as a page, where what lies around it makes it one; else as it is.

    What was published as an article stays one until its own header states otherwise, and a page
    stays a page.
    """
    if not file.may_be_page or around is None or (record and record.sequence is not None):
        return file
    if not file.hold and (why := around.withholds(file.path, dated=file.date is not None)):
        return _as_no_post(file, why)
    kept = json.loads(record.metadata).get("inferred", {}).get("page") if record else None
    dated = file.date is not None
    stays = kept == page_rules.BESIDE_POSTS if dated else kept in page_rules.BY_SURROUNDING
    reason = around.reason(file.path, dated=dated) or (kept if stays else "")
    return _as_page(file, reason) if reason else file


def _as_page(file: ScannedFile, reason: str) -> ScannedFile:
    metadata = json.loads(file.metadata)
    metadata |= {"page": True, "inferred": {**metadata.get("inferred", {}), "page": reason}}
    text = file.body_hash != NO_BODY
    url = metadata.get("url")
    why = "" if file.hold else page_rules.left_out(file.path, url, has_text=text)
    if why:
        metadata["inferred"]["draft"] = why
    kept_findings = [f for f in findings.from_json(file.findings) if f.rule != "body-empty"]
    return file._replace(
        metadata=ENCODE(metadata),
        page=True,
        hold=HoldKind.NOT_BUILT if why else file.hold,
        findings=findings.to_json(kept_findings),
    )


def _as_no_post(file: ScannedFile, reason: str) -> ScannedFile:
    metadata = json.loads(file.metadata)
    metadata["inferred"] = {**metadata.get("inferred", {}), "draft": reason}
    finding = Finding(
        Level.NOTICE,
        "post-undated",
        f"the file is held back: {reason}",
        file.path,
        hint="begin its name with the day, as in 2026-03-08-name.md, or write date: in its header",
    )
    existing = findings.from_json(file.findings)
    kept_findings = findings.to_json([*existing, finding])
    return file._replace(metadata=ENCODE(metadata), hold=HoldKind.OTHER, findings=kept_findings)
