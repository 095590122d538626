"""containers.conf: decoding, layers and checks, by examples that were observed on libpod 3.4.7."""

from __future__ import annotations

import pytest
from returns.result import Failure, Result, Success

from pypod.pure.configuration import keys
from pypod.pure.configuration.defaults import DefaultProbes, cgroup_manager, default_settings, processes_allowed
from pypod.pure.configuration.layers import ConfigurationFile, Layer, drop_in_files, merged, read_layer
from pypod.pure.configuration.toml import parse_document
from pypod.pure.configuration.validate import paths_to_look_at, wrong_with
from pypod.pure.facts import DirectoryEntry, FileStatus, FileType
from pypod.pure.failure import HostError
from pypod.pure.settings import Claim, Key, Origin, Settings, Source
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.table import Table

DEFAULTS = default_settings(Surroundings(), DefaultProbes())
DIRECTORY: Result[FileStatus, HostError] = Success(FileStatus(FileType.DIRECTORY, 0o755))
MISSING: Result[FileStatus, HostError] = Failure(HostError(2, "stat", "/x"))
FILE: Result[FileStatus, HostError] = Success(FileStatus(FileType.FILE, 0o644))


def layer(text: str, path: str = "/c.conf") -> Layer:
    return read_layer(ConfigurationFile(path, Success(text.encode()))).unwrap()


def wrong(text: str) -> str:
    prefix = 'reading system config "/c.conf": decode configuration /c.conf: '
    said = read_layer(ConfigurationFile("/c.conf", Success(text.encode()))).failure()
    assert said.startswith(prefix)
    return said.removeprefix(prefix)


