"""Who gets into a Ray cluster that a run has started: nobody but its own processes."""

import ipaddress
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from aspis_sim.errors import InputError
from aspis_sim.run.executors import ray_own
from aspis_sim.run.executors.ray_cluster import ray_cluster

JOINS = """
import sys, ray
ray.init(address=sys.argv[1], log_to_driver=False, logging_level="ERROR")
print(ray.get(ray.remote(lambda: "code ran").remote()))
"""

RUNS = """
import sys
from aspis_sim.run.executors.ray_cluster import ray_cluster
with ray_cluster(sys.argv[1]):
    print("code ran")
"""


def joins(address, environment, code=JOINS):
    done = subprocess.run(
        [sys.executable, "-c", code, address],
        env={**environment, "RAY_NUM_REDIS_GET_RETRIES": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return "code ran" in done.stdout, done.stderr


def access():
    names = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER")
    return {name: os.environ.get(name) for name in names}


def listening():
    psutil = import_module("psutil")  # flax brings it
    for process in psutil.Process().children(recursive=True):
        for connection in process.net_connections(kind="inet"):
            if connection.status == psutil.CONN_LISTEN:
                yield process.name(), ipaddress.ip_address(connection.laddr.ip.removeprefix("::ffff:"))


@pytest.mark.slow
def test_another_process_of_the_user_gets_in_with_the_token_only(monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    before = access()
    with ray_cluster(workers=1):
        address = ray.get_runtime_context().gcs_address
        inside = dict(os.environ)
        found = list(listening())
        folder = Path(ray._private.worker._global_node.get_session_dir_path()).parents[1]
        mode = folder.stat().st_mode & 0o777
        outside = {name: value for name, value in inside.items() if not name.startswith("RAY_AUTH")}
        refused, why = joins(address, outside)
        guessed, said = joins(address, {**inside, "RAY_AUTH_TOKEN": "0" * 64}, RUNS)
        admitted, complaints = joins(address, inside)
    assert admitted, complaints
    assert not refused
    assert not guessed
    assert f"InputError: no way into the Ray cluster at {address}: " in said
    assert "RAY_AUTH_TOKEN_PATH" in said
    assert "Authentication token is missing" in why
    assert {"gcs_server", "raylet"} <= {name for name, _ in found}
    assert all(place.is_loopback for _, place in found), found
    assert mode == 0o700
    assert not folder.exists()
    assert access() == before


def test_a_version_of_ray_that_knows_no_tokens_is_refused(monkeypatch):
    pytest.importorskip("ray")
    import ray._raylet

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.delattr(ray._raylet, "AuthenticationTokenLoader")
    with pytest.raises(InputError, match=r"knows no tokens.*pip install 'ray>=2\.52'"), ray_cluster(workers=1):
        pass


def test_a_cluster_that_cannot_start_is_said_and_leaves_nothing(monkeypatch, tmp_path):
    pytest.importorskip("ray")
    long = tmp_path / ("x" * 60)
    long.mkdir()
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(long))
    before = access()
    with pytest.raises(InputError, match="no Ray cluster could be started"), ray_cluster(workers=1):
        pass
    assert list(long.iterdir()) == []
    assert access() == before


def test_a_long_temporary_folder_does_not_keep_the_cluster_from_starting(monkeypatch):
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setattr(ray_own.tempfile, "gettempdir", lambda: "/var/folders/12/abcdefghijkl/T")
    assert ray_own._place() == "/tmp"
