"""What action.yml runs: shell scripts until there is a Python of its own, then these modules.

Each is one step, `python -I -m action.run`; every input arrives as a variable `LTLAB_*`. Not here:
anything about load tests (ltlab_ci), which steps there are (action.yml).
"""
