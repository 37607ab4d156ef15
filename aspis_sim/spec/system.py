"""Settings of the system: which scheme, on how many workers, and the parts that defend it."""

from dataclasses import dataclass

from aspis_sim.aggregation import PREAGGREGATIONS, RULES, conventions, steps_of
from aspis_sim.assignment import ASSIGNMENTS, MOST_WORKERS
from aspis_sim.audits import AUDIT_POLICIES
from aspis_sim.coding import CODINGS
from aspis_sim.detection import DETECTORS
from aspis_sim.evidence import EVIDENCE
from aspis_sim.schemes import SCHEMES, scheme
from aspis_sim.spec.kinds import Named, Number, Whole, Word, YesNo
from aspis_sim.spec.knob import knob

SYSTEM, PARTS = "The system", "Parts that override the scheme's"

AFTER_DETECTION = ("published", "average", "rule")


def _window(value: int) -> str | None:
    return None if value >= 1 else f"`detection_window` {value}: a window has 1 or more steps"


def _told(value: int | str) -> str | None:
    negative = isinstance(value, int) and value < 0
    return f"`believed_q` {value} is negative; the server is told of 0 or more" if negative else None


def _audits(value: int) -> str | None:
    return None if value >= 0 else f"`audits` {value} is negative; the server computes 0 or more files a step"


def _tolerance(value: float) -> str | None:
    return None if 0 <= value < 1 else f"`tolerance` {value:g}: a relative difference is 0 or more, and below 1"


@dataclass(frozen=True, kw_only=True)
class System:
    """Who computes which file, and what the server makes of what comes back."""

    scheme: str = knob(
        Named("NAME", "NAME,…", registry=SCHEMES, check=scheme),
        "aspis",
        "Scheme, a preset of parts: {names}.",
        several=("aspis", "aspis-certified", "byzshield", "detox", "median"),
        panel=SYSTEM,
        shapes=False,
        identity=True,
    )
    workers: int = knob(
        Whole(metavar_of_several="15,21", most=MOST_WORKERS),
        15,
        "Workers K.",
        panel=SYSTEM,
        place="table",
        identity=True,
    )
    redundancy: int = knob(
        Whole(metavar_of_several="3,5"),
        3,
        "Workers that compute each file, r (odd).",
        panel=SYSTEM,
        place="table",
        identity=True,
    )
    assignment: str = knob(
        Named("NAME", "NAME,…", registry=ASSIGNMENTS),
        None,
        "Who computes which file: {names}; with options as in ramanujan-2:load=10.",
        panel=PARTS,
        filled_by="scheme",
        identity=True,
        absent="subset",
    )
    detector: str = knob(
        Named("NAME", "NAME,…", registry=DETECTORS),
        None,
        "What reads the agreement graph: {names}.",
        panel=PARTS,
        filled_by="scheme",
        shapes=False,
        identity=True,
        absent="none",
    )
    rule: str = knob(
        Named("RULE", "RULE,…", registry=RULES, check=steps_of, others=(PREAGGREGATIONS,)),
        None,
        f"Robust rule over the votes: {{names}}; with options as in krum:f=3 and steps before it as in nnm+krum "
        f"({', '.join(PREAGGREGATIONS)}). f is the most distorted files known to pass the detector unless given.",
        panel=PARTS,
        flag="aggregator",
        column="rule",
        filled_by="scheme",
        identity=True,
        absent="median",
    )
    after_detection: str = knob(
        Word("|".join(AFTER_DETECTION), ",".join(AFTER_DETECTION), words=AFTER_DETECTION, kind="step after detection"),
        None,
        "What follows a successful detection: the plain mean (average), the robust rule (rule), or the mean only where "
        "exactly q workers are excluded (published).",
        panel=PARTS,
        filled_by="scheme",
        absent="average",
    )
    coding: str = knob(
        Named("NAME", "NAME,…", registry=CODINGS),
        None,
        "What workers return: {names} (gradients; mixtures of them that the server decodes; or each the mean of its "
        "files' gradients, without a vote before the rule).",
        panel=PARTS,
        filled_by="scheme",
        absent="none",
    )
    convention: str | None = knob(
        Word("NAME", "NAME,…", optional=True, words=conventions.NAMES, kind="convention"),
        None,
        "Variants of rules and payloads where libraries differ: {names}.",
        panel=PARTS,
    )
    permute: bool = knob(
        YesNo(),
        None,
        "Let the workers change places in the assignment at every step.",
        panel=PARTS,
        filled_by="scheme",
        absent=False,
    )
    detection_window: int = knob(
        Whole("T_d", "T_d,…"),
        15,
        "Steps in a window of the degree detector.",
        panel=PARTS,
        check=_window,
    )
    believed_q: int | str = knob(
        Whole("Q̂", "0..7", words=("true",)),
        "true",
        "Byzantine workers that the detector and the rule are told of (true: as many as there are).",
        panel=PARTS,
        check=_told,
        shapes=False,
    )
    evidence: str = knob(
        Named("NAME", "NAME,…", registry=EVIDENCE),
        None,
        "How long the server remembers disagreements and convictions: {names}, as in window:length=50.",
        panel=PARTS,
        filled_by="scheme",
        absent="step",
    )
    audits: int = knob(
        Whole("M", "0..3"),
        None,
        "Files that the server computes itself in every step, to convict whoever returned another gradient.",
        panel=PARTS,
        check=_audits,
        filled_by="scheme",
        absent=0,
    )
    audit_policy: str = knob(
        Named("NAME", "NAME,…", registry=AUDIT_POLICIES),
        "disputed-first",
        "Which files it audits: {names}.",
        panel=PARTS,
    )
    tolerance: float = knob(
        Number("X", "X,…"),
        None,
        "Relative difference up to which two copies count as equal (default 0 for shared compute, 1e-05 for "
        "replicated).",
        panel=PARTS,
        check=_tolerance,
        filled_by="compute mode",
        absent=1e-5,
    )
