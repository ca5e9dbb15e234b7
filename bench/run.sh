#!/usr/bin/env bash
# Takes the figures of one node and writes bench/RESULTS.md: ./bench/run.sh [--quick]. Needs root, for PostgreSQL servers of its own; about 40 minutes, --quick about one once it is built.
# Run it on a machine that does nothing else: each part prints what the machine gives at that moment beside what the product does.
set -euo pipefail
cd "$(dirname "$0")/.."

quick=()
runs=5
journal=(2 5)
if [ "${1:-}" = --quick ]; then
  quick=(--quick)
  runs=1
  journal=(0.2 1)
elif [ $# -gt 0 ]; then
  echo "usage: bench/run.sh [--quick]" >&2
  exit 2
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for bench in Node Journal Operations; do dotnet build "bench/$bench" -c Release -v q -nologo -clp:NoSummary; done

bench() { "bench/$1/bin/Release/net10.0/PasswordSync.$1.Bench" "${@:2}"; }

part() {
  printf '\n## %s\n\n```\n' "$1"
  shift
  "$@"
  echo '```'
}

node() {
  local run
  for ((run = 1; run <= runs; run++)); do
    echo "node${1:+ $1}, run $run of $runs" >&2
    bench Node "${quick[@]}" "$@" --folder "$folder" >"$folder/run-$run.txt"
  done
  awk -f bench/medians.awk "$folder"/run-*.txt
}

{
  echo "# Figures of one node"
  echo
  echo "Taken by \`bench/run.sh${quick:+ --quick}\` on $(date -u +%F) at commit $(git rev-parse --short HEAD): $(nproc) processors ($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)),"
  echo "$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo) of memory, Linux $(uname -r), .NET $(dotnet --version), load before it $(cut -d' ' -f1 /proc/loadavg). Client, node, database and targets share the processors."
  echo "[README](README.md) says what is measured. Where several figures were taken, the median stands first, then the smallest and the greatest; the parts \"Node\" were run $runs times."
  cat <<'GOALS'

Goals, for two processors shared with the database:

| part | figure | goal |
|---|---|---|
| Node on PostgreSQL | captures a second from intake to both targets, secrets sealed | 5,000 |
| Node on PostgreSQL | the same, each secret opened | 1,500 |
| Node on PostgreSQL | at 200 captures a second, at both targets | median below 15 ms, 99th percentile below 60 ms |
| Operations | `sync status`, `sync explain`, `sync parked list` with 100,000 people and a million events | below 500 ms |
| Operations | lines of the log exported | 50,000/s |
| Operations | intake beside questions or exports, of the intake alone | 0.9 |
GOALS
  part "Node on PostgreSQL" node --postgres
  part "Node on SQLite" node
  part "Operations on PostgreSQL" bench Operations "${quick[@]}"
  part "Journal on PostgreSQL" bench Journal postgres "${journal[@]}"
  part "Journal on SQLite" bench Journal sqlite "${journal[@]}"
} >"$folder/results.md"
cp "$folder/results.md" bench/RESULTS.md
echo "written: bench/RESULTS.md"
