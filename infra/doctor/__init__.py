"""`jobyard doctor`: a running stack held against the rules that bite.

`reading/` is the only part that asks anybody: it makes a Snapshot, and changes nothing. `rules/` are pure functions
over it, each listed with its severity and its reason; `diagnosis.py` applies them. What a queue, a mapping or the table
should be is said by queues/resources.py and infra/deploy, and only there.
"""
