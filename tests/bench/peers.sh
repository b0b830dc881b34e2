#!/bin/sh
# peers.sh BUILD SOURCE - make bench-peers: a virtual environment with the peers, outside of the tree, then peers.py in it.
#
# BENCH_VENV: the environment's directory (${XDG_CACHE_HOME:-$HOME/.cache}/nasc/bench-venv); networks are kept beside it, in
# bench-nets.  What pip cannot install is said and left out.  pip's own settings (an index, wheels at hand) are honoured.
set -e
build=$1 source=$2
: "${BENCH_VENV:=${XDG_CACHE_HOME:-$HOME/.cache}/nasc/bench-venv}"
export BENCH_VENV PYTHONDONTWRITEBYTECODE=1
case $(realpath -m "$BENCH_VENV") in
"$(realpath "$source")"/*) echo "peers.sh: BENCH_VENV is inside of the source tree" >&2; exit 2 ;;
esac
python=$BENCH_VENV/bin/python
if ! [ -x "$python" ]; then
    mkdir -p "$(dirname "$BENCH_VENV")"
    ${PYTHON3:-python3} -m venv "$BENCH_VENV" || { echo "peers.sh: no virtual environment (Debian: python3-venv)" >&2; exit 3; }
fi
for package in numpy torch onnx onnxruntime openvino 'jax[cpu]'; do
    module=${package%%\[*}
    "$python" -c "import importlib.util, sys; sys.exit(importlib.util.find_spec('$module') is None)" && continue
    "$python" -m pip install --quiet --disable-pip-version-check "$package" || echo "peers.sh: $package does not install: left out" >&2
done
if ! "$python" -c 'import numpy, torch, onnx' 2>/dev/null; then
    echo "peers.sh: without numpy, torch and onnx there are no networks to compare" >&2
    exit 3
fi
exec "$python" "$source/tests/bench/peers.py" "$build" "$source"
