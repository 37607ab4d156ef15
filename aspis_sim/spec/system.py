"""Settings of the system: which scheme, on how many workers, and the parts that defend it."""

from dataclasses import dataclass

from aspis_sim.limits import MOST_WORKERS
from aspis_sim.spec.kinds import Named, Number, Whole, Word, YesNo
from aspis_sim.spec.knob import knob

SYSTEM, PARTS = "System", "Defence"

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


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class System:
    """Who computes which file, and what the server makes of what comes back."""

    scheme: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.schemes:SCHEMES", check="aspis_sim.schemes:scheme"),
        "aspis",
        "Scheme, a preset of assignment, detector and rule: {names}.",
        first="Scheme, such as aspis, byzshield or median.",
        several=("aspis", "aspis-certified", "byzshield", "detox", "median"),
        panel=SYSTEM,
        shapes=False,
        identity=True,
    )
    workers: int = knob(
        Whole("K", "15,21", most=MOST_WORKERS),
        15,
        "Number of workers, K.",
        first="Number of workers, K.",
        panel=SYSTEM,
        place="table",
        identity=True,
    )
    redundancy: int = knob(
        Whole("R", "3,5"),
        3,
        "Number of workers that compute each file, r (odd).",
        first="Workers that compute each file, r (odd).",
        panel=SYSTEM,
        place="table",
        identity=True,
    )
    assignment: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.assignment:ASSIGNMENTS"),
        None,
        "Assignment of files to workers: {names}; options as in ramanujan-2:load=10.",
        panel=PARTS,
        filled_by="scheme",
        identity=True,
        absent="subset",
    )
    detector: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.detection:DETECTORS"),
        None,
        "Detector of Byzantine workers: {names}.",
        first="Detector, such as clique or certified.",
        panel=PARTS,
        filled_by="scheme",
        shapes=False,
        identity=True,
        absent="none",
    )
    rule: str = knob(
        Named(
            "RULE",
            "RULE,…",
            home="aspis_sim.aggregation:RULES",
            check="aspis_sim.aggregation:steps_of",
            before="aspis_sim.aggregation:PREAGGREGATIONS",
        ),
        None,
        "Robust aggregation rule, applied to the votes: {names}; options as in krum:f=3; pre-aggregation steps "
        "({before}) as in nnm+krum. Unless given, f is the largest number of distorted files that can pass the "
        "detector.",
        first="Robust rule, such as median, krum or nnm+krum.",
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
        "Step after a successful detection: the plain mean (average), the robust rule (rule), or the mean only if "
        "exactly q workers are excluded (published).",
        panel=PARTS,
        filled_by="scheme",
        absent="average",
    )
    coding: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.coding:CODINGS"),
        None,
        "What workers return: {names} (gradients; coded combinations that the server decodes; or the mean of their "
        "files' gradients, aggregated without a vote).",
        panel=PARTS,
        filled_by="scheme",
        absent="none",
    )
    convention: str | None = knob(
        Word("NAME", "NAME,…", optional=True, words="aspis_sim.aggregation.conventions:NAMES", kind="convention"),
        None,
        "Convention for rules and payloads that libraries define differently: {names}.",
        panel=PARTS,
    )
    permute: bool = knob(
        YesNo(),
        None,
        "Give the workers new places in the assignment at random in every step.",
        panel=PARTS,
        filled_by="scheme",
        absent=False,
    )
    detection_window: int = knob(
        Whole("T_d", "T_d,…"),
        15,
        "Length in steps of the window of the detector degree.",
        panel=PARTS,
        check=_window,
    )
    believed_q: int | str = knob(
        Whole("Q̂", "0..7", words=("true",)),
        "true",
        "Number of Byzantine workers that the detector and the rule assume (true: the actual number).",
        panel=PARTS,
        check=_told,
        shapes=False,
    )
    evidence: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.evidence:EVIDENCE"),
        None,
        "How long the server remembers disagreements and convictions: {names}; options as in window:length=50.",
        panel=PARTS,
        filled_by="scheme",
        absent="step",
    )
    audits: int = knob(
        Whole("M", "0..3"),
        None,
        "Number of files per step that the server recomputes itself, to convict workers that returned something else.",
        panel=PARTS,
        check=_audits,
        filled_by="scheme",
        absent=0,
    )
    audit_policy: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.audits:AUDIT_POLICIES"),
        "disputed-first",
        "Which files are audited: {names}.",
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
