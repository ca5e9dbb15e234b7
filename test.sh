#!/bin/bash
# Installs what the tests need, builds, checks the formatting and runs all tests.
#
#   ./test.sh          everything but the long series
#   ./test.sh --long   the long series too (PASSWORDSYNC_LONG=1)
#
# Needs Debian 12 (or a relative with apt), root and the .NET SDK. A second run installs nothing and needs no network.
# A few failures are run again, alone (.ci/projects.sh says which); what passes then is named in the last lines and counted as passed.
# The last line is "N passed, N failed, N skipped"; the exit code is 0 only if something ran and nothing failed.
set -u
cd "$(dirname "$0")" || exit 1
exec </dev/null

# One configuration, the one `dotnet build` and `dotnet run` use by default: nothing is built twice on a developer's machine.
readonly configuration=Debug
readonly results=artifacts/test-results

case "${1:-}" in
  '') export PASSWORDSYNC_LONG=0; limit_light=1200; limit_lab=2400 ;;
  --long) export PASSWORDSYNC_LONG=1; limit_light=1800; limit_lab=3600 ;;
  *) echo "usage: ./test.sh [--long]" >&2; exit 2 ;;
esac

. .ci/packages.sh
. .ci/projects.sh

passed=0 failed=0 skipped=0
failures=() # one line each: what failed, and where to read more
unsteady=() # one line each: what failed and passed when it was run again

finish() {
  local failure test
  for test in "${unsteady[@]}"; do echo "PASSED ONLY WHEN RUN AGAIN: $test"; done
  for failure in "${failures[@]}"; do echo "FAILED: $failure"; done
  if ((passed + failed == 0)); then
    echo "FAILED: no test was executed"
    failed=1
  fi
  echo "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0))
  exit
}

# Runs one step; if it fails nothing after it can be trusted, so the run ends there, with one failure.
must() {
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  if ! "$@"; then
    failures+=("$name")
    failed=$((failed + 1))
    finish
  fi
  echo "   $((SECONDS - start)) s"
}

# Runs one step whose failure does not spoil the others.
check() {
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  if ! "$@"; then
    failures+=("$name")
    failed=$((failed + 1))
  fi
  echo "   $((SECONDS - start)) s"
}

restore() { dotnet restore PasswordSync.sln --locked-mode -v q -nologo -p:NuGetAudit=false; }

build() { dotnet build PasswordSync.sln -c "$configuration" --no-restore -v q -nologo -warnaserror -nodeReuse:false -clp:NoSummary; }

build_native() { cmake -S native/Filter -B artifacts/native >/dev/null && cmake --build artifacts/native --parallel 2 >/dev/null; }

# As plain files: loading the solution takes thirty times as long and finds the same. Code style is part of the build.
check_format() {
  local folders=() folder
  for folder in src tests bench samples; do [ -d "$folder" ] && folders+=("$folder"); done
  dotnet format whitespace --folder . --verify-no-changes --include "${folders[@]}"
}

mkdir -p "$results"
rm -f "$results"/*
must "packages" install_packages
must "restore" restore
must "build" build
check "native build" build_native
check "formatting" check_format
run_test_projects
finish
