"""A step of a run, from one state to the next: who lies, what reaches the server, and what it makes of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from aspis_sim import adversary
from aspis_sim.adversary.payloads import Payload, Prospect
from aspis_sim.adversary.timing import Timing
from aspis_sim.aggregation.vote import Ruling, vote
from aspis_sim.assignment import Assignment
from aspis_sim.coding.cyclic import CyclicCode
from aspis_sim.detection.agreement import Views
from aspis_sim.gradients.measures.coefficient import realised_coefficient
from aspis_sim.gradients.network import Network
from aspis_sim.schedules.base import Schedule
from aspis_sim.silence.base import Silence
from aspis_sim.simulation.exchange import Batch, Returned, RoundOutcome
from aspis_sim.simulation.foresight import Foreseen, foresee
from aspis_sim.simulation.prospect import Course, prospect_of
from aspis_sim.simulation.roles import Roles, roles_of
from aspis_sim.simulation.round import Round
from aspis_sim.simulation.server.coded import recover
from aspis_sim.simulation.server.degree_window import Memory, observe
from aspis_sim.simulation.server.memory import Auditor, Evidence
from aspis_sim.simulation.server.moving import Mover
from aspis_sim.simulation.server.verdicts import Table, look_up, trust_everyone
from aspis_sim.simulation.shape import RunShape
from aspis_sim.simulation.state import Feed, State, Trace
from aspis_sim.streams import own_samples, stream

CODE = 1
"""Number folded into a round's key for what the decoder draws and the adversary does not know."""


Given = tuple[Feed, Array, Array, Array]
"""What a run is fed, the samples of every step, and the inputs and labels to train on."""


