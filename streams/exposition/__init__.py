"""The numbers as Prometheus reads them."""
