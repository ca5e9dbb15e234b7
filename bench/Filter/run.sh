#!/usr/bin/env bash
# Times the calls of the Windows filter under Wine and writes bench/Filter/RESULTS.md: ./bench/Filter/run.sh. Needs what .ci/packages.sh installs; some minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."

figures=$(mktemp)
trap 'rm -f "$figures"' EXIT
dotnet build tests/Native.Tests -v q -nologo -clp:NoSummary
PASSWORDSYNC_FIGURES=$figures tests/Native.Tests/bin/Debug/net10.0/PasswordSync.Native.Tests -noColor -class '*FilterWaitFigures'

{
  echo "# How long the filter holds LSA's thread"
  echo
  echo "Taken by \`bench/Filter/run.sh\` on $(date -u +%F) under $(wine --version 2>/dev/null | cut -d' ' -f1): $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg) at the end. Milliseconds of a call of \`PasswordChangeNotify\`"
  echo "with the default wait of 25 ms, from the caller's side, sealing included. After each call a wait of 25 ms for nobody is timed, with the same function of Windows: by how much it is too long"
  echo "is the machine's own part, which a call that waits has in it, too."
  echo
  echo "| condition | call, median | call, longest | machine too late, median | machine too late, longest | waits | of these without an answer |"
  echo "|---|---|---|---|---|---|---|"
  sort -t'|' -k2,2 "$figures"
} >bench/Filter/RESULTS.md
echo "written: bench/Filter/RESULTS.md"
