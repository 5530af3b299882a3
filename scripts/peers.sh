#!/bin/sh
# Installs the tools that `make bench` times Strata beside into .bench/peers,
# which git ignores, and says which it could not have and why. Nothing else of
# the machine changes, except for Debian packages when run as root.
#
#   scripts/peers.sh            all of them
#   scripts/peers.sh NAME...    only these: python debian csvdiff daff dolt
#
# Logs are beside the tools, in .bench/peers/log.
set -u

root=$(cd "$(dirname "$0")/.." && pwd)
peers=$root/.bench/peers
log=$peers/log
bin=$peers/bin
mkdir -p "$log" "$bin"

BUILD_MINUTES=${BUILD_MINUTES:-25}
CSVDIFF=v1.4.0
DOLT=v0.40.5-0.20260715172757-a6690826d767 # 2.2.0

have() { command -v "$1" >/dev/null 2>&1; }

# try NAME COMMAND...: runs it with its output in the log and reports failure.
try() {
	name=$1
	shift
	if "$@" >"$log/$name.log" 2>&1; then return 0; fi
	echo "$name: not installed: $(tail -n 1 "$log/$name.log" | cut -c 1-160) (see $log/$name.log)"
	return 1
}

install_python() {
	have python3 || { echo "python: not installed: no python3"; return; }
	try venv python3 -m venv "$peers/venv" || return
	for package in pyarrow duckdb dvc oxenai; do
		try "$package" "$peers/venv/bin/pip" install --quiet "$package"
	done
	if [ -x "$peers/venv/bin/dvc" ]; then ln -sf "$peers/venv/bin/dvc" "$bin/dvc"; fi
}

install_debian() {
	if ! have apt-get; then echo "debian: not installed: no apt-get"; return; fi
	for package in git-lfs git-annex restic borgbackup; do
		have "${package%backup}" && continue
		if [ "$(id -u)" != 0 ]; then echo "$package: not installed: needs root"; continue; fi
		if [ -z "${updated:-}" ]; then updated=1; try apt-update apt-get update; fi
		DEBIAN_FRONTEND=noninteractive try "$package" apt-get install -y --no-install-recommends "$package"
	done
}

# csvdiff and Dolt come as source from the Go module proxy.
install_csvdiff() { build csvdiff github.com/aswinkarthik/csvdiff "$CSVDIFF" . 0; }

# Dolt is released under tags that Go does not know, so the version is a commit's.
# It needs a C compiler and the headers of ICU.
install_dolt() {
	have gcc || { echo "dolt: not installed: needs a C compiler"; return; }
	build dolt github.com/dolthub/dolt/go "$DOLT" ./cmd/dolt 1
}

# build NAME MODULE VERSION PACKAGE CGO
build() {
	[ -x "$bin/$1" ] && return
	try "$1" timeout "${BUILD_MINUTES}m" sh -c '
		set -e
		dir=$(cd / && go mod download -json "$2@$3" | sed -n "s/.*\"Dir\": \"\(.*\)\".*/\1/p")
		rm -rf "$0/src/$1" && mkdir -p "$0/src" && cp -r "$dir" "$0/src/$1" && chmod -R u+w "$0/src/$1"
		cd "$0/src/$1" && CGO_ENABLED=$5 GOFLAGS=-mod=mod go build -o "$0/bin/$1" "$4"' "$peers" "$@"
}

install_daff() {
	have npm || { echo "daff: not installed: no npm"; return; }
	try daff npm install --silent --no-audit --no-fund --prefix "$peers/npm" daff &&
		ln -sf "$peers/npm/node_modules/.bin/daff" "$bin/daff"
}

version() { # NAME COMMAND...
	name=$1
	shift
	out=$("$@" 2>/dev/null | head -n 1)
	echo "$name: ${out:-no}"
}

[ $# -gt 0 ] || set -- python debian csvdiff daff dolt
for name; do "install_$name"; done

echo
echo "Installed:"
PATH=$bin:$PATH
export PATH DOLT_ROOT_PATH="$peers"
for package in pyarrow duckdb oxenai; do
	version "$package" "$peers/venv/bin/python" -c "import importlib.metadata as m; print(m.version('$package'))"
done
version dvc dvc --version
version dolt dolt version
version git git --version
version git-lfs git-lfs version
version git-annex git-annex version --raw
version restic restic version
version borg borg --version
version csvdiff csvdiff --version
version daff daff version
