"""`python -m ltlab_ci` is `ltlab`."""

from ltlab_ci.cli.main import entry

entry()
