"""What Grafana is given: provisioning, dashboards, and the source that dashboards are made from."""
