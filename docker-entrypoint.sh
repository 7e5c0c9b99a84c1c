#!/usr/bin/env bash
# A program's name runs that program (a CI job's `bash -c …`); anything else is a command of circleci-usage, and
# nothing at all, which is what `docker run --entrypoint` leaves, is its `run`.
set -euo pipefail
if [ $# = 0 ]; then
  set -- run
fi
if type -P -- "$1" >/dev/null; then
  exec -- "$@"
fi
exec circleci-usage "$@"
