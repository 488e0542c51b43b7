"""The metrics in Prometheus' text format, for a node exporter."""

from collections.abc import Iterable, Mapping
from typing import Final

from caseferry.model.times import parse_time
from caseferry.report.run_facts import RunFacts

Samples = Iterable[tuple[Mapping[str, str], float]]
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def metrics_text(facts: RunFacts) -> str:
    """Give all metrics; what is not known yet is left out."""
    lines: list[str] = []
    for name, kind, text, samples in _metrics(facts):
        found = [_sample(name, labels, value) for labels, value in samples]
        if found:
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}", *found]
    return "".join(f"{line}\n" for line in lines)


def _metrics(facts: RunFacts) -> Iterable[tuple[str, str, str, Samples]]:
    # 0 rather than nothing: an alarm on its age rings before the first success too.
    success = parse_time(facts.last_success).timestamp() if facts.last_success else 0
    yield (
        "caseferry_last_success_timestamp_seconds",
        "gauge",
        "When the last run ended that went through (exit code 0, 3 or 4); 0 is never.",
        [({}, success)],
    )
    yield (
        "caseferry_run_duration_seconds",
        "gauge",
        "How long the last run took.",
        [({}, facts.duration_s)],
    )
    yield (
        "caseferry_requests_total",
        "counter",
        "Requests by what became of them: ok, or the code of an error.",
        [
            ({"system": name, "outcome": outcome}, count)
            for name, system in sorted(facts.systems.items())
            for outcome, count in sorted(system.requests.items())
        ],
    )
    yield (
        "caseferry_rate_limit_wait_seconds_total",
        "counter",
        "Time spent waiting for a limit, summed over workers.",
        [({"system": n}, s.limit_wait_s) for n, s in sorted(facts.systems.items())],
    )
    yield from _standing(facts)
    yield (
        "caseferry_watermark_age_seconds",
        "gauge",
        "Age of the oldest watermark; it grows while nobody changes anything.",
        [
            ({"system": name}, system.watermark_age_s)
            for name, system in sorted(facts.systems.items())
            if system.watermark_age_s is not None
        ],
    )


def _standing(facts: RunFacts) -> Iterable[tuple[str, str, str, Samples]]:
    for name, text, count in (
        ("in_doubt", "Writes whose outcome is not known yet.", facts.in_doubt),
        ("uncertain", "Writes that a person has to settle.", facts.uncertain),
        ("quarantined", "Records that are held back.", facts.quarantined),
        ("conflicts", "Conflicts that wait for a decision.", facts.conflicts),
    ):
        yield f"caseferry_{name}", "gauge", text, [({}, count)]


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    pairs = ",".join(f'{k}="{v.translate(_ESCAPES)}"' for k, v in labels.items())
    whole = int(value) if value == int(value) else round(value, 3)
    return f"{name}{{{pairs}}} {whole}" if pairs else f"{name} {whole}"
