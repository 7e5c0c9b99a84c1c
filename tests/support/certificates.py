"""Certificates made by openssl, for a server on loopback."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


@dataclass(frozen=True)
class Authority:
    """A certificate authority, and a server's certificate that it signed.

    Attributes:
        root: the authority's own certificate, which a client trusts.
        certificate: the server's.
        key: the server's.
    """

    root: Path
    certificate: Path
    key: Path

    @classmethod
    def made(cls, folder: Path, host: str) -> Self:
        made = cls(folder / "root.pem", folder / "server.pem", folder / "server-key.pem")
        root_key = folder / "root-key.pem"
        signed = ("-CA", str(made.root), "-CAkey", str(root_key))
        _request("/CN=Test authority", made.root, root_key)
        _request(
            f"/CN={host}",
            made.certificate,
            made.key,
            *signed,
            *("-addext", f"subjectAltName=DNS:{host}", "-addext", "basicConstraints=CA:FALSE"),
        )
        return made


def _request(subject: str, certificate: Path, key: Path, *options: str) -> None:
    files = ("-keyout", str(key), "-out", str(certificate))
    command = ["openssl", "req", "-x509", *_KEY, "-subj", subject, *files, *options]
    subprocess.run(command, check=True, capture_output=True)
