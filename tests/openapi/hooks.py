"""What schemathesis cannot guess: a package's bytes, and names of things that are there.

Most requests name the course, the version and the revision that the server has, so that the code
behind each route is reached as well. Which ones do follows from the request, so that a seed still
says everything.
"""

import json
import os
import zlib

import schemathesis
from hypothesis import strategies as st

KNOWN = json.loads(os.environ["PROGY_KNOWN"])
# It has no end where there is such a course.
ENDLESS = "/api/workspaces/{course}/events"

with open(os.environ["PROGY_PACKAGE"], "rb") as file:
    PACKAGE = file.read()

schemathesis.openapi.media_type(
    "application/zip", st.one_of(st.binary(max_size=400), st.just(PACKAGE))
)

# What ends a request of Git's at once, and what is none.
for service in ("git-upload-pack", "git-receive-pack"):
    schemathesis.openapi.media_type(
        f"application/x-{service}-request", st.one_of(st.just(b"0000"), st.binary(max_size=400))
    )


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if not path_parameters or context.operation.path == ENDLESS:
        return path_parameters
    chosen = zlib.crc32(repr(sorted(path_parameters.items())).encode()) % 4
    known = {name: KNOWN.get(name, value) for name, value in path_parameters.items()}
    return known if chosen else path_parameters
