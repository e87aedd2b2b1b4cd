"""Put a certificate on a token, beside its key: for demonstrations and tests with SoftHSM2.

The library is loaded by a process of its own, as everywhere: `python -m signing.tokens.provision`.
"""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO

from signing.tokens.device import helper_environment
from signing.tokens.frames import read_frame, write_frame


def put_certificate(
    module: str, token: str, pin: str, key_id: bytes, label: str, der: bytes
) -> None:
    """Store a certificate under the id of its key; raises `CalledProcessError`."""
    message = BytesIO()
    head = {"module": module, "token": token, "pin": pin, "id": key_id.hex(), "label": label}
    write_frame(message, head, der)
    command = [sys.executable, "-m", "signing.tokens.provision"]
    subprocess.run(
        command,
        input=message.getvalue(),
        env=helper_environment(),
        check=True,
        capture_output=True,
    )


def main() -> int:
    """Store the certificate that the frame on standard input describes."""
    import pkcs11
    from pkcs11.util.x509 import decode_x509_certificate

    head, der = read_frame(sys.stdin.buffer)
    library = pkcs11.lib(head["module"])
    token = library.get_token(token_label=head["token"])
    with token.open(rw=True, user_pin=head["pin"]) as session:
        template = decode_x509_certificate(bytes(der))
        template[pkcs11.Attribute.TOKEN] = True
        template[pkcs11.Attribute.PRIVATE] = False
        template[pkcs11.Attribute.ID] = bytes.fromhex(head["id"])
        template[pkcs11.Attribute.LABEL] = head["label"]
        session.create_object(template)
    return 0


if __name__ == "__main__":
    sys.exit(main())
