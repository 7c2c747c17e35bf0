"""Score stories and their lineage against the truth: B-cubed, pairs, recall and false merges by kind, origins."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Line = Mapping[str, Any]
#: Kinds of pairs that are harder (`h_`) have a lower bar; copies run again after the window have none.
HARD, LATE = "h_", "reprint_late"
#: Kinds of pairs that are different stories, with the bar of their own.
LOOSE = {"roundup": (0.01, 0.0), "about_tail": (0.02, 0.01)}


class Row(NamedTuple):
    """A figure with what it must reach and what it aims at; `at_most`: less is better."""

    name: str
    value: float
    must: float
    aim: float
    at_most: bool = False

    @property
    def verdict(self) -> str:
        sign = -1 if self.at_most else 1
        if sign * (self.value - self.must) < 0:
            return "missed"
        return "aim" if sign * (self.value - self.aim) >= 0 else "must"


def rows(figures: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the rows of the table; of kinds of pairs the worst, and each that misses."""
    yield Row("B-cubed F1", figures["bcubed_f1"], 0.990, 0.995)
    yield Row("pair F1", figures["pair_f1"], 0.985, 0.992)
    apart = {kind: value for kind, value in figures["false_merges"].items() if kind not in LOOSE}
    yield Row(f"false merges, most ({_worst(apart, -1)})", max(apart.values(), default=0.0), 0.005, 0.0, at_most=True)
    for kind, (must, aim) in LOOSE.items():
        yield Row(f"false merges, {kind}", figures["false_merges"].get(kind, 0.0), must, aim, at_most=True)
    easy = {kind: value for kind, value in figures["recall"].items() if not kind.startswith(HARD) and kind != LATE}
    hard = {kind: value for kind, value in figures["recall"].items() if kind.startswith(HARD)}
    for kind, value in easy.items():
        if value < 0.95:
            yield Row(f"recall, {kind}", value, 0.95, 0.97)
    yield Row(f"recall, least ({_worst(easy)})", min(easy.values(), default=1.0), 0.95, 0.97)
    yield Row(f"recall of hard kinds, least ({_worst(hard)})", min(hard.values(), default=1.0), 0.88, 0.95)
    yield Row("recall, reprints after the window", figures["recall"].get(LATE, 1.0), 0.0, 0.95)
    yield Row("versions together", figures["versions"], 1.0, 1.0)
    yield Row("largest story", figures["largest"], 15, 15, at_most=True)
    yield Row("origin", figures["origin"], 0.96, 0.98)
    yield Row("no origin where none is here", figures["origin_absent"], 0.95, 0.98)
    yield Row("edges to origins, F1", figures["edges_f1"], 0.95, 0.97)
    yield Row("first carrier", figures["first"], 0.93, 0.95)
    yield Row("via", figures["via"], 0.70, 0.80)


def _worst(kinds: Mapping[str, float], sign: int = 1) -> str:
    return min(kinds, key=lambda kind: sign * kinds[kind], default="none")


def score(truth: Sequence[Line], pairs: Sequence[Line], predicted: Mapping[str, Line]) -> dict[str, Any]:
    """Return the figures.  A record counts once, by its last version; a document without a line is alone."""
    cluster = {one["id"]: predicted.get(one["id"], {}).get("cluster", one["id"]) for one in truth}
    last = {one["record"]: one for one in truth}.values()
    both = Counter((one["story"], cluster[one["id"]]) for one in last)
    in_story, in_cluster = Counter(one["story"] for one in last), Counter(cluster[one["id"]] for one in last)
    precision = sum(count * count / in_cluster[found] for (_, found), count in both.items()) / len(last)
    recall = sum(count * count / in_story[story] for (story, _), count in both.items()) / len(last)
    hits, said, true = _twos(both), _twos(in_cluster), _twos(in_story)
    kinds: dict[bool, dict[str, list[bool]]] = {True: defaultdict(list), False: defaultdict(list)}
    for pair in pairs:
        kinds[pair["same"]][pair["kind"]].append(cluster[pair["a"]] == cluster[pair["b"]])
    versions = [value for kind in ("version", "version_real") for value in kinds[True][kind]]
    return {
        "bcubed_p": precision,
        "bcubed_r": recall,
        "bcubed_f1": _f1(precision, recall),
        "pair_f1": _f1(hits / said if said else 1.0, hits / true if true else 1.0),
        "recall": {kind: _mean(values) for kind, values in sorted(kinds[True].items())},
        "false_merges": {kind: _mean(values) for kind, values in sorted(kinds[False].items())},
        "versions": _mean(versions),
        "largest": max(in_cluster.values()),
        **_lineage(truth, predicted),
    }


def _lineage(truth: Sequence[Line], predicted: Mapping[str, Line]) -> dict[str, float]:
    """Return the figures of lineage; origins count by record, so that any version of the right one will do."""
    record = {one["id"]: one["record"] for one in truth}
    with_origin = {one["story"] for one in truth if one["role"] == "origin"}
    right, absent, edges, all_edges = [], [], Counter[bool](), 0
    for one in truth:
        if one["role"] == "single":
            continue
        line = predicted.get(one["id"], {}).get("origin")
        said = {record[found] for found in (line if isinstance(line, list) else [line] if line else [])}
        said -= {one["record"]}
        true = {record[found] for found in one["origins"]} - {one["record"]}
        if one["role"] == "origin" or true:
            right.append(said <= true and bool(said) == bool(true))
        elif one["story"] not in with_origin:
            absent.append(not said)
        edges.update(found in true for found in said)
        all_edges += len(true)
    first = [
        record.get(predicted.get(one["id"], {}).get("first")) == record[one["first_carrier"]]
        for one in truth
        if one["first_carrier"] and one["role"] != "single"
    ]
    via = [predicted.get(one["id"], {}).get("via") == one["via"] for one in truth if one["via"]]
    precision = edges[True] / max(1, edges.total())
    return {
        "origin": _mean(right),
        "origin_absent": _mean(absent),
        "edges_f1": _f1(precision, edges[True] / max(1, all_edges)),
        "first": _mean(first),
        "via": _mean(via),
    }


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 1.0


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _twos(counts: Counter[Any]) -> int:
    return sum(count * (count - 1) // 2 for count in counts.values())
