#!/bin/bash
# The whole product on real servers, to play with: ./lab.sh up|change|status|down (without arguments: how). Needs root and what ./test.sh installs.
# Everything is in ./lab-data; the servers run until ./lab.sh down.
set -eu
cd "$(dirname "$0")"
program=tests/Lab.Cli/bin/Debug/net10.0/PasswordSync.Lab.Cli.dll
if [ "${1:-}" = up ] || [ ! -f "$program" ]; then
  dotnet build tests/Lab.Cli -v q -nologo '-clp:ErrorsOnly;NoSummary'
  cmake -S native/Filter -B artifacts/native >/dev/null
  cmake --build artifacts/native >/dev/null
fi
exec dotnet "$program" "$PWD/lab-data" "$@"
