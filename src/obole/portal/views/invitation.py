"""Where an agent answers an invitation."""

from allauth.account.forms import SetPasswordForm
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from obole.accounts import operations as accounts, queries
from obole.directory.access import public
from obole.lib import dates
from obole.portal.responses import redirect_to

GONE = 410


@public
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let somebody choose the password of the account that an administrator opened for them."""
    found = queries.invitation_to_answer(token, at=dates.now())
    if found is None:
        return render(request, "portal/invitation.html", status=GONE)
    form = SetPasswordForm(data=request.POST or None, user=found.agent.user)
    if form.is_valid():
        try:
            accounts.accept_invitation(token=token, password=form.cleaned_data["password1"], at=dates.now())
        except accounts.InvitationClosed:
            return render(request, "portal/invitation.html", status=GONE)
        messages.success(request, _("Votre mot de passe est enregistré : connectez-vous."))
        return redirect_to("account_login")
    return render(request, "portal/invitation.html", {"form": form, "agent": found.agent})
