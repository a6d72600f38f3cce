"""Allowances and addresses."""

from __future__ import annotations

import pytest

from dispatch.devices.jt808.limits import Addresses, Bucket, Limits, address_key


def test_an_allowance_is_used_up_and_refills() -> None:
    bucket = Bucket(10, 2)
    assert bucket.take(10, 100) == 0
    assert bucket.take(4, 100) == 2, "two seconds in debt at two a second"
    assert bucket.take(0, 101) == 1 and not bucket.is_full(101)
    assert bucket.take(0, 102) == 0
    assert bucket.is_full(1000) and bucket.take(11, 1000) == 0.5, "it never holds more than its measure"


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_address_is_one_host_or_one_network(host: str, key: str) -> None:
    assert address_key(host) == key


def test_quiet_addresses_are_forgotten_and_guilty_ones_are_not() -> None:
    addresses = Addresses(Limits(address_faults_at_once=10, address_faults_per_second=1))
    addresses.of("192.0.2.1").connections = 1
    addresses.of("192.0.2.2").faults.take(5, 0)
    addresses.of("192.0.2.3")
    addresses.forget_quiet(1)
    assert set(addresses.known) == {"192.0.2.1", "192.0.2.2"}
    addresses.forget_quiet(10)
    assert set(addresses.known) == {"192.0.2.1"}
