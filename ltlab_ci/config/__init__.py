"""From ltlab.yml, .env, environment and flags to one frozen model.Config."""
