# What people see: SARIF in Microsoft's viewer and by sarif-tools, the HTML report and a comment in Chromium. With
# PICTURES=FOLDER the pictures are kept there; those of docs/images are from here.

export NODE_PATH=$node_tools
browser() {
  run 0 "in Chromium: $1" node .ci/platforms.d/browser.js "$1" "$2" ${PICTURES:+"$PICTURES"}
}

run 0 "the demonstration" target/debug/mergegate demo --dir "$work/demo"
run 1 "its reports" env -C "$work/demo" "$root/target/debug/mergegate" check --base main --output "sarif=$work/change.sarif" \
  --output "html=$work/report.html" --output "markdown=$work/comment.md" --output "text=$work/report.txt"
if command -v chromium > /dev/null; then
  browser viewer "$work/change.sarif"
  browser report "$work/report.html"
  browser markdown "$work/comment.md"
else
  echo "skipped: there is no Chromium"
fi

# In a terminal of 80 columns only source sticks out.
run 1 "text" env -C "$work/demo" COLUMNS=80 "$root/target/debug/mergegate" check --base main --verbose
"$py/python" - "$work/log" << 'END' || fail "lines of more than 80 columns"
import re, sys
lines = open(sys.argv[1]).read().splitlines()
sys.exit(any(len(line) > 80 for line in lines if not re.match(r" *\d* \| |mergegate: ", line)))
END

sarif=$py/sarif
run 2 "sarif summary" "$sarif" --check error summary "$work/change.sarif"
for part in "error: 2" "warning: 2" "note: 2" "yaml-load This YAML loader can build any Python object, and so run code.: 1"; do
  says "$part"
done
for branch in main import-settings; do
  git -C "$work/demo" switch --quiet "$branch"
  env -C "$work/demo" "$root/target/debug/mergegate" scan . --output "sarif=$work/$branch.sarif" > /dev/null || [ $? -eq 1 ]
done
run 0 "sarif diff" "$sarif" diff "$work/main.sarif" "$work/import-settings.sarif"
says "error level: +2 +0"
says "settings.py:17"
run 0 "sarif html" "$sarif" html "$work/change.sarif" --output "$work/summary.html"
grep -qF "subprocess-shell" "$work/summary.html" || fail "no findings in it"
