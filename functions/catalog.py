"""The job types of this deployment. Write a file beside this one, and import its job here."""

from functions.file_analysis import analyse
from functions.hello import hello

__all__ = ["analyse", "hello"]
