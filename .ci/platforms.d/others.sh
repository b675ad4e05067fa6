# The commands of the other examples, taken from the files and run in a clone as each platform makes it, with the
# variables that it sets. What is around the commands only the schemas of the part `lint` have seen.

install -D target/debug/mergegate "$work/bin/mergegate"

# The values of a key anywhere in a file, a command a line.
commands() {
  "$py/python" - "$@" << 'END'
import sys, yaml

def values(node, key):
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield from value if isinstance(value, list) else [value]
            else:
                yield from values(value, key)
    elif isinstance(node, list):
        for item in node:
            yield from values(item, key)

file, key = sys.argv[1:]
for value in values(yaml.safe_load(open(file)), key):
    if isinstance(value, str):
        print(value.strip())
END
}

# clone NAME passing|blocking|shallow MERGED: a clone of a remote whose main got another finding meanwhile. MERGED says
# what is checked out: the `change`, or a `merge` of it and main.
clone() {
  local source=$work/$1.source kind=$2
  [ "$kind" != shallow ] || kind=blocking
  repository "$source" "$kind"
  git -C "$source" switch --quiet main
  printf 'eval(input())\n' > "$source/src/late.py"
  git -C "$source" add . && git -C "$source" commit --quiet -m "Meanwhile on main"
  git -C "$source" switch --quiet --create merge change
  git -C "$source" merge --quiet --no-ff -m "Merge main" main
  # The first parent of a merge commit that a platform makes is the target.
  tree=$(git -C "$source" rev-parse 'merge^{tree}')
  git -C "$source" update-ref refs/heads/merge "$(git -C "$source" commit-tree -m "Merge change" -p main -p change "$tree")"
  git -C "$source" switch --quiet main
  local depth=()
  [ "$2" != shallow ] || depth=(--depth 1)
  git clone --quiet "${depth[@]}" --branch "$3" "file://$source" "$work/$1"
  main=$(git -C "$source" rev-parse main) change=$(git -C "$source" rev-parse change)
  head=$(git -C "$source" rev-parse "$3")
  git -C "$work/$1" checkout --quiet --detach
  rm -rf "$source"
}

# example PLATFORM MERGED HINT COMMANDS [NAME=VALUE...]: runs the commands on a change that passes, one that is blocked,
# and a shallow clone, which the platform's own words for a full one must mend. {main}, {change} and {head} stand for
# the hashes.
example() {
  local platform=$1 merged=$2 hint=$3 script=$4 kind expected variables
  grep -qF "mergegate check" <<< "$script" || fail "$platform: no commands were found"
  for kind in passing blocking shallow; do
    clone "$platform-$kind" "$kind" "$merged"
    variables=("${@:5}")
    variables=("${variables[@]//\{main\}/$main}")
    variables=("${variables[@]//\{change\}/$change}")
    variables=("${variables[@]//\{head\}/$head}")
    case $kind in passing) expected=0 ;; blocking) expected=1 ;; shallow) expected=3 ;; esac
    run "$expected" "$platform: $kind" env -i -C "$work/$platform-$kind" PATH="$work/bin:/usr/bin:/bin" HOME="$work" \
      GIT_CONFIG_NOSYSTEM=1 CI=true "${variables[@]}" sh -euc "$script"
    says not "src/late.py"
    case $kind in
      passing) says "passed: nothing blocks, 1 warning, 1 justified" ;;
      blocking) says "src/new.py:5:12" && says "blocked: 1 new finding blocks" ;;
      shallow) says "$hint" ;;
    esac
  done
}

# reports FOLDER FILE...: the reports of the last example that was blocked name the finding.
reports() {
  local file
  for file in "${@:2}"; do
    grep -q "yaml-load" "$1/$file" || fail "$1/$file does not name the finding"
    case $file in *.xml) "$py/python" -c 'import sys, xml.dom.minidom as dom; dom.parse(sys.argv[1])' "$1/$file" ;; esac
  done
}

mkdir "$work/agent" "$work/staging"
azure=$(commands ci-examples/azure-pipelines.yml script)
azure=${azure//'$(Agent.TempDirectory)'/"$work/agent"}
azure=${azure//'$(Build.ArtifactStagingDirectory)'/"$work/staging"}
example azure merge "fetchDepth: 0" "$azure" TF_BUILD=True BUILD_SOURCEVERSION={head} BUILD_REASON=PullRequest \
  SYSTEM_PULLREQUEST_TARGETBRANCH=refs/heads/main SYSTEM_PULLREQUEST_SOURCECOMMITID={change}
reports "$work" agent/mergegate.xml staging/mergegate.sarif

example bitbucket merge "depth: full" "$(commands ci-examples/bitbucket-pipelines.yml script)" BITBUCKET_BUILD_NUMBER=1 \
  BITBUCKET_PR_DESTINATION_BRANCH=main BITBUCKET_PR_DESTINATION_COMMIT={main}
reports "$work/bitbucket-blocking" test-results/mergegate.xml mergegate.html

example circleci change "method: full" "$(commands ci-examples/circleci.yml run)" CIRCLECI=true CIRCLE_BRANCH=change \
  CIRCLE_SHA1={head}
reports "$work/circleci-blocking" reports/mergegate/results.xml reports/mergegate.html

example jenkins merge "shallow: false" "$(sed -n "s/^ *sh '\(.*\)'$/\1/p" ci-examples/Jenkinsfile)" \
  JENKINS_URL=https://jenkins.example.com/ CHANGE_ID=1 CHANGE_TARGET=main
reports "$work/jenkins-blocking" mergegate.xml mergegate.sarif

example woodpecker change "partial: false" "$(commands ci-examples/woodpecker.yml commands)" CI=woodpecker \
  CI_PIPELINE_EVENT=pull_request CI_COMMIT_SHA={head} CI_COMMIT_TARGET_BRANCH=main

# `make` reports any failure as 2. The browser is a program that says what it opens.
for kind in passing blocking; do
  clone "make-$kind" "$kind" change
  code=0 && [ "$kind" = passing ] || code=2
  run "$code" "make mergegate: $kind" env -C "$work/make-$kind" PATH="$work/bin:$PATH" make -f "$root/ci-examples/Makefile" mergegate
  says not "src/late.py"
  run 0 "make mergegate-report: $kind" env -C "$work/make-$kind" PATH="$work/bin:$PATH" BROWSER="echo opens %s" \
    make -f "$root/ci-examples/Makefile" mergegate-report
  says "opens file://$work/make-$kind/mergegate.html"
done
reports "$work/make-blocking" mergegate.html
