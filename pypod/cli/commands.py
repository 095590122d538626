"""The commands and pypod's own flags, as one table: parsing, help and completion read it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from msgspec import Struct


class OwnFlag(Struct, frozen=True):
    """A flag of pypod's own.  ``value`` names its value in the help; empty: it takes none.  ``short`` is a letter."""

    name: str
    help: str
    value: str = ""
    choices: tuple[str, ...] = ()
    short: str = ""

    @property
    def forms(self) -> tuple[str, ...]:
        """How it is written, with its dashes."""
        return (f"--{self.name}", f"-{self.short}") if self.short else (f"--{self.name}",)


class Words(Struct, frozen=True):
    """A command line, taken apart: pypod's own flags by name (the last one counts), Podman's as they stand.

    ``line`` is all of it without pypod's own flags: what a command that Podman has too is given.
    """

    command: str
    own: dict[str, str]
    podman: tuple[str, ...]
    arguments: tuple[str, ...]
    line: tuple[str, ...] = ()


class Command(Struct, frozen=True):
    """A command: where its function is, what it takes, and what its help says."""

    name: str
    home: str
    summary: str
    usage: str
    flags: tuple[OwnFlag, ...]
    about: str
    examples: tuple[tuple[str, str], ...]
    arguments: tuple[int, int | None] = (0, 0)

    def run(self, words: Words) -> int:
        """Run it; the exit status."""
        module, _, function = self.home.partition(":")
        return cast("Callable[[Words], int]", getattr(import_module(module), function))(words)


ANY_PODMAN: Final = OwnFlag("any-podman", "change the host also where the installed Podman is not of the 3.4 line")

EVERYWHERE: Final = (
    OwnFlag("help", "show this help"),
    OwnFlag("version", "show pypod's version and the libpod whose rules it follows"),
    OwnFlag("color", "colour the text, terminal or not"),
    OwnFlag("no-color", "never colour the text"),
    OwnFlag("completion", "print a completion script", "SHELL", ("bash", "zsh", "fish")),
    ANY_PODMAN,
)

_FORMAT: Final = OwnFlag("format", "text (default) or json", "FORMAT", ("text", "json"))
_HOST: Final = OwnFlag(
    "host", "plan for the host that FILE describes (JSON; - is standard input), not for this one", "FILE"
)
_STEP: Final = OwnFlag("step", "of a recorded host: the state before step N (default 1)", "N")
_AS: Final = OwnFlag(
    "as",
    "plan what root would see, looking with your own permissions: what you may not read counts as absent, is listed, "
    "and makes the plan incomplete",
    "USER",
    ("root",),
)
_FOR: Final = OwnFlag(
    "for",
    'the command whose runtime is planned: "info", "system renumber", "system migrate", ... (default: construction)',
    "COMMAND",
)

_DATABASE: Final = OwnFlag("database", "look into FILE, not into the database that Podman uses", "FILE")

