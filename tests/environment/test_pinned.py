"""Nothing in the environment of a process, and no setting of JAX that its caller has made, changes a number unseen."""

import json
import os
import subprocess
import sys
import threading
from typing import Any

import jax
import numpy as np
import pytest
from jax._src.config import config_states

import aspis_sim
from aspis_sim.environment import PINNED, pinned
from aspis_sim.run.reference import reference_run
from aspis_sim.run.trying import prepared
from aspis_sim.spec.single import one_cell
from tests.quick import ENVIRONMENT

OTHER = {
    "eager_constant_folding": True,
    "jax_allow_f16_reductions": False,
    "jax_compiler_enable_remat_pass": False,
    "jax_custom_vjp3": True,
    "jax_debug_infs": True,
    "jax_debug_key_reuse": True,
    "jax_debug_nans": True,
    "jax_default_matmul_precision": "bfloat16",
    "jax_default_prng_impl": "rbg",
    "jax_disable_jit": True,
    "jax_embedded_constants_max_bytes": 0,
    "jax_enable_custom_prng": True,
    "jax_enable_pgle": True,
    "jax_error_checking_behavior_divide": "raise",
    "jax_error_checking_behavior_nan": "raise",
    "jax_error_checking_behavior_oob": "raise",
    "jax_exec_time_optimization_effort": -1.0,
    "jax_explicit_x64_dtypes": "allow",
    "jax_high_dynamic_range_gumbel": True,
    "jax_legacy_prng_key": "error",
    "jax_memory_fitting_effort": 1.0,
    "jax_memory_fitting_level": "O0",
    "jax_numpy_dtype_promotion": "strict",
    "jax_numpy_rank_promotion": "raise",
    "jax_optimization_level": "O1",
    "jax_random_seed_offset": 7,
    "jax_remat3": True,
    "jax_scan3": True,
    "jax_softmax_custom_jvp": True,
    "jax_threefry_gpu_kernel_lowering": True,
    "jax_threefry_partitionable": False,
    "jax_use_direct_linearize": False,
    "jax_use_shardy_partitioner": False,
    "jax_use_simplified_jaxpr_constants": True,
}
"""For every setting that is pinned another value, the worst that an environment may bring along."""

PLACE = {
    "jax_backend_target", "jax_cpu_collectives_implementation", "jax_cuda_visible_devices", "jax_default_device",
    "jax_mock_gpu_topology", "jax_num_cpu_devices", "jax_oneapi_visible_devices", "jax_pjrt_client_create_options",
    "jax_platform_name", "jax_platforms", "jax_rocm_visible_devices", "jax_sort_devices_by_process_index",
    "jax_use_magma", "jax_xla_backend", "mock_num_gpu_processes",
}  # fmt: skip
"""Where it is computed, which is recorded with every run."""

SILENT = (
    "check_vma", "jax2tf_", "jax_array_garbage_collection_guard", "jax_auto_pcast", "jax_bcoo_", "jax_captured_",
    "jax_check_", "jax_compilation_cache_", "jax_compiler_detailed_logging", "jax_cpu_enable_async_dispatch",
    "jax_cpu_get_", "jax_cross_host_", "jax_debug_leaked", "jax_debug_log", "jax_disable_bwd_checks",
    "jax_disable_vmap_shmap_error", "jax_disallow_", "jax_distributed_debug", "jax_dump_", "jax_enable_checks",
    "jax_enable_compilation_cache", "jax_enable_preemption", "jax_enable_recoverability", "jax_experimental_unsafe",
    "jax_explain_", "jax_export_", "jax_force_dcn", "jax_hlo_source", "jax_include_", "jax_log", "jax_mosaic_",
    "jax_mutable_array_checks", "jax_no_", "jax_pallas_", "jax_persistent_cache_", "jax_pgle_", "jax_pprint_",
    "jax_ragged_dot_", "jax_raise_", "jax_refs_to_pins", "jax_remove_", "jax_send_traceback", "jax_serialization",
    "jax_share_binary", "jax_source_url", "jax_thread_guard", "jax_traceback", "jax_tracer_error", "jax_transfer_guard",
    "jax_use_emit_pipeline", "jax_xla_profile",
)  # fmt: skip
"""How settings begin that change no number here: caches, logs, checks of a program, operations that nothing uses."""

