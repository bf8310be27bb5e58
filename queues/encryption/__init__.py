"""Data, results and errors of sensitive job types, encrypted before they are written anywhere."""
