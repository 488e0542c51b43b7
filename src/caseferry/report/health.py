"""The health file: one JSON document that a monitor looks at."""

import json
from dataclasses import asdict

from caseferry.report.run_facts import RunFacts

SCHEMA = "caseferry/1"


def health_text(facts: RunFacts) -> str:
    """Give the document on one line, with its newline."""
    shown = asdict(facts)
    shown["watermark_age_s"] = {
        name: system.watermark_age_s for name, system in facts.systems.items()
    }
    del shown["systems"]  # counts of requests are for the metrics
    return json.dumps({"schema": SCHEMA} | shown) + "\n"
