"""Where messages may go: what is refused before a connection is opened, and that it goes to the checked address."""

import threading

import pytest

from web.delivery import addresses
from web.delivery.addresses import AddressRefused, NoAnswer, check_address, is_public, origin

PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")


@pytest.mark.parametrize(
    "ip",
    [
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("::1", id="loopback in IPv6"),
        pytest.param("0.0.0.0", id="this machine"),
        pytest.param("10.0.0.7", id="private"),
        pytest.param("192.168.1.1", id="private at home"),
        pytest.param("fd12::7", id="private in IPv6"),
        pytest.param("100.64.0.1", id="shared by a carrier"),
        pytest.param("169.254.169.254", id="metadata"),
        pytest.param("fd00:ec2::254", id="metadata of AWS in IPv6"),
        pytest.param("100.100.100.200", id="metadata of Alibaba"),
        pytest.param("168.63.129.16", id="services of Azure"),
        pytest.param("fe80::1%eth0", id="link-local"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("ff0e::1", id="multicast in IPv6"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("::ffff:10.0.0.7", id="IPv4 in IPv6"),
        pytest.param("::ffff:93.184.216.34", id="IPv4 in IPv6, public"),
        pytest.param("::7f00:1", id="IPv4 in IPv6, of old"),
        pytest.param("2002:7f00:1::", id="6to4"),
        pytest.param("64:ff9b::7f00:1", id="NAT64"),
        pytest.param("64:ff9b:1::7f00:1", id="NAT64, local"),
        pytest.param("2001:0:7f00:1::", id="Teredo"),
        pytest.param("fec0::1", id="site-local"),
    ],
)
def test_addresses_inside_are_refused(ip):
    assert not is_public(ip)
    with pytest.raises(AddressRefused, match="MUSTER_DELIVERY_HOSTS"):
        check_address("https://example.org/", resolve=lambda host, port: [PUBLIC[0], ip])


@pytest.mark.parametrize("ip", PUBLIC)
def test_addresses_of_the_internet_are_allowed(ip):
    destination = check_address("https://Example.org/a?b=c#d", resolve=lambda host, port: [ip, ip])
    assert (destination.host, destination.port, destination.path) == ("example.org", 443, "/a?b=c")
    assert destination.ips == (ip,)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "example.org/hook",
        "https://",
        "https://user:password@example.org/",
        "https://example.org@10.0.0.7/",
        "https://example.org\\@10.0.0.7/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://exam ple.org/",
        "https://example.org/\r\nHost: inside",
        "https://[::1",
        "https://exämple.org/",
        "https://example.org/" + 2000 * "a",
        "http://example.org/",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(AddressRefused) as refusal:
        check_address(url, resolve=lambda host, port: PUBLIC)
    assert "password" not in str(refusal.value).replace("user name or password", "")


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_loopback_by_any_name_is_refused(host):
    with pytest.raises((AddressRefused, NoAnswer)):
        check_address(f"https://{host}/")


def test_a_named_host_may_be_inside_at_its_port_only(settings):
    settings.DELIVERY_HOSTS = ["alertmanager.internal:9093", "hooks.internal"]
    resolve = lambda host, port: ["10.0.0.7"]  # noqa: E731
    assert check_address("http://alertmanager.internal:9093/", resolve=resolve).ips == ("10.0.0.7",)
    assert check_address("https://hooks.internal/", resolve=resolve).netloc == "hooks.internal"
    for url in (
        "http://alertmanager.internal/",
        "https://alertmanager.internal:9094/",
        "https://other.internal/",
    ):
        with pytest.raises(AddressRefused):
            check_address(url, resolve=resolve)


def test_a_name_without_an_address_gives_no_answer():
    def resolve(host, port):
        raise OSError("unknown")

    with pytest.raises(NoAnswer, match="The name example\\.org has no address"):
        check_address("https://example.org/", resolve=resolve)


def test_a_slow_resolver_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(addresses, "LOOK_UP_S", 0.05)
    until = threading.Event()
    try:
        with pytest.raises(NoAnswer, match="was not found within"):
            check_address("https://example.org/", resolve=lambda host, port: until.wait(20) and PUBLIC)
    finally:
        until.set()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org"),
        ("https://example.org:8443/secret/path?token=x", "https://example.org:8443/…"),
        ("https://example.org/?token=x", "https://example.org/…"),
    ],
)
def test_no_more_than_the_host_is_shown(url, shown):
    assert origin(url) == shown
