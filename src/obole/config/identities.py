"""Providers of identities, by OpenID Connect: each is off until its three settings are given."""

from urllib.parse import urlsplit

from obole.config import env

OPENID_PROVIDERS = [
    {
        "id": "franceconnect",
        "label": "FranceConnect",
        "url": env.text("OBOLE_FRANCECONNECT_URL", "", "Adresse de FranceConnect v2, avant « /.well-known/… »."),
        "client_id": env.text("OBOLE_FRANCECONNECT_CLIENT_ID", "", "Identifiant que FranceConnect a donné."),
        "secret": env.text("OBOLE_FRANCECONNECT_SECRET", "", "Secret que FranceConnect a donné."),
        "scope": "openid identite_pivot email",
    },
    {
        "id": "proconnect",
        "label": "ProConnect",
        "url": env.text("OBOLE_PROCONNECT_URL", "", "Adresse de ProConnect v2, avant « /.well-known/… »."),
        "client_id": env.text("OBOLE_PROCONNECT_CLIENT_ID", "", "Identifiant que ProConnect a donné."),
        "secret": env.text("OBOLE_PROCONNECT_SECRET", "", "Secret que ProConnect a donné."),
        "scope": "openid given_name usual_name email",
    },
]
_openid_urls = [urlsplit(item["url"]) for item in OPENID_PROVIDERS if item["url"]]
OPENID_ORIGINS = sorted({f"{url.scheme}://{url.netloc}" for url in _openid_urls})
