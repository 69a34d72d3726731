"""A broker that wants TLS, a password and permission, and who may do what there as docs/operations.md says it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from streams.services import KafkaService
from streams.services.ports import free_ports

GUIDE = Path(__file__).parents[3] / "docs" / "operations.md"
_ROW = re.compile(r"\| `([\w-]+)` \| (topic|group|transactional id) \| `([\w.-]+)(\*?)` \| ([\w, ]+) \|")
_OPERATIONS = {
    "Read": ACLOperation.READ,
    "Write": ACLOperation.WRITE,
    "Create": ACLOperation.CREATE,
    "DescribeConfigs": ACLOperation.DESCRIBE_CONFIGS,
}
_RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional id": ResourceType.TRANSACTIONAL_ID,
}


class Permission(NamedTuple):
    """A row of the guide's table."""

    user: str
    resource: str
    name: str
    is_prefix: bool
    operations: tuple[str, ...]


def permissions() -> list[Permission]:
    """What the guide says that each user needs."""
    rows = _ROW.findall(GUIDE.read_text(encoding="utf-8"))
    return [Permission(user, kind, name, bool(star), tuple(ops.split(", "))) for user, kind, name, star, ops in rows]


class Secured(NamedTuple):
    """The broker.

    Attributes:
        address: Where users connect.
        inside: Where its administrator connects, without TLS or password.
        cafile: The certificate to trust.
    """

    address: str
    inside: str
    cafile: Path

    def settings(self, user: str, mechanism: str = "SCRAM-SHA-512", password: str | None = None) -> dict[str, str]:
        """Return the settings of a user, as variables without LEADPULSE_."""
        return {
            "KAFKA__BROKERS": self.address,
            "KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA__SASL_MECHANISM": mechanism,
            "KAFKA__SASL_USERNAME": user,
            "KAFKA__SASL_PASSWORD": password or password_of(user),
            "KAFKA__SSL_CAFILE": str(self.cafile),
        }


def password_of(user: str) -> str:
    return f"the password of {user}"


@contextmanager
def secured_kafka(folder: Path) -> Iterator[Secured]:
    """Start the broker, with the users of the guide, who may do what stands there and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    cafile = folder / "ca.pem"
    authority.cert_pem.write_to_path(cafile)
    inside, outside, controller = free_ports(3)
    users = sorted({permission.user for permission in permissions()})
    settings = _settings(inside, outside, controller, _key_store(authority, folder / "broker.pem"), users)
    with KafkaService(folder / "kafka", inside, settings=settings) as service:
        admin = KafkaAdminClient(bootstrap_servers=service.bootstrap)
        try:
            for user in users:
                admin.alter_user_scram_credentials(
                    [UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, password_of(user).encode())]
                )
            admin.create_acls([acl for permission in permissions() for acl in _acls(permission)])
        finally:
            admin.close()
        yield Secured(f"localhost:{outside}", service.bootstrap, cafile)


@contextmanager
def missing(broker: Secured, permission: Permission) -> Iterator[None]:
    """Take a permission away for a while."""
    acls = _acls(permission)
    admin = KafkaAdminClient(bootstrap_servers=broker.inside)
    try:
        admin.delete_acls([_filter(acl) for acl in acls])
        yield
        admin.create_acls(acls)
    finally:
        admin.close()


def _filter(acl: ACL) -> ACLFilter:
    pattern = acl.resource_pattern
    chosen = ResourcePatternFilter(pattern.resource_type, pattern.resource_name, pattern.pattern_type)
    return ACLFilter(acl.principal, acl.host, acl.operation, acl.permission_type, chosen)


def _settings(inside: int, outside: int, controller: int, key_store: Path, users: list[str]) -> dict[str, str]:
    security = "org.apache.kafka.common.security"
    passwords = " ".join(f'user_{user}="{password_of(user)}"' for user in users)
    return {
        "listeners": f"PLAINTEXT://127.0.0.1:{inside},SECURE://127.0.0.1:{outside},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{inside},SECURE://localhost:{outside}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT",
        "listener.name.secure.ssl.keystore.type": "PEM",
        "listener.name.secure.ssl.keystore.location": str(key_store),
        "listener.name.secure.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "listener.name.secure.scram-sha-512.sasl.jaas.config": f"{security}.scram.ScramLoginModule required;",
        "listener.name.secure.plain.sasl.jaas.config": f"{security}.plain.PlainLoginModule required {passwords};",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }


def _key_store(authority: trustme.CA, file: Path) -> Path:
    """Write certificate and key of the broker as Java reads them, which is PKCS 8 only."""
    issued = authority.issue_cert("localhost")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    )
    return file


def _acls(permission: Permission) -> list[ACL]:
    kind = ACLResourcePatternType.PREFIXED if permission.is_prefix else ACLResourcePatternType.LITERAL
    pattern = ResourcePattern(_RESOURCES[permission.resource], permission.name, kind)
    return [
        ACL(f"User:{permission.user}", "*", _OPERATIONS[operation], ACLPermissionType.ALLOW, pattern)
        for operation in permission.operations
    ]
