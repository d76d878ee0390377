"""The verbs that set up, run and maintain: init, config, doctor, run, service, web, backup."""
