"""What the front door counts, as CloudFront, WAF and a load balancer would."""

from __future__ import annotations

import asyncio

from sandbox.telemetry import emf

from .plan import Named

_TELL = 0.4  # seconds from the first thing that is counted until it is told


class Counts:
    """Plain numbers of one event loop, told soon after something happened, and else never."""

    def __init__(self, sender: emf.Sender) -> None:
        self.named = Named()
        self._sender = sender
        self._statuses: dict[int, int] = {}  # of answers to visitors, by their class
        self._targets: dict[int, int] = {}  # of pods
        self._took: dict[float, int] = {}  # seconds, to two digits
        self._unanswered = self._blocked = 0
        self._due = False

    def answered(self, status: int) -> None:
        """A visitor gets an answer, from whomever."""
        kind = status // 100
        self._statuses[kind] = self._statuses.get(kind, 0) + 1
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(_TELL, self._tell)

    def target(self, status: int, seconds: float) -> None:
        """A pod has answered, and began to after so long."""
        kind = status // 100
        self._targets[kind] = self._targets.get(kind, 0) + 1
        took = float(f"{seconds:.2g}")
        self._took[took] = self._took.get(took, 0) + 1

    def unanswered(self) -> None:
        """No pod has answered: the load balancer does."""
        self._unanswered += 1

    def blocked(self) -> None:
        """The firewall has refused a request."""
        self._blocked += 1

    def _tell(self) -> None:
        self._due = False
        if self.named.distribution:
            self._tell_edge()
        if self.named.balancer:
            self._tell_balancer()
        if self._blocked and self.named.firewall:
            dimensions = {"WebACL": self.named.firewall, "Rule": "ALL"}
            metrics: dict[str, emf.Value] = {"BlockedRequests": self._blocked}
            self._sender.send(emf.document("AWS/WAFV2", dimensions, metrics))
        self._statuses, self._targets, self._took = {}, {}, {}
        self._unanswered = self._blocked = 0

    def _tell_edge(self) -> None:
        whole = sum(self._statuses.values())
        metrics: dict[str, emf.Value] = {"Requests": whole}
        for kind in (4, 5):  # an average over requests is what they are per cent of
            bad = self._statuses.get(kind, 0)
            metrics[f"{kind}xxErrorRate"] = emf.counted({0.0: whole - bad, 100.0: bad})
        dimensions = {"DistributionId": self.named.distribution, "Region": "Global"}
        self._sender.send(emf.document("AWS/CloudFront", dimensions, metrics))

    def _tell_balancer(self) -> None:
        metrics: dict[str, emf.Value] = {}
        if self._targets:
            metrics["RequestCount"] = sum(self._targets.values())
            metrics["TargetResponseTime"] = emf.counted(self._took)
        for kind, count in self._targets.items():
            metrics[f"HTTPCode_Target_{kind}XX_Count"] = count
        if self._unanswered:
            metrics["HTTPCode_ELB_5XX_Count"] = self._unanswered
        if metrics:
            dimensions = {"LoadBalancer": self.named.balancer}
            self._sender.send(emf.document("AWS/ApplicationELB", dimensions, metrics))
