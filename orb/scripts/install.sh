#!/usr/bin/env bash
{ trap - DEBUG; set +xv; } >/dev/null 2>&1 # An address may hold a password.
# Installs circleci-usage into a Python environment of its own and puts it on the PATH of the steps that follow. What
# comes from an address must be what its #sha256=… says; a file or folder of the job is taken as it is.
set -euo pipefail

fail() {
  echo "Error: $1" >&2
  exit 2
}

# Puts into usage_orb_value what a parameter of the orb holds, with $VARIABLES replaced.
read_value() {
  usage_orb_value=CIRCLECI_USAGE_ORB_PARAM_$1
  usage_orb_value=${!usage_orb_value-}
  if [[ $usage_orb_value == *'$'* ]]; then
    type -P circleci >/dev/null || fail "There is no circleci command here, which replaces the \$VARIABLES of parameters."
    # The sign before it keeps a value that begins with a dash from being taken for a flag.
    usage_orb_value=$(circleci env subst "=$usage_orb_value")
    usage_orb_value=${usage_orb_value#=}
  fi
}

is_address() {
  [[ $1 == *://* ]]
}

# What the parameter $1 holds must be something to install from: an address with its hash, or a path.
check() {
  if is_address "$2"; then
    [[ $2 =~ ^[^#]+#sha256=[0-9a-f]{64}$ ]] ||
      fail "The orb's parameter $1 is an address without a hash: let it end with #sha256= and the SHA-256 of the file."
  else
    [ -e "$2" ] || fail "The orb's parameter $1 is neither a file or folder of this job nor an address."
  fi
}

# Puts the file of an address at the path $2. pip looks at the hash of a package, but not at that of a list.
fetch() {
  python3 -I -c '
import hashlib, http.client, pathlib, sys, urllib.request

address, _, expected = sys.argv[1].partition("#sha256=")
try:
    content = urllib.request.urlopen(address, timeout=60).read()
except (OSError, ValueError, http.client.HTTPException) as error:
    print("Error: The file of the parameter requirements cannot be had:", type(error).__name__, file=sys.stderr)
    sys.exit(4)
if hashlib.sha256(content).hexdigest() != expected:
    print("Error: The file of the parameter requirements is not the one of its #sha256=.", file=sys.stderr)
    sys.exit(6)
pathlib.Path(sys.argv[2]).write_bytes(content)
' "$1" "$2"
}

if ! python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  fail "circleci-usage needs Python 3.11 or newer as python3, for example the image cimg/python:3.13."
fi
[ -n "${BASH_ENV-}" ] || fail "BASH_ENV is not set; it names the file that carries the PATH to the next steps."

read_value PACKAGE
usage_orb_package=$usage_orb_value
check package "$usage_orb_package"

read_value REQUIREMENTS
usage_orb_requirements=$usage_orb_value
[ -z "$usage_orb_requirements" ] || check requirements "$usage_orb_requirements"

read_value VENV
usage_orb_venv=$usage_orb_value
[ -n "$usage_orb_venv" ] || fail "The orb's parameter venv is empty: name the folder to install to."
# shellcheck disable=SC2088 # as people write it in YAML
[[ $usage_orb_venv != '~/'* ]] || usage_orb_venv=$HOME/${usage_orb_venv#'~/'}

# From here on nothing begins with a dash or means another folder in another step.
python3 -I -m venv -- "$usage_orb_venv"
usage_orb_venv=$(realpath -- "$usage_orb_venv")
usage_orb_pip=("$usage_orb_venv/bin/python" -I -m pip install --quiet --no-deps)

if is_address "$usage_orb_requirements"; then
  fetch "$usage_orb_requirements" "$usage_orb_venv/requirements.txt"
  usage_orb_requirements=$usage_orb_venv/requirements.txt
fi
[ -z "$usage_orb_requirements" ] || "${usage_orb_pip[@]}" --require-hashes --requirement="$usage_orb_requirements"

if is_address "$usage_orb_package"; then
  "${usage_orb_pip[@]}" --require-hashes -- "$usage_orb_package"
else
  "${usage_orb_pip[@]}" -- "$(realpath -- "$usage_orb_package")"
fi

# shellcheck disable=SC2016 # that $PATH is for the steps that follow
printf 'export PATH=%q:"$PATH"\n' "$usage_orb_venv/bin" >>"$BASH_ENV"
"$usage_orb_venv/bin/circleci-usage" --version
