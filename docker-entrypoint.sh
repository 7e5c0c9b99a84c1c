#!/usr/bin/env bash
# A program's name runs that program (a CI job's `bash -c …`); anything else is a command of circleci-usage.
set -euo pipefail
if type -P "$1" >/dev/null; then
  exec "$@"
fi
exec circleci-usage "$@"
