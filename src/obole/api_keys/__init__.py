"""The keys of other software: what each may do, until when, and the calls that it made."""
