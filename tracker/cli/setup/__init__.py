"""The verbs of setting up and running: init, doctor, config, service, run."""
