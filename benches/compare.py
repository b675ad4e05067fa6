#!/usr/bin/env python3
"""Measures mergegate beside its peers and prints a table in Markdown (docs/performance.md).

    benches/compare.py [--mergegate PROGRAM] [--cache FOLDER] [--corpus FOLDER] [--largest FILES]

Without --mergegate a release build of this checkout is made. The peers (ruff, bandit) and the corpus (ten packages)
come from PyPI into the cache folder, once; --corpus takes a folder of Python files instead. Every figure is the
median of several runs, and the programs of one row take turns, so that what else the machine does hits all of them.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = [
    "django", "sqlalchemy", "pandas", "sympy", "ansible-core", "apache-airflow-core",
    "homeassistant", "scikit-learn", "transformers", "twisted",
]
PEERS = ["ruff", "bandit"]
STRICT = "version: 1\nextends: []\nrules:\n  - select: {severity: info}\n    action: warn\n"
RUNS = 5


def run(command, **options):
    return subprocess.run([str(part) for part in command], check=True, **options)


def fetch_peers(cache):
    tools = cache / "tools"
    if not (tools / "bin" / "bandit").exists():
        run([sys.executable, "-m", "venv", tools])
        run([tools / "bin" / "pip", "install", "--quiet", *PEERS])
    return tools / "bin"


def fetch_corpus(cache):
    corpus, wheels = cache / "corpus", cache / "wheels"
    if corpus.exists():
        return corpus
    run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
         "--python-version", "3.13", "--dest", wheels, *PACKAGES])
    unpacked = cache / "corpus.part"
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked / wheel.name.split("-")[0])
    shutil.copytree(sysconfig.get_path("stdlib"), unpacked / "stdlib", symlinks=False,
                    ignore=shutil.ignore_patterns("site-packages", "__pycache__"))
    unpacked.rename(corpus)
    return corpus


class Measured:
    """The median wall time of a command in seconds, and the largest memory it took in MiB."""

    def __init__(self):
        self.times, self.peak = [], 0

    def add(self, command, folder, threads):
        environment = dict(os.environ)
        if threads:
            environment["RAYON_NUM_THREADS"] = str(threads)
        start = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], cwd=folder, env=environment,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        self.times.append(time.perf_counter() - start)
        self.peak = max(self.peak, usage.ru_maxrss // 1024)

    @property
    def median(self):
        return statistics.median(self.times)


def side_by_side(commands, folder, threads=None, runs=RUNS):
    measured = [Measured() for _ in commands]
    for turn in range(runs + 1):
        for command, one in zip(commands, measured):
            one.add(command, folder, threads)
            if turn == 0:  # warms the caches
                one.times.clear()
    return measured


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def shown(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def compare(name, peer, mine, theirs, note=""):
    ratio = mine.median / theirs.median
    row(name, shown(mine.median), peer, shown(theirs.median), f"{ratio:.3g}", note)


def whole_tree(mergegate, parse, bin, corpus, policy):
    scan = [mergegate, "scan", "--policy", policy, "."]
    ruff = [bin / "ruff", "check", "--isolated", "--no-cache", "--select", "S", "--preview", "--exit-zero", "."]
    for threads, where in ((1, "one thread"), (None, "all cores")):
        mine, theirs, least = side_by_side([scan, ruff, [parse, "."]], corpus, threads)
        compare(f"scan, every check, {where}", "ruff", mine, theirs, f"peak {mine.peak} MiB, ruff {theirs.peak} MiB")
        compare(f"scan, every check, {where}", "parse only", mine, least)
    part = corpus / "stdlib"
    slow = [bin / "bandit", "-q", "-r", "."]
    mine, theirs = side_by_side([scan, slow], part, 1, runs=1)
    compare("scan of the standard library, one thread", "bandit", mine, theirs)


def git(folder, *arguments, **options):
    identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"]
    return run(["git", "-C", folder, *identity, *arguments], **options)


def repository(folder, files, sources):
    """A repository with so many files, made by `git fast-import`."""
    git(folder.parent, "init", "--quiet", "--bare", "-b", "main", folder)
    with subprocess.Popen(["git", "-C", folder, "fast-import", "--quiet"], stdin=subprocess.PIPE) as importer:
        write = importer.stdin.write
        for mark, source in enumerate(sources, 1):
            write(b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(source), source))
        write(b"commit refs/heads/main\ncommitter B <b@example.com> 1700000000 +0000\ndata 1\na\n")
        for number in range(files):
            write(b"M 100644 :%d %s\n" % (number % len(sources) + 1, name_of(number)))
        importer.stdin.close()


def name_of(number):
    return b"p%d/q%d/m%d.py" % (number % 97, number // 97 % 89, number)


def branch(folder, name, changed, sources):
    """A branch on which so many files have three more lines."""
    with subprocess.Popen(["git", "-C", folder, "fast-import", "--quiet"], stdin=subprocess.PIPE) as importer:
        write = importer.stdin.write
        write(b"commit refs/heads/%s\ncommitter B <b@example.com> 1700000001 +0000\ndata 1\nb\nfrom refs/heads/main\n"
              % name.encode())
        for number in range(changed):
            source = sources[number % len(sources)] + b"\nimport subprocess\ndef f(x):\n    subprocess.run(x)\n"
            write(b"M 100644 inline %s\ndata %d\n%s\n" % (name_of(number), len(source), source))
        importer.stdin.close()


def latency(mergegate, parse, corpus, largest):
    paths = sorted((corpus / "stdlib").glob("*.py"))
    sources = [path.read_bytes() for path in paths if 2_000 < path.stat().st_size < 40_000][:60]
    for files in (100, 1_000, 10_000, 100_000, 1_000_000):
        if files > largest:
            break
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch) / "r.git"
            repository(folder, files, sources)
            for changed in (1, 10, 100, 1_000):
                if changed > files:
                    continue
                name = f"change-{changed}"
                branch(folder, name, changed, sources)
                sides = pathlib.Path(scratch) / name
                sides.mkdir()
                for number in range(changed):
                    for side in ("base", "head"):
                        (sides / f"{side}{number}.py").write_bytes(sources[number % len(sources)])
                check = [mergegate, "check", "--base", "main", "--head", name]
                diff = ["git", "diff", "--name-status", "--merge-base", "main", name]
                mine, theirs, least = side_by_side([check, diff, [parse, sides]], folder)
                theirs.times = [a + b for a, b in zip(theirs.times, least.times)]
                compare(f"check of {changed:,} of {files:,} files", "git diff, and parse of both sides", mine, theirs,
                        f"peak {mine.peak} MiB")


def start(mergegate):
    (mine,) = side_by_side([[mergegate, "--version"]], HERE, runs=30)
    row("`mergegate --version`", shown(mine.median), "", "", "", "")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--mergegate", type=pathlib.Path)
    arguments.add_argument("--cache", type=pathlib.Path, default=pathlib.Path.home() / ".cache" / "mergegate-bench")
    arguments.add_argument("--corpus", type=pathlib.Path)
    arguments.add_argument("--largest", type=int, default=100_000, help="files in the largest repository made")
    chosen = arguments.parse_args()
    chosen.cache.mkdir(parents=True, exist_ok=True)
    run(["cargo", "build", "--quiet", "--release", "--examples"] + ([] if chosen.mergegate else ["--bins"]), cwd=HERE)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target")) / "release"
    mergegate = (chosen.mergegate or target / "mergegate").resolve()
    bin = fetch_peers(chosen.cache)
    corpus = (chosen.corpus or fetch_corpus(chosen.cache)).resolve()
    policy = chosen.cache / "strict.yml"
    policy.write_text(STRICT)
    row("what", "mergegate", "beside", "takes", "ratio", "")
    row("---", "---:", "---", "---:", "---:", "---")
    start(mergegate)
    whole_tree(mergegate, target / "examples" / "parse", bin, corpus, policy)
    latency(mergegate, target / "examples" / "parse", corpus, chosen.largest)


if __name__ == "__main__":
    main()
