"""Alarms: kept, evaluated when they are due, and told to the world when their state changes."""
