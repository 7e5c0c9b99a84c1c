"""A database for `load` on a PostgreSQL server of a test."""

from dataclasses import dataclass
from typing import Any

import psycopg

from postgres import PASSWORD, PostgresServer


@dataclass(frozen=True)
class Database:
    """A database of the role `loader`, which is no superuser."""

    server: PostgresServer
    name: str

    def url(self, user: str = "loader", **parameters: str) -> str:
        return self.server.url(self.name, user=user, **parameters)

    def run(self, *statements: str) -> None:
        """As the superuser."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def value(self, query: str) -> Any:
        [(value,)] = self.rows(query)
        return value

    def wait_until(self, query: str) -> None:
        """Until the first value of a query is true; the server pauses between two looks."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for _ in range(3000):
                row = connection.execute(query).fetchone()
                if row and row[0]:
                    return
                connection.execute("SELECT pg_sleep(0.01)")
        raise AssertionError(query)

    def empty(self) -> None:
        """As a new one is."""
        self.run(
            "DROP OWNED BY loader CASCADE",
            "DROP SCHEMA IF EXISTS public CASCADE",
            "CREATE SCHEMA public AUTHORIZATION loader",
            "GRANT USAGE ON SCHEMA public TO public",
        )


def made(server: PostgresServer) -> Database:
    """A new database, with a role that loads and one that reads."""
    Database(server, "postgres").run(
        f"CREATE ROLE loader LOGIN PASSWORD '{PASSWORD}'",
        f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'",
        "CREATE DATABASE warehouse OWNER loader",
    )
    return Database(server, "warehouse")
