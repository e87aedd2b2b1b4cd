"""Figures of one process, in the text form that Prometheus reads."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Count; used on the event loop only, so it needs no lock."""

    def __init__(self) -> None:
        self.busy = 0
        self.waiting = 0
        self._counts: Counter[tuple[str, Labels]] = Counter()
        self._spread: dict[str, list[int]] = {}
        self._sums: Counter[str] = Counter()

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Count something that happened; labels come from our own code, never from callers."""
        self._counts[name, tuple(sorted(labels.items()))] += by

    def took(self, route: str, seconds: float) -> None:
        """Note how long a request took."""
        spread = self._spread.setdefault(route, [0] * (len(_SECONDS) + 1))
        spread[bisect_left(_SECONDS, seconds)] += 1
        self._sums[route] += seconds  # type: ignore[assignment]

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return everything that was counted, and these values of now."""
        return "\n".join([*self._counters(), *self._durations(), *_gauges(gauges)]) + "\n"

    def _counters(self) -> Iterator[str]:
        said = ""
        for (name, labels), number in sorted(self._counts.items()):
            if name != said:
                yield f"# TYPE hoaban_{name}_total counter"
                said = name
            yield f"hoaban_{name}_total{_spelled(labels)} {number}"

    def _durations(self) -> Iterator[str]:
        if self._spread:
            yield "# TYPE hoaban_request_seconds histogram"
        for route, spread in sorted(self._spread.items()):
            below = 0
            for edge, number in zip((*map(str, _SECONDS), "+Inf"), spread, strict=True):
                below += number
                labels = (("route", route), ("le", edge))
                yield f"hoaban_request_seconds_bucket{_spelled(labels)} {below}"
            of = _spelled((("route", route),))
            yield f"hoaban_request_seconds_sum{of} {self._sums[route]:.6f}"
            yield f"hoaban_request_seconds_count{of} {below}"


def _gauges(gauges: Mapping[str, float]) -> Iterator[str]:
    said = ""
    for name, value in sorted(gauges.items()):
        if name.partition("{")[0] != said:
            said = name.partition("{")[0]
            yield f"# TYPE hoaban_{said} gauge"
        yield f"hoaban_{name} {value:g}"


def _spelled(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}" if labels else ""
