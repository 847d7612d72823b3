"""Run a module of the working folder, and sample where its main thread spends CPU time.

`python sampler.py FILE MODULE ARGUMENT...` writes to FILE, as JSON, the CPU seconds of each
function without those that it calls, and of the other threads. Code in C counts for the function
that calls it. SIGUSR2 begins anew. This file imports nothing of its checkout, so that it can run
another one.
"""

import json
import runpy
import signal
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType

_SECONDS = 0.001  # of CPU between two samples


class Sampler:
    """A signal comes after each millisecond of the process's CPU time, and finds the main thread
    somewhere. The function there is charged with the thread's CPU time since the last sample.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self, *_: object) -> None:
        """Forget all samples."""
        self._functions: dict[str, float] = defaultdict(float)
        self._process_began, self._began = time.process_time(), time.thread_time()
        self._last = self._began

    def sample(self, _: int, frame: FrameType | None) -> None:
        """Charge the function of the frame."""
        if frame is not None:
            now = time.thread_time()
            self._functions[_place(frame)] += now - self._last
            self._last = now

    def report(self) -> dict[str, object]:
        """Return what was found."""
        main, process = time.thread_time() - self._began, time.process_time() - self._process_began
        return {"functions": self._functions, "main": main, "others": process - main}


def _place(frame: FrameType) -> str:
    """Return the file and the function; for code without a file, such as a dataclass's `__init__`,
    the class of its first argument.
    """
    code = frame.f_code
    if not code.co_filename.startswith("<") or not code.co_argcount:
        return f"{_short(code.co_filename)} {code.co_qualname}"
    first = frame.f_locals[code.co_varnames[0]]
    of_class = first if isinstance(first, type) else type(first)
    return f"{of_class.__module__} {of_class.__qualname__}.{code.co_name}"


def _short(file: str) -> str:
    """Return the path below the packages or the working folder."""
    path = file.rpartition("site-packages/")[2].removeprefix(f"{Path.cwd()}/")
    return path if not path.startswith("/") else "/".join(path.split("/")[-2:])


def main(file: str, module: str, *arguments: str) -> None:
    """Run the module as `python -m` would."""
    assert threading.current_thread() is threading.main_thread()
    sampler = Sampler()
    sys.path[0] = str(Path.cwd())
    sys.argv = [module, *arguments]
    signal.signal(signal.SIGUSR2, sampler.begin)
    signal.signal(signal.SIGPROF, sampler.sample)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS, _SECONDS)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        Path(file).write_text(json.dumps(sampler.report()))


if __name__ == "__main__":
    main(*sys.argv[1:])
