#!/bin/bash
# Prints how much of the portable core the tests in C run: lines and branches of each file, by clang's own counting.
#
#   native/Filter/coverage.sh FOLDER
#
# On Debian 12: apt-get install cmake make clang llvm libclang-rt-14-dev libssl-dev.
set -eu
[ $# = 1 ] || { sed -n 4p "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)

cmake -S "$here" -B "$folder" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS="-fprofile-instr-generate -fcoverage-mapping" >/dev/null
cmake --build "$folder" --parallel 2 >/dev/null
rm -rf "$folder/profiles"
LLVM_PROFILE_FILE=$folder/profiles/%p.profraw ctest --test-dir "$folder" --output-on-failure --no-tests=error >&2
llvm-profdata merge -o "$folder/all.profdata" "$folder"/profiles/*.profraw
tests=("$folder"/tests/*_test)
llvm-cov report "${tests[0]}" "${tests[@]/#/-object=}" -instr-profile="$folder/all.profdata" -show-region-summary=false -ignore-filename-regex='/(linux|tests)/'