@dataclass(frozen=True)
class Step:
    """The fixed parts of every step of a run.

    Attributes:
        shape: of the run.
        assignment: of files to workers; that of the round says which rows they return.
        network: the model on its data.
        round: what happens up to the update.
        schedule: from a step to the factor of the learning rate.
        server: how the weights move.
        code: of the workers' mixtures, None without one.
        auditor: how the server remembers, and what it computes itself.
        delays: how long each worker takes.
        timing: whether Byzantine workers lie in a step, None where they do in all.
    """

    shape: RunShape
    assignment: Assignment
    network: Network
    round: Round
    schedule: Schedule
    server: Mover
    code: CyclicCode | None
    auditor: Auditor
    delays: Silence
    timing: Timing | None = None

    def __call__(
        self, state: State, feed: Feed, order: Array, table: Table | None, inputs: Array, labels: Array
    ) -> State:
        """The state after the step, or stuck before it where its graph is not in the table."""
        key = self._key(feed, state.step)
        roles = self._roles(state, feed)
        statistics_worker = jnp.argmin(roles.byzantine if roles.silent is None else roles.byzantine | roles.silent)
        batch = self._batch(state, feed, order, inputs, labels)
        lie, foreseen = self.lie(feed).of_copies((~roles.byzantine[roles.files]).sum(1)), None
        if lie.aimed is not None:
            foreseen = self._foreseen(state, feed, table, roles)
            lie = lie.aimed_at(foreseen.reach)
            if lie.planned is not None:
                lie = lie.ahead_of(
                    foreseen.reach, self._prospect(state, (feed, order, inputs, labels), roles.byzantine)
                )
        if lie.informed is not None:
            lie = lie.knowing(self.server.past(state.optimizer))
        returned = self.round.play(batch, roles.files, roles.distorts, lie, key, statistics_worker)
        if roles.silent is not None:
            returned = returned.received(roles.files, roles.silent)
        evidence, audited = self._known(state, feed, returned, roles)
        new_graph = returned.graph if evidence is None else evidence.shown(returned.graph)
        known, memory, ruling = self._judged(state, feed, table, new_graph)
        seen = None if evidence is None else evidence.after(returned.graph)
        after = state._replace(graph=new_graph, memory=memory, evidence=seen)
        if foreseen is not None:
            new_graph = jnp.where(foreseen.known, new_graph, foreseen.graph)
            known &= foreseen.known

        def go_on() -> State:
            right = returned if audited is None else returned.corrected(audited)
            of_code = jax.random.fold_in(key, CODE)
            one_round = self._round_of(state, feed, batch)
            outcome = self._concluded(one_round, right, roles, ruling, audited, of_code)
            return self._moved(after, feed, roles, right, outcome)

        if table is None:
            return go_on()
        return jax.lax.cond(known, go_on, lambda: state._replace(stuck=jnp.asarray(True), graph=new_graph))

    def _roles(self, state: State, feed: Feed) -> Roles:
        """Who does what in the step; what is not in the trace yet has exposed nobody."""
        roles = roles_of(self.shape, self.round.assignment, self.delays, state.step, feed)
        if self.timing is None:
            return roles
        exposed = state.trace.excluded_byzantine > 0
        return roles.lying(self.timing(state.step, self.shape.settings.steps, exposed))

    def _round_of(self, state: State, feed: Feed, batch: Batch) -> Round:
        """The round of this step, whose rule knows the order that it shuffles files into, and the server's own row."""
        rule = self.round.rule
        if rule.shuffles:
            key = jax.random.fold_in(stream(feed.key, "buckets"), state.step)
            rule = rule.in_order(jax.random.permutation(key, len(self.round.assignment.files)))
        if rule.own_samples:
            a_file, samples = self.shape.settings.samples_per_file, len(self.network.example.labels["train"])
            own = own_samples(feed.key, samples, rule.own_samples, a_file)
            rule = rule.beside(self.round.own_gradient(batch._replace(files=own, key=None)))
        return self.round if rule is self.round.rule else replace(self.round, rule=rule)

    def _known(self, state: State, feed: Feed, returned: Returned, roles: Roles) -> tuple[Evidence | None, Any]:
        """What the server knows before it judges the step, and the files ``[f]`` it has computed, None without any."""
        past = self._recalled(state)
        if past is None or not self.auditor.count:
            return past, None
        key = jax.random.fold_in(stream(feed.key, "audits"), state.step)
        return self.auditor.audit(past, returned.agreement, roles.files, jnp.asarray(feed.q), key, roles.silent)

    def _recalled(self, state: State) -> Evidence | None:
        return None if state.evidence is None else self.auditor.recall(state.evidence, state.step)

    def _batch(self, state: State, feed: Feed, order: Array, inputs: Array, labels: Array) -> Batch:
        row = order[0 if self.network.example.full_batch else state.step]
        samples = row.reshape(len(self.assignment.files), self.shape.settings.samples_per_file)
        drawn = None
        if self.round.source.augment is not None:
            drawn = jax.random.fold_in(stream(feed.key, "augmentation"), state.step)
        local = self.shape.settings.local_steps > 1
        rate = self._rate(state, feed) if local else None
        return Batch(state.weights, state.history, state.statistics, inputs, labels, samples, drawn, rate)

    def _rate(self, state: State, feed: Feed) -> Array:
        return jnp.asarray(feed.rate * self.schedule(state.step))

    def _prospect(self, state: State, given: Given, byzantine: Array) -> Prospect:
        """What an adversary that knows the samples of all steps can work out of them."""
        feed = given[0]
        return prospect_of(
            Course(state.weights, state.optimizer, state.history, state.step),
            self.round,
            self.network,
            self.server,
            lambda step: jnp.asarray(feed.rate * self.schedule(step)),
            lambda course: self._batch(state._replace(**course._asdict()), *given),
            lambda step: self._key(feed, step),
            byzantine,
            self.shape.settings.steps - state.step,
        )

    def _key(self, feed: Feed, step: Array) -> Array:
        return jax.random.fold_in(stream(feed.key, "payload"), step)

    def blank(self, state: State, feed: Feed, order: Array, inputs: Array, labels: Array) -> list[tuple[int, int]]:
        """The shapes of the workers' history in a run of which these are the first arguments."""
        batch = jax.eval_shape(self._batch, state, feed, order, inputs, labels)
        return self.round.blank(batch, self.lie(feed))

    def lie(self, feed: Feed) -> Payload:
        """The payload of a run, with its strength."""
        shape, settings = self.shape, self.shape.settings
        strength = {"strength": feed.strength} if shape.payload_takes_strength else {}
        parameters: dict[str, Any] = dict(shape.payload_parameters)
        return adversary.payload(settings.payload, convention=settings.convention, **parameters, **strength)

    def _judged(
        self, state: State, feed: Feed, table: Table | None, graph: Array
    ) -> tuple[Array, Memory | None, Ruling]:
        """Whether there is a ruling on the round's graph yet, what the detector remembers of it, and the ruling."""
        if table is not None:
            known, ruling = look_up(table, graph)
            return known, state.memory, ruling
        if state.memory is None:
            return jnp.asarray(True), None, trust_everyone(self.shape.settings.workers, feed.distortable)
        budget, limit = jnp.asarray(feed.q), jnp.asarray(feed.distortable)
        window = self.shape.settings.detection_window
        memory, ruling = observe(state.memory, graph, state.step, window, budget, limit)
        return jnp.asarray(True), memory, ruling

    def _foreseen(self, state: State, feed: Feed, table: Table | None, roles: Roles) -> Foreseen:
        """What the adversary can tell of the round beforehand: all but what the server will audit in it."""
        past = self._recalled(state)

        def shown(graph: Array) -> Array:
            return graph if past is None else past.shown(graph)

        def judge(graph: Array) -> tuple[Array, Ruling]:
            known, _, ruling = self._judged(state, feed, table, shown(graph))
            return known, ruling

        workers, drops = self.shape.settings.workers, self.shape.may_drop_files
        foreseen = foresee(roles.distorts, roles.files, workers, judge, drops, self._averages, roles.silent)
        return foreseen._replace(graph=shown(foreseen.graph))

    @property
    def _averages(self) -> bool:
        """Whether the files are averaged where the ballot says so (else the robust rule always decides)."""
        shape, settings = self.shape, self.shape.settings
        return (shape.detects or settings.detection_window > 0) and settings.after_detection != "rule"

    def _concluded(
        self,
        one_round: Round,
        returned: Returned,
        roles: Roles,
        ruling: Ruling,
        audited: Array | None,
        key: Array,
    ) -> RoundOutcome:
        if self.code is not None:
            copies = returned.copies(0, 0)
            assert isinstance(copies, Views)
            sizes = (self.network.parameters, roles.silent, self.shape.settings.silent)
            return recover(self.code, copies, key, self.round.source.axis, *sizes)
        ballot = vote(returned.agreement.agree, roles.files, ruling, audited, roles.silent)
        update = one_round.update(returned, ballot, ruling.distortable, self.shape.may_drop_files, self._averages)
        distorted = returned.agreement.differs(ballot.slot) & ballot.kept
        return RoundOutcome(update, ruling.honest, ballot.kept, distorted, ruling.outcome)

    def _moved(self, state: State, feed: Feed, roles: Roles, returned: Returned, outcome: RoundOutcome) -> State:
        """The state after the update, with the step's row in the trace; the server has judged the step."""
        weights, optimizer = self.server.moved(state.weights, state.optimizer, outcome.update, self._rate(state, feed))
        example = self.network.example
        a_sample = len(self.assignment.files) / len(example.labels["train"]) if self.network.model.sums else 1
        row = Trace(
            loss=returned.honest.loss * a_sample,
            distorted=outcome.distorted.sum(),
            lost=(~outcome.kept).sum(),
            excluded_byzantine=(roles.byzantine & ~outcome.honest).sum(),
            excluded_honest=(~roles.byzantine & ~outcome.honest).sum(),
            outcome=outcome.outcome,
        )
        pairs = zip(state.trace, row, strict=True)
        trace = Trace(*(past.at[state.step].set(now.astype(past.dtype)) for past, now in pairs))
        kappa = state.kappa
        if kappa is not None:
            met = outcome.kept & ~outcome.distorted
            kappa = kappa.at[state.step].set(realised_coefficient(returned.honest, met, outcome.update))
        statistics = jax.tree.map(lambda past, now: now.astype(past.dtype), state.statistics, returned.statistics)
        return state._replace(
            weights=weights,
            optimizer=optimizer,
            step=state.step + 1,
            trace=trace,
            statistics=statistics,
            history=returned.history,
            kappa=kappa,
        )


def advance_by(step: Step) -> Callable[..., State]:
    """The function from a state to that at step ``stop``, or of a step whose graph is not in the table."""

    def advance(
        state: State,
        feed: Feed,
        order: Array,
        table: Table | None,
        stop: Array,
        inputs: Array,
        labels: Array,
    ) -> State:
        return jax.lax.while_loop(
            lambda state: (state.step < stop) & ~state.stuck,
            lambda state: step(state, feed, order, table, inputs, labels),
            state._replace(stuck=jnp.asarray(False)),
        )

    return advance
