"""Every write about reminders. What is still due is asked at the moment of sending, so nobody has to cancel one."""

from obole.reminders.operations.deciding import (
    ReminderRefused,
    deliver,
    deliver_sms,
    is_still_due,
    leave_returned,
    next_words,
    remind,
    remind_many,
    remind_now,
)
from obole.reminders.operations.letters import MOST_LETTERS, make_batch, post_batch
