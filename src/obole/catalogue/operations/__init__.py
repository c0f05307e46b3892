"""Every write of the catalogue."""

from obole.catalogue.operations.drafts import DraftMoved as DraftMoved
from obole.catalogue.operations.drafts import discard_draft as discard_draft
from obole.catalogue.operations.drafts import discard_pricing_draft as discard_pricing_draft
from obole.catalogue.operations.drafts import edit_form as edit_form
from obole.catalogue.operations.drafts import edit_pricing as edit_pricing
from obole.catalogue.operations.drafts import publish_draft as publish_draft
from obole.catalogue.operations.drafts import publish_pricing_draft as publish_pricing_draft
from obole.catalogue.operations.publishing import PricingMoved as PricingMoved
from obole.catalogue.operations.publishing import publish_form as publish_form
from obole.catalogue.operations.publishing import publish_pricing as publish_pricing
from obole.catalogue.operations.publishing import read_pricing as read_pricing
from obole.catalogue.operations.settings import configure_product as configure_product
from obole.catalogue.operations.settings import configure_scheme as configure_scheme
from obole.catalogue.operations.settings import configure_service as configure_service
from obole.catalogue.operations.settings import create_products as create_products
