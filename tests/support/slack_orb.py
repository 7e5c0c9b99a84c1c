"""A stand-in for the Slack orb's `notify`: what its shell makes of a template, without Slack.

As in version 6: the variable that `template` names is evaluated once as a double-quoted string,
    with backslashes,
double quotes and backquotes escaped. The message goes to the file that SLACK_SENT names.
"""

from typing import Any

_SCRIPT = r"""
set -euo pipefail
body=$(printf '%s' "${!TEMPLATE}" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/`/\\`/g')
eval printf '%s' "\"$body\"" >"$SLACK_SENT"
"""

SLACK_ORB: dict[str, Any] = {
    "commands": {
        "notify": {
            "parameters": {name: {"type": "string"} for name in ("event", "template", "channel")},
            "steps": [
                {
                    "run": {
                        "name": "Slack",
                        "environment": {"TEMPLATE": "<< parameters.template >>"},
                        "command": _SCRIPT,
                    }
                }
            ],
        }
    }
}
