"""What is measured, and the tables in docs/performance.md. `make bench` runs all of it.

A bench runs with and without ltlab on the same machine in turns; what carries over to other machines
is the ratio, or a limit with room to spare.
"""
