"""`lass app`: the editor in a browser."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from lass.cli.options import Encoder, Model
from lass.cli.running import Exit, note

__all__ = ["HELP", "app"]

HELP = """Open the editor in a browser.

[b]Examples[/b]

\b
lass app                    open a recording there
lass app in.wav             with this recording
lass app --model audiosep   with another model
lass app --port 8600        another port

The editor runs on this computer and is reached from this computer alone, unless
you give another --host. It needs streamlit: pip install "lass\\[app]"

Exit codes: 0 all good, 1 the editor failed, 2 usage, 130 interrupted.
"""

_LARGEST_MB = 500
_HOST = "localhost"


def app(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A recording.", show_default=False)
    ] = None,
    port: Annotated[
        int, typer.Option(min=1, max=65535, metavar="N", help="Port of the editor.")
    ] = 8501,
    host: Annotated[
        str, typer.Option(metavar="NAME", help="Address under which it is reached.")
    ] = _HOST,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether to open a browser.")
    ] = True,
    model: Model = "default",
    encoder: Encoder = None,
) -> int:
    """Check everything that can be checked, then start the editor and wait for its end."""
    from lass.audio import info
    from lass.errors import ConfigError
    from lass.zoo import resources
    from lass.zoo.fitting import check

    if find_spec("streamlit") is None:
        raise ConfigError('the editor needs streamlit: pip install "lass[app]"')
    check(model, encoder=encoder)
    given = None
    if file is not None:
        info(file)  # whoever names a file wants to know now that it cannot be read
        given = file.resolve()
    if not _is_local(host):
        note(
            f"app: anyone who can reach {host} on port {port} can use the editor, its processor "
            "and its memory, without a password"
        )
    told = [f"--model={model}"] if model != "default" else []
    told += [f"--encoder={encoder}"] if encoder is not None else []
    told += [str(given)] if given is not None else []
    done = subprocess.run(  # noqa: S603 (no shell, and nothing but our own script and checked values)
        _command(resources("app", "editor.py"), told, port=port, host=host, browser=browser),
        check=False,
    )
    return Exit.GOOD if done.returncode == 0 else Exit.FAILED


def _command(script: Path, given: list[str], *, port: int, host: str, browser: bool) -> list[str]:
    """The command that runs the editor.

    Args:
        script: the editor's script.
        given: what the script is told: the model, the encoder, a recording by its absolute path.
        port: where it listens.
        host: under which address.
        browser: whether a browser is opened.

    Returns:
        The arguments, the first of which is this very Python.
    """
    options = {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "false" if browser else "true",
        "server.maxUploadSize": str(_LARGEST_MB),
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "theme.light.primaryColor": "#0072B2",
        "theme.dark.primaryColor": "#56B4E9",
    }
    told = [part for key, value in options.items() for part in (f"--{key}", value)]
    own = ["--", *given] if given else []
    return [sys.executable, "-m", "streamlit", "run", str(script), *told, *own]


def _is_local(host: str) -> bool:
    """Whether only this computer can reach an address.

    Example:
        >>> [_is_local(host) for host in ("localhost", "127.0.0.1", "::1", "0.0.0.0")]
        [True, True, True, False]
    """
    try:
        return host == _HOST or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
