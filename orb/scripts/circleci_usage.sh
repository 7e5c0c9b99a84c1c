#!/usr/bin/env bash
# Runs the command of circleci-usage that USAGE_COMMAND names, with the parameters of the orb: PARAM_X, unless it is empty,
# becomes the variable X that the command reads, with the $VARIABLES in it replaced. SECRET_X holds the name of the
# variable that holds the secret.
set -euo pipefail

if ! type -P circleci-usage >/dev/null; then
  echo "There is no circleci-usage here: use the orb's executor, or its install command before this one." >&2
  exit 127
fi

for parameter in "${!PARAM_@}"; do
  if [ -n "${!parameter}" ]; then
    value=$(circleci env subst "${!parameter}")
    export "${parameter#PARAM_}=$value"
  fi
done

for secret in "${!SECRET_@}"; do
  variable=${!secret}
  if [ -n "${!variable:-}" ]; then
    export "${secret#SECRET_}=${!variable}"
  fi
done

read -ra words <<<"$USAGE_COMMAND"
exec circleci-usage "${words[@]}"
