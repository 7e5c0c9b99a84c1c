#!/usr/bin/env bash
# Installs circleci-usage into a Python environment of its own and puts it on the PATH of the steps that follow.
set -euo pipefail

package=$(circleci env subst "$PARAM_PACKAGE")
requirements=$(circleci env subst "$PARAM_REQUIREMENTS")
venv=$(circleci env subst "$PARAM_VENV")
venv=${venv/#\~\//$HOME/}

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "circleci-usage needs Python 3.11 or newer as python3, for example the image cimg/python:3.13." >&2
  exit 1
fi

python3 -m venv "$venv"
if [ -n "$requirements" ]; then
  "$venv/bin/python" -m pip install --quiet --require-hashes --requirement "$requirements"
fi
"$venv/bin/python" -m pip install --quiet "$package"

# shellcheck disable=SC2016 # that $PATH is for the steps that follow
printf 'export PATH=%q:"$PATH"\n' "$venv/bin" >>"$BASH_ENV"
"$venv/bin/circleci-usage" --version
