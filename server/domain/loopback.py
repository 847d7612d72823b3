"""Names and addresses of this machine alone."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Return whether a name or an address leads to this machine, and to no other."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
