"""TLS in front of a server whose embedded build knows none of its own."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import socketserver
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SSL_REQUEST = bytes.fromhex("0000000804d2162f")


class TlsFront:
    """Listens on loopback with a self-signed certificate for 127.0.0.1 (in ``ca_file``).

    ``asked``: TLS begins when the client asks for it, as PostgreSQL has it; else at once.
    """

    def __init__(self, folder: Path, server_port: int, *, asked: bool = True) -> None:
        self.ca_file, key_file = _certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key_file)

        class Link(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                if asked:
                    assert self.request.recv(8, socket.MSG_WAITALL) == _SSL_REQUEST
                    self.request.sendall(b"S")
                try:
                    inner = context.wrap_socket(self.request, server_side=True)
                except (ssl.SSLError, OSError):  # the client did not like the certificate
                    return
                with inner, socket.create_connection(("127.0.0.1", server_port)) as outer:
                    back = threading.Thread(target=_pour, args=(outer, inner), daemon=True)
                    back.start()
                    _pour(inner, outer)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Link)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "database.test")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_id, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "server.crt", folder / "server.key"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file
