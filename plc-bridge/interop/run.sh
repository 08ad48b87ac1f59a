#!/bin/sh
# Our halves against pymodbus, asyncua and mbpoll. Ends with one summary line; non-zero when a check fails.
#
#   CATHOLYTE_VENV   where the Python environment lives or shall be made (default: target/interop-venv)
#   CARGO_TARGET_DIR where cargo builds (default: target)
#
# Once per machine, for the Debian peer: apt-get install mbpoll
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
venv=${CATHOLYTE_VENV:-$target/interop-venv}

fail() {
    echo "interop: FAILED ($1)"
    exit 1
}

python=$venv/bin/python
if [ ! -x "$python" ]; then
    python3 -m venv "$venv" || fail "no Python environment could be made in $venv"
fi
"$python" -c 'import pymodbus, asyncua' 2>/dev/null ||
    "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" ||
    fail "the Python peers could not be installed"

(cd "$root" && cargo build --quiet -p plc-bridge --examples) || fail "the examples do not build"

result=0
for peer in modbus opcua; do
    echo "== $peer"
    "$python" "$here/${peer}_peer.py" \
        --soft-plc "$target/debug/examples/soft_plc" --drive "$target/debug/examples/drive" || result=1
done
[ "$result" -eq 0 ] || fail "see the lines marked FAIL above"
echo "interop: passed (pymodbus, asyncua$(command -v mbpoll >/dev/null && echo ', mbpoll'))"
