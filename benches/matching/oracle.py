#!/usr/bin/env python3
"""Judge by a slow and obvious method which findings of real commits are new, and compare the gate with it.

    benches/matching/oracle.py --mergegate target/release/mergegate --pairs 60 REPOSITORY.git …

Both versions of every file that a commit touches are scanned (`mergegate scan`). Then each definition is laid
beside its other version, token by token (`difflib`), and findings that stand on the same token are the same. It
shares no code with the gate but the scanner, reads Python with Python's own `ast` and `tokenize`, and finds renames
with git. Every finding on which the two differ is printed.

Files that this Python cannot parse are left out on both sides.
"""

import argparse
import ast
import collections
import difflib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import tokenize

POLICY = """\
version: 1
extends: []
rules:
  - select: { severity: info }
    action: warn
  - select: [assert]
    action: off
suppressions: { markers: [] }
limits: { file-size: 64 MiB }
"""

SEVERITIES = ["info", "low", "medium", "high", "critical"]
CONFIDENCES = ["low", "medium", "high"]


def run(*command, cwd=None, codes=(0,)):
    result = subprocess.run(command, cwd=cwd, capture_output=True)
    if result.returncode not in codes:
        raise RuntimeError(f"{command}: {result.stderr.decode(errors='replace')}")
    return result.stdout


# ---- Findings -------------------------------------------------------------------------------------------------


class Finding:
    """A finding as the scanner reports it, with where it stands among the tokens of its file."""

    def __init__(self, raw):
        self.check = raw["check"]
        self.path = raw["path"]["display"].removeprefix("./")
        start = raw["region"]["start"]
        self.line, self.column = start["line"], start["column"]
        end = raw["region"]["end"]
        self.end = (end["line"], end["column"] - 1)
        self.statement = (raw["statement"]["start"]["line"], raw["statement"]["end"]["line"])
        self.rank = (SEVERITIES.index(raw["severity"]), CONFIDENCES.index(raw["confidence"]))
        self.raw = raw
        self.partner = None
        self.edited = False

    @property
    def place(self):
        return (self.path, self.line, self.column, self.check)

    def __repr__(self):
        return f"{self.path}:{self.line}:{self.column} {self.check}"


def scan(mergegate, policy, tree):
    output = run(mergegate, "scan", "--policy", policy, "--format", "json", "--verbose", ".", cwd=tree, codes=(0, 1))
    return [Finding(raw) for raw in json.loads(output)["findings"]]


# ---- Code -----------------------------------------------------------------------------------------------------


class Unit:
    """A definition, or what of a module is in none: its own tokens."""

    def __init__(self, path, name):
        self.path, self.name = path, name
        self.tokens, self.places = [], []
        self.findings = []
        self.other = None


class Module:
    def __init__(self, path, text):
        self.path = path
        self.units = {}
        self.findings = []
        self.lines = text.split("\n")
        owners = self.owners(ast.parse(text))
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            spelled = spelling(token)
            if spelled is None:
                continue
            unit = self.unit(self.owner(owners, token.start[0]))
            unit.tokens.append(spelled)
            unit.places.append(token.start)

    def unit(self, name):
        return self.units.setdefault(name, Unit(self.path, name))

    @staticmethod
    def owners(tree):
        """The lines of each definition with its name, outer ones first."""
        found = []
        seen = collections.Counter()

        def visit(node, prefix):
            for child in ast.iter_child_nodes(node):
                name = prefix
                if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    name = f"{prefix}.{child.name}" if prefix else child.name
                    seen[name] += 1
                    if seen[name] > 1:
                        name += f"#{seen[name]}"
                    first = min([child.lineno] + [it.lineno for it in child.decorator_list])
                    found.append((first, child.end_lineno, name))
                visit(child, name)

        visit(tree, "")
        return found

    @staticmethod
    def owner(owners, line):
        inside = [name for first, last, name in owners if first <= line <= last]
        return inside[-1] if inside else ""

    def add(self, finding):
        """Puts a finding on its token."""
        self.findings.append(finding)
        place = (finding.line, finding.column - 1)
        for unit in self.units.values():
            if place in unit.places:
                finding.unit, finding.token = unit, unit.places.index(place)
                unit.findings.append(finding)
                return
        # In a comment, or inside a string of many tokens: it belongs to the token before it.
        best = max(
            ((token, unit.places.index(token), unit) for unit in self.units.values() for token in unit.places if token <= place),
            default=None,
            key=lambda it: it[0],
        )
        if best is None:
            finding.unit, finding.token = self.unit(""), -1
        else:
            _, finding.token, finding.unit = best
        finding.unit.findings.append(finding)


