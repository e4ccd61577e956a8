#!/usr/bin/env python3
"""Reads /metrics of a running server with the parsers of prometheus_client, in both formats, and says what is wrong.

Three looks: the older format, OpenMetrics, the older format again. What the second shows must fit between the others.

    pip install prometheus_client
    python3 scripts/check-metrics.py [http://127.0.0.1:8080]

Ask the server a few things first: a histogram is only there once something was observed. Exit code 1 if anything is wrong.
"""

import sys
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

FORMATS = (
    ("Prometheus text 0.0.4", "text/plain", prometheus, "text/plain; version=0.0.4"),
    ("OpenMetrics 1.0", "application/openmetrics-text; version=1.0.0", openmetrics, "application/openmetrics-text"),
)


def read(url: str, accept: str) -> tuple[str, str]:
    with urllib.request.urlopen(urllib.request.Request(url + "/metrics", headers={"Accept": accept})) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def faults(family) -> list[str]:
    """What the parsers do not check themselves."""
    found = []
    if not family.documentation:
        found.append(f"{family.name} has no HELP")
    if family.type in ("unknown", "untyped"):
        found.append(f"{family.name} has no TYPE")
    seen = [(s.name, tuple(sorted(s.labels.items()))) for s in family.samples]
    if len(seen) != len(set(seen)):
        found.append(f"{family.name} has a series twice")
    buckets = {}
    for sample in family.samples:
        if sample.name.endswith("_bucket"):
            rest = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
            buckets.setdefault(rest, []).append((float(sample.labels["le"]), sample.value))
        if family.type == "counter" and sample.value < 0:
            found.append(f"{sample.name} is negative")
    for rest, pairs in buckets.items():
        counts = [count for _, count in pairs]
        if pairs != sorted(pairs) or counts != sorted(counts) or pairs[-1][0] != float("inf"):
            found.append(f"{family.name}{dict(rest)} has buckets out of order, or no +Inf")
    return found


def kind(family) -> str:
    """The type, in the older format's words: what OpenMetrics calls an info is a gauge there."""
    return "gauge" if family.type == "info" else family.type


def by_name(families) -> dict:
    """The families by their names; what OpenMetrics calls an info has its whole name in the older format."""
    return {family.name.removesuffix("_info"): family for family in families}


def values(family) -> dict:
    """The value of each series. When a counter began is told by one format alone."""
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for s in family.samples
            if not s.name.endswith("_created")}


# Gauges that move while nobody asks anything, or by being looked at.
RESTLESS = ("sensorium_http_connections", "process_", "sensorium_queue_oldest_seconds")


def differences(first, other, last) -> list[str]:
    """What the look in the other format has that does not fit between two looks in the same format.

    The looks are requests themselves, and others may come between them: families and series only appear, counters and
    histograms only grow, and a gauge that two looks saw the same was the same between them.
    """
    found = []
    for name in sorted((first.keys() - other.keys()) | (other.keys() - last.keys())):
        found.append(f"{name} is in one format only")
    for name in sorted(first.keys() & other.keys() & last.keys()):
        if kind(first[name]) != kind(other[name]):
            found.append(f"{name} is a {kind(first[name])} in one format and a {kind(other[name])} in the other")
            continue
        before, between, after = values(first[name]), values(other[name]), values(last[name])
        for series in sorted((before.keys() - between.keys()) | (between.keys() - after.keys())):
            found.append(f"{series[0]}{dict(series[1])} is in one format only")
        for series in sorted(before.keys() & between.keys() & after.keys()):
            low, value, high = before[series], between[series], after[series]
            if kind(first[name]) != "gauge":
                fits = low <= value <= high
            else:
                fits = low != high or value == low or name.startswith(RESTLESS)
            if not fits:
                found.append(f"{series[0]}{dict(series[1])} went from {low} over {value} to {high}")
    return found


def main() -> int:
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
    wrong = 0
    looks = []
    for title, accept, parse, expected in FORMATS + FORMATS[:1]:
        content, text = read(url, accept)
        try:
            families = list(parse(text))
        except ValueError as error:
            print(f"{title}: not read: {error}")
            wrong += 1
            continue
        looks.append(by_name(families))
        if len(looks) > len(FORMATS):
            break
        problems = [fault for family in families for fault in faults(family)]
        if not content.startswith(expected):
            problems.append(f"Content-Type is {content}")
        for problem in problems:
            print(f"{title}: {problem}")
        wrong += len(problems)
        print(f"{title}: {len(families)} families, {sum(len(f.samples) for f in families)} samples read")
    if len(looks) == len(FORMATS) + 1:
        for difference in differences(*looks):
            print(f"the formats differ: {difference}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
