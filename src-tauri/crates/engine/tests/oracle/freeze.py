"""Writes the frozen answers of the reference: grid/verdicts.txt, corpus/corpus.jsonl and `expected` in cases/*.json.

freeze.py PYTHON_10_2 PYTHON_11_1, two interpreters that have the engines. Run it after changing the inputs, and look
at what changed.
"""

import json
import pathlib
import subprocess
import sys

TESTS = pathlib.Path(__file__).parent.parent
DIALECTS = dict(zip(["10.2", "11.1"], sys.argv[1:3]))


def run(dialect, *arguments, text=None):
    command = [DIALECTS[dialect], *map(str, arguments)]
    return subprocess.run(command, input=text, capture_output=True, check=True, encoding="utf-8").stdout


def ask(dialect, requests):
    text = "".join(json.dumps(request) + "\n" for request in requests)
    return [json.loads(line) for line in run(dialect, TESTS / "oracle/oracle.py", text=text).splitlines()]


def freeze_grid():
    grids = [run(dialect, TESTS / "oracle/oracle.py", "--grid", TESTS / "grid/values.json") for dialect in DIALECTS]
    assert grids[0] == grids[1], "the dialects disagree on the grid"
    (TESTS / "grid/verdicts.txt").write_text(grids[0], encoding="utf-8")


def compact(answers):
    """Every distinct flag result once, and per identity the positions of its results; null for an error."""
    results, identities = [], []
    for answer in answers:
        if "error" in answer:
            identities.append(None)
            continue
        flags = [[name, *flag] for name, flag in answer["flags"].items()]
        printed = [json.dumps(result) for result in results]
        for flag in flags:
            if json.dumps(flag) not in printed:
                results.append(flag)
                printed.append(json.dumps(flag))
        positions = [printed.index(json.dumps(flag)) for flag in flags]
        identities.append({"flags": positions, "segments": answer["segments"]})
    return {"results": results, "identities": identities}


def freeze_corpus():
    requests = []
    for options, count, longest in ((["--identities", 32], 400, 16_000), (["--patterns"], 400, 1500)):
        lines = run("10.2", TESTS / "oracle/generate.py", 2026, count, *options).splitlines()
        requests += [json.loads(line) for line in lines if len(line) < longest]
    answers = {dialect: ask(dialect, requests) for dialect in DIALECTS}
    lines, size, refused = [], 0, 0
    for index, request in enumerate(requests):
        entry = dict(request)
        frozen = {dialect: compact(answers[dialect][index]) for dialect in DIALECTS}
        if not any(frozen["10.2"]["identities"]):
            # Of documents where nothing but errors comes out a few are enough.
            refused += 1
            if refused > 15:
                continue
        is_pattern = len(request["identities"]) == 12
        if frozen["11.1"]["identities"] == frozen["10.2"]["identities"]:
            del frozen["11.1"]["identities"]
        line = json.dumps({**entry, **frozen}, ensure_ascii=False, separators=(",", ":")) + "\n"
        if size + len(line.encode()) > (1_600_000 if is_pattern else 1_450_000):
            continue
        size += len(line.encode())
        lines.append(line)
    (TESTS / "corpus/corpus.jsonl").write_text("".join(lines), encoding="utf-8")


def freeze_cases():
    paths = sorted((TESTS / "cases").glob("*.json"))
    cases = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    for dialect in DIALECTS:
        for case, answers in zip(cases, ask(dialect, cases)):
            case.setdefault("expected", {})[dialect] = answers
    for path, case in zip(paths, cases):
        path.write_text(pretty(case) + "\n", encoding="utf-8")


def pretty(value, depth=0):
    """JSON with short things on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + 2 * depth < 110 or not isinstance(value, (dict, list)):
        return line
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + pretty(item, depth + 1) for item in value) + f"\n{outer}]"
    fields = (f"{inner}{json.dumps(name)}: {pretty(item, depth + 1)}" for name, item in value.items())
    return "{\n" + ",\n".join(fields) + f"\n{outer}}}"


if __name__ == "__main__":
    freeze_grid()
    freeze_corpus()
    freeze_cases()
