"""Ports that servers can have."""

from __future__ import annotations

import socket

import pytest

from streams.services.errors import ServiceError
from streams.services.ports import HOST, free_ports, require_free


def test_free_ports_differ_and_can_be_listened_on() -> None:
    ports = free_ports(50)

    assert len(set(ports)) == 50
    for port in ports:
        require_free(port, "Kafka")


def test_free_ports_stay_out_of_the_range_of_outgoing_connections() -> None:
    assert max(free_ports(50)) < 32_768


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=rf"Kafka cannot listen on {HOST}:{port}: Address already in use"):
            require_free(port, "Kafka")