_OWN: Final = (
    Command(
        "plan",
        "pypod.cli.plan:run",
        "tell what Podman would change on a host, and why",
        "pypod [PODMAN FLAGS] plan [FLAGS]",
        (
            _HOST,
            _STEP,
            _AS,
            _FOR,
            _FORMAT,
            OwnFlag("out", "also save the plan (JSON) to FILE", "FILE"),
            OwnFlag("verbose", "show every change with its reason, and every setting that is set"),
            OwnFlag("detailed-exitcode", "exit with 2 where changes are pending"),
        ),
        "Runs the construction of libpod's runtime without changing anything, on this\n"
        "machine or on a described one.\n\n"
        "Exit status: 0 it would succeed, 1 it would fail, 2 changes are pending (with\n"
        "--detailed-exitcode), 64 bad usage, 130 interrupted.\n\n"
        "Of a command that does more than construct the runtime (run, create), --for\n"
        "plans the construction.",
        (
            ("pypod plan", "this machine, as Podman started by you would see it"),
            ("pypod --runroot /srv/run plan", "with Podman's own flags, before the command"),
            ("pypod plan --as root", "root's Podman, as far as you may look"),
            ("pypod plan --host host.json --verbose", "a described host, every change with its reason"),
            ('pypod plan --for "system renumber" --format json', "another command's runtime, for a program"),
            ("pypod plan --detailed-exitcode --out plan.json", "for a script: 0 nothing to do, 2 changes"),
        ),
    ),
    Command(
        "apply",
        "pypod.cli.apply:run",
        "construct the runtime for real, after showing the changes",
        "pypod [PODMAN FLAGS] apply [FLAGS] [PLAN]",
        (
            _FOR,
            OwnFlag("yes", "do not ask"),
            ANY_PODMAN,
            _FORMAT,
            OwnFlag("verbose", "show every change with its reason, and what was done"),
        ),
        "Shows the plan, asks, and runs the very program that was planned. Before the\n"
        "first change everything that is looked at must be as it was planned. PLAN is a\n"
        "file that `pypod plan --out` wrote (- is standard input): it is refused where\n"
        "the machine is not as it was then, and the first difference is named.\n"
        "When it stops midway it tells what was done and what was not; run it again.\n\n"
        "Exit status: 0 done or nothing to do, 1 not done, 64 bad usage.",
        (
            ("pypod apply", "this machine, after a question"),
            ("pypod apply --yes plan.json", "a saved plan, without one"),
            ('pypod apply --for "system renumber"', "another command"),
        ),
        (0, 1),
    ),
    Command(
        "explain",
        "pypod.cli.explain:run",
        "tell where a setting's value comes from",
        "pypod [PODMAN FLAGS] explain [FLAGS] KEY...",
        (_HOST, _STEP, _AS, _FOR, _FORMAT),
        "Shows a setting's value, its origin (file and line, variable, flag, database),\n"
        "what it overrode, and what was set but does not count. KEY is a dotted name such\n"
        "as engine.tmp_dir; a table's name (engine) shows all of it.",
        (
            ("pypod explain engine.tmp_dir", "one setting"),
            ("pypod explain storage", "all of a table"),
            ("pypod --root /srv explain storage.graph_root engine.static_dir", "what a flag changes"),
        ),
        (1, None),
    ),
    Command(
        "ps",
        "pypod.cli.ps:run",
        "list all containers, without a lock and without Podman",
        "pypod [PODMAN FLAGS] ps [FLAGS]",
        (
            OwnFlag("all", "all containers are listed, with this flag or without", short="a"),
            OwnFlag("quiet", "the ids alone, in their order; nothing else is read", short="q"),
            OwnFlag("no-trunc", "do not shorten ids and commands"),
            OwnFlag("format", "table (default) or json", "FORMAT", ("table", "json")),
            _DATABASE,
        ),
        "Lists the containers as `podman ps --all` does, from the state database alone:\n"
        "no lock is waited for, nothing is changed, and it works while Podman hangs. What\n"
        "only Podman's own look at its processes would find (an exit that is not recorded\n"
        "yet, a reboot, the health of a container) is not seen.\n\n"
        "Exit status: 0, or 125 as Podman's where the database cannot be read.",
        (
            ("pypod ps", "all containers"),
            ("pypod ps --format json", "for a program, in the form of `podman ps --format json`"),
            ("pypod ps --database /mnt/backup/bolt_state.db", "of a copy"),
        ),
    ),
    Command(
        "state show",
        "pypod.cli.state:show",
        "show which database Podman uses, and what it holds",
        "pypod [PODMAN FLAGS] state show [FLAGS]",
        (_DATABASE, _FORMAT),
        "Shows which of Podman's two databases is in use here and why, its file, its\n"
        "configuration, the containers, pods and volumes, and what is wrong with it. It\n"
        "reads one consistent state and takes no lock.",
        (
            ("pypod state show", "this machine's database"),
            ("pypod state show --database ./db.sql", "a file, of BoltDB or of SQLite"),
        ),
    ),
    Command(
        "state check",
        "pypod.cli.state:check",
        "check the database: its pages, and what refers to what",
        "pypod [PODMAN FLAGS] state check [FLAGS]",
        (_DATABASE, _FORMAT),
        "Checks the pages of the file, and that registries, lists, containers, pods,\n"
        "volumes, exec sessions and lock numbers agree with each other.\n\n"
        "Exit status: 0 sound, 1 something is wrong or the file cannot be read.",
        (
            ("pypod state check", "this machine's database"),
            ("pypod state check --format json", "for a program"),
        ),
    ),
    Command(
        "state export",
        "pypod.cli.state:export",
        "write everything in the database as JSON",
        "pypod [PODMAN FLAGS] state export [FLAGS]",
        (
            OwnFlag("out", "write to FILE, which only its owner may read", "FILE"),
            _DATABASE,
            OwnFlag("format", "json, the only one", "FORMAT", ("json",)),
        ),
        "Writes everything that the database contains, so that it can be restored equal:\n"
        "every bucket or table, every field, times to the nanosecond. That includes what\n"
        "containers were given in confidence: their environment, command lines, labels.\n"
        "Keep the file as you keep the database.",
        (
            ("pypod state export --out state.json", "a copy, readable by its owner alone"),
            ("pypod state export | jq '.content.bucket[\"all-ctrs\"]'", "a part of it"),
        ),
    ),
    Command(
        "state import",
        "pypod.cli.restoring:run",
        "restore an export into an empty database",
        "pypod [PODMAN FLAGS] state import [FLAGS] FILE",
        (
            _DATABASE,
            ANY_PODMAN,
            OwnFlag("yes", "do not ask"),
        ),
        "Restores what `pypod state export` wrote (- is standard input), equal to what\n"
        "was exported, into a database without containers, pods and volumes. What is\n"
        "there is copied first, to bolt_state.db.pypod-backup-TIME beside it. It is\n"
        "refused where a newer Podman keeps its state in a db.sql, and while a Podman\n"
        "holds the lock.\n"
        "Images and the files of containers are no part of the database.",
        (
            ("pypod state import state.json", "into this machine's database"),
            ("pypod state import --yes --database ./bolt_state.db state.json", "into a file"),
        ),
        (1, 1),
    ),
    Command(
        "locks",
        "pypod.cli.locks:run",
        "show Podman's locks: who owns and who holds each, and conflicts",
        "pypod [PODMAN FLAGS] locks [FLAGS]",
        (_DATABASE, _FORMAT),
        "Shows the lock segment (or the lock files) that Podman started by you uses: how\n"
        "many locks are used and free, the container, pod or volume that owns each, the\n"
        "thread and process that holds it, and where the database and the locks do not\n"
        "agree. All roots of a user share one segment: what no object of this database\n"
        "owns may belong to another root. It takes no lock and constructs no runtime.\n\n"
        "Exit status: 0 no conflicts, 1 there are conflicts, or something cannot be read.",
        (
            ("pypod locks", "the locks of this machine's Podman"),
            ("pypod locks --format json", "for a program"),
            ("pypod --root /srv locks", "with the database of another root"),
        ),
    ),
    Command(
        "name",
        "pypod.cli.name:run",
        "draw a name as libpod would for a container without one",
        "pypod [PODMAN FLAGS] name [FLAGS]",
        (OwnFlag("count", "draw N different names (default 1)", "N"), _FORMAT),
        "Draws names from libpod's words. Names that Podman's database has already are\n"
        "drawn again. Nothing is reserved: the next command may draw the same.",
        (
            ("pypod name", "one name"),
            ("pypod name --count 5 --format json", "five, for a program"),
        ),
    ),
)

