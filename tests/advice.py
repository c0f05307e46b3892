"""What to do when a rule of the house is broken: a sentence for each, shown under the test that failed."""

ADVICE = {
    "UndefinedVariable": (
        "Give the variable in the view's context, or ask first where it may be missing: {% if it %}{{ it }}{% endif %}"
    ),
    "UnorderedList": "Say in which order: .order_by(…) before a part of the list is taken, or Meta.ordering.",
    "UnorderedObjectListWarning": "Say in which order: .order_by(…) before the list is cut into pages.",
    "NPlusOneError": (
        "Fetch what each row looks at in the query of the list: select_related (to one), prefetch_related (to many)."
    ),
    "SocketConnectBlockedError": (
        "Tests reach this machine only: use the sandbox, the simulator (fixtures `simulator`, `bank`) or a recording."
    ),
    "TransactionOpen": (
        "Wait for nobody inside a transaction: do the slow thing before it, after it, or in the worker (lib/queue)."
    ),
    "TransactionManagementError": (
        "The test's own transaction was spoilt by what the database refused: put that line inside transaction.atomic(),"
        " or let this test commit, with @pytest.mark.django_db(transaction=True)."
    ),
    "SecondConnection": "Let the test commit, for others to see it: @pytest.mark.django_db(transaction=True).",
    "BooksDiffer": "Money, numbers or states disagree: the message says which, tests/books.py what must hold.",
    "ForbiddenTransition": "The life has no such move there: docs/etats.md draws it, the room's states.py declares it.",
    "ResourceWarning": "Close what was opened: a `with` around it.",
    "DeprecationWarning": "Use what the warning names instead; the suite takes every warning for a failure.",
}


def advice_for(error: BaseException | None) -> str:
    """Return what to do about an error, or about what it comes from; nothing for an ordinary assertion."""
    while error is not None:
        for kind in type(error).__mro__:
            if kind.__name__ in ADVICE:
                return ADVICE[kind.__name__]
        error = error.__cause__ or error.__context__
    return ""
