"""Names that live although neither the library nor the program speaks of them: reason -> file -> names.

A file may be a pattern. What is used after all, or gone, must leave this list: `make lint` says so.
"""

EXCEPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "for users in Python, documented at the front door or on the page of plugins": {
        "aspis_sim/data/base.py": ("from_arrays",),
        "aspis_sim/front.py": ("to_csv", "to_pandas"),
    },
    "decorators by which a user's plugin registers its parts": {
        "aspis_sim/plugin/__init__.py": (
            "attack",
            "callback",
            "dataset",
            "metric",
            "model",
            "optimizer",
            "partition",
            "payload",
            "preaggregation",
            "schedule",
            "scheme",
            "timing",
        ),
    },
    "columns of files of results, written field by field": {
        "aspis_sim/analysis/comparison.py": ("least_p_sign_flip",),
        "aspis_sim/battery/verdict.py": ("clean_lr", "clean_top1", "robust_top1_at_clean_lr", "worst_top1"),
        "aspis_sim/reproduction/comparison.py": ("checkpoint",),
        "aspis_sim/trials/monte_carlo.py": ("ambiguous", "distorted_most", "over_budget"),
        "cli/aspis_sim_cli/commands/worst_case.py": ("kept_files",),
        "cli/aspis_sim_cli/commands/worst_case_audits.py": ("distorted_file_steps",),
        "cli/aspis_sim_cli/commands/worst_case_rules.py": ("kept_files", "minimax"),
    },
    "an option, read by its name from what was parsed": {
        "cli/aspis_sim_cli/options/run.py": ("help_all", "trust_config"),
    },
    "what Typer and rich call or read": {
        "cli/aspis_sim_cli/options/help.py": ("format_help",),
        "cli/aspis_sim_cli/render/curve_table.py": ("collapse_padding",),
    },
    "a setting, read by its declaration": {
        "aspis_sim/spec/request.py": ("x64",),
    },
    "called by a name that is put together: the sizes of an assignment": {
        "aspis_sim/assignment/*.py": ("shape",),
    },
    "an argument that pickles give": {
        "aspis_sim/data/safe_pickle.py": ("codec",),
    },
    "the readable run that tests hold the fast path against": {
        "aspis_sim/run/reference/run.py": ("reference_run",),
    },
    "what the battery leaves out, with the reasons, for the page and for tests": {
        "aspis_sim/battery/standard.py": ("LEFT_OUT",),
    },
    "measures that documented promises are stated in, and that tests hold them to": {
        "aspis_sim/coding/cyclic.py": ("amplification",),
    },
}
