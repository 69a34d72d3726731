#!/bin/sh
# What `make boards` needs beside Python: on Debian, as root, it is installed; elsewhere it is said what is missing.
set -eu
cd "$(dirname "$0")"

missing=""
for program in node npm chromium prometheus promtool; do
  command -v "$program" >/dev/null || missing="$missing $program"
done
if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "missing:$missing (on Debian the packages nodejs, npm, chromium and prometheus)" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  packages=""
  for program in $missing; do
    case $program in
      node) packages="$packages nodejs" ;;
      promtool) packages="$packages prometheus" ;;
      chromium) packages="$packages chromium fonts-inter" ;; # the typeface of Grafana
      *) packages="$packages $program" ;;
    esac
  done
  apt-get update -qq
  # Only the programs: nothing may be started as a service.
  policy=/usr/sbin/policy-rc.d
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' > $policy && chmod +x $policy && trap 'rm -f $policy' EXIT; }
  # shellcheck disable=SC2086 -- words are wanted
  apt-get install -y -qq --no-install-recommends $packages >/dev/null
fi

# Grafana's packages ask for peers that only a server has; no script of a package is run.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --legacy-peer-deps --ignore-scripts --no-audit --no-fund
fi
