"""`liuke serve` and `liuke users`: the console and who may sign in."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from liuke.app.access import Role, create_user, list_users
from liuke.app.bootstrap import Application
from liuke.app.cli.context import JsonOption, WorkspaceOption, application, command
from liuke.app.cli.output import console, emit_json, table
from liuke.app.demo import written_sign_in
from liuke.app.http import create_app
from liuke.kernel import ServiceError, UsageError

users = typer.Typer(help="Who may sign in to the console.", no_args_is_help=True)


@command
def serve(
    workspace: WorkspaceOption = Path(),
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: \\[server] host, loopback.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; default: \\[server] port.")] = None,
    expose: Annotated[
        bool, typer.Option("--expose", help="Allow an address that other machines reach; put TLS in front of it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Open the console. There is no default password: make a user with `liuke users add NAME` first."""
    with application(workspace) as app:
        address = host or app.settings.server.host
        number = port or app.settings.server.port
        if not is_loopback(address) and not expose:
            raise UsageError(
                f"{address} is reachable from other machines", "add --expose if that is meant, with TLS in front"
            )
        if not list_users(app.operations):
            raise UsageError("nobody can sign in yet", "run: liuke users add NAME")
        url = f"http://{address}:{number}"
        sign_in = written_sign_in(app)
        if as_json:
            emit_json({"url": url} | ({"user": sign_in.user, "password": sign_in.password} if sign_in else {}))
        else:
            console.print(f"Liuke answers at [link={url}]{url}[/link] (stop with Ctrl+C)")
            if sign_in:
                console.print(
                    f"Simulated shop: user [bold]{sign_in.user}[/]   password [bold]{sign_in.password}[/]   "
                    f"day {app.simulated_day}"
                )
        listen(app, address, number)


@users.command()
@command
def add(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    role: Annotated[Role, typer.Option(help="What the user may see and do.")] = Role.OPERATOR,
    password_file: Annotated[
        Path | None, typer.Option(help="File whose first line is the password; default: ask on the terminal.")
    ] = None,
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Make a user."""
    with application(workspace) as app:
        if password_file is not None:
            if not password_file.is_file():
                raise UsageError(f"there is no file {password_file}", "write the password into its first line")
            password = password_file.read_text(encoding="utf-8").split("\n")[0]
        else:
            password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        create_user(app.operations, name, password, role, app.wall_clock())
    if as_json:
        emit_json({"user": name, "role": role.value})
    else:
        console.print(f"{name} can sign in as {role.value}.", markup=False)


@users.command("list")
@command
def list_(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """List who may sign in."""
    with application(workspace) as app:
        found = list_users(app.operations)
    if as_json:
        emit_json({"users": found})
    else:
        table("Users", ("name", "role"), [(one.name, one.role.value) for one in found])


def listen(app: Application, host: str, port: int) -> None:
    """Answer until interrupted.

    Raises
    ------
    ServiceError
        If the address can't be had.
    """
    try:
        uvicorn.run(create_app(app), host=host, port=port, log_level="warning", access_log=False)
    except SystemExit as error:  # uvicorn has printed why and gives up
        raise ServiceError(f"can't listen at {host}:{port}", "choose another port with --port") from error


def is_loopback(address: str) -> bool:
    """Tell whether only this machine reaches an address."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
