"""A load-testing lab in one tool: boots it, runs k6 and Artillery, judges, reports."""

__version__ = "0.1.0"
