"""Every setting takes a list in a sweep, and one value in a single run."""

import json

import pytest

from aspis_sim.spec.grid import AXES
from tests.cli.program import invoke, refused

BASE = "--workers 7 --q 2 --scheme aspis --model softmax --samples-per-file 2 --seeds 0 --lr 0.1"
DATA = "--dataset synthetic:height=4:width=4:channels=2"

TWO = {
    "scheme": "aspis,median",
    "workers": "7,9",
    "redundancy": "3,5",
    "assignment": "subset,cyclic",
    "detector": "clique,certified",
    "rule": "median,nnm+krum:f=2",
    "after_detection": "average,rule",
    "coding": "none,mean --detector none",
    "convention": "byzfl,baruch",
    "permute": "--permute --no-permute --scheme aspis+ --attack weak",
    "detection_window": "5,15",
    "believed_q": "2,3",
    "evidence": "step,run",
    "audits": "0,1 --detector certified",
    "audit_policy": "disputed-first,random --scheme aspis-audited",
    "tolerance": "0,0.001",
    "q": "1,2",
    "silent": "0,1",
    "silence": "crash,random --silent 1",
    "adversary_window": "2,3",
    "attack": "strong,weak",
    "framed": "0,auto --attack frame-up",
    "timing": "always,bursts:period=4:on=2",
    "payload": "alie,zero",
    "strength": "0.5..1:0.5",
    "lr": "0.1,0.2",
    "seed": "0..1",
    "dataset": "digits,synthetic",
    "heterogeneity": "iid,extreme",
    "data_seed": "1,2 --heterogeneity extreme",
    "model": "softmax,mlp",
    "protocol": "files,work",
    "samples_per_file": "2,3",
    "steps": "5,10",
    "momentum": "0,0.9",
    "optimizer": "sgd,adam",
    "schedule": "constant,cosine:warmup=2",
    "local_steps": "1,3",
    "clip_workers": "none,1",
    "clip_server": "0.5,1",
    "worker_momentum": "0,0.5",
    "augment": f"none,cifar:pad=1 {DATA}",
    "init": "model,normal",
    "precision": "float32,bfloat16",
    "compute": "shared,replicated",
    "devices": "1,8",
    "memory": "1GB,4GB",
    "cluster": "none,datacentre",
    "batch_size": "70,140 --protocol batch",
    "epochs": "0.1,0.2",
    "samples": "500,600 --dataset synthetic",
    "dimension": "50,60 --dataset synthetic",
}
"""Two values of each setting, with what they need besides."""


def typed(name, several=True):
    flag = AXES[name].flag_of_several if several else AXES[name].flag
    return TWO[name] if name == "permute" else f"--{flag} {TWO[name]}"


def test_there_are_two_values_of_every_setting():
    assert set(TWO) | {"x64"} == set(AXES)


@pytest.mark.parametrize("name", TWO)
def test_a_list_in_a_sweep_doubles_the_runs(name):
    base = BASE if name == "epochs" else f"{BASE} --steps 5"
    result = invoke("sweep", base, typed(name), "--dry-run --format json")
    assert sum(one["trainings"] for one in json.loads(result.stdout)["programs"]) == 2


@pytest.mark.parametrize("name", TWO)
def test_a_list_in_a_single_run_is_refused_with_one_sentence(name):
    flag = AXES[name].flag
    said = refused("train", typed(name, several=False), "--quiet", lines=1)
    assert said.startswith(f"error: --{flag} ")
    assert said.endswith(f": a single run takes one value of {name}; use a sweep for several\n")
