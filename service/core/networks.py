"""Which network addresses are somebody's on the Internet."""

import ipaddress


def is_public(address: str) -> bool:
    """Whether an address is somebody's on the Internet; one that carries an IPv4 address is judged by that."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        if parsed in ipaddress.ip_network("64:ff9b::/96"):  # NAT64 (RFC 6052)
            return is_public(str(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)))
    return parsed.is_global and not parsed.is_multicast


def is_local(address: str) -> bool:
    """Whether an address is one of this machine or a private network: where tests let receivers be."""
    parsed = ipaddress.ip_address(address)
    return parsed.is_private and not parsed.is_link_local and not parsed.is_unspecified