def spelling(token):
    """A token without what only layout makes different."""
    layout = (
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
    )
    if token.type in layout:
        return None
    if token.type == tokenize.STRING:
        try:
            return repr(ast.literal_eval(token.string))
        except (ValueError, SyntaxError):
            return token.string.replace("'", '"')
    return token.string


def statement_tokens(module, finding):
    first, last = finding.statement
    return [
        (line, spelled)
        for unit in module.units.values()
        for (line, _), spelled in zip(unit.places, unit.tokens)
        if first <= line <= last
    ]


def call_tokens(finding):
    """The tokens that the finding marks, with the bracket that opens behind them, or with what is assigned to them."""
    tokens, depth, assigned = [], 0, False
    unit = finding.unit
    for place, token in list(zip(unit.places, unit.tokens))[max(finding.token, 0):]:
        is_marked = place < finding.end
        assigned = assigned or (not is_marked and depth == 0 and token == "=")
        if assigned and place[0] > finding.statement[1]:
            break
        if not is_marked and not assigned and depth == 0 and token not in ("(", "["):
            break
        tokens.append(token)
        if token in ("(", "[", "{"):
            depth += 1
        if token in (")", "]", "}"):
            depth -= 1
            if depth <= 0 and not is_marked and not assigned:
                break
        if len(tokens) > 400:
            break
    return [token for i, token in enumerate(tokens) if not (token == "," and tokens[i + 1:i + 2] in ([")"], ["]"], ["}"]))]


# ---- Matching ---------------------------------------------------------------------------------------------------


def similarity(one, other):
    if not one or not other:
        return 0.0
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if matcher.quick_ratio() < 0.5:
        return 0.0
    return matcher.ratio()


def lay_side_by_side(old, new, renames):
    """Finds the other version of each unit: by its name, else the most similar one of those left over."""
    by_name = {(unit.path, unit.name): unit for module in new.values() for unit in module.units.values()}
    for module in old.values():
        for unit in module.units.values():
            other = by_name.get((renames.get(unit.path, unit.path), unit.name))
            if other is not None and other.other is None:
                unit.other, other.other = other, unit
    lonely_old = [u for m in old.values() for u in m.units.values() if u.other is None and u.findings]
    lonely_new = [u for m in new.values() for u in m.units.values() if u.other is None and u.findings]
    candidates = []
    for one in lonely_old:
        for other in lonely_new:
            likeness = similarity(one.tokens, other.tokens)
            if likeness >= 0.5:
                candidates.append((likeness, one.name == other.name, id(one), one, other))
    candidates.sort(key=lambda it: it[:3], reverse=True)
    for _, _, _, one, other in candidates:
        if one.other is None and other.other is None:
            one.other, other.other = other, one


def pair(old, new, edited):
    old.partner, new.partner = new, old
    old.edited = new.edited = edited


def match(old_modules, new_modules, renames):
    lay_side_by_side(old_modules, new_modules, renames)
    units = [unit for module in old_modules.values() for unit in module.units.values() if unit.other]
    blocks = {}
    for unit in units:
        matcher = difflib.SequenceMatcher(None, unit.tokens, unit.other.tokens, autojunk=False)
        blocks[unit] = matcher.get_opcodes()
    # The same token with the same check.
    for unit in units:
        places = {}
        for kind, i1, i2, j1, _ in blocks[unit]:
            if kind == "equal":
                places.update((i, j1 + i - i1) for i in range(i1, i2))
        for finding in unit.findings:
            for candidate in unit.other.findings:
                same = candidate.partner is None and candidate.check == finding.check
                if same and places.get(finding.token) == candidate.token:
                    pair(finding, candidate, call_tokens(finding) != call_tokens(candidate))
                    break
    # The same call somewhere else: in the definition, in the file, in another file in the same definition.
    def moved(where):
        for module in new_modules.values():
            for candidate in module.findings:
                if candidate.partner is not None:
                    continue
                for other in old_modules.values():
                    for finding in other.findings:
                        if (
                            finding.partner is None
                            and candidate.partner is None
                            and finding.check == candidate.check
                            and where(finding, candidate)
                            and is_replaced(finding, candidate, blocks)
                            and call_tokens(finding) == call_tokens(candidate)
                        ):
                            pair(finding, candidate, False)
    moved(lambda old, new: old.unit.other is new.unit)
    moved(lambda old, new: renames.get(old.path, old.path) == new.path)
    moved(lambda old, new: old.unit.other is new.unit or similarity(old.unit.tokens, new.unit.tokens) >= 0.5)
    # An edited call: in one block of tokens that replaces another, or much alike in one definition.
    for unit in units:
        for kind, i1, i2, j1, j2 in blocks[unit]:
            if kind != "replace":
                continue
            for finding in unit.findings:
                for candidate in unit.other.findings:
                    if (
                        finding.partner is None
                        and candidate.partner is None
                        and finding.check == candidate.check
                        and i1 <= finding.token < i2
                        and j1 <= candidate.token < j2
                    ):
                        pair(finding, candidate, True)
        alike = []
        for finding in unit.findings:
            for candidate in unit.other.findings:
                if finding.partner is None and candidate.partner is None and finding.check == candidate.check:
                    likeness = similarity(call_tokens(finding), call_tokens(candidate))
                    if likeness >= 0.5 and unit.name and is_replaced(finding, candidate, blocks):
                        alike.append((likeness, -candidate.token, finding, candidate))
        for _, _, finding, candidate in sorted(alike, key=lambda it: it[:2], reverse=True):
            if finding.partner is None and candidate.partner is None:
                pair(finding, candidate, True)


