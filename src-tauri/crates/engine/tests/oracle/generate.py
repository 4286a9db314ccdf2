"""Random environment documents with identities, one JSON object a line; the same seed gives the same lines.

generate.py SEED DOCUMENTS [--identities N] [--patterns]: with `--patterns`, documents hold one regular expression
each, put together from pieces that are often wrong.
"""

import argparse
import json
import pathlib
import random
import sys
import uuid

VALUES = json.loads((pathlib.Path(__file__).parent.parent / "grid/values.json").read_text(encoding="utf-8"))
TRAITS = ["plan", "age", "email", "country", "beta", "version", "score", "$.odd", "$.identity.identifier"]
IDENTIFIERS = ["maya", "42", "007", "1.5", "-3", "user@example.com", "", "true", "é", "a,b"]
PATHS = [
    "$.identity.identifier", "$.identity.key", "$.identity.traits.plan", "$.identity['traits']['age']",
    "$.environment.name", "$.environment['key']", "$.identity", "$.identity.traits", "$.not a path", "$.odd",
    "$.identity.traits.missing", "$..identifier", "$.identity.traits.*", "$.segments.1.name", "$.features.flag_1.value",
    "$.features.flag_1.enabled", "$.features[?@.enabled == true].name", "$.identity.traits[?@ == 'pro']",
    "$.environment.name.more", "$.flags", "$.identity.traits['plan','age']", "$.features.flag_2.variants[0].weight",
]
FLAG_PATHS = [
    "$.flags.flag_{}.enabled", "$.flags.flag_{}.value", "$.flags.flag_{}.variant", "$.flags['flag_{}'].enabled",
    "$.flags.flag_{}", "$.flags.flag_{}.reason", "$.flags.flag_{}.name", "$.flags.flag_{}.value.more",
]
OPERANDS = {
    "EQUAL": ["pro", "free", "42", "1.5", "true", "maya", "Production", "2.0.0:semver", "flag_1", "DEFAULT"],
    "IN": ["pro,free", "42,43", "maya,007,-3,7", '["pro", 42, "maya"]', "true", "GB,FR"],
    "REGEX": ["^p", r"\d+", r".*@.*\.com$", "[a-m]", r"(?i)PRO$", r"\w+\b"],
    "MODULO": ["2|0", "3|1", "2.5|0.5", "-4|-1", "10|2"],
    "PERCENTAGE_SPLIT": ["10", "50", "99.9", "0", "100", "33.3"],
    "CONTAINS": ["r", "@", "a", "1", "rc.1:semver"],
}
OPERATORS = list(OPERANDS) * 3 + [
    "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_INCLUSIVE", "LESS_THAN", "LESS_THAN_INCLUSIVE", "NOT_CONTAINS",
    "IS_SET", "IS_NOT_SET",
] * 2
TRAIT_VALUES = ["pro", "free", "Pro", 42, 43, 1.5, True, False, None, "42", "maya", "GB", "2.0.0", "1.9.9", "2.1.0-rc.1",
                "user@example.com", "", 7, -3, 10, 0.1, "true", "1e3", 12, 99]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.spicy = self.random.random() < 0.2
        self.depends = self.random.random() < 0.4
        self.features = self.random.randint(2, 12) if self.random.random() < 0.9 else self.random.randint(13, 40)
        self.most_segments = self.random.choice([4, 8, 8, 12])
        # Where few priorities are to be had, many are equal.
        self.priorities = self.random.choice([[0, 1, 2, 3, 5, 1.5, -1], [1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2], [0]])

    def chance(self, share):
        return self.random.random() < share

    def flag_name(self):
        return f"flag_{self.random.randint(1, self.features + (1 if self.chance(0.1) else 0))}"

    def condition(self):
        operator = self.random.choice(OPERATORS)
        roll = self.random.random()
        if operator == "PERCENTAGE_SPLIT" and roll < 0.6:
            prop = self.random.choice(["", None])
        elif self.depends and roll < 0.3:
            prop = self.random.choice(FLAG_PATHS).format(self.random.randint(1, self.features + 1))
        elif roll < 0.45:
            prop = self.random.choice(PATHS)
        else:
            prop = self.random.choice(TRAITS + ["nobody has this"])
        operand = self.random.choice(OPERANDS.get(operator, OPERANDS["EQUAL"]))
        if self.spicy and self.chance(0.15):
            operand = self.random.choice(VALUES["conditions"])
        elif self.chance(0.1):
            safe = [value for value in VALUES["conditions"] if value and "|" not in value and "(" not in value]
            operand = self.random.choice(safe)
        if self.chance(0.02):
            operator = "WHATEVER"
        condition = {"operator": operator, "value": operand, "property_": prop}
        if prop is None and self.chance(0.5):
            del condition["property_"]
        return condition

    def rule(self, depth=0):
        kinds = ["ALL", "ALL", "ANY", "ANY", "NONE"] + (["XOR"] if self.spicy and self.chance(0.1) else [])
        rule = {
            "type": self.random.choice(kinds),
            "conditions": [self.condition() for _ in range(self.random.choice([0, 1, 1, 2, 3]))],
            "rules": [self.rule(depth + 1) for _ in range(self.random.choice([0, 0, 1, 2]) if depth < 3 else 0)],
        }
        for name in ("conditions", "rules"):
            if not rule[name] and self.chance(0.1):
                del rule[name]
        return rule

    def value(self):
        return self.random.choice(["text", "on", "", 1, 0, -5, -1, -2, 2.5, True, False, None, "1", "pro", "é🎉"])

    def variants(self):
        if self.chance(0.6):
            return []
        variants = []
        for index in range(self.random.randint(1, 4)):
            option = {"id": index, "value": self.value()}
            if self.chance(0.7):
                option["key"] = self.random.choice([None, f"variant_{index}", "7"])
            variants.append({
                "id": self.random.choice([None, 0, self.random.randint(1, 50), self.random.randint(1, 50)]),
                "mv_fs_value_uuid": str(uuid.UUID(int=self.random.getrandbits(128))),
                "percentage_allocation": self.random.choice([0, 0.0, 10.0, 20.5, 30, 33.3, 33.333, 50.0, 100.0]),
                "multivariate_feature_option": option,
            })
        return variants

    def state(self, name, segment=False):
        state = {
            "feature": {"id": int(name.split("_")[1]), "name": name, "type": "STANDARD"},
            "enabled": self.chance(0.5),
            "django_id": self.random.choice([None, 0, self.random.randint(1, 9999), self.random.randint(1, 9999)]),
            "featurestate_uuid": str(uuid.UUID(int=self.random.getrandbits(128))),
            "feature_state_value": self.value(),
            "multivariate_feature_state_values": self.variants(),
            "feature_segment": None,
        }
        if segment and self.chance(0.9):
            priority = self.random.choice(self.priorities)
            if self.spicy and self.chance(0.1) and int(name.split("_")[1]) <= self.features:
                priority = None
            state["feature_segment"] = {"priority": priority}
        return state

    def segment(self):
        return {
            "id": self.random.randint(1, 30),
            "name": self.random.choice(["beta", "staff", "uk", "everyone", "identity_overrides", "é"]),
            "rules": [self.rule() for _ in range(self.random.choice([0, 1, 1, 1, 2]))],
            "feature_states": [self.state(self.flag_name(), True) for _ in range(self.random.randint(0, 4))],
        }

    def identity_override(self):
        names = {self.flag_name() for _ in range(self.random.randint(0, 3))}
        features = [self.state(name) for name in sorted(names, reverse=True)]
        return {"identifier": self.random.choice(IDENTIFIERS), "identity_features": features}

    def document(self):
        return {
            "id": 1,
            "api_key": self.random.choice(["env_key", "123"]),
            "name": self.random.choice(["Production", None, "42"]),
            "feature_states": [
                self.state(f"flag_{index}")
                for index in self.random.sample(range(1, self.features + 1), self.features)
            ],
            "identity_overrides": [self.identity_override() for _ in range(self.random.choice([0, 0, 2, 5]))],
            "project": {"id": 1, "segments": [self.segment() for _ in range(self.random.randint(0, self.most_segments))]},
        }

    def identity(self):
        if self.chance(0.02):
            return None
        names = sorted(self.random.sample(TRAITS[:-1], self.random.randint(0, 6)))
        if self.chance(0.03):
            names = sorted(names + [TRAITS[-1]])
        pool = VALUES["traits"] if self.chance(0.2) else TRAIT_VALUES
        identity = {
            "identifier": self.random.choice(IDENTIFIERS),
            "traits": {name: self.random.choice(pool) for name in names},
        }
        if self.chance(0.3):
            identity["key"] = self.random.choice(["", "key_1", "99", str(self.random.random())])
        return identity


