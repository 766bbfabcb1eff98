import pytest

from telemetry.core.remote_storage import parse_remote_storage


@pytest.mark.parametrize(
    ("raw", "write_url", "query_url"),
    [
        ("prometheus+http://127.0.0.1:9090", "http://127.0.0.1:9090/api/v1/write", "http://127.0.0.1:9090"),
        ("prometheus+https://tsdb/vm/", "https://tsdb/vm/api/v1/write", "https://tsdb/vm"),
        (
            "prometheus+https://mimir/prometheus?write=/api/v1/push",
            "https://mimir/api/v1/push",
            "https://mimir/prometheus",
        ),
        (
            "prometheus+https://query?write=https://receive:19291/api/v1/receive",
            "https://receive:19291/api/v1/receive",
            "https://query",
        ),
        ("prometheus+http://tsdb:8428?plain=1", "http://tsdb:8428/api/v1/write", "http://tsdb:8428"),
    ],
    ids=["loopback", "path", "mimir", "thanos", "plain"],
)
def test_an_address_says_where_samples_go_and_come_from(raw, write_url, query_url):
    storage = parse_remote_storage(raw)
    assert (storage.write_url, storage.query_url, storage.name) == (write_url, query_url, "muster")


def test_passwords_and_tenants_become_headers_that_are_not_shown():
    storage = parse_remote_storage("prometheus+https://ann:s%40fe@tsdb?tenant=porto&name=north")
    assert dict(storage.headers) == {"Authorization": "Basic YW5uOnNAZmU=", "X-Scope-OrgID": "porto"}
    assert (storage.host, storage.name) == ("tsdb", "north")
    assert "YW5u" not in repr(storage)
    storage = parse_remote_storage("prometheus+https://tsdb", token="secret")
    assert dict(storage.headers) == {"Authorization": "Bearer secret"}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("https://tsdb", "use postgres, or prometheus"),
        ("prometheus+https://", "use postgres, or prometheus"),
        ("prometheus+http://tsdb:9090", "tsdb is another machine"),
        ("prometheus+https://tsdb?write=http://receive/", "receive is another machine"),
        ("prometheus+https://tsdb?write=ftp://receive/", "write is a path"),
        ("prometheus+https://tsdb:70000", "Port out of range"),
        ("prometheus+https://tsdb?tenent=1", "tenent is no option"),
    ],
)
def test_a_bad_address_is_refused_with_the_reason(raw, message):
    with pytest.raises(ValueError, match=message):
        parse_remote_storage(raw)


def test_the_line_break_at_the_end_of_a_token_is_left_out():
    storage = parse_remote_storage("prometheus+https://tsdb", token="secret\n")
    assert dict(storage.headers) == {"Authorization": "Bearer secret"}


@pytest.mark.parametrize(
    ("raw", "token", "message"),
    [
        ("prometheus+https://tsdb", "sec\nret", "the token has a character"),
        ("prometheus+https://tsdb", "secrét", "the token has a character"),
        ("prometheus+https://tsdb?tenant=%C5%82", "", "tenant has a character"),
    ],
)
def test_what_no_header_can_have_is_refused_and_not_repeated(raw, token, message):
    with pytest.raises(ValueError, match=message) as refused:
        parse_remote_storage(raw, token=token)
    assert "sec" not in str(refused.value)


def test_muster_keeps_samples_itself_by_default():
    assert parse_remote_storage("postgres") is None
