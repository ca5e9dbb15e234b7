#!/bin/bash
# Runs the tests of the Windows filter under Wine 10, whose bcrypt has the ECDH that the released DLL uses. Debian 12 has Wine 8, so a
# Debian 13 with Wine is made in a folder (1.5 GB, some minutes, once) and entered with chroot. Needs root, debootstrap and a build of tests/Native.Tests.
#
#   native/Filter/tests/windows/run-with-wine-10.sh FOLDER [ARGUMENTS FOR THE TEST PROGRAM...]
set -eu
[ $# -ge 1 ] || { sed -n 5p "$0"; exit 2; }
root=$(realpath -m "$1")
shift
repository=$(cd "$(dirname "$0")/../../../.." && pwd)
tests=$repository/tests/Native.Tests/bin/Debug/net10.0/PasswordSync.Native.Tests

if [ ! -x "$root/usr/bin/wine" ]; then
  debootstrap --variant=minbase trixie "$root"
  chroot "$root" apt-get install -y --no-install-recommends wine wine64
fi

# The same paths inside and outside.
mounted=()
trap 'for folder in "${mounted[@]}"; do umount "$folder"; done' EXIT
for folder in /proc /tmp "$repository"; do
  mkdir -p "$root$folder"
  mount --bind "$folder" "$root$folder"
  mounted=("$root$folder" "${mounted[@]}")
done
tools=$(mktemp -d)
printf '#!/bin/sh\nexec /usr/sbin/chroot %s wine "$@"\n' "$root" >"$tools/wine"
printf '#!/bin/sh\nexec /usr/sbin/chroot %s wineserver "$@"\n' "$root" >"$tools/wineserver"

chmod 755 "$tools"/*

PASSWORDSYNC_WINE=$tools/wine PASSWORDSYNC_WINESERVER=$tools/wineserver "$tests" -noColor -class '*Windows.Filter*' "$@"
