"""Who comes in, and who is forgotten: sign-ins through the real server, and a night's purge of many people."""

import resource
import time
from datetime import timedelta
from itertools import count

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from bench.load import Timing, hammer
from bench.measures import SECONDS, sign_in
from bench.stage import Stage
from obole.books import verification
from obole.directory import operations as directory
from obole.directory.models import Citizen, User
from obole.lib import dates, texts
from obole.personal_data import operations
from tests.world import PASSWORD, WHO

PEOPLE = 100_000
SIGNERS = 150
LONG_AGO = timedelta(days=5 * 366)


def sign_ins(stage: Stage) -> Timing:
    """
    Sign citizens in, each in turn: the form, the password, the first page.

    They are as many as it takes for each to have a session or two, as people have; the processes are warm.
    """
    password, at = make_password(PASSWORD), dates.now()
    for number in range(SIGNERS):
        user = User.objects.create(email=f"entrant{number}@example.org", password=password)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        values = {"first_name": "Jean", "last_name": "Entrant", "email": user.email, "address": "1 rue du Port"}
        directory.register_citizen(values=values, user_id=user.pk, actor=WHO, at=at)
    numbers = count()

    def request() -> bool:
        return "sessionid" in sign_in(stage, f"entrant{next(numbers) % SIGNERS}@example.org")

    hammer(request, clients=4, seconds=2)
    return hammer(request, clients=8, seconds=SECONDS)


def purge() -> tuple[float, int, float]:
    """Forget people who have not come for five years; return seconds, how many, and the growth of memory in MiB."""
    at, password = dates.now(), make_password(None)
    users = [
        User(email=f"parti{number}@example.net", password=password, date_joined=at - LONG_AGO)
        for number in range(PEOPLE)
    ]
    for first in range(0, PEOPLE, 5000):
        made = User.objects.bulk_create(users[first : first + 5000])
        User.objects.filter(pk__in=[user.pk for user in made]).update(date_joined=at - LONG_AGO)
        people = [
            Citizen(user=user, last_name="Parti", first_name="Jean", sort_key=texts.fold("parti jean")) for user in made
        ]
        Citizen.objects.bulk_create(people)
    del users
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    done = operations.purge(at=at)
    took = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    verification.verify()
    if done["accounts"] != PEOPLE:
        raise RuntimeError(f"not everybody was forgotten: {done}")
    return took, done["accounts"], grown
