"""The published JSON Schema of a saved plan's lines, made from the models."""

import json
from typing import Annotated

from pydantic import Field, TypeAdapter

from caseferry.planfile.shape import ActionLine, Header, Seal

_Line = Annotated[Header | ActionLine | Seal, Field(discriminator="line")]


def schema_text() -> str:
    """Give the schema of one line; `plan.schema.json` beside this file is it."""
    schema = TypeAdapter(_Line).json_schema()
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of a caseferry plan",
    } | schema
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"
