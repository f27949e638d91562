"""Every metric of the service: what it counts, its labels, and for times and sizes the buckets."""

from typing import Literal, NamedTuple

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)


class Metric(NamedTuple):
    """One line of the list of metrics. `buckets` are upper bounds, in the unit of the name."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    doc: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def exposed(self) -> str:
        """The name in the answer of /metrics; a counter's ends in `_total`."""
        return f"exam_{self.name}{'_total' if self.kind == 'counter' else ''}"


METRICS: tuple[Metric, ...] = (
    Metric("build_info", "gauge", "Always 1; the labels tell the version and the database.", ("version", "database")),
    Metric("resident_memory_bytes", "gauge", "Memory that the process holds."),
    Metric("requests", "counter", "Requests answered, by class of route and HTTP status.", ("kind", "status")),
    Metric(
        "request_seconds",
        "histogram",
        "From a request (of a save, start or submit: its last byte) to its answer.",
        ("kind",),
        _SECONDS,
    ),
    Metric("requests_in_flight", "gauge", "Requests that are being worked on.", ("kind",)),
    Metric("refusals", "counter", "Refusals, by their code; `busy` is what was turned away under load.", ("code",)),
    Metric("crashes", "counter", "Errors of the service itself. Any is worth a look at the log."),
    Metric("saves", "counter", "Saves that were written and acknowledged; a repeated one counts again."),
    Metric("late_saves", "counter", "Saves that came too late, by what became of them.", ("verdict",)),
    Metric("save_group_size", "histogram", "Saves that became durable together.", (), _SIZES),
    Metric("save_group_seconds", "histogram", "How long making such a group durable took.", (), _SECONDS),
    Metric("queue_waiting", "gauge", "Writes that wait for their turn.", ("queue",)),
    Metric("queue_oldest_seconds", "gauge", "How long the first of them has been waiting.", ("queue",)),
    Metric("loop_lag_seconds", "gauge", "How late the event loop is: the worst of the last second."),
    Metric("pressure", "gauge", "How near the process is to what it can hold; from 1 on starts are refused."),
    Metric("draining", "gauge", "1 from SIGTERM until the process ends."),
    Metric("receipts_signed", "counter", "Receipts that were signed, also for groups that were then decided anew."),
    Metric("attempts", "gauge", "Attempts stored, by state; overdue ones are over and not graded yet.", ("state",)),
    Metric("sweeps", "counter", "Sweeps, by how they ended.", ("outcome",)),
    Metric("swept_attempts", "counter", "Attempts that a sweep graded."),
    Metric("papers_prepared", "counter", "Papers that were drawn before their attempts began."),
    Metric("certificates_issued", "counter", "Certificates issued.", ("kind",)),
    Metric("hsm_ready", "gauge", "1 while the hardware security module works, 0 while certificates wait for it."),
    Metric("rate_limiter_shared", "gauge", "1 while Redis shares the rate limits, 0 while each process is alone."),
)  # fmt: skip

BY_NAME = {metric.name: metric for metric in METRICS}
