"""The authority, and the people who use the product."""

from functools import lru_cache
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from obole.audit_log import history
from obole.directory.rules import NOWHERE, Profile, Right, display_name, rights_of
from obole.lib import articles, search_keys, texts
from obole.lib.actors import Actor
from obole.lib.articles import Article
from obole.lib.languages import Language
from obole.lib.open_days import SchoolZone, Territory
from obole.ui import colours


class UserManager(BaseUserManager["User"]):
    """Creates accounts; the e-mail is the only name to sign in with."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Someone who can sign in: a citizen, an agent, or both."""

    email = models.EmailField(_("adresse électronique"), unique=True)
    is_active = models.BooleanField(_("actif"), default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    session_generation = models.PositiveIntegerField(default=0, editable=False)
    """Part of what every session of the account is checked against: one more, and they are all ended for good."""

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return self.email

    @property
    def has_address(self) -> bool:
        """Tell whether the account has an address to sign in and to be written to; FranceConnect opens some without."""
        return not self.email.endswith(NOWHERE)

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        known = f"{self.password}{self.session_generation}"
        return salted_hmac("obole.directory.session", known, secret=secret, algorithm="sha256").hexdigest()


@lru_cache(maxsize=32)
def _said_of(article: str, name: str) -> dict[str, str]:
    """Name a town in all the ways of a mail, once: a night of reminders names the same one."""
    with translation.override("fr"):
        return {
            "ville": name,
            "la_ville": articles.subject(article, name),
            "a_la_ville": articles.to(article, name),
            "de_la_ville": articles.of(article, name),
            "service": name,
        }


@history.track()
class Authority(models.Model):
    """The town (one row): what is printed at the top of pages, mails and documents."""

    name = models.CharField(_("nom"), max_length=120)
    article = models.CharField(_("article devant le nom"), max_length=4, choices=Article.choices, blank=True)
    address = models.TextField(_("adresse"), blank=True)
    siret = models.CharField(_("SIRET"), max_length=14, blank=True, validators=[RegexValidator(r"^\d{14}$")])
    phone = models.CharField(_("téléphone"), max_length=30, blank=True)
    email = models.EmailField(_("courriel"), blank=True)
    hours = models.CharField(_("horaires"), max_length=120, blank=True)
    treasury = models.CharField(_("comptable public"), max_length=120, blank=True)
    treasury_address = models.TextField(_("adresse du comptable public"), blank=True, max_length=500)
    treasury_phone = models.CharField(_("téléphone du comptable public"), max_length=30, blank=True)
    court = models.CharField(_("tribunal administratif compétent"), max_length=120, blank=True)
    colour = models.CharField(
        _("couleur"), max_length=7, default="#1f4a8a", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    territory = models.CharField(_("jours fériés de"), max_length=3, choices=Territory.choices, blank=True)
    school_zone = models.CharField(_("vacances scolaires de la"), max_length=1, choices=SchoolZone.choices, blank=True)
    only = models.BooleanField(default=True, unique=True, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=True), name="authority_is_alone")]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """Return the name as a sentence has it, in the language of the moment: « la Ville de Valbourg »."""
        return articles.subject(self.article, self.name)

    @property
    def to(self) -> str:
        """Return « à la Ville de Valbourg »."""
        return articles.to(self.article, self.name)

    @property
    def of(self) -> str:
        """Return « de la Ville de Valbourg »."""
        return articles.of(self.article, self.name)

    def variables(self) -> dict[str, str]:
        """Return what every mail may mention of it, in French."""
        return {
            **_said_of(self.article, self.name),
            "telephone": self.phone,
            "horaires": self.hours,
            # Not for words: it is what the button of a mail is drawn in.
            "couleur": self.colour,
        }

    def clean(self) -> None:
        """
        Refuse a colour in which text could not be read.

        :raises ValidationError: if its contrast with white is below 4.5.
        """
        ratio = colours.contrast(self.colour, colours.WHITE) if colours.is_one(self.colour) else colours.READABLE
        if ratio < colours.READABLE:
            sentence = _(
                "Cette couleur est trop claire pour se lire sur du blanc : son contraste est de %(ratio)s pour 1, "
                "il en faut 4,5. Choisissez-la plus foncée."
            )
            raise ValidationError({"colour": sentence % {"ratio": f"{ratio:.1f}".replace(".", ",")}})


_KEYED = frozenset({"organisation", "last_name", "first_name", "email", "phone", "address"})


