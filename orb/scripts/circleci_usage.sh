#!/usr/bin/env bash
{ trap - DEBUG; set +xv; } >/dev/null 2>&1 # A traced step would have its secrets in the log.
# Runs the circleci-usage command in CIRCLECI_USAGE_ORB_COMMAND with the parameters of the orb, which arrive in the
# environment. Empty ones are left to the command's own default; in the others $VARIABLES are replaced. Parameters are
# data: nothing in them is run. Only the names listed here belong to the orb, and the script's own variables start with
# usage_orb_, so they never collide with variables of the job.
#   CIRCLECI_USAGE_ORB_PARAM_X   becomes the variable X, which the command reads.
#   CIRCLECI_USAGE_ORB_OPTION_X  becomes the flag --x with a value, where the command has no variable.
#   CIRCLECI_USAGE_ORB_FLAG_X    becomes the flag --x when it is 1, as CircleCI writes true.
#   CIRCLECI_USAGE_ORB_SECRET_X  has the name of the variable whose value becomes the variable X.
set -euo pipefail

usage_orb_params=(
  CIRCLECI_URL DATADOG_SITE END_DATE ESTIMATE_BASE ESTIMATE_HEAD FOCUS_DETAIL GITHUB_API_URL INSIGHTS MAX_WAIT
  MERGE_USAGE_REPORTS ORG_ID OUTPUT_DIR PERIOD POLL_SECONDS PRICE_PER_CREDIT START_DATE STORE_DIR TEAM_REPORTS
  USAGE_CONFIG USER_NAMES
)
usage_orb_options=(FAIL_ABOVE MAX_SERIES MODE PROJECT TAGS)
usage_orb_flags=(CUSTOM_COSTS ENABLE_HISTORICAL FORECAST GITHUB_COMMENT HISTORICAL_METRICS_ENABLED)

fail() {
  echo "Error: $1" >&2
  exit 2
}

# Sets usage_orb_value to the value of a variable of the orb, with $VARIABLES replaced.
read_value() {
  usage_orb_value=CIRCLECI_USAGE_ORB_$1
  usage_orb_value=${!usage_orb_value-}
  if [[ $usage_orb_value == *'$'* ]]; then
    type -P circleci >/dev/null || fail "The circleci command, which replaces \$VARIABLES in parameters, is not installed."
    # The equals sign keeps a value that starts with a dash from being read as a flag.
    usage_orb_value=$(circleci env subst "=$usage_orb_value")
    usage_orb_value=${usage_orb_value#=}
  fi
}

flag() {
  local usage_orb_flag=${1,,}
  echo "--${usage_orb_flag//_/-}"
}

# Sets usage_orb_source to the name of the variable with the secret $1, from the orb's parameter $2.
find_source() {
  local LC_ALL=C
  usage_orb_source=CIRCLECI_USAGE_ORB_SECRET_$1
  usage_orb_source=${!usage_orb_source-}
  if [[ ! $usage_orb_source =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]]; then
    fail "The orb's parameter $2 must be the name of an environment variable: letters, digits and underscores."
  fi
}

holds_something() {
  [[ ${!1-} =~ [^[:space:]] ]]
}

# Sets the variable $1 to the secret that the orb's parameter $2 names, and never to another one.
take_secret() {
  find_source "$1" "$2"
  if ! holds_something "$usage_orb_source"; then
    # A name with lower-case letters may be the secret itself, entered by mistake.
    [[ $usage_orb_source == *[a-z]* ]] || set -- "$1" "$2 ($usage_orb_source)"
    fail "The environment variable named by the orb's parameter $2 is empty or not set. Add the secret to a context\
 that this job uses, or name another variable."
  fi
  export "$1=${!usage_orb_source}"
}

# Sets the variable $1_EXPIRES to the last day of the secret that take_secret took: it is beside that secret or unknown.
take_last_day() {
  usage_orb_day=${usage_orb_source}_EXPIRES
  if holds_something "$usage_orb_day"; then
    export "$1_EXPIRES=${!usage_orb_day}"
  else
    unset "$1_EXPIRES"
  fi
}

# As take_secret, but the default variable may be missing; then the alternative name $3 is not used either.
take_secret_if_any() {
  find_source "$1" "$2"
  if [ "$usage_orb_source" != "$1" ] || holds_something "$1"; then
    take_secret "$1" "$2"
  else
    unset "$1" "$3"
  fi
}

if ! type -P circleci-usage >/dev/null; then
  echo "Error: circleci-usage is not installed: use the orb's executor, or run its install command first." >&2
  exit 127
fi

case ${CIRCLECI_USAGE_ORB_COMMAND-} in
  check | estimate | export | load | notify | prune | report | run) set -- "$CIRCLECI_USAGE_ORB_COMMAND" ;;
  "push datadog") set -- push datadog ;;
  *) fail "The orb does not support this command of circleci-usage." ;;
esac

usage_orb_settings=()
for usage_orb_name in "${usage_orb_params[@]}"; do
  read_value "PARAM_$usage_orb_name"
  [ -z "$usage_orb_value" ] || usage_orb_settings+=("$usage_orb_name=$usage_orb_value")
done

for usage_orb_name in "${usage_orb_options[@]}"; do
  read_value "OPTION_$usage_orb_name"
  [ -z "$usage_orb_value" ] || set -- "$@" "$(flag "$usage_orb_name")=$usage_orb_value"
done

for usage_orb_name in "${usage_orb_flags[@]}"; do
  read_value "FLAG_$usage_orb_name"
  [ "$usage_orb_value" != 1 ] || set -- "$@" "$(flag "$usage_orb_name")"
done

# Exported only now, so that the $VARIABLES above were those of the job.
for usage_orb_name in ${usage_orb_settings[@]+"${usage_orb_settings[@]}"}; do
  export "${usage_orb_name?}"
done

case $1 in
  export | run)
    take_secret CIRCLECI_API_TOKEN token
    take_last_day CIRCLECI_API_TOKEN
    ;;
  estimate)
    if [ "${CIRCLECI_USAGE_ORB_FLAG_GITHUB_COMMENT-}" = 1 ]; then
      take_secret GITHUB_TOKEN github_token
    else
      unset GITHUB_TOKEN
    fi
    ;;
  load) take_secret WAREHOUSE_URL warehouse_url ;;
  push)
    take_secret DATADOG_API_KEY api_key
    take_secret_if_any DATADOG_APP_KEY app_key DD_APP_KEY
    ;;
esac

exec circleci-usage "$@"
