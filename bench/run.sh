#!/usr/bin/env bash
# Takes the figures and writes bench/RESULTS.md: ./bench/run.sh [--quick] [PART...]. Needs root, for PostgreSQL servers of its own; about fifty minutes.
# With --quick or parts named, figures are only printed, and RESULTS.md stays as it is; --quick alone takes small ones of one node on PostgreSQL, in less than a minute once it is built. A part that fails costs the others nothing: its last words stand in its place.
# Run it on a machine that does nothing else: each part prints what the machine gives at that moment beside what the product does.
set -euo pipefail
cd "$(dirname "$0")/.."

all=(node-postgres node-sqlite memory nodes shares growth operations journal-postgres journal-sqlite)

# No part takes so long, in seconds, however busy the machine.
limit=1800

quick=()
runs=5
journal=(0.7 5)
parts=()
for argument in "$@"; do
  if [ "$argument" = --quick ]; then
    quick=(--quick)
    runs=1
    journal=(0.1 1)
  elif [[ " ${all[*]} " == *" $argument "* ]]; then
    parts+=("$argument")
  else
    echo "usage: bench/run.sh [--quick] [PART...]; parts: ${all[*]}" >&2
    exit 2
  fi
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for bench in Node Journal Operations; do dotnet build "bench/$bench" -c Release -v q -nologo -clp:NoSummary; done

bench() { timeout "$limit" "bench/$1/bin/Release/net10.0/PasswordSync.$1.Bench" "${@:2}"; }

# Several runs of what gives one figure each, as medians.
medians() {
  local run
  rm -f "$folder"/run-*
  for ((run = 1; run <= runs; run++)); do
    [ "$runs" = 1 ] || echo "         run $run of $runs" >&3
    bench Node "${quick[@]}" --folder "$folder" "$@" >"$folder/run-$run.txt" || return
  done
  awk -f bench/medians.awk "$folder"/run-*.txt
}

take() {
  case $1 in
    node-postgres) medians --postgres limits throughput latency ;;
    node-sqlite) medians limits throughput latency ;;
    memory | nodes | shares | growth) bench Node "${quick[@]}" --postgres --folder "$folder" limits "$1" ;;
    operations) bench Operations "${quick[@]}" ;;
    journal-*) bench Journal "${1#journal-}" "${journal[@]}" ;;
  esac
}

title() {
  case $1 in
    node-postgres) echo "One node on PostgreSQL" ;;
    node-sqlite) echo "One node on SQLite" ;;
    memory) echo "Memory of people with something to do and without" ;;
    nodes) echo "One node and three on the same machine, over PostgreSQL" ;;
    shares) echo "One, two and four nodes, each held to a share of a processor, over PostgreSQL" ;;
    growth) echo "Ever more people in the journal, on PostgreSQL" ;;
    operations) echo "Operations on PostgreSQL" ;;
    journal-postgres) echo "Journal on PostgreSQL" ;;
    journal-sqlite) echo "Journal on SQLite" ;;
  esac
}

heading() {
  echo "# Figures"
  echo
  echo "Taken by \`bench/run.sh\` on $(date -u +%F) at commit $(git rev-parse --short HEAD): $(nproc) processors ($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)),"
  echo "$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo) of memory, Linux $(uname -r), .NET $(dotnet --version), load before it $(cut -d' ' -f1 /proc/loadavg). Client, nodes, database and targets share the processors."
  echo "[README](README.md) says what is measured. Where several figures were taken, the median stands first, then the smallest and the greatest; the parts of one node were run $runs times."
  cat <<'GOALS'

Goals, for two processors shared with the database:

| part | figure | goal |
|---|---|---|
| One node on PostgreSQL | captures a second from intake to both targets, secrets sealed | 5,000 |
| One node on PostgreSQL | the same, each secret opened | 1,500 |
| One node on PostgreSQL | at 200 captures a second, at both targets | median below 15 ms, 99th percentile below 60 ms |
| Three nodes on the same machine | captures a second, secrets sealed | 3,000 |
| Each node held to a share | captures a second | grow with the nodes |
| Ever more people | time for each capture | does not grow |
| Operations | memory of an idle node | below 150 MiB |
| Operations | `sync status`, `sync explain`, `sync parked list` with 100,000 people and a million events | below 500 ms |
| Operations | lines of the log exported | 50,000/s |
| Operations | intake beside questions or exports, of the intake alone | 0.9 |
| Journal on PostgreSQL | commands of two small events, 64 at a time, over 1,000 identities | Akka.NET on such a machine: 1,800/s with its PostgreSQL journal, 15,700/s with a batched one |
| Journal on PostgreSQL | the same over three processes that share the machine, 64 at a time in all | Akka.NET on such a machine with three nodes: 1,200/s with its PostgreSQL journal, 5,000/s with a batched one |
GOALS
}

# What is there so far, so that a run which is broken off has not been for nothing.
write() {
  heading
  for part in "${all[@]}"; do [ ! -f "$folder/parts/$part" ] || cat "$folder/parts/$part"; done
}

mkdir "$folder/parts"
exec 3>&2
failed=()
[ ${#quick[@]} -eq 0 ] || [ ${#parts[@]} -gt 0 ] || parts=(node-postgres)
wanted=("${parts[@]}")
[ ${#parts[@]} -gt 0 ] || wanted=("${all[@]}")
for part in "${wanted[@]}"; do
  began=$SECONDS
  echo "$(date -u +%T) $part" >&2
  {
    printf '\n## %s\n\n```\n' "$(title "$part")"
    if ! take "$part" 2>"$folder/trouble"; then
      failed+=("$part")
      echo "FAILED:"
      grep -m 1 -A 3 'Unhandled exception' "$folder/trouble" || tail -n 5 "$folder/trouble"
    fi
    echo '```'
  } >"$folder/parts/$part"
  echo "         $part took $((SECONDS - began)) s" >&2
  if [ ${#parts[@]} -gt 0 ]; then cat "$folder/parts/$part"; else write >bench/RESULTS.md; fi
done

[ ${#parts[@]} -eq 0 ] || echo "printed after $SECONDS s"
[ ${#parts[@]} -gt 0 ] || echo "written: bench/RESULTS.md, after $((SECONDS / 60)) minutes"
if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