def validated(key: Key[object], *values: object) -> str:
    settings = DEFAULTS
    for value in values:
        settings = settings.claims([(key.name, Claim(value, Origin(Source.FILE, "/c.conf:1")))])
    seen = dict.fromkeys(paths_to_look_at(settings, "/root", rootless=False), MISSING)
    return wrong_with(settings, {**seen, "/dir": DIRECTORY, "/file": FILE}, "/root", rootless=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[engine]\nruntime = ['x']", "toml: cannot load TOML value of type []interface {} into a Go string"),
        ("[containers]\npids_limit = 'many'", "toml: cannot load TOML value of type string into a Go integer"),
        ("[engine]\nnum_locks = 5.5", "toml: cannot load TOML value of type float64 into a Go integer"),
        ("[engine]\nnum_locks = true", "toml: cannot load TOML value of type bool into a Go integer"),
        ("[engine]\nnum_locks = -1", "toml: value -1 is out of range for uint32"),
        ("[engine]\nremote = 1", "toml: cannot load TOML value of type int64 into a Go boolean"),
        ("[engine]\nenv = 1979-05-27", "toml: cannot load TOML value of type time.Time into a Go slice"),
        ("[engine.runtimes]\nrunc = '/usr/bin/runc'", "toml: cannot load TOML value of type string into a Go slice"),
        ("[engine]\nenv = [1]", "toml: cannot load TOML value of type int64 into a Go string"),
        ("[engine.env]\na = 1", "toml: cannot load TOML value of type map[string]interface {} into a Go slice"),
        ("engine = 3", "toml: type mismatch for config.EngineConfig: expected table but found int64"),
        (
            "[[engine]]",
            "toml: type mismatch for config.EngineConfig: expected table but found []map[string]interface {}",
        ),
        (
            "[engine.service_destinations]\nx = 1",
            "toml: type mismatch for config.Destination: expected table but found int64",
        ),
    ],
)
def test_values_of_a_wrong_type(text: str, said: str) -> None:
    assert wrong(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[engine\nnum_locks = 1\n",
            r"Near line 1 (last key parsed ''): expected '.' or ']' to end table name, but got '\n' instead",
        ),
        (
            "[engine]\na = 1\na = 2\n",
            "Near line 3 (last key parsed 'engine.a'): Key 'engine.a' has already been defined.",
        ),
        ("[engine]\n[engine]\n", "Near line 2 (last key parsed ''): Key 'engine' has already been defined."),
        ("engine = 1\n[engine]\n", "Near line 2 (last key parsed ''): Key 'engine' has already been defined."),
        ("\ufeff[engine]\n", "Near line 1 (last key parsed ''): expected '.' or '=', but got '\\ufeff' instead"),
        (
            "[engine]\na = 99999999999999999999\n",
            "Near line 2 (last key parsed 'engine.a'): Integer '99999999999999999999' is out of the range of 64-bit signed integers.",
        ),
        ("[engine]\na = \n", r"Near line 2 (last key parsed 'engine.a'): expected value but found '\n' instead"),
        ("[engine]\na = foo\n", "Near line 2 (last key parsed 'engine.a'): expected value but found \"foo\" instead"),
        ('[engine]\na = "x\n', "Near line 2 (last key parsed 'engine.a'): strings cannot contain newlines"),
        ("[engine]\na b = 1\n", "Near line 2 (last key parsed 'engine'): expected '.' or '=', but got 'b' instead"),
        ("[engine]\na = [1,\n", "Near line 2 (last key parsed 'engine.a'): unexpected EOF; expected value"),
        (
            "[engine]\na = [1 2]\n",
            "Near line 2 (last key parsed 'engine.a'): expected a comma or array terminator ']', but got '2' instead",
        ),
        ("[engine]\n= 1\n", "Near line 1 (last key parsed 'engine'): unexpected '=': key name appears blank"),
        ("[engine]\njust words\n", "Near line 2 (last key parsed 'engine'): expected '.' or '=', but got 'w' instead"),
        (
            '[engine]\na = "\\q"\n',
            (
                "Near line 2 (last key parsed 'engine.a'): invalid escape character 'q'; only the following escape characters "
                r"are allowed: \b, \t, \n, \f, \r, \", \\, \uXXXX, and \UXXXXXXXX"
            ),
        ),
        (
            "[engine]\na = 1 b\n",
            (
                "Near line 2 (last key parsed 'engine'): expected a top-level item to end with a newline, comment, or EOF, "
                "but got 'b' instead"
            ),
        ),
        (
            "[engine]\na = 01\n",
            "Near line 2 (last key parsed 'engine.a'): Invalid integer \"01\": cannot have leading zeroes",
        ),
        (
            "[engine]\na = {b = 1\n",
            "Near line 2 (last key parsed 'engine.a.b'): newlines not allowed within inline tables",
        ),
        ("[]\n", "Near line 0 (last key parsed ''): unexpected end of table name (table names cannot be empty)"),
        ("a = 1\n\0", "Near line 1 (last key parsed ''): unexpected EOF"),
        ("a\0 = 1\n", "files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8"),
        ("a = '\ufffd'\n", "Near line 1 (last key parsed 'a'): invalid UTF-8 byte at position 5 (line 1): 0xef"),
    ],
)
def test_documents_that_do_not_parse(text: str, said: str) -> None:
    """As the library of libpod 3.4.7 was seen to answer."""
    assert wrong(text) == said


def test_a_document_that_is_no_text() -> None:
    content = b'[engine]\nnamespace = "\xff"\n'
    assert parse_document(content) == Failure(
        "Near line 2 (last key parsed 'engine.namespace'): invalid UTF-8 byte at position 22 (line 2): 0xff"
    )


def test_what_is_no_table_is_silently_ignored() -> None:
    decoded = layer("[engine]\nruntimes = 5\n").decoded
    assert (decoded.claims, decoded.unknown) == ((), ())


def test_unknown_keys_are_warned_of_in_file_order() -> None:
    said = layer("[nothing]\na = 1\n[nothing.more]\nb = [1]\n[engine]\nfoo = 1\n", "/p").said
    keys_listed = '["nothing" "nothing.a" "nothing.more" "nothing.more.b" "engine.foo"]'
    assert [one.message for one in said] == [
        f'Failed to decode the keys {keys_listed} from "/p".',
        'Merged system config "/p"',
    ]


def test_unknown_keys_are_on_record() -> None:
    settings = merged(DEFAULTS, layer("[engine]\nnetwork_backend = 'cni'\nsd_notify = true\n", "/p"))
    setting = settings.entries["engine.network_backend"]
    assert setting.claim.value is None
    assert [(one.value, one.origin.at) for one in setting.ignored] == [("cni", "/p:2")]
    assert settings.get(keys.SD_NOTIFY) is False
    assert [one.value for one in settings.entries[keys.SD_NOTIFY.name].ignored] == [True]


