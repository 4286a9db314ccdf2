"""The Python engine as a child process of the measurements.

Reads a JSON command a line and answers with a JSON line: {"load": {"document", "identities"}} reads and maps a document
file and a file of identities, {"evaluate": passes} evaluates all flags of every identity so often. Both answer in
seconds.
"""

import json
import sys
import time
import warnings

from flag_engine.engine import get_evaluation_result
from flagsmith.mappers import map_context_and_identity_data_to_context, map_environment_document_to_context

documents = {}


def load(name, files):
    with open(files["document"], encoding="utf-8") as file:
        text = file.read()
    with open(files["identities"], encoding="utf-8") as file:
        people = [json.loads(line) for line in file]
    started = time.perf_counter()
    context = map_environment_document_to_context(json.loads(text))
    seconds = time.perf_counter() - started
    documents[name] = (context, people)
    return {"seconds": seconds}


def evaluate(name, passes):
    context, people = documents[name]
    enabled = 0
    started = time.perf_counter()
    for _ in range(passes):
        for person in people:
            full = map_context_and_identity_data_to_context(context, person["identifier"], person["traits"])
            flags = get_evaluation_result(full)["flags"]
            enabled += sum(flag["enabled"] for flag in flags.values())
    return {"seconds": time.perf_counter() - started, "enabled": enabled}


def main():
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        command = json.loads(line)
        if "load" in command:
            answer = load(command["name"], command["load"])
        else:
            answer = evaluate(command["name"], command["evaluate"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
