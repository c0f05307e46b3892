"""Mirrors src/obole/, plus architecture/, gateways/, races/, journeys/."""
