"""OpenTelemetry: the spans of a process, and where they are sent."""
