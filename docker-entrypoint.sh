#!/usr/bin/env bash
# The name of a program runs that program, as in a CI job's `bash -c …`. Anything else is a command of circleci-usage.
# Without arguments, as after `docker run --entrypoint`, it is the command `run`.
set -euo pipefail
if [ $# = 0 ]; then
  set -- run
fi
if type -P -- "$1" >/dev/null; then
  exec -- "$@"
fi
exec circleci-usage "$@"
