# What is installed: wheels made by maturin and zig, the source distribution, the static programs of ci-examples. Nothing
# is optimised, which is no matter here and saves half an hour.

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
dist=$work/dist
quick_release

# tried WHAT COMMAND...: the program says its version and shows the gate at work.
tried() {
  run 0 "$1: --version" "${@:2}" --version
  says "mergegate $version"
  run 0 "$1: demo" "${@:2}" demo
  says "blocked: 2 new findings block"
}

# in_scratch WHAT PROGRAM: it needs nothing, as in an image made from scratch: no library, no shell, no git.
in_scratch() {
  local root=$work/scratch-$1
  # In other words for a program that can be loaded anywhere, and with another exit code.
  ldd "$2" > "$work/log" 2>&1 || true
  grep -qE "not a dynamic executable|statically linked" "$work/log" || fail "$1: it needs libraries"
  mkdir -p "$root/tmp"
  cp "$2" "$root/mergegate"
  repository "$root/repo" blocking
  tried "$1" unshare --map-root-user chroot "$root" /mergegate
  run 1 "$1: check" unshare --map-root-user --root="$root" --wd=/repo /mergegate check --base main
  says "src/new.py:5:12"
}

wheel() {
  run 0 "wheel: $1" env PATH="$py:$PATH" "$py/maturin" build --release --locked --zig --target "$1" --compatibility "$2" \
    --out "$dist"
}

wheel x86_64-unknown-linux-gnu manylinux2014
python3 -m venv "$work/venv"
run 0 "pip install" "$work/venv/bin/pip" install --no-index "$dist"/*manylinux*.whl
tried "pip" "$work/venv/bin/mergegate"
run 0 "the wheel holds no Python" "$py/python" -m zipfile --list "$dist"/*manylinux*.whl
says "LICENSE-MIT"
says not ".py"
tried "uvx" env UV_CACHE_DIR="$work/uv" "$py/uvx" --offline --from "$(echo "$dist"/*manylinux*.whl)" mergegate
tried "pipx run" env PIPX_HOME="$work/pipx" PIP_NO_INDEX=1 "$py/pipx" run --spec "$(echo "$dist"/*manylinux*.whl)" mergegate

run 0 "source distribution" "$py/maturin" sdist --out "$dist"
python3 -m venv "$work/from-source"
run 0 "pip install of the source" env CARGO_TARGET_DIR="$root/target" "$work/from-source/bin/pip" install "$dist/mergegate-$version.tar.gz"
tried "pip from source" "$work/from-source/bin/mergegate"

if [ -d "$(rustc --print target-libdir --target x86_64-unknown-linux-musl)" ]; then
  wheel x86_64-unknown-linux-musl musllinux_1_2
  in_scratch musl target/x86_64-unknown-linux-musl/release/mergegate
else
  echo "skipped: rustup target add x86_64-unknown-linux-musl"
fi

# The commands of the Dockerfile, without Docker. Its last image is the program alone.
flags=$(sed -n 's/^ENV RUSTFLAGS="\(.*\)"$/\1/p' ci-examples/Dockerfile)
build=$(sed -n '/^RUN /,/[^\\]$/p' ci-examples/Dockerfile)
[ -n "$flags" ] && [ -n "$build" ] || fail "the Dockerfile has no flags or no build"
build=${build#RUN }
run 0 "the build of the Dockerfile" env RUSTFLAGS="$flags" sh -euc "${build% /mergegate} $work/docker-mergegate"
in_scratch docker "$work/docker-mergegate"
