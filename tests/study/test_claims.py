"""Who may run what: each run has one living owner, and the dead hold nobody up."""

import os
import platform
import signal
import subprocess
import sys
import time

import pytest

from aspis_sim.study import Study, claims
from aspis_sim.study.claims import SILENCE, Owner, alive, beat, myself, release, take
from aspis_sim.study.database import transaction
from aspis_sim.study.ledger import StudyLedger
from tests.study.made_up import GRID, ORIGIN, study


@pytest.fixture
def connection(tmp_path):
    with Study.create(tmp_path / "study") as store:
        yield store.connection


def claim(connection, key, owner):
    with transaction(connection):
        return take(connection, key, owner)


def test_a_run_has_one_owner_at_a_time_even_within_a_process(connection):
    first, second = myself(), myself()
    assert claim(connection, "a", first)
    assert not claim(connection, "a", second)
    assert not claim(connection, "a", first)
    assert claim(connection, "b", second)
    release(connection, first)
    assert claim(connection, "a", second)
    assert not claim(connection, "b", first)


def test_the_claim_of_a_process_that_has_ended_is_taken_over_at_once(connection):
    code = "from aspis_sim.study.claims import myself; o = myself(); print(o.host); print(o.process)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    dead = Owner(*told.splitlines())
    assert dead.host == myself().host
    connection.execute("INSERT INTO claims VALUES ('a', ?, ?, ?)", (dead.host, dead.process, time.time()))
    assert claim(connection, "a", myself())


def test_a_process_number_that_was_given_out_again_is_not_the_owner():
    number, started, word = myself().process.split(" ")
    here = myself().host
    assert alive(Owner(here, f"{number} {started} {word}"), 0.0)
    assert not alive(Owner(here, f"{number} {int(started) - 1} {word}"), time.time())


def test_a_process_that_is_ended_but_not_waited_for_is_dead():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        owner = Owner(myself().host, f"{child.pid} {claims._started(child.pid)} word")
        assert alive(owner, 0.0)
        os.kill(child.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while alive(owner, 0.0) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not alive(owner, 0.0)
    finally:
        child.wait()


def test_an_owner_elsewhere_lives_as_long_as_it_shows_signs_of_life(connection):
    far = Owner("elsewhere", "1 1 word")
    now = time.time()
    assert alive(far, now - SILENCE / 2)
    assert not alive(far, now - 2 * SILENCE)
    assert claim(connection, "a", far)
    connection.execute("UPDATE claims SET beat = beat - ?", (2 * SILENCE,))
    beat(connection, far)
    assert not claim(connection, "a", myself())
    connection.execute("UPDATE claims SET beat = beat - ?", (2 * SILENCE,))
    assert claim(connection, "a", myself())


def test_the_host_is_named():
    assert platform.node() in myself().host


def test_claims_that_cannot_be_given_back_hold_nobody_up_in_the_same_process(tmp_path):
    (group, *_) = GRID.groups()
    with Study.open(study(tmp_path / "study", leave_out={0}), write=True) as store:
        first, second = (StudyLedger(store, origin=lambda cell: ORIGIN) for _ in range(2))
        wanted = (group, group.rates[0], group.seeds[0])
        assert first.claim(*wanted)
        assert not second.claim(*wanted)
        store.connection.execute("PRAGMA query_only = ON")
        first.release()
        store.connection.execute("PRAGMA query_only = OFF")
        assert second.claim(*wanted)
