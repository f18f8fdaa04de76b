"""What takes long: `make long` runs it whole and keeps a ledger; `.ci/run` runs a tenth of it."""
