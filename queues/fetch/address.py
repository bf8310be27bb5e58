"""Which addresses a stranger's URL may lead to: the public internet, not the network that we run in.

IPv6 is judged by what is allowed rather than by what is not: global unicast (2000::/3) without its special blocks.
The ways to write an IPv4 address in IPv6 (mapped, NAT64) are judged by the address inside.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

#: Every IPv4 block that the IANA special-purpose registry does not call globally reachable, and multicast.
CLOSED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the cloud's metadata service
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relay
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

#: The only IPv6 addresses in use on the public internet.
GLOBAL_V6 = IPv6Network("2000::/3")

#: Blocks inside it that lead elsewhere.
CLOSED_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
    )
)

#: The prefix under which NAT64 gateways reach an IPv4 address, its last 32 bits (RFC 6052).
NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether a fetch may connect to `address`."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in CLOSED_V4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in GLOBAL_V6 and not any(address in block for block in CLOSED_V6)