class Citizen(models.Model):
    """A person, an association or a company that uses the portal; the payer of invoices."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Particulier")
        ASSOCIATION = "association", _("Association")
        COMPANY = "company", _("Entreprise")

    public_id = models.CharField(max_length=22, unique=True, default=texts.token, editable=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, null=True, blank=True, related_name="citizen")
    kind = models.CharField(_("profil"), max_length=12, choices=Kind.choices, default=Kind.PERSON)
    civility = models.CharField(_("civilité"), max_length=10, blank=True)
    first_name = models.CharField(_("prénom"), max_length=80, blank=True)
    last_name = models.CharField(_("nom"), max_length=80)
    organisation = models.CharField(_("raison sociale"), max_length=120, blank=True)
    email = models.EmailField(_("adresse électronique"), blank=True)
    phone = models.CharField(_("téléphone"), max_length=30, blank=True)
    address = models.TextField(_("adresse postale"), blank=True)
    birth_date = models.DateField(_("date de naissance"), null=True, blank=True)
    """What tells a father from his son, and twins from nobody else: asked at the counter alone."""
    language = models.CharField(
        _("langue des courriels"),
        max_length=2,
        choices=Language.choices,
        default=Language.FRENCH,
        db_default=Language.FRENCH.value,
    )
    """What they read our mails in: French, until they or an agent choose."""
    claim_code = models.CharField(max_length=11, unique=True, null=True, editable=False)
    """What the owner of a file without account types to find it in theirs; printed on their invoices."""
    deceased_on = models.DateField(_("décédé le"), null=True, editable=False)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, editable=False, related_name="merged")
    """The file of the same person that everything of this one went to; this one stays, for its names and its number."""
    merged_at = models.DateTimeField(null=True, editable=False)
    sort_key = models.CharField(max_length=300, editable=False)
    """The folded name, to sort by: the database has no French collation."""
    search_keys = ArrayField(models.TextField(), default=list, editable=False)
    """What finds the file in a search (``lib.search_keys``): words and their beginnings, addresses, phone."""

    class Meta:
        ordering = ["sort_key", "id"]
        indexes = [
            models.Index(fields=["sort_key", "id"], name="citizen_by_name"),
            models.Index(fields=["kind", "sort_key", "id"], name="citizen_by_kind"),
            models.Index(fields=["email", "id"], name="citizen_by_email"),
            models.Index(fields=["phone", "id"], name="citizen_by_phone"),
            GinIndex(fields=["search_keys"], name="citizen_by_search_key"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["person", "association", "company"]), name="citizen_kind_known"
            ),
            models.CheckConstraint(condition=models.Q(language__in=["fr", "en"]), name="citizen_language_known"),
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) | models.Q(claim_code__isnull=True),
                name="citizen_claimed_or_to_claim",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into=None, merged_at=None)
                | models.Q(merged_into__isnull=False, merged_at__isnull=False, user=None, claim_code=None),
                name="citizen_merged_lets_nobody_in",
            ),
            models.CheckConstraint(condition=~models.Q(merged_into=models.F("id")), name="citizen_merged_into_another"),
        ]

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        if fields is None or not _KEYED.isdisjoint(fields):
            self.set_keys()
            kwargs["update_fields"] = None if fields is None else {*fields, "sort_key", "search_keys"}
        super().save(*args, **kwargs)

    def set_keys(self) -> None:
        """Set what it is sorted and found by, from what is written in it."""
        self.sort_key = texts.fold(f"{self.organisation} {self.last_name} {self.first_name}")
        self.search_keys = search_keys.of_person(self._names, **self._reached)

    @property
    def identity(self) -> dict[str, str]:
        """What another file of the same person would share, by its kind."""
        return search_keys.identity(self._names, **self._reached)

    @property
    def _names(self) -> tuple[str, str, str]:
        return self.organisation, self.last_name, self.first_name

    @property
    def _reached(self) -> dict[str, str]:
        return {"email": self.email, "phone": self.phone, "address": self.address}

    @property
    def actor(self) -> Actor:
        """Who acts when they do."""
        return Actor(f"citizen:{self.pk}", self.display_name)

    @property
    def display_name(self) -> str:
        """The name to show: the organisation's, else the person's."""
        return display_name(self.organisation, self.civility, self.first_name, self.last_name)


@history.track()
class Agent(models.Model):
    """Somebody who works in the CRM."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="agent")
    name = models.CharField(_("nom"), max_length=120)
    service_name = models.CharField(_("service"), max_length=120, blank=True)
    profile = models.CharField(_("profil"), max_length=12, choices=Profile.choices, default=Profile.REVIEWER)
    all_services = models.BooleanField(
        _("toutes les prestations"), default=False, help_text=_("Celles d’aujourd’hui et celles qui s’ajouteront.")
    )
    sees_sensitive = models.BooleanField(
        _("lit les réponses sensibles"),
        default=False,
        help_text=_("Santé, IBAN… : ce que les formulaires marquent ainsi, dans ses prestations."),
    )

    may_sign_in = models.BooleanField(_("peut se connecter"), default=True, editable=False)
    """What their account's ``is_active`` says, here for its history: accounts, which are citizens' too, have none."""

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(profile__in=Profile.values), name="agent_profile_known")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def actor(self) -> Actor:
        """Who acts when they do."""
        return Actor(f"agent:{self.pk}", self.name)

    def may(self, right: Right) -> bool:
        """Tell whether the agent's profile gives this right."""
        return right in rights_of(Profile(self.profile))


class ListName(models.TextChoices):
    """The lists of the CRM that keep views and columns."""

    INVOICES = "invoices", _("Factures")
    DOSSIERS = "dossiers", _("Dossiers")
    ATTEMPTS = "attempts", _("Transactions")
    RECEIPTS = "receipts", _("Encaissements")
    CITIZENS = "citizens", _("Usagers")
    MESSAGES = "messages", _("Courriels")


class SavedList(models.Model):
    """A view of a list that an agent keeps: its filters and its order, under a name."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="saved_lists")
    list_name = models.CharField(max_length=12, choices=ListName.choices)
    name = models.CharField(_("nom de la vue"), max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    """The address of the list after its « ? », without the page."""
    is_shared = models.BooleanField(_("partagée avec mon service"), default=False)

    class Meta:
        ordering = ["list_name", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["agent", "list_name", "name"], name="saved_list_name_once")]

    def __str__(self) -> str:
        return self.name


class ListLayout(models.Model):
    """Which columns of a list an agent wants, in which order, how many rows, and how close."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="list_layouts")
    list_name = models.CharField(max_length=12, choices=ListName.choices)
    columns = ArrayField(models.CharField(max_length=30), default=list)
    rows = models.PositiveSmallIntegerField(default=25)
    is_dense = models.BooleanField(default=False)

    class Meta:
        ordering = ["agent", "list_name"]
        constraints = [models.UniqueConstraint(fields=["agent", "list_name"], name="list_layout_once")]

    def __str__(self) -> str:
        return f"{self.list_name}: {', '.join(self.columns)}"
