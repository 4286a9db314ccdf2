"""The reference engine's answers, for tests to compare with.

Reads one JSON object a line: {"document": ..., "identities": [{"identifier", "key"?, "traits"}, ...]}.
Writes one JSON list a line, with an answer per identity:
{"flags": {name: [enabled, value, reason, variant]}, "segments": [names]} or {"error": kind}.
An identity may be null: then nobody in particular is evaluated. A document that the SDK cannot map gives {"document_error": kind}.

With --grid FILE it writes one line per operator instead: its name and a character per cell, 1 for a match, 0 for
none, ! where the engine raises; condition values outside, trait values inside.
"""

import json
import sys
import warnings

from flag_engine.engine import get_evaluation_result
from flagsmith.mappers import map_context_and_identity_data_to_context, map_environment_document_to_context

OPERATORS = [
    "EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_INCLUSIVE", "LESS_THAN", "LESS_THAN_INCLUSIVE",
    "CONTAINS", "NOT_CONTAINS", "REGEX", "MODULO", "IN", "PERCENTAGE_SPLIT", "IS_SET", "IS_NOT_SET",
]


def answer(context, identity):
    try:
        if identity is None:
            full = context
        else:
            full = map_context_and_identity_data_to_context(context, identity["identifier"], identity.get("traits"))
        if identity and identity.get("key"):
            full["identity"]["key"] = identity["key"]
        result = get_evaluation_result(full)
    except (Exception, RecursionError) as error:
        return {"error": type(error).__name__}
    return {
        "flags": {
            name: [flag["enabled"], flag["value"], flag["reason"], flag["variant"]]
            for name, flag in result["flags"].items()
        },
        "segments": [
            segment["name"]
            for segment in result["segments"]
            if segment.get("metadata", {}).get("source") != "identity_overrides"
        ],
    }


def answers(request):
    try:
        context = map_environment_document_to_context(request["document"])
    except Exception as error:
        return {"document_error": type(error).__name__}
    return [answer(context, identity) for identity in request["identities"]]


def grid_document(operator, operand):
    condition = {"property_": "trait", "operator": operator, "value": operand}
    return {
        "api_key": "grid",
        "name": "Grid",
        "feature_states": [],
        "identity_overrides": [],
        "project": {
            "segments": [
                {
                    "id": 1,
                    "name": "cell",
                    "rules": [{"type": "ALL", "rules": [], "conditions": [condition]}],
                    "feature_states": [],
                }
            ]
        },
    }


def grid(path):
    with open(path, encoding="utf-8") as file:
        values = json.load(file)
    for operator in OPERATORS:
        cells = []
        for operand in values["conditions"]:
            identities = [{"identifier": "grid", "traits": {"trait": value}} for value in values["traits"]]
            for cell in answers({"document": grid_document(operator, operand), "identities": identities}):
                cells.append("!" if "error" in cell else "1" if cell["segments"] else "0")
        print(operator, "".join(cells))


def main():
    warnings.simplefilter("ignore")
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    if sys.argv[1:2] == ["--grid"]:
        grid(sys.argv[2])
        return
    for line in sys.stdin:
        print(json.dumps(answers(json.loads(line)), ensure_ascii=False, separators=(",", ":")), flush=True)


if __name__ == "__main__":
    main()
