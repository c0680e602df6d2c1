"""Runs a program and measures it, with Python's standard library only."""
import os
import subprocess
import tempfile
import time


def measured(*command):
    """Standard output, wall and processor seconds, and peak resident memory in MB of one run."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = subprocess.Popen([*map(str, command)], text=True, stdout=subprocess.PIPE,
                                   stderr=log)
        output = process.stdout.read()
        # "Maximum resident set size" of /usr/bin/time -v, for this child only.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            log.seek(0)
            raise SystemExit(f"bench: exit code {process.returncode} of\n  "
                             f"{' '.join(map(str, command))}\n{log.read()}")
    return {"output": output, "wall": seconds, "processor": usage.ru_utime + usage.ru_stime,
            "megabytes": usage.ru_maxrss * 1024 / 1e6}


def version_and_day(program):
    """Versions of the program, its libraries and compiler, and today's date."""
    version = measured(program, "--version")["output"]
    return ", ".join(version.splitlines()), time.strftime("%Y-%m-%d", time.gmtime())
