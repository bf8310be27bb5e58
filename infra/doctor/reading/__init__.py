"""IO: a stack is read into a Snapshot. Every call here only reads; what cannot be read is noted with the reason.

read.py     puts the parts together          asking.py   one call: bounded, and what an error means
target.py   who answers, and with what time  clients.py  how the services are reached
queues.py, functions.py, table.py, schedules.py, permissions.py, machine.py   a part each
"""
