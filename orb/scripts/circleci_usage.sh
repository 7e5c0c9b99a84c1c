#!/usr/bin/env bash
# Runs the command of circleci-usage that USAGE_COMMAND names with the parameters of the orb, which arrive in the
# environment. An empty one is left to the command's own default; in the others $VARIABLES are replaced.
#   PARAM_X   becomes the variable X, which the command reads.
#   OPTION_X  becomes the flag --x with a value, where the command has no variable.
#   FLAG_X    becomes the flag --x when it is 1, as CircleCI writes true.
#   SECRET_X  holds the name of the variable whose value becomes the variable X.
set -euo pipefail

if ! type -P circleci-usage >/dev/null; then
  echo "There is no circleci-usage here: use the orb's executor, or its install command before this one." >&2
  exit 127
fi

flag() {
  local name=${1#*_}
  name=${name,,}
  echo "--${name//_/-}"
}

read -ra words <<<"$USAGE_COMMAND"

for parameter in "${!PARAM_@}"; do
  if [ -n "${!parameter}" ]; then
    value=$(circleci env subst "${!parameter}")
    export "${parameter#PARAM_}=$value"
  fi
done

for parameter in "${!OPTION_@}"; do
  if [ -n "${!parameter}" ]; then
    value=$(circleci env subst "${!parameter}")
    words+=("$(flag "$parameter")" "$value")
  fi
done

for parameter in "${!FLAG_@}"; do
  if [ "${!parameter}" = 1 ]; then
    words+=("$(flag "$parameter")")
  fi
done

for secret in "${!SECRET_@}"; do
  variable=${!secret}
  if [ -n "${!variable:-}" ]; then
    export "${secret#SECRET_}=${!variable}"
  fi
done

exec circleci-usage "${words[@]}"