PIECES = [
    "a", "b", "é", "x", ".", "^", "$", r"\d", r"\w", r"\s", r"\b", r"\B", r"\A", r"\Z", r"\D", r"\W", r"\S", "[abc]",
    "[^a]", "[a-c-]", "[]x]", r"[\d\W]", r"[\w-]", "[z-a]", "[[a]", "[a&&b]", "(", ")", "(?:", "(?=", "(?!", "(?<=",
    "(?<!", "(?>", "(?P<n>", "(?P=n)", "(?(1)", "(?(n)", "|", "|", "*", "+", "?", "{2}", "{,3}", "{1,}", "{", "}", "{}",
    "{,}", "{3,1}", "*?", "+?", "*+", "++", "?+", r"\1", r"\2", r"\01", r"\x61", r"\x6", r"\u00e9", r"\101", r"\8",
    r"\q", r"\-", r"\.", r"\_", "(?i)", "(?i:", "(?-i:", "(?s:", "(?m:", "(?a:", "(?x: ", "(?#c)", "(?z)", "(?P", "#", " ",
    "\n", "\\", r"\n", "1", "\u0661", "_", "²", "A", "K", "ſ", "e\u0301", "(a)", "(b|é)", "(?i-i:", "[", "]",
]
TEXTS = ["", "a", "ab", "abc", "aab", "aabb", "é", "xé", "b\n", "a\nb", "AB", "a b", "x1", "\u0661", "²", "a-b", "_", "abab",
         "e\u0301", "a{2}", "\x1f", "\u212a", "ſ", "]x", "[a", "a&&b", "aA", "ba\n\n", "K k"]


def pattern_request(generator):
    pattern = "".join(generator.choice(PIECES) for _ in range(generator.randint(1, 7)))
    opened = pattern.count("(") - pattern.count(")")
    if opened > 0 and generator.random() < 0.8:
        pattern += ")" * opened
    condition = {"operator": "REGEX", "value": pattern, "property_": "text"}
    rules = [{"type": "ALL", "rules": [], "conditions": [condition]}]
    segment = {"id": 1, "name": "s", "rules": rules, "feature_states": []}
    document = {"api_key": "e", "name": "e", "feature_states": [], "project": {"segments": [segment]}}
    return {
        "document": document,
        "identities": [{"identifier": "i", "traits": {"text": text}} for text in generator.sample(TEXTS, 12)],
    }


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("documents", type=int)
    parser.add_argument("--identities", type=int, default=12)
    parser.add_argument("--patterns", action="store_true")
    arguments = parser.parse_args()
    for index in range(arguments.documents):
        name = f"{arguments.seed} {index}"
        if arguments.patterns:
            request = pattern_request(random.Random(name))
        else:
            maker = Maker(name)
            people = [maker.identity() for _ in range(arguments.identities)]
            request = {"document": maker.document(), "identities": people}
        print(json.dumps(request, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
