"""Sign-ins that somebody should look at: an administrator's from a network that is new to them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network

NETWORK_BITS = {4: 24, 6: 48}
"""What a provider gives to one site: addresses within it change by the day."""


@dataclass(frozen=True, slots=True)
class SignIns:
    """All sign-ins of an account from one address; `first_at` is the first of them."""

    account_id: int
    address: str
    first_at: datetime


@dataclass(frozen=True, slots=True)
class NewNetwork:
    account_id: int
    network: str
    first_at: datetime


def network_of(address: str) -> str:
    """The network of an address; "" for what is no address, such as one that was erased."""
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network((ip, NETWORK_BITS[ip.version]), strict=False))


def new_networks(sign_ins: Iterable[SignIns], *, since: datetime) -> Iterator[NewNetwork]:
    """Networks from which an account signed in first after `since`, if it has signed in from another one before."""
    first_by_network: dict[int, dict[str, datetime]] = defaultdict(dict)
    for each in sign_ins:
        if network := network_of(each.address):
            networks = first_by_network[each.account_id]
            networks[network] = min(each.first_at, networks.get(network, each.first_at))
    for account_id, networks in first_by_network.items():
        earliest_at = min(networks.values())
        for network, first_at in networks.items():
            if first_at > max(since, earliest_at):
                yield NewNetwork(account_id, network, first_at)
