"""Making and changing customers, contacts, sites and vehicles."""

from dispatch.customers.operations.changing import (
    add_customer,
    change_customer,
    change_vehicle,
    on_renamed,
    park_vehicle,
    reveal_driver_phone,
    reveal_phone,
)
from dispatch.customers.operations.making import (
    CustomerFacts,
    Elsewhere,
    Pin,
    VehicleFacts,
    contact_of,
    customer_named,
    make_customer,
    make_vehicles,
    on_changed_hands,
    other_owner,
    set_pin,
    site_of,
    vehicle_of,
)

__all__ = [
    "CustomerFacts",
    "Elsewhere",
    "Pin",
    "VehicleFacts",
    "add_customer",
    "change_customer",
    "change_vehicle",
    "contact_of",
    "customer_named",
    "make_customer",
    "make_vehicles",
    "on_changed_hands",
    "on_renamed",
    "other_owner",
    "park_vehicle",
    "reveal_driver_phone",
    "reveal_phone",
    "set_pin",
    "site_of",
    "vehicle_of",
]
