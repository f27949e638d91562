"""The Meter port: plain numbers while the service works, in the words of Prometheus when it asks.

Counting costs a look-up and an addition, because a save pays for it; who counts often looks up once. The library that
writes the exposition format is loaded by the first scrape: an exam does not need it.
"""

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal, TypeVar

from exam_service.adapters.metrics.catalogue import BY_NAME, Metric

if TYPE_CHECKING:
    from prometheus_client import Metric as Family

CONTENT_TYPE = "text/plain; version=0.0.4"
"""To which the framework adds the charset."""

log = logging.getLogger(__name__)

Labels = tuple[tuple[str, str], ...]
V = TypeVar("V")


class _Counter:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def add(self, by: int) -> None:
        self.value += by


class _Histogram:
    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        # One more than there are bounds: what is over the last.
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class PrometheusMeter:
    """One application's numbers; two in one process know nothing of each other."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, Labels], _Counter] = {}
        self._histograms: dict[tuple[str, Labels], _Histogram] = {}
        self._gauges: dict[tuple[str, Labels], Callable[[], float | None]] = {}

    def counter(self, name: str, **labels: str) -> Callable[[int], None]:
        """What adds to one counter, for who counts often."""
        key = (name, tuple(labels.items()))
        found = self._counts.get(key)
        if found is None:
            _fitting(name, "counter", labels)
            found = self._counts[key] = _Counter()
        return found.add

    def histogram(self, name: str, **labels: str) -> Callable[[float], None]:
        """What puts values, in the unit of the name, into one histogram, for who does so often."""
        key = (name, tuple(labels.items()))
        found = self._histograms.get(key)
        if found is None:
            found = self._histograms[key] = _Histogram(_fitting(name, "histogram", labels).buckets)
        return found.add

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Add to a counter."""
        self.counter(name, **labels)(by)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Put one value, in the unit of the name, into a histogram."""
        self.histogram(name, **labels)(value)

    def gauge(self, name: str, read: Callable[[], float | None], **labels: str) -> None:
        """From now on ask `read` for the value at each scrape; None leaves it out."""
        _fitting(name, "gauge", labels)
        self._gauges[name, tuple(labels.items())] = read

    def value(self, name: str, **labels: str) -> float:
        """What a counter or gauge holds, or how many values a histogram got; 0 when it was never touched."""
        key = (name, tuple(labels.items()))
        if key in self._gauges:
            return self._gauges[key]() or 0.0
        histogram = self._histograms.get(key)
        if histogram is not None:
            return float(sum(histogram.counts))
        counter = self._counts.get(key)
        return counter.value if counter is not None else 0

    def exposition(self) -> tuple[str, bytes]:
        """Content type and text of everything, in the text format of Prometheus 0.0.4."""
        from prometheus_client import CollectorRegistry, generate_latest

        # A registry of this scrape only, so that nothing is shared with others in the process.
        registry = CollectorRegistry()
        registry.register(self)
        return CONTENT_TYPE, generate_latest(registry)

    def collect(self) -> Iterator["Family"]:
        """What the library asks for: a family for each metric that has a value, and for each counter in any case."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        for metric in list(BY_NAME.values()):
            name = f"exam_{metric.name}"
            if metric.kind == "counter":
                counter = CounterMetricFamily(name, metric.doc, labels=metric.labels)
                # One without labels starts at zero, so that its first increase is seen as one.
                found = _of(metric, self._counts) or ([((), _Counter())] if not metric.labels else [])
                for labels, counted in found:
                    counter.add_metric(_values(metric, labels), counted.value)
                yield counter
            elif metric.kind == "gauge":
                gauge = GaugeMetricFamily(name, metric.doc, labels=metric.labels)
                for labels, read in _of(metric, self._gauges):
                    value = read()
                    if value is not None:
                        gauge.add_metric(_values(metric, labels), value)
                yield gauge
            else:
                family = HistogramMetricFamily(name, metric.doc, labels=metric.labels)
                for labels, histogram in _of(metric, self._histograms):
                    family.add_metric(_values(metric, labels), _cumulated(histogram), histogram.sum)
                yield family


def _of(metric: Metric, kept: dict[tuple[str, Labels], V]) -> list[tuple[Labels, V]]:
    return [(labels, value) for (name, labels), value in kept.items() if name == metric.name]


def _fitting(name: str, kind: Literal["counter", "gauge", "histogram"], labels: dict[str, str]) -> Metric:
    """The metric's entry in the catalogue. Only the first use of a name with its labels comes here.

    One that is not listed, or not so, is counted all the same: nobody's save may fail over a figure.
    """
    metric = BY_NAME.get(name)
    if metric is None:
        metric = BY_NAME[name] = Metric(name, kind, "Not described.", tuple(labels), (1.0,))
        log.error("the metric %s is not in the catalogue", name)
    elif metric.kind != kind or set(labels) != set(metric.labels):
        log.error("the metric %s is a %s with the labels %s", name, metric.kind, metric.labels)
    return metric


def _values(metric: Metric, labels: Labels) -> list[str]:
    given = dict(labels)
    return [given.get(label, "") for label in metric.labels]


def _cumulated(histogram: _Histogram) -> list[tuple[str, float]]:
    buckets, total = [], 0
    for bound, count in zip((*histogram.bounds, float("inf")), histogram.counts, strict=True):
        total += count
        buckets.append(("+Inf" if bound == float("inf") else str(bound), float(total)))
    return buckets
