#!/usr/bin/env python3
"""Reads /metrics of a running server with the parsers of prometheus_client, in both formats, and says what is wrong.

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


def main() -> int:
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
    wrong = 0
    names = []
    for title, accept, parse, expected in FORMATS:
        kind, text = read(url, accept)
        try:
            families = list(parse(text))
        except ValueError as error:
            print(f"{title}: not read: {error}")
            wrong += 1
            continue
        problems = [fault for family in families for fault in faults(family)]
        if not kind.startswith(expected):
            problems.append(f"Content-Type is {kind}")
        for problem in problems:
            print(f"{title}: {problem}")
        wrong += len(problems)
        # What OpenMetrics calls an info is a gauge with the whole name in the older format.
        names.append({family.name.removesuffix("_info") for family in families})
        print(f"{title}: {len(families)} families, {sum(len(f.samples) for f in families)} samples read")
    if len(names) == 2 and names[0] != names[1]:
        print(f"the formats differ in {sorted(names[0] ^ names[1])}")
        wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