def is_replaced(old, new, blocks):
    """Whether neither stands on a token that both versions have: that one would have been a finding too."""
    def is_kept(finding, unit, first, second):
        return unit in blocks and any(
            kind == "equal" and bounds[first] <= finding.token < bounds[second]
            for kind, *bounds in blocks[unit]
        )
    return not is_kept(old, old.unit, 0, 1) and not is_kept(new, new.unit.other, 2, 3)


def verdict(finding):
    old = finding.partner
    if old is None:
        return "new"
    if finding.rank[0] > old.rank[0] or finding.rank[1] > old.rank[1]:
        return "risen"
    return "updated" if finding.edited else "unchanged"


# ---- What other methods would say -------------------------------------------------------------------------------


def surplus(old, new, key):
    """The new findings of a multiset."""
    left = collections.Counter(key(it) for it in old)
    result = set()
    for finding in new:
        if left[key(finding)] > 0:
            left[key(finding)] -= 1
        else:
            result.add(finding.place)
    return result


def other_methods(old, new, renames, changed_lines):
    def path(finding):
        return renames.get(finding.path, finding.path)

    def text(finding):
        return finding.snippet

    def tree(finding):
        return tuple(call_tokens(finding))

    seen = {(path(it), it.check, text(it)) for it in old}
    return {
        "findings on changed lines": {it.place for it in new if it.line in changed_lines.get(it.path, ())},
        "bandit-baseline (set of file, check, text)": {
            it.place for it in new if (it.path, it.check, text(it)) not in seen
        },
        "multiset of file, check": surplus(old, new, lambda it: (path(it), it.check)),
        "multiset of file, check, snippet": surplus(old, new, lambda it: (path(it), it.check, text(it))),
        "multiset of file, check, syntax": surplus(old, new, lambda it: (path(it), it.check, tree(it))),
        "multiset of check, syntax over the change": surplus(old, new, lambda it: (it.check, tree(it))),
    }


# ---- Commits ----------------------------------------------------------------------------------------------------


def commits(git, count, seed):
    log = run("git", "--git-dir", git, "log", "--first-parent", "--since=2015-01-01", "--format=%H %P", "--", "*.py")
    pairs = [line.split() for line in log.decode().splitlines()]
    pairs = [(line[1], line[0]) for line in pairs if len(line) > 1]
    random.Random(seed).shuffle(pairs)
    return pairs


def changes(git, base, head):
    """The Python files that differ, and which path was which."""
    raw = run("git", "--git-dir", git, "diff", "-M", "--name-status", "-z", base, head).decode(errors="surrogateescape")
    fields = iter(raw.split("\0"))
    old, new, renames = set(), set(), {}
    for status in fields:
        if not status:
            break
        path = next(fields)
        to = next(fields) if status[0] in "RC" else path
        if status[0] not in "AC":
            old.add(path)
        if status[0] != "D":
            new.add(to)
        if status[0] == "R":
            renames[path] = to
    python = lambda paths: {path for path in paths if path.endswith((".py", ".pyi", ".pyw"))}
    return python(old), python(new), renames


def changed_lines(git, base, head):
    diff = run("git", "--git-dir", git, "diff", "-M", "-U0", base, head, "--", "*.py").decode(errors="replace")
    lines, path = {}, None
    for line in diff.splitlines():
        if line.startswith("+++ "):
            path = line[6:]
        elif line.startswith("@@"):
            start, _, count = line.split()[2][1:].partition(",")
            lines.setdefault(path, set()).update(range(int(start), int(start) + int(count or 1)))
    return lines


class Unreadable(Exception):
    pass


def modules(git, commit, paths):
    result = {}
    for path in paths:
        data = run("git", "--git-dir", git, "show", f"{commit}:{path}")
        try:
            text = io.TextIOWrapper(io.BytesIO(data), encoding=tokenize.detect_encoding(io.BytesIO(data).readline)[0]).read()
            result[path] = Module(path, text)
        except (SyntaxError, ValueError, tokenize.TokenError, RecursionError, LookupError):
            raise Unreadable(path)
    return result


