"""Names and addresses of this machine alone."""

from ipaddress import IPv6Address, ip_address


def is_loopback(host: str) -> bool:
    """Return whether a name or an address leads to this machine, and to no other."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_ipv6(text: str) -> bool:
    """Return whether `text` is an address of IPv6."""
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
