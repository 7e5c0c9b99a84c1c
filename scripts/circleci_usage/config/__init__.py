"""Settings: from the environment and from the settings file to what the stages understand."""
