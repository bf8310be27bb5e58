"""Why a file is no mesh that can be measured. It never quotes the file: what it holds is not for the error's reader.

That is also why none is raised `from` a parser's own error, whose text would end up in the job's traceback.
"""


class NotAMesh(Exception):
    """The bytes cannot be measured as a mesh, and trying again cannot help. The message says what is wrong."""