SMALL: dict[str, Any] = {
    "q": 1,
    "workers": 5,
    "model": "softmax",
    "steps": 4,
    "samples_per_file": 2,
    "detector": "clique",
}

CHECK = """
import io, json, sys, contextlib
from typer.testing import CliRunner
from aspis_sim_cli.app import app
import aspis_sim, jax, numpy as np

small = json.loads(sys.argv[1])
words = [word for name, value in small.items() for word in (f"--{name.replace('_', '-')}", str(value))]
found = []
permuted = "--scheme aspis+ --workers 7 --payload gaussian --attack weak --precision float64".split()
for more in (["--payload", "nan"], permuted):
    done = CliRunner().invoke(app, ["train", *words, *more, "--format", "json", "--quiet", "--no-compile-cache"])
    assert done.exit_code == 0, (done.output, done.exception)
    record = json.loads(done.stdout)
    record["row"].pop("seconds")
    found.append(record)
rows = aspis_sim.sweep(**small, seeds="0,1", payload="inf", scheme="median").rows
found += [{name: value for name, value in dict(row).items() if name != "seconds"} for row in rows]
assert jax.config.jax_enable_x64 == (len(sys.argv) > 2)
print(json.dumps(found))
"""


def test_every_setting_of_jax_is_pinned_or_changes_no_number():
    names = set(jax.config.values) - {"jax_enable_x64", "jax_disable_most_optimizations"}
    assert set(OTHER) == set(PINNED)
    assert set(PINNED) <= names
    assert {name for name in names - set(PINNED) - PLACE if not name.startswith(SILENT)} == set()


def test_what_is_pinned_is_what_jax_does_by_itself():
    code = f"import jax; print([n for n, v in {dict(PINNED)!r}.items() if jax.config.values[n] != v])"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    done = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['jax_explicit_x64_dtypes']")
    with pinned():
        assert jax.config.values["jax_explicit_x64_dtypes"].name == "WARN"


@pytest.mark.parametrize("name", [*PINNED, "jax_enable_x64"])
def test_a_setting_is_pinned_in_this_thread_alone_and_is_the_callers_again(name):
    state = config_states[name]
    usual = state.value
    with state(OTHER.get(name, True)):
        theirs = state.value
        with pinned():
            seen = []
            thread = threading.Thread(target=lambda: seen.append(state.value))
            thread.start()
            thread.join()
            assert state.value == usual != theirs
            assert seen == [usual]
        assert state.value == theirs
    assert state.value == usual


def begun(more, *words):
    """A process of its own that computes, its environment changed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_"))}
    command = [sys.executable, "-c", CHECK, json.dumps(SMALL), *words]
    return subprocess.Popen(command, env=clean | more, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def numbers(process):
    """What it has computed."""
    out, errors = process.communicate()
    assert process.returncode == 0, errors
    return json.loads(out.splitlines()[-1])


def test_no_variable_of_the_environment_changes_a_number_of_train_or_sweep(monkeypatch, capsys):
    hostile = {name.upper(): str(value) for name, value in OTHER.items()} | {"JAX_ENABLE_X64": "1"} | ENVIRONMENT
    process = begun(hostile, "x64")
    monkeypatch.setattr(sys, "argv", ["-c", json.dumps(SMALL)])
    exec(CHECK, {})
    usual, found = json.loads(capsys.readouterr().out.splitlines()[-1]), numbers(process)
    assert len(usual) == 2 + 2
    assert found == usual


def test_callers_with_64_bits_get_the_same_numbers_and_keep_their_64_bits():
    def losses():
        return np.asarray(aspis_sim.train(**SMALL, seed=5, payload="nan").trace.loss)

    usual = losses()
    with jax.enable_x64(True), jax.debug_nans(True), jax.numpy_dtype_promotion("strict"):
        found = losses()
        assert jax.numpy.ones(1, float).dtype == "float64"
    assert found.dtype == "float32"
    assert np.array_equal(found, usual)


def test_the_readable_run_is_pinned_too():
    (group,) = prepared(one_cell(**SMALL, seed=3))
    usual, _ = reference_run(group.first)
    with jax.enable_x64(True), jax.default_prng_impl("rbg"), jax.threefry_partitionable(False):
        found, _ = reference_run(group.first)
    assert np.array_equal(found, usual)
