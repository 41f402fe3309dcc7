"""Which network addresses are somebody's on the Internet."""

import ipaddress

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # all the IPv6 there is to reach others at (RFC 4291, 2.4)
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052


def is_public(address: str) -> bool:
    """Whether an address is somebody's on the Internet; one that carries an IPv4 address is judged by that."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        if parsed in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)))
        if parsed not in GLOBAL_UNICAST:
            return False
    return parsed.is_global and not parsed.is_multicast


def is_local(address: str) -> bool:
    """Whether an address is one of this machine or a private network: where tests let receivers be."""
    parsed = ipaddress.ip_address(address)
    return parsed.is_private and not parsed.is_link_local and not parsed.is_unspecified
