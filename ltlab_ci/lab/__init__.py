"""Where things run. `embedded` starts plain processes on this machine."""
