"""SHA-256 without OpenSSL.

``hashlib`` loads OpenSSL, which takes longer than all that a plan digests; the standard library's ``random`` therefore
takes the lean module, where there is one, and so does this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # from Python 3.12 on
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256

__all__ = ["sha256"]
