"""Every write of the catalogue."""

from obole.catalogue.operations.access import create_api_key, give_service_access
from obole.catalogue.operations.drafts import (
    DraftMoved,
    discard_draft,
    discard_pricing_draft,
    edit_form,
    edit_pricing,
    publish_draft,
    publish_pricing_draft,
)
from obole.catalogue.operations.publishing import PricingMoved, publish_form, publish_pricing, read_pricing
from obole.catalogue.operations.settings import configure_scheme, configure_service