def test_tables_of_two_layers() -> None:
    lower = layer("[engine.runtimes]\nfoo = ['/x']\ncrun = ['/c1']\n[secrets]\ndriver = 'pass'\nopts = {a = '1'}\n")
    upper = layer("[engine.runtimes]\nfoo = ['/y']\n[secrets.opts]\nb = '2'\n", "/d.conf")
    settings = merged(merged(DEFAULTS, lower), upper)
    runtimes = settings.get(keys.RUNTIMES)
    assert sorted(runtimes) == ["crun", "foo", "kata", "runc", "runsc"]
    assert (runtimes["foo"], runtimes["crun"]) == (("/y",), ("/c1",))
    opts = settings.get(keys.SECRETS_OPTS)
    assert (settings.get(keys.SECRETS_DRIVER), opts) == ("pass", Table({"a": "1", "b": "2"}))
    assert settings.origin(keys.RUNTIMES) == Origin(Source.FILE, "/d.conf:1")


def test_destinations_have_all_their_fields() -> None:
    settings = merged(DEFAULTS, layer("[engine.service_destinations.x]\nuri = 'ssh://h'\nother = 1\n"))
    assert dict(settings.get(keys.SERVICE_DESTINATIONS)["x"]) == {"uri": "ssh://h", "identity": ""}


def test_capabilities_get_their_prefix() -> None:
    settings = merged(DEFAULTS, layer("[containers]\ndefault_capabilities = ['chown', 'cap_kill', 'KILL']\n"))
    assert settings.get(keys.DEFAULT_CAPABILITIES) == ("CAP_CHOWN", "cap_kill", "CAP_KILL")


def test_additions_are_files_and_links_by_name() -> None:
    kinds = {
        "b.conf": FileType.LINK,
        "a.conf": FileType.FILE,
        "sub.conf": FileType.DIRECTORY,
        "x.notconf": FileType.FILE,
    }
    entries = [DirectoryEntry(name, kind) for name, kind in kinds.items()]
    assert drop_in_files("/d", entries) == ("/d/a.conf", "/d/b.conf")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("nofile", "invalid ulimit argument: nofile"),
        ("x=1", "invalid ulimit type: x"),
        ("core=1:2:3", "too many limit value arguments - 1:2:3, can only have up to two, `soft[:hard]`"),
        ("core=a", 'strconv.ParseInt: parsing "a": invalid syntax'),
        ("core=1:b", 'strconv.ParseInt: parsing "b": invalid syntax'),
        ("core=9223372036854775808", 'strconv.ParseInt: parsing "9223372036854775808": value out of range'),
        ("core=10:5", "ulimit soft limit must be less than or equal to hard limit: 10 > 5"),
        ("core=-1:5", "ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: 5"),
        ("core=5:-1", ""),
        ("core=-1", ""),
        ("nproc=+5", ""),
    ],
)
def test_ulimits(entry: str, said: str) -> None:
    expected = f"validating containers config: unrecognized ulimit {entry}: {said}" if said else ""
    assert validated(Key("containers.default_ulimits"), (entry,)) == expected


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("/dev/fuse", ""),
        ("/dev/fuse:rw", ""),
        ("/dev/fuse:/dev/x:rwm", ""),
        ("/sys/x", "invalid device mode: /sys/x"),
        ("/dev/a:x", "invalid device mode: x"),
        ("/dev/a:rr", "invalid device mode: rr"),
        ("/dev/a:/b:q", "invalid device mode: q"),
        ("/dev/a::", "invalid device mode: "),
        ("a:b:c:d", "invalid device specification: a:b:c:d"),
    ],
)
def test_devices(entry: str, said: str) -> None:
    assert validated(Key("containers.devices"), (entry,)) == (f"validating containers config: {said}" if said else "")


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ("64m", ""),
        ("1.5 GiB", ""),
        ("5 ", ""),
        ("7b", ""),
        ("7ib", ""),
        ("lots", "invalid size: 'lots'"),
        ("", "invalid size: ''"),
        ("1.", "invalid size: '1.'"),
        ("5  k", "invalid size: '5  k'"),
        ("5bi", "invalid size: '5bi'"),
    ],
)
def test_sizes(size: str, said: str) -> None:
    expected = f'validating containers config: invalid --shm-size {size}, "{said}"' if said else ""
    assert validated(Key("containers.shm_size"), size) == expected


