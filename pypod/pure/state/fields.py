"""The fields of libpod 3.4's JSON documents: what a rewrite with such a field left out removes.  Any other field of a
stored document stays, for a newer Podman knows it.
"""

from __future__ import annotations

from typing import Final


def _named(words: str) -> frozenset[str]:
    return frozenset(words.split())


CONTAINER_CONFIG: Final = _named("""
    spec id name pod namespace lockID CreateCommand RawImageName idMappingsOptions Dependencies rootfsImageID
    rootfsImageName rootfs ShmDir shmSize staticDir mounts namedVolumes overlayVolumes ctrImageVolumes createWorkingDir
    secrets secretsPath volatile privileged ProcessLabel MountLabel labelopts user groups addCurrentUserPasswdEntry
    ipcNsCtr mountNsCtr netNsCtr pidNsCtr userNsCtr utsNsCtr cgroupNsCtr createNetNS staticIP staticMAC portMappings
    exposedPorts UseImageResolvConf dnsServer dnsSearch dnsOption UseImageHosts hostsAdd networks networkMode
    network_options network_alises userVolumes entrypoint command stdin labels stopSignal stopTimeout timeout createdTime
    cgroupManager noCgroups cgroupsMode cgroupParent logPath logTag logSize logDriver conmonPidFile restart_policy
    restart_retries postConfigureNetNS runtime exitCommand pause sdnotifyMode systemd healthcheck preserveFds timezone
    umask pid_file cdiDevices secret_env init_container_type
    """)
CONTAINER_STATE: Final = _named("""
    state configPath runDir mounted mountPoint startedTime finishedTime exitCode exited oomKilled checkpointed pid
    conmonPid newExecSessions execSessions networkResults bindMounts stoppedByUser restartPolicyMatch restartCount
    extensionStageHooks networkDescriptions
    """)
POD_CONFIG: Final = _named("""
    id name namespace hostname labels cgroupParent sharesCgroup sharesPid sharesIpc sharesNet sharesMnt sharesUser
    sharesUts sharesCgroupNS hasInfra created CreateCommand lockID
    """)
POD_STATE: Final = frozenset(("cgroupPath", "InfraContainerID"))
VOLUME_CONFIG: Final = _named("""
    name lockID labels volumeDriver mountPoint createdAt volumeOptions isAnon uid gid size inodes
    """)
VOLUME_STATE: Final = frozenset(
    ("mountPoint", "mountCount", "notYetMounted", "notYetChowned", "uidChowned", "gidChowned")
)
