"""The embedded PostgreSQL: started once, joined by others, stopped, started again with its data, erased."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from obole_demo.embedded_postgres import EmbeddedServer, ServerDidNotStart

pytestmark = pytest.mark.processes


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "var", durable=False)
    yield server
    server.erase()


def ask(server: EmbeddedServer, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def test_a_whole_life_twice(server: EmbeddedServer) -> None:
    assert not server.is_running()
    assert server.start() is True
    ask(server, "CREATE TABLE kept (n int)")
    assert EmbeddedServer(server.var, durable=False).start() is False, "a second one joins the first"
    assert server.is_running()

    server.stop()
    assert not server.is_running()
    assert server.start() is True
    assert ask(server, "SELECT count(*) FROM kept") == [(0,)]
    assert ask(server, "SHOW listen_addresses") == [("",)]
    assert ask(server, "SHOW timezone") == [("UTC",)]
    assert ask(server, "SELECT pg_encoding_to_char(encoding), datname FROM pg_database WHERE datname = 'obole'") == [
        ("UTF8", "obole")
    ]

    server.erase()
    assert not server.data.exists()
    assert not server.sockets.exists()
    assert server.start() is True
    with pytest.raises(psycopg.errors.UndefinedTable):
        ask(server, "SELECT 1 FROM kept")
    server.stop()
    server.stop()


def test_two_folders_are_two_servers_and_their_sockets_are_private(server: EmbeddedServer, tmp_path: Path) -> None:
    other = EmbeddedServer(tmp_path / "other", durable=False)
    assert server.url != other.url
    assert server.url == EmbeddedServer(server.var).url
    assert len(str(server.sockets)) < 80
    server.start()
    assert server.sockets.stat().st_mode & 0o777 == 0o700


def test_a_cluster_that_is_broken_stops_with_a_sentence(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    (server.data / "postgresql.conf").write_text("nonsense here\n", encoding="ascii")
    with pytest.raises(ServerDidNotStart, match="See .*postgres.log"):
        server.start()


def test_a_link_in_the_place_of_its_folder_is_refused(server: EmbeddedServer, tmp_path: Path) -> None:
    """Who guesses the name would have root give a folder of theirs, or another's, to the server."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    server.var.mkdir()
    server.sockets.symlink_to(elsewhere)
    try:
        with pytest.raises(ServerDidNotStart, match="not ours"):
            server.start()
    finally:
        server.sockets.unlink()
    assert elsewhere.stat().st_mode & 0o777 == 0o755
