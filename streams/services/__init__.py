"""Real services on this machine, without a container engine: for the demo, for tests, and to play with."""

from streams.services.errors import ServiceError
from streams.services.kafka import KafkaService
from streams.services.redis import RedisService
from streams.services.running import run_services

__all__ = ["KafkaService", "RedisService", "ServiceError", "run_services"]
