# action.yml and the examples for GitHub under act, which runs the steps on this machine. GitHub's own actions are not
# to be had here: act copies the clone itself instead of running actions/checkout, and stand-ins take the place of the
# upload actions.

install -D target/debug/mergegate "$work/bin/mergegate"
mirror=OWNER/mergegate@0000000000000000000000000000000000000000
upload_sarif=$(sed -n 's/.*uses: \(github\/codeql-action\)\/upload-sarif@\([0-9a-f]*\) .*/\1@\2/p' action.yml)
upload_artifact=$(sed -n 's/.*uses: \(actions\/upload-artifact@[0-9a-f]*\) .*/\1/p' ci-examples/github/upload.yml)

mkdir -p "$work/action" "$work/codeql/upload-sarif" "$work/artifact"
cp action.yml "$work/action/"
cat > "$work/codeql/upload-sarif/action.yml" << 'END'
name: stand-in
description: Says what would be uploaded.
inputs: { sarif_file: { required: true }, checkout_path: {}, category: {} }
runs:
  using: composite
  steps:
    - shell: bash
      env: { FILE: "${{ inputs.sarif_file }}", CATEGORY: "${{ inputs.category }}", FOLDER: "${{ inputs.checkout_path }}" }
      run: |
        git -C "$FOLDER" rev-parse --quiet --verify HEAD > /dev/null
        echo "uploads $(grep -c '"ruleId"' "$FILE") results as $CATEGORY"
END
cat > "$work/artifact/action.yml" << 'END'
name: stand-in
description: Says what would be uploaded.
inputs: { name: { required: true }, path: { required: true } }
runs:
  using: composite
  steps:
    - shell: bash
      env: { FILES: "${{ inputs.path }}" }
      run: |
        for file in $FILES; do [ -s "$file" ] && echo "keeps $file"; done
END

# pull_request FOLDER: the merge of `change` into `main`, as GitHub checks it out, and the event.
pull_request() {
  git -C "$1" switch --quiet --detach main
  git -C "$1" merge --quiet --no-ff -m "Merge change into main" change
  printf '{"number":1,"pull_request":{"number":1,"base":{"sha":"%s","ref":"main"},"head":{"sha":"%s","ref":"change"}}}' \
    "$(git -C "$1" rev-parse main)" "$(git -C "$1" rev-parse change)" > "$1.event"
}

# act EXPECTED-CODE WHAT FOLDER EVENT WORKFLOW [OPTION...]
act() {
  local expected=$1 what=$2 folder=$3 event=$4 workflow=$5
  run "$expected" "$what" env -C "$folder" PATH="$work/bin:$PATH" "$py/act" "$event" --eventpath "$folder.event" \
    --workflows "$workflow" --platform ubuntu-latest=-self-hosted --no-cache-server --pull=false \
    --action-cache-path "$work/cache" --local-repository "$mirror=$work/action" \
    --local-repository "$upload_sarif=$work/codeql" --local-repository "$upload_artifact=$work/artifact" "${@:6}"
}

for kind in passing blocking; do
  repository "$work/$kind" "$kind"
  pull_request "$work/$kind"
done
git clone --quiet --depth 1 "file://$work/blocking" "$work/shallow" 2> /dev/null
# Act copies no empty folders, and without `refs` it is no repository.
git -C "$work/shallow" switch --quiet -c merge
cp "$work/blocking.event" "$work/shallow.event"

# The examples as they are.
example=$root/ci-examples/github
act 0 "minimal.yml passes" "$work/passing" pull_request "$example/minimal.yml"
says "passed: nothing blocks, 1 warning, 1 justified"
act 1 "minimal.yml blocks" "$work/blocking" pull_request "$example/minimal.yml"
says "blocked: 1 new finding blocks"
says "src/new.py:5:12"
says not "src/old.py"
act 1 "minimal.yml cannot judge a shallow clone" "$work/shallow" pull_request "$example/minimal.yml"
says "fetch-depth: 0"
says "The change could not be judged"

act 0 "upload.yml passes" "$work/passing" pull_request "$example/upload.yml"
says "uploads 0 results as mergegate"
act 1 "upload.yml uploads and keeps what it blocks" "$work/blocking" pull_request "$example/upload.yml"
says "uploads 1 results as mergegate"
says "keeps audit.sarif"
says "keeps mergegate.html"
act 1 "upload.yml uploads nothing of a shallow clone" "$work/shallow" pull_request "$example/upload.yml"
says not "uploads"
says not "keeps"

act 1 "merge-queue.yml blocks a pull request" "$work/blocking" pull_request "$example/merge-queue.yml"
for kind in passing blocking; do
  cp -r "$work/$kind" "$work/queue-$kind"
  printf '{"action":"checks_requested","merge_group":{"base_sha":"%s","base_ref":"refs/heads/main","head_sha":"%s"}}' \
    "$(git -C "$work/$kind" rev-parse main)" "$(git -C "$work/$kind" rev-parse HEAD)" > "$work/queue-$kind.event"
done
act 0 "merge-queue.yml passes a merge group" "$work/queue-passing" merge_group "$example/merge-queue.yml"
says "the base of the merge group"
act 1 "merge-queue.yml blocks a merge group" "$work/queue-blocking" merge_group "$example/merge-queue.yml"

