#!/usr/bin/env python3
"""Measures mergegate beside its peers and prints a table in Markdown (docs/performance.md).

    benches/compare.py [--mergegate PROGRAM] [--cache FOLDER] [--corpus FOLDER] [--history REPOSITORY]
                       [--largest FILES] [--processor] [--only PART…]

Without --mergegate a release build of this checkout is made. The peers (ruff, bandit) and the corpus (eleven packages)
come from PyPI into the cache folder, and the history of ansible from GitHub, once; --corpus takes a folder of Python
files instead, and --history another repository. --only prints some parts of the table: start, scan, latency, renames,
growth, history. Every figure is the median of several runs, and the programs of one row take turns, so that what else
the machine does hits all of them. Where it does much else, --processor gives the time of processors in place of that
of the clock.
"""

import argparse
import ast
import os
import pathlib
import resource
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
    "django==6.1.3", "sqlalchemy==2.1.9", "pandas==3.1.1", "numpy==2.5.5", "sympy==1.14.0", "ansible-core==2.21.5",
    "apache-airflow-core==3.3.2", "homeassistant==2025.4.4", "scikit-learn==1.9.1", "transformers==5.24.0",
    "twisted==26.10.0",
]
PEERS = ["ruff==0.17.6", "bandit==1.9.4"]
HISTORY = "https://github.com/ansible/ansible"
STRICT = "version: 1\nextends: []\nrules:\n  - select: {severity: info}\n    action: warn\nlimits: {file-size: 16MiB}\n"
RUNS = 5
# What takes milliseconds is measured more often.
SHORT_RUNS = 15
COMMITS = 200
PARTS = ["start", "scan", "latency", "renames", "growth", "history"]


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


def fetch_history(cache):
    history = cache / "ansible.git"
    if not history.exists():
        try:
            run(["git", "clone", "--quiet", "--bare", HISTORY, cache / "ansible.part"])
        except subprocess.CalledProcessError:
            print(f"{HISTORY} cannot be cloned: name a repository with --history", file=sys.stderr)
            return None
        (cache / "ansible.part").rename(history)
    return history


