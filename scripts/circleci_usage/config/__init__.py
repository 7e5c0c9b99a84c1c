"""Settings: the environment and the settings file, checked and turned into the stages' objects."""
