"""From the shape of a run to its step: every part built."""

from aspis_sim import aggregation
from aspis_sim.adversary.timing import TIMINGS, timing
from aspis_sim.aggregation.conventions import CLIPS_RETURNED
from aspis_sim.assignment import Assignment
from aspis_sim.augmentations import AUGMENTATIONS, augmentation
from aspis_sim.coding import CODINGS, returned
from aspis_sim.detection.equality import Comparison
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.local_steps import LocalSteps
from aspis_sim.gradients.network import Network
from aspis_sim.gradients.source import Source
from aspis_sim.optimizers import optimizer
from aspis_sim.schedules import schedule
from aspis_sim.silence import silence
from aspis_sim.simulation.round import Round
from aspis_sim.simulation.server.memory import auditor_of
from aspis_sim.simulation.server.moving import Mover
from aspis_sim.simulation.shape import RunShape
from aspis_sim.simulation.steps import Step
from aspis_sim.spec.part import parse_part


def step_of(shape: RunShape, assignment: Assignment, network: Network) -> Step:
    """The step of a run of this shape."""
    settings = shape.settings
    axis = Axis(settings.devices)
    code = CODINGS.build(settings.coding, workers=settings.workers, redundancy=settings.redundancy)
    one_round = Round(
        assignment=returned(settings.coding, assignment),
        source=_source(shape, network, axis),
        unravel=network.unravel,
        data=network.example,
        compare=Comparison(settings.tolerance, axis.total, axis.largest),
        rule=aggregation.rule(settings.rule, convention=settings.convention, **dict(shape.rule_parameters)),
        replicated=settings.compute == "replicated",
        needs_matrix=code is not None,
        clip=settings.clip_workers,
        clip_returned=settings.clip_server if code is None and settings.convention in CLIPS_RETURNED else None,
        momentum=settings.worker_momentum,
        mixes=assignment if CODINGS.traits(settings.coding).mixes else None,
    )
    of_schedule = parse_part(settings.schedule)
    factor = schedule(of_schedule.name, settings.steps, **of_schedule.options)
    of_silence = parse_part(settings.silence)
    delays = silence(of_silence.name, **of_silence.options)
    of_timing = parse_part(settings.timing)
    when = None if TIMINGS.traits(of_timing.name).every_step else timing(of_timing.name, **of_timing.options)
    of_server = parse_part(settings.optimizer)
    server = Mover(
        optimizer(of_server.name, settings.momentum, **of_server.options),
        settings.clip_server if one_round.clip_returned is None else None,
    )
    return Step(shape, assignment, network, one_round, factor, server, code, auditor_of(settings), delays, when)


def _source(shape: RunShape, network: Network, axis: Axis) -> Source | LocalSteps:
    """Where what honest workers return comes from."""
    settings = shape.settings
    part = parse_part(settings.augment)
    augment = augmentation(part.name, **part.options) if AUGMENTATIONS.traits(part.name).changes else None
    if settings.local_steps > 1:
        return LocalSteps(network, settings.local_steps, axis, shape.chunks, shape.tile_bytes, augment)
    layers = network.layers(settings.samples_per_file)
    return Source(layers, axis, shape.chunks, shape.tile_bytes, shape.turns, augment)
