"""Every write of the outbox."""

from obole.mailing.default_templates import KINDS
from obole.mailing.operations.addresses import trust_address
from obole.mailing.operations.bounces import read_bounces
from obole.mailing.operations.delivering import DeliveryUnknown, cancel, deliver, recover_abandoned, written
from obole.mailing.operations.outbox import (
    Email,
    compose,
    configure_template,
    queue,
    queue_again,
    queue_many,
    send_sample,
)
