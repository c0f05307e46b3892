"""
The form of a dispositif: what it asks, when, and of whom.

``conditions`` says what is asked for given answers, ``checking`` what cannot be published, ``questions`` makes controls
of fields, ``questionnaire`` is the form that people fill and ``rows`` changes how many rows its groups have. Nothing is
written here.
"""