# A part of which the policy lets everything pass, and one that the change touches.
git init --quiet "$work/mono"
for part in billing shop; do
  mkdir -p "$work/mono/parts/$part"
  printf 'version: 1\ninclude: ["parts/%s/**"]\n' "$part" > "$work/mono/parts/$part/mergegate.yml"
done
git -C "$work/mono" add . && git -C "$work/mono" commit --quiet -m "The base"
git -C "$work/mono" switch --quiet -c change
printf 'eval(input())\n' > "$work/mono/parts/shop/a.py"
printf 'version: 1\nextends: audit\n' > "$work/mono/parts/shop/mergegate.yml"
git -C "$work/mono" add . && git -C "$work/mono" commit --quiet -m "The change weakens its policy"
pull_request "$work/mono"
act 0 "monorepo.yml passes a part that is not touched" "$work/mono" pull_request "$example/monorepo.yml" --matrix part:billing
act 1 "monorepo.yml blocks by the policy of the base" "$work/mono" pull_request "$example/monorepo.yml" --matrix part:shop
says "parts/shop/a.py:1:1"

# Inputs and outputs. Nothing of an input is run.
cat > "$work/inputs.yml" << END
name: inputs
on: [pull_request, push]
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@08eba0b27e820071cde6df949e0beb9ba4906955
      - id: gate
        uses: $mirror
        with: { fail-on: undecided, sarif: out.sarif, output: "html=out.html\njunit=out.xml" }
      - env:
          OUTPUTS: >-
            verdict=\${{ steps.gate.outputs.verdict }} new=\${{ steps.gate.outputs.new }}
            unchanged=\${{ steps.gate.outputs.unchanged }} suppressed=\${{ steps.gate.outputs.suppressed }}
            gone=\${{ steps.gate.outputs.gone }} sarif=\${{ steps.gate.outputs.sarif }}
        run: |
          echo "\$OUTPUTS"
          ls out.html out.xml
END
act 0 "fail-on: undecided lets a blocked change pass" "$work/blocking" pull_request "$work/inputs.yml"
says "verdict=blocked new=1 unchanged=0 suppressed=0 gone=0 sarif=out.sarif"
says "::error title=mergegate%3A yaml-load,file=src/new.py,line=5"
act 0 "outputs of a change that passes" "$work/passing" pull_request "$work/inputs.yml"
says "verdict=passed new=0 unchanged=0 suppressed=1 gone=0 sarif=out.sarif"
cp -r "$work/passing" "$work/mended"
git -C "$work/mended" switch --quiet change
git -C "$work/mended" rm --quiet src/old.py && git -C "$work/mended" commit --quiet -m "Mend"
pull_request "$work/mended"
act 0 "outputs of a change that removes findings" "$work/mended" pull_request "$work/inputs.yml"
says "gone=2 sarif=out.sarif"
act 1 "fail-on: undecided fails where nothing could be judged" "$work/shallow" pull_request "$work/inputs.yml"
says "verdict=undecided"

printf '{"before":"%s","ref":"refs/heads/main","repository":{"default_branch":"main"}}' \
  "$(git -C "$work/blocking" rev-parse main)" > "$work/pushed.event"
cp -r "$work/blocking" "$work/pushed"
act 0 "a push" "$work/pushed" push "$work/inputs.yml"
says "the commit before the push"
says "verdict=blocked new=1"

sed -e 's/fail-on: undecided/fail-on: never/' "$work/inputs.yml" > "$work/wrong.yml"
act 1 "another word for fail-on" "$work/passing" pull_request "$work/wrong.yml"
says "The input fail-on is blocked or undecided."
sed -e "s/fail-on: undecided/base: '\$(touch ran) \`touch ran\`'/" "$work/inputs.yml" > "$work/wrong.yml"
act 1 "a base that is a command" "$work/passing" pull_request "$work/wrong.yml"
[ -z "$(find "$work" "$HOME/.cache/act" -name ran -print -quit 2> /dev/null)" ] || fail "an input was run"

# A repository that is checked out into a folder: reports are beside it, their paths are its own.
mkdir "$work/folder"
git init --quiet "$work/folder" && git -C "$work/folder" commit --quiet --allow-empty -m "Another repository"
cp -r "$work/blocking" "$work/folder/project"
cp "$work/blocking.event" "$work/folder.event"
sed -e 's/fail-on: undecided,/fail-on: undecided, working-directory: project, base: main,/' "$work/inputs.yml" > "$work/folder.yml"
act 0 "working-directory" "$work/folder" pull_request "$work/folder.yml"
says "verdict=blocked new=1 unchanged=0 suppressed=0 gone=0 sarif=out.sarif"
says "file=src/new.py,line=5"

# A policy that nobody can read.
cp -r "$work/passing" "$work/policy"
printf 'version: 1\nrules: nonsense\n' > "$work/policy/.mergegate.yml"
git -C "$work/policy" switch --quiet main
git -C "$work/policy" add . && git -C "$work/policy" commit --quiet -m "A broken policy"
git -C "$work/policy" switch --quiet change && git -C "$work/policy" rebase --quiet main
pull_request "$work/policy"
act 1 "a broken policy" "$work/policy" pull_request "$example/minimal.yml"
says ".mergegate.yml:2"
says "The change could not be judged"
