#!/usr/bin/env bash
# Installs the engines that `npm run test:engines` compares: Debian's browsers and emulator (as root), other runtimes
# and an arm64 Node from npm, arm64 libraries for the latter. Quick when all is there.
set -euo pipefail
cd "$(dirname "$0")"

bash ../setup.sh # wasmtime is in its Python

packages=(chromium firefox-esr webkit2gtk-driver xvfb xauth qemu-user-static)
absent=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || absent+=("$package")
done
if [ ${#absent[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "test/engines/setup.sh: run it as root, or install ${absent[*]}" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${absent[@]}"
fi

# @param $1 folder with a lockfile; the rest is for npm ci
install() {
  local folder=$1
  shift
  cmp -s "$folder/package-lock.json" "$folder/node_modules/installed.json" && return
  (cd "$folder" && npm ci --ignore-scripts --loglevel=error "$@")
  cp "$folder/package-lock.json" "$folder/node_modules/installed.json"
}
install runtimes
install arm64 --cpu=arm64 --os=linux --libc=glibc

# The C and C++ libraries of arm64, unpacked into a folder: the machine's own architectures stay as they are.
sysroot=arm64/build/sysroot
if [ ! -e "$sysroot" ]; then
  rm -rf arm64/build
  mkdir -p arm64/build/{lists/partial,cache/archives/partial,packages,unpacked}
  state=$PWD/arm64/build
  apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o "Dir::State=$state"
    -o "Dir::State::Lists=$state/lists" -o Dir::State::status=/dev/null -o "Dir::Cache=$state/cache"
    -o APT::Sandbox::User=root)
  "${apt[@]}" update
  (cd arm64/build/packages && "${apt[@]}" download libc6 libstdc++6 libgcc-s1 libatomic1)
  for package in arm64/build/packages/*.deb; do dpkg-deb -x "$package" arm64/build/unpacked; done
  rm -rf arm64/build/{lists,cache,packages}
  mv arm64/build/unpacked "$sysroot"
fi
