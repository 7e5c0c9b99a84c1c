"""CircleCI's own configuration files (`.circleci/config.yml`): what their jobs run on.

`reader` resolves a file statically, as far as that goes: executors, parameters and their defaults,
matrices, commands, orbs that are in the file, YAML anchors. Each setting of a job comes with the
place in the text that has it, or with the reason why there is none to change.
"""