_AS_PODMAN: Final = (
    "Constructs the runtime for real and does what Podman's command of this name\n"
    "does: the same files, locks, events, log lines and exit status, with Podman's\n"
    "own flags.\n"
)
_GUARDED: Final = "Where the installed Podman is not of the 3.4 line nothing is changed, unless\n--any-podman is given."


def _as_podman(name: str, summary: str, words: str, about: str, *examples: tuple[str, str]) -> Command:
    """A command that Podman has too: its words and flags are Podman's."""
    usage = f"pypod [PODMAN FLAGS] {name}{words and ' '}{words}"
    return Command(
        name,
        "pypod.cli.constructing:run",
        summary,
        usage,
        (ANY_PODMAN,),
        f"{_AS_PODMAN}{about}{_GUARDED}",
        examples,
        (0, None),
    )


PODMANS: Final = (
    _as_podman(
        "info",
        "construct the runtime and show the host and the store",
        "[--format FORMAT]",
        "--format is json, or a text with fields: '{{.Store.GraphRoot}}'.\n",
        ("pypod info", "as `podman info`"),
        ("pypod info --format json", "for a program"),
    ),
    _as_podman(
        "container exists",
        "construct the runtime and look whether a container exists",
        "NAME",
        "Exit status: 0 it exists, 1 it does not, 125 an error.\n",
        ("pypod container exists web", "by name or id"),
    ),
    _as_podman("pod exists", "construct the runtime and look whether a pod exists", "NAME",
               "Exit status: 0 it exists, 1 it does not, 125 an error.\n",
               ("pypod pod exists web", "by name or id")),
    _as_podman(
        "system renumber",
        "give every container, pod and volume a new lock",
        "",
        "No container may run meanwhile.\n",
        ("pypod system renumber", "after engine.num_locks was changed"),
    ),
    _as_podman(
        "system migrate",
        "stop all containers and end the pause process",
        "[--new-runtime NAME]",
        "Containers are not started again.\n",
        ("pypod system migrate", "after the subordinate ids were changed"),
        ("pypod system migrate --new-runtime crun", "all containers use crun from now on"),
    ),
)  # fmt: skip

COMMANDS: Final = (*_OWN, *PODMANS)
BY_NAME: Final = {command.name: command for command in COMMANDS}
GROUPS: Final = {command.name.partition(" ")[0] for command in COMMANDS if " " in command.name}
"""The first words of commands of two words."""


def below(group: str) -> tuple[str, ...]:
    """The second words of a group's commands."""
    return tuple(name.partition(" ")[2] for name in BY_NAME if name.startswith(f"{group} "))
