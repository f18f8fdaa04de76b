"""The stores against a real InfluxDB, run as a plain process."""
