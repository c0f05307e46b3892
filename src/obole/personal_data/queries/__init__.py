"""What is known of people, what has been kept long enough, and what two files of one person hold."""

from obole.personal_data.queries.keeping import (
    ERASED,
    expired_sessions,
    files_of,
    forgettable,
    inactive_citizens,
    known_of,
    letters_of,
    mails_of,
    old_attendance_files,
    old_drafts,
    old_letters,
    old_mails,
    old_refusals,
    reason_to_keep,
    retention,
)
from obole.personal_data.queries.merging import (
    MergedFile,
    Moves,
    may_merge,
    merged_into,
    reason_not_to_merge,
    what_moves,
)