def write_tree(git, commit, paths, folder):
    """The files in question on disk: what is found in a file does not depend on others."""
    for path in paths:
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(run("git", "--git-dir", git, "show", f"{commit}:{path}"))


def judge(arguments, git, base, head, folder):
    old_paths, new_paths, renames = changes(git, base, head)
    if not old_paths and not new_paths:
        return None
    findings = []
    for commit, side, paths in ((base, "old", old_paths), (head, "new", new_paths)):
        tree = os.path.join(folder, side)
        os.makedirs(tree)
        write_tree(git, commit, paths, tree)
        findings.append(scan(arguments.mergegate, arguments.policy, tree))
    old = [it for it in findings[0] if it.path in old_paths]
    new = [it for it in findings[1] if it.path in new_paths]
    if not new:
        return None
    old_modules = modules(git, base, {it.path for it in old} | (old_paths & {it.path for it in new}))
    new_modules = modules(git, head, {it.path for it in new} | (new_paths & {renames.get(it.path, it.path) for it in old}))
    for sides, these in ((old_modules, old), (new_modules, new)):
        for finding in these:
            module = sides[finding.path]
            module.add(finding)
            first, last = finding.statement
            finding.snippet = "\n".join(line.strip() for line in module.lines[first - 1:last])
    match(old_modules, new_modules, renames)
    gate = json.loads(
        run(
            arguments.mergegate, "check", "--repo", git, "--policy", arguments.policy, "--base", base, "--head", head,
            "--format", "json", "--verbose", codes=(0, 1),
        )
    )
    return old, new, gate["findings"], other_methods(old, new, renames, changed_lines(git, base, head))


def gate_says(raw):
    state = raw["state"]
    return "risen" if state.get("risen") else state["kind"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mergegate", required=True)
    parser.add_argument("--pairs", type=int, default=60, help="how many commits of each repository")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commit", help="only this one")
    parser.add_argument("repositories", nargs="+")
    arguments = parser.parse_args()
    arguments.mergegate = os.path.abspath(arguments.mergegate)
    table = collections.defaultdict(lambda: [0, 0, 0])
    totals = collections.Counter()
    with tempfile.TemporaryDirectory() as temporary:
        arguments.policy = os.path.join(temporary, "policy.yml")
        with open(arguments.policy, "w") as file:
            file.write(POLICY)
        for git in arguments.repositories:
            git, judged = os.path.abspath(git), 0
            pairs = commits(git, arguments.pairs, arguments.seed)
            if arguments.commit:
                pairs = [pair for pair in pairs if pair[1].startswith(arguments.commit)]
            for base, head in pairs:
                if judged >= arguments.pairs:
                    break
                with tempfile.TemporaryDirectory() as folder:
                    try:
                        result = judge(arguments, git, base, head, folder)
                    except Unreadable:
                        totals["left out: Python cannot parse a file"] += 1
                        continue
                if result is None:
                    continue
                judged += 1
                report(git, base, head, result, table, totals)
            print(f"# {git}: {judged} commits", file=sys.stderr, flush=True)
    print()
    for name, count in sorted(totals.items()):
        print(f"{name}: {count}")
    print("\n| how \"new\" is decided | new missed | old called new | commits wrong |\n|---|---|---|---|")
    for name, (missed, false, wrong) in table.items():
        print(f"| {name} | {missed} | {false} | {wrong} |")


def report(git, base, head, result, table, totals):
    old, new, gate, methods = result
    truth = {it.place: verdict(it) for it in new}
    said = {}
    for raw in gate:
        finding = Finding(raw)
        said[finding.place] = gate_says(raw)
    totals["commits"] += 1
    totals["findings on the head side"] += len(new)
    truly_new = {place for place, word in truth.items() if word in ("new", "risen")}
    totals["truly new findings"] += len(truly_new)
    methods["mergegate"] = {place for place, word in said.items() if word in ("new", "risen")}
    for name, called in methods.items():
        missed, false = len(truly_new - called), len(called - truly_new)
        row = table[name]
        row[0] += missed
        row[1] += false
        row[2] += bool(missed or false)
    name = os.path.basename(os.path.dirname(git)) or git
    for place in sorted(set(truth) | set(said)):
        one, other = truth.get(place, "none"), said.get(place, "none")
        if one != other:
            kind = "differ on new" if (one in ("new", "risen")) != (other in ("new", "risen")) else "differ otherwise"
            totals[kind] += 1
            path, line, column, check = place
            print(f"{kind}: {name} {head[:10]} {path}:{line}:{column} {check}: oracle {one}, gate {other}", flush=True)


if __name__ == "__main__":
    main()
