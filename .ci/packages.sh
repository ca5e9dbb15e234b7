# Sourced by test.sh: the Debian packages the tests need.

packages=(
  # Servers and their clients: tests/Lab
  samba samba-ad-provision samba-dsdb-modules samba-vfs-modules samba-common-bin winbind smbclient
  slapd postgresql pgbouncer ldap-utils krb5-user libsasl2-modules-gssapi-mit ldb-tools tdb-tools
  python3-samba python3-ldb python3-markdown python3-dnspython python3-gpg gnupg attr acl util-linux iproute2
  # Samba's helper and its tests: native/Filter
  cmake make gcc libc6-dev libssl-dev clang libclang-rt-14-dev clang-tidy cppcheck
  # The Windows filter: native/Filter/windows
  gcc-mingw-w64-x86-64-win32 lld llvm wine wine64 wixl msitools osslsigncode openssl
)

# What only the long series uses: a database that fails over by itself.
[ "${PASSWORDSYNC_LONG:-0}" != 1 ] || packages+=(etcd-server patroni)

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

install_packages() {
  if [ "$(uname -s)" != Linux ] || ! command -v apt-get >/dev/null; then
    echo "test.sh needs Linux with apt: the tests run real servers. Elsewhere run 'dotnet build' and the test projects themselves." >&2
    return 1
  fi
  if ! command -v dotnet >/dev/null; then
    echo "test.sh needs the .NET SDK of global.json: https://dotnet.microsoft.com/download" >&2
    return 1
  fi
  if [ "$(id -u)" != 0 ]; then
    echo "test.sh must run as root: it installs packages, and the tests run servers in namespaces of their own." >&2
    return 1
  fi

  local missing=() package
  for package in "${packages[@]}"; do is_installed "$package" || missing+=("$package"); done
  # Any node with npm will do, whoever installed it.
  command -v node >/dev/null && command -v npm >/dev/null || missing+=(nodejs npm)
  ((${#missing[@]})) || return 0

  echo "   installing: ${missing[*]}"
  local policy=/usr/sbin/policy-rc.d own_policy=
  # No service may start by being installed: the tests run their own, and their ports must be free.
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && own_policy=yes
  fi
  local log=artifacts/test-results/apt.log status
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1
  status=$?
  [ -z "$own_policy" ] || rm -f $policy
  ((status == 0)) || tail -20 "$log"
  return $status
}
