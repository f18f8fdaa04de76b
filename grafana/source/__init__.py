"""The source of grafana/dashboards: `make dashboards` writes them. Not part of the package."""
