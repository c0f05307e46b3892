"""Every write about how people come in."""

from obole.accounts.operations.addresses import keep_proven_address, prove_address
from obole.accounts.operations.agents import configure_agent
from obole.accounts.operations.identities import (
    LinkedElsewhere,
    NotForAgents,
    NotLinked,
    find_agent,
    find_or_open_account,
    link_identity,
)
from obole.accounts.operations.invitations import (
    AlreadyAnswered,
    InvitationClosed,
    Invited,
    accept_invitation,
    invite_again,
    invite_agent,
)
from obole.accounts.operations.second_factors import forget_second_factors
from obole.accounts.operations.sessions import end_agent_sessions, end_other_sessions, end_session