def test_a_size_with_too_many_dots() -> None:
    text = r'"strconv.ParseFloat: parsing \"1.2.3\": invalid syntax"'
    assert validated(Key("containers.shm_size"), "1.2.3") == (
        f"validating containers config: invalid --shm-size 1.2.3, {text}"
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("containers.tz", "local", ""),
        ("containers.tz", "Mars", "containers config: find timezone Mars in paths: /usr/share/zoneinfo, /etc/zoneinfo"),
        ("containers.umask", "0022\n", "containers config: not a valid umask 0022\n"),
        ("containers.umask", "", "containers config: not a valid umask "),
        ("containers.log_size_max", 0, "containers config: log size max should be negative or >= 8192"),
        ("containers.log_size_max", 8192, ""),
        ("engine.tmp_dir", "", ""),
        ("engine.tmp_dir", "./t", 'engine configs: temporary directory must be an absolute path - instead got "./t"'),
        ("engine.volume_path", "v", 'engine configs: volume path must be an absolute path - instead got "v"'),
        ("engine.pull_policy", "NewER", ""),
        (
            "engine.pull_policy",
            "FoO",
            'engine configs: invalid pull type from containers.conf "FoO": unsupported pull policy "foo"',
        ),
        ("network.network_config_dir", "/dir", ""),
        ("network.network_config_dir", "/nope", ""),
        (
            "network.network_config_dir",
            "/file",
            "network configs: invalid network_config_dir: /file: stat /file: not a directory",
        ),
        ("network.cni_plugin_dirs", ("/nope", "/dir"), ""),
        ("network.cni_plugin_dirs", ("/a", "/file"), "network configs: invalid cni_plugin_dirs: /a,/file"),
        ("network.cni_plugin_dirs", (), "network configs: invalid cni_plugin_dirs: "),
        ("network.cni_plugin_dirs", tuple("abcde"), ""),
        ("network.cni_plugin_dirs", tuple("abcdef"), "network configs: invalid cni_plugin_dirs: a,b,c,d,e,f"),
    ],
)
def test_checks(key: str, value: object, said: str) -> None:
    assert validated(Key(key), value) == (f"validating {said}" if said else "")


def test_five_plugin_directories_are_checked_after_six() -> None:
    said = validated(Key("network.cni_plugin_dirs"), tuple("abcdef"), tuple("abcde"))
    assert said == "validating network configs: invalid cni_plugin_dirs: a,b,c,d,e"


def test_the_home_is_expanded_for_the_check_only() -> None:
    settings: Settings = DEFAULTS.claim(keys.CNI_PLUGIN_DIRS, ("~", "~/cni", "~x"), Origin(Source.FILE))
    assert paths_to_look_at(settings, "/h", rootless=True)[1:] == ("/h", "/h/cni", "~x")
    assert paths_to_look_at(DEFAULTS, "/h", rootless=False) == ()


@pytest.mark.parametrize(
    ("unshared", "unified", "manager"),
    [(False, False, "systemd"), (True, False, "cgroupfs"), (False, True, "systemd"), (True, True, "systemd")],
)
def test_the_default_cgroup_manager(*, unshared: bool, unified: bool, manager: str) -> None:
    assert cgroup_manager(Surroundings(systemd=True, unshared=unshared, unified=unified)) == manager
    assert cgroup_manager(Surroundings(unshared=unshared, unified=unified)) == "cgroupfs"


@pytest.mark.parametrize(
    ("content", "limit"), [(b"32768\n", 32768), (b"x", 1048576), (b"", 1048576), (b"7\n\n", 1048576)]
)
def test_the_limit_of_processes(content: bytes, limit: int) -> None:
    assert processes_allowed(Success(content)) == limit
    assert processes_allowed(Failure(HostError(2, "open", "/proc/sys/kernel/pid_max"))) == 1048576
