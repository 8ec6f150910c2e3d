"""What tries and breaks things on purpose: canaries and experiments."""

from __future__ import annotations

from policy.model import Estate, Rules, Subject
from policy.want import GIVEN, TRUE, matching

# Tables: a row a rule.
# fmt: off
RULES = Rules()
CANARY = "aws:synthetics/canary:Canary"
EXPERIMENT = "aws:fis/experimentTemplate:ExperimentTemplate"

RULES.must(
    "CAN-01", "medium", CANARY, "artifactConfig.s3Encryption.kmsKeyArn", GIVEN,
    "What a run saw is encrypted with a key of ours, as all else is.", "CKV2_AWS_76",
)
RULES.must(
    "CAN-02", "medium", CANARY, "startCanary", TRUE,
    "Nobody notices that a canary which was never started finds nothing.", "Synthetics user guide, StartCanary",
)
RULES.must(
    "CAN-03", "low", CANARY, "deleteLambda", TRUE,
    "Its function would stay behind, with the code and the role of what is gone.", "Synthetics user guide, DeleteCanary",
)
RULES.must(
    "FIS-01", "low", EXPERIMENT, "description", matching(r".{10,}", "what it breaks"),
    "Who starts an experiment must know what it breaks.", "FIS user guide, experiment templates",
)


@RULES.rule(
    "FIS-02",
    "high",
    EXPERIMENT,
    reason="An experiment that nothing stops is an outage.",
    source="FIS user guide, stop conditions; Well-Architected REL12-BP04",
    remedy="stopConditions with alarms that page",
)
def never_stops(subject: Subject, _: Estate) -> str | None:
    """No alarm among the stop conditions."""
    stops = subject.one("stopConditions") or ()
    found = any(stop.get("source") == "aws:cloudwatch:alarm" and stop.get("value") for stop in stops)
    return None if found else "is stopped by no alarm"
