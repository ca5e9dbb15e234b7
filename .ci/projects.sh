# Sourced by test.sh: runs the test projects and adds up what they report. Uses and sets its variables.

# Every project below tests/ that is an executable with xunit.
test_projects() { grep -l '"xunit.v3"' tests/*/*.csproj | xargs grep -l '<OutputType>Exe<' | sort; }

# With real servers a project takes longer.
uses_lab() { grep -q 'Lab\.csproj' "$1"; }

# Runs one project under a time limit; leaves NAME.log, NAME.xml and NAME.exit in the results folder. The log has what tests tell besides: seeds that play a run again, and figures.
run_test_project() {
  local project=$1 limit=$2 folder name program start=$SECONDS
  folder=$(dirname "$project") name=$(basename "$project" .csproj)
  program=$folder/bin/$configuration/net10.0/PasswordSync.$name
  timeout --kill-after=20 "$limit" "$program" -noColor -noLogo -diagnostics -xml "$results/$name.xml" >"$results/$name.log" 2>&1
  echo "$? $((SECONDS - start))" >"$results/$name.exit"
}

# An attribute of the report's element for the whole assembly; empty when there is no report or no such number.
reported() { sed -n 's/.*<assembly [^>]*[ ]'"$2"'="\([0-9]*\)".*/\1/p' "$results/$1.xml" 2>/dev/null | head -1; }

# The methods with a failed test, as the runner takes them.
failed_methods() {
  grep -o '<test [^>]*result="Fail"[^>]*' "$results/$1.xml" | sed 's/.* type="\([^"]*\)" method="\([^"]*\)".*/\1.\2/' | sort -u
}

# What failed, with its message and without the frames of the stack, at most so many lines of it.
tell_failures() { sed -n '/\[FAIL\]\|Cleanup Failure/,/^  Finished:/p' "$results/$1.log" | grep -vE '^ *\[D::|^ *at |^ *[^ ]+\([0-9]+,[0-9]+\): at |\[SKIP\]|Part of the long series|^  Finished:' | head -"$2"; }

# Never run again: projects without a clock, another program or a network, where a test fails for what the code does, and the search for rare breaks of
# an invariant (random kills, faults, races of two domain controllers), whose next run looks elsewhere.
readonly run_once=' Actors.Tests Architecture.Tests Chaos Core.Tests Sealing.Tests Simulation '
readonly run_once_methods='\.I[0-9]_|Killed_at_any_point|Two_domain_controllers|CrashTests'
# More failures than these are no accident of the machine.
readonly most_run_again=3

# How many failures a project had: a fixture that did not start is one, whichever tests it took with it; so is what failed outside of tests.
count_failures() {
  local name=$1 bad=$2 errors=$3 fixtures
  fixtures=$(grep -o "fixture type '[^']*' threw in" "$results/$name.xml")
  [ -z "$fixtures" ] || bad=$((bad - $(wc -l <<<"$fixtures") + $(sort -u <<<"$fixtures" | wc -l)))
  # Two fixtures of one test may be told of in one line each.
  (($2 == 0 || bad > 0)) || bad=1
  echo $((bad + (errors > 0)))
}

# Runs the failed methods of one project again, alone on the machine; true if all of their tests pass now. They are counted as passed
# then and named in the last lines of the output, so that they are mended: such a test depends on what else the machine does.
# What failed outside of tests, such as the end of a server that tests share, belongs to no method: then the whole project is run again.
passes_when_run_again() {
  local name methods method errors=$2 limit=$limit_light arguments=()
  name=$(basename "$1" .csproj)
  case $run_once in *" $name "*) return 1 ;; esac
  methods=$(failed_methods "$name")
  [ -n "$methods" ] || ((errors > 0)) || return 1
  ! grep -qE "$run_once_methods" <<<"$methods" || return 1
  if ((errors > 0)); then
    echo "   $name again, as a whole"
    ! uses_lab "$1" || limit=$limit_lab
  else
    for method in $methods; do arguments+=(-method "$method"); done
    echo "   $name again: $(echo $methods)"
  fi
  timeout --kill-after=20 "$limit" "$(dirname "$1")/bin/$configuration/net10.0/PasswordSync.$name" -noColor -noLogo -diagnostics \
    "${arguments[@]}" -xml "$results/$name.again.xml" >"$results/$name.again.log" 2>&1 || return 1
  (($(reported "$name.again" passed) > 0 && $(reported "$name.again" failed) + $(reported "$name.again" errors) == 0))
}

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
  ok=${ok:-0} bad=${bad:-0} errors=${errors:-0} ignored=${ignored:-0}
  echo "   $name: $ok passed, $bad failed, $ignored skipped (${seconds} s)"
  if [ -n "$trouble" ]; then
    failures+=("$name: $trouble ($results/$name.log)")
    failed=$((failed + 1))
    tail -15 "$results/$name.log" 2>/dev/null
  elif ((bad + errors > 0)); then
    in_doubt+=("$1 $bad $errors")
    failed=$((failed + (errors > 0)))
  fi
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + ignored))
}

# Settles what failed: run again where that is allowed, else told with its message.
settle_failures() {
  local entry project name bad errors verdict what count=${#failures[@]}
  for entry in "${in_doubt[@]}"; do
    read -r project bad errors <<<"$entry"
    count=$((count + $(count_failures "$(basename "$project" .csproj)" "$bad" "$errors")))
  done
  for entry in "${in_doubt[@]}"; do
    read -r project bad errors <<<"$entry"
    name=$(basename "$project" .csproj)
    what=$(failed_methods "$name" | tr '\n' ' ')
    ((errors == 0)) || what+="$errors errors outside of tests"
    if ((count <= most_run_again)) && passes_when_run_again "$project" "$errors"; then
      passed=$((passed + bad)) failed=$((failed - bad - (errors > 0)))
      verdict="passed when run again"
      unsteady+=("$name: $what")
    else
      failures+=("$name: $((bad + errors)) ($results/$name.log)")
      verdict=failed
    fi
    echo "   $name, $bad $verdict: $what"
    tell_failures "$name" 18
    if [ "$verdict" = failed ] && [ -f "$results/$name.again.log" ]; then
      echo "   $name, when run again:"
      tell_failures "$name.again" 18
    fi
  done
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
  local projects=() in_doubt=() project
  test_projects >"$results/projects"
  mapfile -t projects < <(in_order "$results/projects")
  echo "== tests, two projects at a time"
  for project in "${projects[@]}"; do
    while (($(jobs -rp | wc -l) >= 2)); do wait -n; done
    if uses_lab "$project"; then run_test_project "$project" "$limit_lab" & else run_test_project "$project" "$limit_light" & fi
  done
  wait
  for project in "${projects[@]}"; do count_test_project "$project"; done
  settle_failures
}
