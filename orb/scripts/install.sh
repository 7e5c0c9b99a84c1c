#!/usr/bin/env bash
{ trap - DEBUG; set +xv; } >/dev/null 2>&1 # A URL may contain a password.
# Installs circleci-usage into its own Python environment and adds it to the PATH of the following steps. A download
# must match the #sha256=… of its URL; a file or folder of the job is used as it is.
set -euo pipefail

fail() {
  echo "Error: $1" >&2
  exit 2
}

# Sets usage_orb_value to the value of a parameter of the orb, with $VARIABLES replaced.
read_value() {
  usage_orb_value=CIRCLECI_USAGE_ORB_PARAM_$1
  usage_orb_value=${!usage_orb_value-}
  if [[ $usage_orb_value == *'$'* ]]; then
    type -P circleci >/dev/null || fail "The circleci command, which replaces \$VARIABLES in parameters, is not installed."
    # The equals sign keeps a value that starts with a dash from being read as a flag.
    usage_orb_value=$(circleci env subst "=$usage_orb_value")
    usage_orb_value=${usage_orb_value#=}
  fi
}

is_url() {
  [[ $1 == *://* ]]
}

# Checks that the parameter $1 with the value $2 can be installed from: a URL with its hash, or a path.
check() {
  if is_url "$2"; then
    [[ $2 =~ ^[^#]+#sha256=[0-9a-f]{64}$ ]] ||
      fail "The orb's parameter $1 is a URL without a hash: add #sha256= and the SHA-256 of the file at its end."
  else
    [ -e "$2" ] || fail "The orb's parameter $1 is neither a file or folder of this job nor a URL."
  fi
}

# Downloads the file of a URL to the path $2. pip checks the hash of a package, but not that of a list.
fetch() {
  python3 -I -c '
import hashlib, http.client, pathlib, sys, urllib.request

url, _, expected = sys.argv[1].partition("#sha256=")
try:
    content = urllib.request.urlopen(url, timeout=60).read()
except (OSError, ValueError, http.client.HTTPException) as error:
    print("Error: The file of the parameter requirements cannot be downloaded:", type(error).__name__, file=sys.stderr)
    sys.exit(4)
if hashlib.sha256(content).hexdigest() != expected:
    print("Error: The file of the parameter requirements does not match its #sha256=.", file=sys.stderr)
    sys.exit(6)
pathlib.Path(sys.argv[2]).write_bytes(content)
' "$1" "$2"
}

if ! python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  fail "circleci-usage needs Python 3.11 or newer as python3, for example the image cimg/python:3.13."
fi
[ -n "${BASH_ENV-}" ] || fail "BASH_ENV is not set; it names the file that passes the PATH to the following steps."

read_value PACKAGE
usage_orb_package=$usage_orb_value
check package "$usage_orb_package"

read_value REQUIREMENTS
usage_orb_requirements=$usage_orb_value
[ -z "$usage_orb_requirements" ] || check requirements "$usage_orb_requirements"

read_value VENV
usage_orb_venv=$usage_orb_value
[ -n "$usage_orb_venv" ] || fail "The orb's parameter venv is empty: set it to the folder to install to."
# shellcheck disable=SC2088 # as people write it in YAML
[[ $usage_orb_venv != '~/'* ]] || usage_orb_venv=$HOME/${usage_orb_venv#'~/'}

# From here on no path starts with a dash or depends on the working directory of a step.
python3 -I -m venv -- "$usage_orb_venv"
usage_orb_venv=$(realpath -- "$usage_orb_venv")
usage_orb_pip=("$usage_orb_venv/bin/python" -I -m pip install --quiet --no-deps)

if is_url "$usage_orb_requirements"; then
  fetch "$usage_orb_requirements" "$usage_orb_venv/requirements.txt"
  usage_orb_requirements=$usage_orb_venv/requirements.txt
fi
[ -z "$usage_orb_requirements" ] || "${usage_orb_pip[@]}" --require-hashes --requirement="$usage_orb_requirements"

if is_url "$usage_orb_package"; then
  "${usage_orb_pip[@]}" --require-hashes -- "$usage_orb_package"
else
  "${usage_orb_pip[@]}" -- "$(realpath -- "$usage_orb_package")"
fi

# shellcheck disable=SC2016 # that $PATH is for the following steps
printf 'export PATH=%q:"$PATH"\n' "$usage_orb_venv/bin" >>"$BASH_ENV"
"$usage_orb_venv/bin/circleci-usage" --version
