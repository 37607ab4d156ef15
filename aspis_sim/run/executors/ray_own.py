"""A Ray cluster of one run, on this machine: it asks for a token that nobody else has and listens on loopback alone."""

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

from aspis_sim.errors import InputError

LONGEST = 22
"""Characters of a temporary folder in which Ray's sockets still have names that the system allows (107 bytes)."""


@contextmanager
def own_cluster(ray: Any, workers: int | None) -> Iterator[None]:
    """Start a cluster and stop it in the end; nothing stays of its token, its folder or its settings.

    Whoever can connect to a Ray cluster can run code in it. So this one

    - is always a new one, never the one that a file in a shared temporary folder points to,
    - asks every process for a token of 256 random bits, which its own processes get by their environment,
    - listens on 127.0.0.1 alone,
    - keeps its files and sockets, which Ray lets everybody write, in a folder that this user alone can enter.

    Args:
        ray: the module.
        workers: CPUs that it offers; None for those of the machine.

    Raises:
        InputError: this version of Ray knows no tokens, or the cluster does not start.
    """
    reread = _rereads(ray)
    folder = Path(tempfile.mkdtemp(prefix="aspis-", dir=_place()))
    settings = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_AUTH_TOKEN_PATH": None,
        # On all systems what Ray does on Windows and macOS unless told otherwise: its address is 127.0.0.1.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }
    try:
        with _environment(settings), _loopback(ray):
            reread()
            try:
                _start(ray, workers, folder / "ray")
                yield
            finally:
                ray.shutdown()
    finally:
        reread()
        shutil.rmtree(folder, ignore_errors=True)


def _start(ray: Any, workers: int | None, folder: Path) -> None:
    try:
        with catch_warnings():
            filterwarnings("ignore", message="os.fork")  # Ray's servers are started by fork and exec at once
            ray.init(
                address="local",
                num_cpus=workers,
                include_dashboard=False,
                log_to_driver=False,
                logging_level="ERROR",
                _temp_dir=str(folder),
            )
    except (OSError, RuntimeError, ray.exceptions.RayError) as error:
        raise InputError(f"no Ray cluster could be started: {' '.join(str(error).split())[:200]}") from None


def _rereads(ray: Any) -> Callable[[], None]:
    """What makes Ray read its variables anew: it keeps those from when it was imported."""
    try:
        config, loader = ray._raylet.Config, ray._raylet.AuthenticationTokenLoader.instance()
    except AttributeError:
        raise InputError(
            f"Ray {ray.__version__} knows no tokens, so anybody on the network could run code in a cluster that it "
            "starts: pip install 'ray>=2.52', or start a cluster yourself and name it by RAY_ADDRESS"
        ) from None

    def reread() -> None:
        config.initialize("")  # before the token: a thread that still asks for it must not find it gone
        loader.reset_cache()

    return reread


def _place() -> str:
    named = os.environ.get("RAY_TMPDIR")
    if named:
        return named
    usual = tempfile.gettempdir()
    return "/tmp" if len(usual) > LONGEST and sys.platform != "win32" else usual


@contextmanager
def _environment(settings: dict[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    _set(settings)
    try:
        yield
    finally:
        _set(before)


def _set(settings: dict[str, str | None]) -> None:
    for name, value in settings.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _loopback(ray: Any) -> Iterator[None]:
    """The same for this process, where Ray has read the variable when it was imported."""
    constants = ray._private.ray_constants
    before, constants.ENABLE_RAY_CLUSTER = constants.ENABLE_RAY_CLUSTER, False
    try:
        yield
    finally:
        constants.ENABLE_RAY_CLUSTER = before
