"""Every effect class by its tag: what a tape is read back with."""

from __future__ import annotations

from typing import Any, Final

from pypod.pure.effect import Effect
from pypod.pure.vocabulary import (
    changes,
    containers,
    database,
    files,
    host,
    locks,
    mounts,
    namespaces,
    process,
    services,
    state,
    telling,
)

CATALOGUE: Final[dict[str, type[Effect[Any]]]] = {
    effect.__name__: effect
    for effect in (
        files.Stat, files.LookAt, files.ReadFile, files.ListDirectory, files.ReadLink, files.ResolveLinks,
        files.StatFilesystem, files.CheckWritable, files.IsMountPoint, files.HoldsFuseOverlayRemains,
        changes.MakeDirectories, changes.CreateFile, changes.WriteFile, changes.AppendFile, changes.WriteToken,
        changes.ReplaceFile, changes.RemoveFile, changes.RemoveTree, changes.ChangeMode, changes.ChangeOwner,
        mounts.BindOnItself, mounts.MakePrivate, mounts.Unmount, mounts.TestOverlay, mounts.TestMetacopy,
        mounts.TestNativeDiff,
        process.ReadVariable, process.WorkingDirectory, process.AskIdentity, process.LookUpUser, process.RunProgram,
        process.IsAlive, process.SetVariable, process.LimitProcesses, process.HandleSignals,
        containers.SignalContainer, containers.AskRuntime, containers.PingProcess, containers.AwaitEnd,
        containers.AwaitFile, containers.ReadChangeTime, containers.FindMappers,
        host.DescribeHost, host.SessionIsValid, host.ReadClock, host.DrawToken,
        locks.ReadLockSegment, locks.ReadLocks, locks.TakeFileLock, locks.ReleaseFileLock, locks.CreateLockSegment,
        locks.MapLockSegment, locks.UnmapLockSegment, locks.AllocateLock, locks.FreeLock, locks.FreeAllLocks,
        locks.TakeLock, locks.ReleaseLock,
        database.ReadDatabase, database.ReadObjects, database.ReadContainer, database.ReadPlaces,
        database.CreateDatabase, database.UpdateDatabase,
        database.BackUpDatabase,
        state.ListContainers, state.ReadContainers, state.ReadReferences, state.CheckPages, state.ReadContent,
        services.SendToJournal, services.StartScope, services.KillProcess,
        namespaces.EnterUserNamespace, namespaces.JoinUserNamespace, namespaces.ReadInUserNamespace,
        telling.Note, telling.EnterStage, telling.LeaveStage,
    )
}  # fmt: skip
"""The class of an effect by its tag, which is the class's name."""
