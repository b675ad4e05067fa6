# The hooks under pre-commit and prek, in real commits and pushes: installed from a clone of this repository, which
# builds the program with the Rust of this machine, and as ci-examples/pre-commit-installed.yaml has it.

quick_release

# This repository as somebody would mirror it, with what is not committed yet.
mirror=$work/mirror
git init --quiet "$mirror"
git ls-files -z --cached --others --exclude-standard -- ':!fixtures' ':!tests' ':!docs/images' |
  tar --create --null --files-from - | tar --extract --directory "$mirror"
git -C "$mirror" add . && git -C "$mirror" commit --quiet -m "A release" && git -C "$mirror" tag v0.1.0
install -D target/debug/mergegate "$work/bin/mergegate"

# prek keeps crates in its home, from where they are others to cargo than those of pre-commit: they have a target folder
# of their own. Both are kept between runs; the hooks are installed anew.
rm -rf "$cache/prek/repos" "$cache/prek/hooks"

# The repository $project with its hooks, and an empty remote.
project() {
  project=$work/$1
  mkdir "$project"
  git init --quiet --bare "$project.remote"
  repository "$project" passing
  git -C "$project" remote add origin "$project.remote"
  git -C "$project" branch --quiet --force main change && git -C "$project" switch --quiet main
  sed "s|https://example.com/your-mirror/mergegate|$mirror|" "ci-examples/$3" > "$project/.pre-commit-config.yaml"
  git -C "$project" add . && git -C "$project" commit --quiet -m "The hooks"
  run 0 "$1: install" env -C "$project" "$py/$2" install
}

in_project() {
  local target=$root/target
  [ "$hooks" != prek ] || target=$root/target/prek
  run "$1" "$hooks: $2" env -C "$project" PATH="$work/bin:$PATH" PRE_COMMIT_HOME="$work/home" PREK_HOME="$cache/prek" \
    CARGO_TARGET_DIR="$target" "${@:3}"
}

commits() { git -C "$1" rev-list --count --all; }

for hooks in pre-commit prek pre-commit-installed prek-installed; do
  config=pre-commit.yaml
  [ "$hooks" = "${hooks%-installed}" ] || config=pre-commit-installed.yaml
  project "$hooks" "${hooks%-installed}" "$config"

  in_project 1 "a first push of an old finding is blocked" git push origin main
  says "src/old.py:5:5"
  says "everything is new"
  [ "$(commits "$project.remote")" -eq 0 ] || fail "it was pushed"
  git -C "$project" push --quiet --no-verify origin main

  printf 'import yaml\nx = yaml.safe_load(y)\n' > "$project/src/a.py"
  git -C "$project" add .
  in_project 0 "a commit passes" git commit -m "Harmless"
  says "mergegate (staged changes)"
  says "Passed"

  printf 'import yaml\nx = yaml.load(y, yaml.Loader)\n' > "$project/src/a.py"
  git -C "$project" add .
  in_project 1 "a commit is blocked" git commit -m "Dangerous"
  says "src/a.py:2:5"
  says "blocked: 1 new finding blocks"

  # Staged is the dangerous half, on disk all is well; then the other way round.
  printf 'import yaml\nx = yaml.safe_load(y)\nz = 1\n' > "$project/src/a.py"
  in_project 1 "what is staged counts, not what is on disk" git commit -m "Dangerous"
  says "src/a.py:2:5"
  git -C "$project" add .
  printf 'import yaml\nx = yaml.load(y, yaml.Loader)\nz = 1\n' > "$project/src/a.py"
  in_project 0 "a file that is staged in part passes" git commit -m "The harmless part"
  git -C "$project" diff | grep -qF '+x = yaml.load(y, yaml.Loader)' || fail "what was not staged is lost"
  [ "$(commits "$project")" -eq 5 ] || fail "$(commits "$project") commits, not 5"

  in_project 0 "a push passes" git push origin main
  says "mergegate (pushed commits)"
  git -C "$project" commit --quiet --all --no-verify -m "Around the first hook"
  in_project 1 "a push is blocked" git push origin main
  says "src/a.py:2:5"
  [ "$(commits "$project.remote")" -eq 5 ] || fail "it was pushed"

  # An old finding is in nobody's way, and a branch is compared with where it started.
  git -C "$project" switch --quiet --create topic origin/main
  printf '# A comment.\n' >> "$project/src/old.py"
  git -C "$project" add .
  in_project 0 "a commit beside an old finding passes" git commit -m "A comment"
  in_project 0 "a push of another branch passes" git push origin topic
done
