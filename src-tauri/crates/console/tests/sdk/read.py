"""Reads flags with an official library, as an application would.

Takes one JSON object on standard input: library (flagsmith or edgeflags), url, key, local (Flagsmith: evaluate here),
flag, identifier, traits. Prints {"enabled": ..., "value": ...}.
"""

import json
import sys


def flagsmith(asked):
    from flagsmith import Flagsmith

    client = Flagsmith(
        environment_key=asked["key"],
        api_url=asked["url"],
        enable_local_evaluation=asked["local"],
    )
    if asked["local"]:
        client.update_environment()
    if asked["identifier"] is None:
        flags = client.get_environment_flags()
    else:
        flags = client.get_identity_flags(asked["identifier"], traits=asked["traits"])
    flag = flags.get_flag(asked["flag"])
    return {"enabled": flag.enabled, "value": flag.value}


def edgeflags(asked):
    from edgeflags import EdgeFlagsSync

    client = EdgeFlagsSync(asked["key"], asked["url"], context=asked["traits"])
    client.init()
    client.refresh()
    value = client.flag(asked["flag"])
    return {"enabled": None, "value": value}


def main():
    asked = json.load(sys.stdin)
    read = {"flagsmith": flagsmith, "edgeflags": edgeflags}[asked["library"]]
    print(json.dumps(read(asked)))
    sys.stdout.flush()
    # A library's polling thread must not keep this process.
    import os

    os._exit(0)


main()
