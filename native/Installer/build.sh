#!/bin/bash
# Makes PasswordSyncEdge.msi, for the domain controllers.
#
#   native/Installer/build.sh OUTPUT-FOLDER
#
# On Debian 12: apt-get install cmake make clang gcc-mingw-w64-x86-64-win32 wixl msitools osslsigncode, and the .NET SDK.
# Environment: SIGN_CERTIFICATE and SIGN_KEY (PEM files): signs DLL, programs and MSI. SIGN_TIMESTAMP: the URL of a time stamping service.
#              EDGE_FOLDER: a ready publish of the edge, instead of one made here. VERSION: such as 0.1.0.
set -eu
[ $# = 1 ] || { sed -n 4p "$0"; exit 2; }
mkdir -p "$1"
output=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
version=${VERSION:-0.1.0}
toolchain=$here/../Filter/windows/toolchain-clang-mingw.cmake

build() { cmake -S "$1" -B "$2" -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DBUILD_TESTING=OFF >/dev/null -Wno-dev 2>/dev/null && cmake --build "$2" >/dev/null; }

# In place. The key is a file of the caller's; it is read by osslsigncode alone.
sign() {
  [ -n "${SIGN_KEY:-}" ] || return 0
  osslsigncode sign -certs "$SIGN_CERTIFICATE" -key "$SIGN_KEY" -h sha256 ${SIGN_TIMESTAMP:+-ts "$SIGN_TIMESTAMP"} -n PasswordSync -in "$1" -out "$1.signed" >/dev/null
  mv "$1.signed" "$1"
}

build "$here/../Filter" "$output/filter"
build "$here" "$output/setup"
if [ -z "${EDGE_FOLDER:-}" ]; then
  dotnet publish "$root/src/Nodes/EdgeNode" -r win-x64 --self-contained --artifacts-path "$output/dotnet" -v quiet -nologo
  EDGE_FOLDER=$output/dotnet/publish/EdgeNode/release_win-x64
fi
sign "$output/filter/PasswordSyncFilter.dll"
sign "$output/setup/PasswordSyncSetup.exe"
sign "$EDGE_FOLDER/PasswordSync.EdgeNode.exe"

# wixl takes paths beside its sources only.
stage=$output/stage
rm -rf "$stage"
mkdir "$stage"
cp "$output/filter/PasswordSyncFilter.dll" "$output/setup/PasswordSyncSetup.exe" "$here/PasswordSyncEdge.wxs" "$stage"
cp -r "$EDGE_FOLDER" "$stage/edge"
cd "$stage"
# The program itself is in PasswordSyncEdge.wxs, with its service.
find edge -type f ! -name PasswordSync.EdgeNode.exe ! -name '*.pdb' ! -name '*.xml' | sort |
  wixl-heat -p edge/ --directory-ref EDGEFOLDER --component-group EdgeFiles --var var.Edge --win64 >edge-files.wxs
msi=$output/PasswordSyncEdge.msi
wixl -a x64 -o "$msi" -D Win64=yes -D Version="$version" -D Filter=PasswordSyncFilter.dll -D Setup=PasswordSyncSetup.exe -D Edge=edge PasswordSyncEdge.wxs edge-files.wxs

query() { msibuild "$msi" -q "$1"; }
# Without a version in the table an upgrade decides by dates, and may keep an older DLL.
query "UPDATE \`File\` SET \`Version\`='$version.0', \`Language\`='1033' WHERE \`File\`='FilterDll'"
# Deferred, as SYSTEM: 3074 must succeed, 3138 need not, 3394 runs on rollback.
action() { query "INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('$1', $2, 'Setup', '$3')"; }
action MakeDataFolder 3074 'folder "[CommonAppDataFolder]PasswordSync"'
action UndoPackageAdd 3394 'packages undo PasswordSyncFilter'
action AddPackage 3074 'packages add PasswordSyncFilter'
action SetRecovery 3138 'recovery PasswordSyncEdge'
action UndoPackageRemove 3394 'packages undo PasswordSyncFilter'
action RemovePackage 3074 'packages remove PasswordSyncFilter'
sign "$msi"
sha256sum "$msi" "$output/filter/PasswordSyncFilter.dll" "$output/setup/PasswordSyncSetup.exe" "$EDGE_FOLDER/PasswordSync.EdgeNode.exe" | sed "s|$output/||" >"$output/SHA256SUMS"
