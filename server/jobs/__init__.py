"""What runs beside the requests: when, and for whom."""
