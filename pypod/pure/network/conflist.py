"""The default network's configuration file (containers/common ``pkg/defaultnet``): its text is a fixed form."""

from __future__ import annotations

from typing import Final

from pypod.pure.network.subnet import Subnet

_HEAD: Final = """{{
  "cniVersion": "0.4.0",
  "name": "{name}",
  "plugins": [
    {{
      "type": "bridge",
      "bridge": "cni-podman0",
      "isGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "ipam": {{
        "type": "host-local",
        "routes": [{{ "dst": "0.0.0.0/0" }}],
        "ranges": [
          [
            {{
              "subnet": "{subnet}",
              "gateway": "{gateway}"
            }}
          ]
        ]
      }}
    }},
"""

_MACHINE: Final = """    {
      "type": "podman-machine",
      "capabilities": {
        "portMappings": true
      }
    },
"""

_TAIL: Final = """    {
      "type": "portmap",
      "capabilities": {
        "portMappings": true
      }
    },
    {
      "type": "firewall"
    },
    {
      "type": "tuning"
    }
  ]
}
"""


def conflist(name: str, subnet: Subnet, *, machine: bool) -> bytes:
    """The file for a network of that name; ``machine``: Podman runs in a virtual machine of its own."""
    head = _HEAD.format(name=name, subnet=subnet.network, gateway=subnet.gateway)
    return (head + (_MACHINE if machine else "") + _TAIL).encode("utf-8", "surrogateescape")
