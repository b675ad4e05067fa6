#!/usr/bin/env python3
"""Compares mergegate with bandit, ruff's `S` rules and Python Code Audit on the files that these tools test themselves with.

Usage: agree.py MERGEGATE [--bandit COMMAND FOLDER] [--ruff COMMAND FOLDER] [--codeaudit COMMAND FOLDER] [--list]

COMMAND starts the tool, and FOLDER holds its files:

    bandit      `examples/` of its source distribution
    ruff        `crates/ruff_linter/resources/test/fixtures/flake8_bandit/` of its repository
    codeaudit   `tests/validationfiles/` of its source distribution

`pip download --no-deps --no-binary NAME NAME` fetches a source distribution. Every finding of a tool must be one of
mergegate, too, by a check that has the tool's id among its names, on a line of the statement; or
`differences.tsv` beside this script says why it is none. A line of that file that explains nothing is an error.
"""

import argparse
import collections
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent

POLICY = """\
version: 1
extends: []
rules:
  - select: { severity: info }
    action: warn
"""


def run(command, *arguments):
    """What a command prints; scanners end with a status of their own when they find something."""
    done = subprocess.run([*command.split(), *arguments], stdout=subprocess.PIPE, text=True)
    start = min(at for at in (done.stdout.find("{"), done.stdout.find("[")) if at >= 0)
    return json.loads(done.stdout[start:])


def of_bandit(command, folder):
    for result in run(command, "--ignore-nosec", "-q", "-f", "json", "-r", str(folder))["results"]:
        lines = result["line_range"]
        yield result["filename"], result["line_number"], min(lines), max(lines), result["test_id"]


def of_ruff(command, folder):
    options = "check --isolated --no-cache --preview --select S --ignore-noqa --output-format json".split()
    for result in run(command, *options, str(folder)):
        start, end = result["location"]["row"], result["end_location"]["row"]
        if result["code"].startswith("S"):
            yield result["filename"], start, start, end, result["code"]


def of_codeaudit(command, folder):
    # It prints complaints about files that it cannot parse in front of the report, and these hold brackets of their own.
    done = subprocess.run(
        [*command.split(), "cimode", str(folder), "--output", "json", "--nosec", "False"], stdout=subprocess.PIPE, text=True
    )
    report = json.loads(done.stdout[done.stdout.index("\n{") if not done.stdout.startswith("{") else 0 :])
    for file in report["files_data"]:
        for result in file["findings"]:
            yield file["file_location"], result["line"], result["line"], result["line"], result["weakness"]


TOOLS = {"bandit": of_bandit, "ruff": of_ruff, "codeaudit": of_codeaudit}


def of_mergegate(mergegate, folder):
    """The checks that fire, by path and by every line of the statement, and the files it could not analyse."""
    with tempfile.TemporaryDirectory() as temporary:
        policy, report = pathlib.Path(temporary, "policy.yml"), pathlib.Path(temporary, "report.json")
        policy.write_text(POLICY)
        command = [mergegate, "scan", str(folder), "--policy", str(policy), "--output", f"json={report}"]
        subprocess.run(command, stdout=subprocess.DEVNULL)
        report = json.loads(report.read_text())
    found = collections.defaultdict(set)
    for result in report["findings"]:
        path = pathlib.Path(result["path"]["display"]).resolve()
        for place in (result["region"], result["statement"]):
            for line in range(place["start"]["line"], min(place["end"]["line"], place["start"]["line"] + 200) + 1):
                found[path, line].add(result["check"])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mergegate")
    for tool in TOOLS:
        parser.add_argument(f"--{tool}", nargs=2, metavar=("COMMAND", "FOLDER"))
    parser.add_argument("--list", action="store_true", help="print every finding and what became of it")
    arguments = parser.parse_args()

    checks = json.loads(subprocess.run([arguments.mergegate, "checks", "--format", "json"], stdout=subprocess.PIPE).stdout)
    named = collections.defaultdict(set)
    for check in checks:
        for alias in check["aliases"]:
            named[alias.split("(")[0].lower()].add(check["id"])
    with open(HERE / "differences.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    reasons = {(row["tool"], row["file"], row["line"], row["rule"]): row["reason"] for row in rows}

    unexplained, used, table = [], set(), []
    for tool, findings in TOOLS.items():
        if not getattr(arguments, tool):
            continue
        command, folder = getattr(arguments, tool)
        folder = pathlib.Path(folder).resolve()
        found = of_mergegate(arguments.mergegate, folder)
        tally = collections.Counter()
        for path, at, start, end, rule in sorted(set(findings(command, folder))):
            path = pathlib.Path(path).resolve()
            name = path.relative_to(folder).as_posix()
            wanted = named[f"{tool}:{rule}".lower()]
            reported = set().union(*(found[path, line] for line in range(start, end + 1)))
            keys = [(tool, name, line, rule) for line in (str(at), "*")] + [(tool, "*", "*", rule)]
            key = next((key for key in keys if key in reasons), None)
            if reported & wanted:
                what = "agreed"
            elif key:
                what = "explained"
                used.add(key)
            else:
                what = "unexplained"
                unexplained.append((tool, name, at, rule, ", ".join(sorted(reported)) or "nothing"))
            tally[what] += 1
            if arguments.list:
                print(tool, f"{name}:{at}", rule, what, sep="\t")
        table.append((tool, sum(tally.values()), tally["agreed"], tally["explained"], tally["unexplained"]))

    print(f"{'tool':10} {'findings':>8} {'agreed':>8} {'explained':>10} {'unexplained':>12}")
    for row in table:
        print("{:10} {:8} {:8} {:10} {:12}".format(*row))
    for tool, name, line, rule, reported in unexplained:
        print(f"unexplained: {tool} reports {rule} at {name}:{line}, mergegate reports {reported} there")
    stale = [key for key in reasons if getattr(arguments, key[0]) and key not in used]
    for key in stale:
        print("explains nothing:", *key)
    if not unexplained:
        print("unexplained differences: none")
    sys.exit(1 if unexplained or stale else 0)


if __name__ == "__main__":
    main()
