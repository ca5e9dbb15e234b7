#!/bin/bash
# Makes PasswordSync.msi, for domain controllers and for sync servers.
#
#   native/Installer/build.sh OUTPUT-FOLDER
#
# On Debian 12: apt-get install cmake make clang gcc-mingw-w64-x86-64-win32 wixl msitools osslsigncode python3, and the .NET SDK.
# Environment: SIGN_CERTIFICATE and SIGN_KEY (PEM files): signs DLL, programs and MSI. SIGN_TIMESTAMP: the URL of a time stamping service.
#              EDGE_FOLDER, NODE_FOLDER: ready publishes, instead of those made here. VERSION: such as 0.2.0, instead of that of Directory.Build.props.
set -eu
[ $# = 1 ] || { sed -n 4p "$0"; exit 2; }
mkdir -p "$1"
output=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
version=${VERSION:-$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Directory.Build.props")}
toolchain=$here/../Filter/windows/toolchain-clang-mingw.cmake

build() { cmake -S "$1" -B "$2" -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DBUILD_TESTING=OFF >/dev/null -Wno-dev 2>/dev/null && cmake --build "$2" >/dev/null; }

# Not below a folder named "dotnet": the SDK's command line takes what stands behind that word for its own arguments.
publish() {
  dotnet publish "$root/src/Nodes/$1" -r win-x64 --self-contained -p:Version="$version" --artifacts-path "$output/build" -v quiet -nologo >&2
  echo "$output/build/publish/$1/release_win-x64"
}

# In place. The key is a file of the caller's; it is read by osslsigncode alone.
sign() {
  [ -n "${SIGN_KEY:-}" ] || return 0
  osslsigncode sign -certs "$SIGN_CERTIFICATE" -key "$SIGN_KEY" -h sha256 ${SIGN_TIMESTAMP:+-ts "$SIGN_TIMESTAMP"} -n PasswordSync -in "$1" -out "$1.signed" >/dev/null
  mv "$1.signed" "$1"
}

build "$here/../Filter" "$output/filter"
build "$here" "$output/setup"
[ -n "${EDGE_FOLDER:-}" ] || EDGE_FOLDER=$(publish EdgeNode)
[ -n "${NODE_FOLDER:-}" ] || NODE_FOLDER=$(publish SyncNode)

# wixl takes paths beside its sources only.
stage=$output/stage
rm -rf "$stage"
mkdir "$stage"
cp "$output/filter/PasswordSyncFilter.dll" "$output/setup/PasswordSyncSetup.exe" "$here/PasswordSync.wxs" "$stage"
cp -r "$EDGE_FOLDER" "$stage/edge"
cp -r "$NODE_FOLDER" "$stage/node"
cd "$stage"
for program in PasswordSyncFilter.dll PasswordSyncSetup.exe edge/PasswordSync.EdgeNode.exe node/PasswordSync.SyncNode.exe; do sign "$program"; done

# All files of a publish but its program, which is in PasswordSync.wxs with its service. Both publishes have files of the same names, and wixl-heat would
# give those the same identifiers.
list_files() {
  find "$1" -type f ! -name "$2" ! -name '*.pdb' ! -name '*.xml' | sort | wixl-heat -p "$1/" --directory-ref "$3" --component-group "$4" --var "var.$5" --win64 |
    sed -E "s/\"((dir|cmp|fil)[0-9A-F]{32})\"/\"$1_\1\"/g" >"$1-files.wxs"
}
list_files edge PasswordSync.EdgeNode.exe EDGEFOLDER EdgeFiles Edge
list_files node PasswordSync.SyncNode.exe NODEFOLDER NodeFiles Node

# For each provider a feature below the sync server's, and a value that allows its kind there.
while read -r kind guid title; do
  cat >&3 <<END
<Feature Id="${kind^}" Title="$title" Level="1000"><ComponentRef Id="Provider_$kind" /></Feature>
END
  cat >&4 <<END
<Component Id="Provider_$kind" Guid="$guid" Win64="yes"><RegistryValue Root="HKLM" Key="SOFTWARE\\PasswordSync\\Node\\Providers" Name="$kind" Type="integer" Value="1" KeyPath="yes" /></Component>
END
done <"$here/providers.txt" 3>features 4>components
{ echo '<Include>'; cat features; echo '</Include>'; } >providers.wxi
{ echo '<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi"><Fragment><DirectoryRef Id="NODEFOLDER">'; cat components; echo '</DirectoryRef></Fragment></Wix>'; } >providers.wxs

msi=$output/PasswordSync.msi
variables=(Filter=PasswordSyncFilter.dll Setup=PasswordSyncSetup.exe Edge=edge Node=node)
defines=()
for variable in Win64=yes Version="$version" "${variables[@]}"; do defines+=(-D "$variable"); done
wixl -a x64 -o "$msi" "${defines[@]}" PasswordSync.wxs edge-files.wxs node-files.wxs providers.wxs
"$here/tables.sh" "$msi" "$version" "${variables[@]}"
sign "$msi"
sha256sum "$msi" PasswordSyncFilter.dll PasswordSyncSetup.exe edge/PasswordSync.EdgeNode.exe node/PasswordSync.SyncNode.exe | sed "s|$output/||" >"$output/SHA256SUMS"
