#!/bin/sh
# The engines behind ../peers.toml again: fails when a committed figure is no longer what its engine gives.
# What our own models give is compared with those figures by `cargo test -p sim-plant validation`, without Python.
#
#   CATHOLYTE_PEERS_VENV  where the Python environment lives or shall be made (default: target/peers-venv)
#   --write               puts the engines' figures into the table instead
set -u
here=$(cd "$(dirname "$0")" && pwd)
venv=${CATHOLYTE_PEERS_VENV:-$here/../../../target/peers-venv}

fail() {
    echo "peers: FAILED ($1)"
    exit 1
}

[ -x "$venv/bin/python" ] || python3 -m venv "$venv" || fail "no Python environment could be made in $venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" ||
    fail "the engines could not be installed"
"$venv/bin/python" "$here/peers.py" "$@" || fail "see the lines above"
