# Every file by the linters and schemas for it. The schemas are those that check-jsonschema ships.

workflows=(ci-examples/github/*.yml .github/workflows/*.yml)
schema() {
  run 0 "schema $1: ${*:2}" "$py/check-jsonschema" --regex-variant nonunicode --builtin-schema "vendor.$1" "${@:2}"
}

# Its schema does not know the permission `attestations`, which the release needs.
for file in action.yml ci-examples/github/*.yml; do
  run 0 "action-validator: $file" node "$node_tools/.bin/action-validator" "$file"
done
run 0 "actionlint: ${workflows[*]}" "$py/actionlint" "${workflows[@]}"
run 0 "zizmor: action.yml ${workflows[*]}" "$py/zizmor" --offline --no-progress action.yml "${workflows[@]}"

schema github-actions action.yml
schema github-workflows "${workflows[@]}"
schema azure-pipelines ci-examples/azure-pipelines.yml
schema bitbucket-pipelines ci-examples/bitbucket-pipelines.yml
schema circle-ci ci-examples/circleci.yml
schema woodpecker-ci ci-examples/woodpecker.yml
# A component is two documents: its inputs, and the job.
sed '1,/^---$/d' ci-examples/gitlab/component.yml > "$work/component.yml"
run 0 "schema gitlab-ci: ci-examples/gitlab" "$py/check-jsonschema" --builtin-schema vendor.gitlab-ci \
  --data-transform gitlab-ci ci-examples/gitlab/job.yml ci-examples/gitlab/use-component.yml "$work/component.yml"

run 0 "pre-commit: .pre-commit-hooks.yaml" "$py/pre-commit" validate-manifest .pre-commit-hooks.yaml
run 0 "pre-commit: ci-examples/pre-commit.yaml" "$py/pre-commit" validate-config ci-examples/pre-commit*.yaml
run 0 "prek: ci-examples/pre-commit.yaml" "$py/prek" validate-config ci-examples/pre-commit*.yaml
run 0 "make: ci-examples/Makefile" make --dry-run --file ci-examples/Makefile mergegate mergegate-report
