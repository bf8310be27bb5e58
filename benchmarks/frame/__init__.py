"""The frame of `end_to_end.py`: installs the peers, starts their servers, runs them in turn, reads their CPU clocks."""
