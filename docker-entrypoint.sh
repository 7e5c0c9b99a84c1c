#!/usr/bin/env bash
# The name of a program runs that program, as in a CI job's `bash -c …`. Anything else is a command of circleci-usage.
# Without arguments, as after `docker run --entrypoint`, it is the command `run`. `login` is a command of both: Debian's
# starts a session of a user, for which nobody starts a container.
set -euo pipefail
if [ $# = 0 ]; then
  set -- run
fi
if [ "$1" != login ] && type -P -- "$1" >/dev/null; then
  exec -- "$@"
fi
exec circleci-usage "$@"
