"""What both drivers share. What is said is in ../line/line.go."""
import json
import threading

_mouth = threading.Lock()


class Absent(Exception):
    """The client offers nothing like it."""


def open_lines(stream):
    """Yields requests as dictionaries."""
    for text in stream:
        yield json.loads(text)


def say(out, **answer):
    """Writes one line. It may be called from any thread."""
    with _mouth:
        out.write(json.dumps(answer) + "\n")
        out.flush()


def failure(error):
    """What to answer when an operation raised an error."""
    if isinstance(error, Absent):
        return {"absent": True}
    return {"error": repr(error)}
