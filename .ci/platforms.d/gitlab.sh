# The examples for GitLab under gitlab-ci-local, which runs the jobs on this machine. Its exit status says nothing of a
# job that may fail: its words do.

install -D target/debug/mergegate "$work/bin/mergegate"

# gitlab WHAT FOLDER WORD: the pipeline of a merge request, whose job ends with that word.
gitlab() {
  env -C "$2" PATH="$work/bin:$PATH" "$node" "$node_tools/gitlab-ci-local/dist/index.js" mergegate --force-shell-executor \
    --variable GITLAB_CI=true --variable CI_PIPELINE_SOURCE=merge_request_event --variable CI_MERGE_REQUEST_IID=1 \
    --variable CI_COMMIT_SHA="$(git -C "$2" rev-parse change)" --variable CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main \
    --variable CI_MERGE_REQUEST_TARGET_BRANCH_SHA="$(git -C "$work/blocking-gitlab" rev-parse main)" \
    > "$work/log" 2>&1 < /dev/null || true
  says "$3"
  echo "ok: $1"
}

for kind in passing blocking; do
  folder=$work/$kind-gitlab
  repository "$folder" "$kind"
  git -C "$folder" remote add origin "https://gitlab.example.com/group/project.git"
done
git clone --quiet --depth 1 "file://$work/blocking-gitlab" "$work/shallow-gitlab" 2> /dev/null
git -C "$work/shallow-gitlab" remote set-url origin "https://gitlab.example.com/group/project.git"

for kind in passing blocking shallow; do
  cp ci-examples/gitlab/job.yml "$work/$kind-gitlab/.gitlab-ci.yml"
done
gitlab "job.yml passes" "$work/passing-gitlab" " PASS "
says "nothing blocks, 1 warning, 1 justified"
gitlab "job.yml blocks" "$work/blocking-gitlab" " FAIL "
says "1 new finding blocks"
gitlab "job.yml cannot judge a shallow clone" "$work/shallow-gitlab" " FAIL "
says 'GIT_DEPTH: "0"'

for kind in passing blocking shallow; do
  mkdir -p "$work/$kind-gitlab/templates"
  cp ci-examples/gitlab/component.yml "$work/$kind-gitlab/templates/mergegate.yml"
  cp ci-examples/gitlab/use-component.yml "$work/$kind-gitlab/.gitlab-ci.yml"
  git -C "$work/$kind-gitlab" add templates
done
gitlab "component.yml passes" "$work/passing-gitlab" " PASS "
gitlab "component.yml only warns where it is advisory" "$work/blocking-gitlab" " WARN "
gitlab "component.yml fails where nothing could be judged" "$work/shallow-gitlab" " FAIL "
sed -i 's/advisory: true/advisory: false/' "$work/blocking-gitlab/.gitlab-ci.yml"
gitlab "component.yml blocks" "$work/blocking-gitlab" " FAIL "
