#!/usr/bin/env python3
"""Scores mergegate on OWASP's BenchmarkPython.

Usage: score.py MERGEGATE BENCHMARK_FOLDER

Runs `mergegate scan` with every check on and `min-confidence: medium`, and prints for each category the rate of
true positives, the rate of false positives and their difference (the score of OWASP's own scorecards). A test
counts as reported when it has a finding whose check has the category's CWE.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

# The CWEs that count for a category: its own in the expected results, and the more exact ones below it.
CWES = {
    "cmdi": {78}, "codeinj": {94, 95}, "deserialization": {502}, "hash": {328, 327, 916}, "ldapi": {90},
    "pathtraver": {22}, "redirect": {601}, "securecookie": {614, 1004}, "sqli": {89}, "trustbound": {501},
    "weakrand": {330, 338}, "xpathi": {643}, "xss": {79, 80}, "xxe": {611},
}

POLICY = """\
version: 1
extends: []
rules:
  - select: { severity: low }
    action: warn
report: { min-confidence: medium }
"""


def main():
    mergegate, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    (expected_file,) = folder.glob("expectedresults-*.csv")
    with open(expected_file, newline="") as file:
        expected = {row[0]: (row[1], row[2] == "true") for row in csv.reader(file) if not row[0].startswith("#")}
    with tempfile.TemporaryDirectory() as temporary:
        policy = pathlib.Path(temporary, "policy.yml")
        policy.write_text(POLICY)
        report = pathlib.Path(temporary, "report.json")
        command = [mergegate, "scan", str(folder / "testcode"), "--policy", str(policy), "--output", f"json={report}"]
        subprocess.run(command, stdout=subprocess.DEVNULL)
        found = {}
        for result in json.loads(report.read_text())["findings"]:
            test = pathlib.PurePath(result["path"]["display"]).stem
            found.setdefault(test, []).append((result["check"], set(result["cwe"])))
    tally = {}
    wrong = []
    for test, (category, is_real) in sorted(expected.items()):
        checks = [check for check, cwe in found.get(test, []) if cwe & CWES[category]]
        cell = tally.setdefault(category, [0, 0, 0, 0])
        cell[(0 if is_real else 2) + (0 if checks else 1)] += 1
        if bool(checks) != is_real:
            wrong.append((category, test, "missed" if is_real else "false alarm", ",".join(sorted(set(checks)))))
    print(f"{'category':16} {'real':>5} {'found':>6} {'clean':>6} {'alarms':>7} {'TPR':>6} {'FPR':>6} {'score':>6}")
    scores = []
    for category, (hit, missed, alarm, quiet) in sorted(tally.items()):
        tpr, fpr = hit / (hit + missed), alarm / (alarm + quiet)
        scores.append(tpr - fpr)
        print(f"{category:16} {hit + missed:5} {hit:6} {alarm + quiet:6} {alarm:7} {tpr:6.2f} {fpr:6.2f} {tpr - fpr:6.2f}")
    print(f"{'mean':16} {'':41} {sum(scores) / len(scores):6.2f}")
    if "--wrong" in sys.argv:
        for row in wrong:
            print(*row)


main()