class Measured:
    """What a command took in seconds, several times, and the largest memory it took in MiB."""

    # Whether the time of processors counts and not that of the clock: it depends less on what else the machine does.
    processor = False

    def __init__(self):
        self.times, self.peak, self.least = [], 0, 0

    def add(self, command, folder, threads):
        environment = dict(os.environ)
        if threads:
            environment["RAYON_NUM_THREADS"] = str(threads)
        used = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
        start = time.perf_counter()
        if callable(command):
            command()
        else:
            process = subprocess.Popen([str(part) for part in command], cwd=folder, env=environment,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            if os.waitstatus_to_exitcode(status) > 1:  # 1 says that something was found
                sys.exit(f"{' '.join(process.args)} failed in {folder}")
            # What this script itself takes counts for the programs that it starts until they start.
            own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            self.peak = max(self.peak, usage.ru_maxrss // 1024)
            self.least = max(self.least, own // 1024)
        elapsed = time.perf_counter() - start
        used = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - used
        self.times.append(used if self.processor else elapsed)

    @property
    def memory(self):
        return f"peak {self.peak} MiB" if self.peak > self.least else f"peak below {self.least} MiB"

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
        compare(f"scan, every check, {where}", "ruff", mine, theirs, f"{mine.memory}, ruff {theirs.peak} MiB")
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


def sources_of(corpus):
    paths = sorted((corpus / "stdlib").glob("*.py"))
    return [path.read_bytes() for path in paths if 2_000 < path.stat().st_size < 40_000][:60]


def latency(mergegate, parse, corpus, largest):
    sources = sources_of(corpus)
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
                runs = SHORT_RUNS if changed <= 100 else RUNS
                mine, theirs, least = side_by_side([check, diff, [parse, sides]], folder, runs=runs)
                theirs.times = [a + b for a, b in zip(theirs.times, least.times)]
                compare(f"check of {changed:,} of {files:,} files", "git diff, and parse of both sides", mine, theirs,
                        mine.memory)


def renames(mergegate):
    """1,000 files that are moved and edited: nothing but their lines tells which is which."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "r.git"
        git(folder.parent, "init", "--quiet", "--bare", "-b", "main", folder)
        with subprocess.Popen(["git", "-C", folder, "fast-import", "--quiet"], stdin=subprocess.PIPE) as importer:
            write = importer.stdin.write
            for name, base in (("main", b""), ("change", b"from refs/heads/main\ndeleteall\n")):
                write(b"commit refs/heads/%s\ncommitter B <b@example.com> 1700000000 +0000\ndata 1\na\n%s"
                      % (name.encode(), base))
                for number in range(1_000):
                    lines = [b"def f%d_%d(x):\n    return x + %d\n" % (number, line, line) for line in range(100)]
                    lines[7] = b"import %s\n" % name.encode()
                    source = b"".join(lines)
                    write(b"M 100644 inline %s/m%d_%s.py\ndata %d\n%s\n"
                          % (name.encode(), number, name.encode(), len(source), source))
            importer.stdin.close()
        check = [mergegate, "check", "--base", "main", "--head", "change"]
        diff = ["git", "diff", "--name-status", "--find-renames", "-l0", "--merge-base", "main", "change"]
        mine, theirs = side_by_side([check, diff], folder)
        compare("check of 1,000 files that were renamed and edited", "git diff with all renames", mine, theirs,
                mine.memory)


def growth(mergegate, corpus, policy):
    """The time per byte on one thread: files of any size, and any number of them."""
    blocks = definitions(sources_of(corpus))
    with tempfile.TemporaryDirectory() as scratch:
        for size, number in ((1_000, 10_000), (10_000, 1_000), (100_000, 100), (1_000_000, 10), (10_000_000, 1)):
            per_byte(mergegate, policy, pathlib.Path(scratch) / f"size{size}", number, lambda n: of_size(blocks, n, size),
                     f"scan of {number:,} × {size // 1000:,} kB")
        for number in (10, 100, 1_000, 10_000, 100_000):
            per_byte(mergegate, policy, pathlib.Path(scratch) / f"number{number}", number,
                     lambda n: of_size(blocks, n % 50, 3_000), f"scan of {number:,} × 3 kB")


def definitions(sources):
    """Functions and classes of real files."""
    def parses(block):
        try:
            return bool(ast.parse(block))
        except SyntaxError:
            return False

    blocks = (block.strip(b"\n") for source in sources for block in source.split(b"\n\n\n"))
    return [block for block in blocks if len(block) <= 1_000 and block.startswith((b"def ", b"class ")) and parses(block)]


def of_size(blocks, number, size):
    """Definitions from another place for each number, up to a size, each under a name of its own."""
    text, at = bytearray(), number * 7
    while len(text) < size:
        kind, rest = blocks[at % len(blocks)].split(b" ", 1)
        text += b"%s n%d_%s\n\n\n" % (kind, at, rest)
        at += 1
    return bytes(text)


def per_byte(mergegate, policy, folder, number, content, name):
    folder.mkdir()
    size = 0
    for n in range(number):
        path = folder / f"d{n // 1000}" / f"m{n}.py"
        path.parent.mkdir(exist_ok=True)
        if n >= 1_000 and number > 10_000:  # the same content again takes no room on the disk
            os.link(folder / "d0" / f"m{n % 1_000}.py", path)
        else:
            path.write_bytes(content(n))
        size += path.stat().st_size
    (mine,) = side_by_side([[mergegate, "scan", "--policy", policy, "."]], folder, 1, runs=3)
    row(name, shown(mine.median), "", "", "", f"{mine.median / size * 1e9:.0f} ns per byte, {mine.memory}")
    shutil.rmtree(folder)


def history(mergegate, bin, repository):
    """Real commits, each as whole processes."""
    if repository is None:
        return
    repository = repository.resolve()
    listed = git(repository, "log", "--no-merges", "--format=%H", "-n", "4000", "--", "*.py", capture_output=True)
    commits = listed.stdout.decode().split()
    commits = commits[:: max(1, len(commits) // COMMITS)][:COMMITS]
    times = {"mergegate": [], "git diff": [], "ruff on both sides": []}
    for commit in commits:
        check = [mergegate, "check", "--repo", repository, "--base", f"{commit}~1", "--head", commit]
        diff = ["git", "diff", "--name-status", f"{commit}~1", commit]
        measured = side_by_side([check, diff, lambda: ruff_on_both(bin, repository, commit)], repository, runs=3)
        for kept, one in zip(times.values(), measured):
            kept.append(min(one.times))
    mine = sorted(times["mergegate"])
    for peer in ("git diff", "ruff on both sides"):
        theirs = sorted(times[peer])
        for name, at in (("median", 0.5), ("90th percentile", 0.9), ("99th percentile", 0.99)):
            a, b = (kept[min(int(len(kept) * at), len(kept) - 1)] for kept in (mine, theirs))
            row(f"check of {len(commits)} commits, {name}", shown(a), peer, shown(b), f"{a / b:.3g}", "")


def ruff_on_both(bin, repository, commit):
    """Takes both versions of the changed files out of the repository and runs ruff over them."""
    changed = git(repository, "diff", "--name-only", "-z", "--no-renames", f"{commit}~1", commit, "--", "*.py",
                  capture_output=True).stdout.decode().split("\0")[:-1]
    with tempfile.TemporaryDirectory() as scratch:
        wanted = "".join(f"{side}:{path}\n" for side in (f"{commit}~1", commit) for path in changed)
        with subprocess.Popen(["git", "-C", repository, "cat-file", "--batch"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as reader:
            answers = reader.communicate(wanted.encode())[0]
        at = 0
        for number in range(2 * len(changed)):
            end = answers.index(b"\n", at)
            words = answers[at:end].split(b" ")
            at = end + 1
            if words[-1] != b"missing":
                size = int(words[2])
                (pathlib.Path(scratch) / f"{number}.py").write_bytes(answers[at:at + size])
                at += size + 1
        subprocess.run([bin / "ruff", "check", "--isolated", "--no-cache", "--select", "S", "--preview", "--exit-zero",
                        scratch], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start(mergegate):
    (mine,) = side_by_side([[mergegate, "--version"]], HERE, runs=30)
    row("`mergegate --version`", shown(mine.median), "", "", "", "")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--mergegate", type=pathlib.Path)
    arguments.add_argument("--cache", type=pathlib.Path, default=pathlib.Path.home() / ".cache" / "mergegate-bench")
    arguments.add_argument("--corpus", type=pathlib.Path)
    arguments.add_argument("--history", type=pathlib.Path)
    arguments.add_argument("--largest", type=int, default=1_000_000, help="files in the largest repository made")
    arguments.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    arguments.add_argument("--processor", action="store_true")
    chosen = arguments.parse_args()
    Measured.processor = chosen.processor
    chosen.cache.mkdir(parents=True, exist_ok=True)
    run(["cargo", "build", "--quiet", "--release", "--examples"] + ([] if chosen.mergegate else ["--bins"]), cwd=HERE)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target")) / "release"
    mergegate = (chosen.mergegate or target / "mergegate").resolve()
    parse = target / "examples" / "parse"
    bin = fetch_peers(chosen.cache)
    corpus = (chosen.corpus or fetch_corpus(chosen.cache)).resolve()
    policy = chosen.cache.resolve() / "strict.yml"
    policy.write_text(STRICT)
    row("what", "mergegate", "beside", "takes", "ratio", "")
    row("---", "---:", "---", "---:", "---:", "---")
    parts = {
        "start": lambda: start(mergegate),
        "scan": lambda: whole_tree(mergegate, parse, bin, corpus, policy),
        "latency": lambda: latency(mergegate, parse, corpus, chosen.largest),
        "renames": lambda: renames(mergegate),
        "growth": lambda: growth(mergegate, corpus, policy),
        "history": lambda: history(mergegate, bin, chosen.history or fetch_history(chosen.cache)),
    }
    for part in chosen.only:
        parts[part]()


if __name__ == "__main__":
    main()
