"""The command line. Only here: the process's environment, real clocks, exit codes."""
