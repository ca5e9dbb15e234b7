# Sourced by test.sh: runs the test projects and adds up what they report. Uses and sets its variables.

# Every project below tests/ that is an executable with xunit.
test_projects() { grep -l '"xunit.v3"' tests/*/*.csproj | xargs grep -l '<OutputType>Exe<' | sort; }

# With real servers a project takes longer.
uses_lab() { grep -q 'Lab\.csproj' "$1"; }

# Runs one project under a time limit; leaves NAME.log, NAME.xml and NAME.exit in the results folder.
run_test_project() {
  local project=$1 limit=$2 folder name program start=$SECONDS
  folder=$(dirname "$project") name=$(basename "$project" .csproj)
  program=$folder/bin/$configuration/net10.0/PasswordSync.$name
  timeout --kill-after=20 "$limit" "$program" -noColor -noLogo -xml "$results/$name.xml" >"$results/$name.log" 2>&1
  echo "$? $((SECONDS - start))" >"$results/$name.exit"
}

# An attribute of the report's element for the whole assembly; empty when there is no report or no such number.
reported() { sed -n 's/.*<assembly [^>]*[ ]'"$2"'="\([0-9]*\)".*/\1/p' "$results/$1.xml" 2>/dev/null | head -1; }

# Adds one finished project to the totals. A runner that crashed, was ended for its time or left no whole report is a failure
# beside what it reported; so is a project in which nothing ran, because then nobody knows that it would still find anything.
count_test_project() {
  local name exit_code=1 seconds=0 total ok bad errors ignored trouble=
  name=$(basename "$1" .csproj)
  [ -f "$results/$name.exit" ] && read -r exit_code seconds <"$results/$name.exit"
  ok=$(reported "$name" passed) bad=$(reported "$name" failed) errors=$(reported "$name" errors)
  ignored=$(reported "$name" skipped) total=$(reported "$name" total)

  if ((exit_code == 124 || exit_code == 137)); then trouble="ended after its time limit"
  elif [ -z "$ok" ] || [ -z "$bad" ] || [ -z "$errors" ] || [ -z "$ignored" ] || [ -z "$total" ]; then trouble="exit code $exit_code and no report"
  elif ((total == 0)); then trouble="holds no tests"
  elif ((exit_code != 0 && bad + errors == 0)); then trouble="exit code $exit_code, though its report knows no failure"
  fi
  ok=${ok:-0} bad=$((${bad:-0} + ${errors:-0})) ignored=${ignored:-0}
  ((bad == 0)) || failures+=("$name: $bad of ${total:-?} ($results/$name.log)")
  if [ -n "$trouble" ]; then
    failures+=("$name: $trouble ($results/$name.log)")
    bad=$((bad + 1))
  fi

  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + ignored))
  echo "   $name: $ok passed, $bad failed, $ignored skipped (${seconds} s)"
  ((bad == 0)) || sed -n '/\[FAIL\]/,/^  Finished:/p' "$results/$name.log" | grep -v '^ *at ' | head -80
  [ -z "$trouble" ] || tail -15 "$results/$name.log" 2>/dev/null
}

# The longest first, in this order, so that none of them is left to run alone at the end.
readonly longest='EndToEnd Native.Tests Chaos Providers.Tests Journal.Tests Operations.Tests'

in_order() {
  local name
  for name in $longest; do grep "/$name\.csproj$" "$1"; done
  grep -vE "/(${longest// /|})\.csproj$" "$1"
}

# Two at a time: those with real servers wait for them more than half of their time.
run_test_projects() {
  local projects=() project
  test_projects >"$results/projects"
  mapfile -t projects < <(in_order "$results/projects")
  echo "== tests, two projects at a time"
  for project in "${projects[@]}"; do
    while (($(jobs -rp | wc -l) >= 2)); do wait -n; done
    if uses_lab "$project"; then run_test_project "$project" "$limit_lab" & else run_test_project "$project" "$limit_light" & fi
  done
  wait
  for project in "${projects[@]}"; do count_test_project "$project"; done
}
