"""Limits that a worker process puts on itself before it opens anything."""

from __future__ import annotations

import sys

DEEPEST = 2_000
"""Calls within calls; what is nested deeper is no document of an office."""


def limit_this_process(memory: int) -> None:
    """Bound the memory of this process (bytes) and the depth of its calls."""
    sys.setrecursionlimit(DEEPEST)
    if sys.platform == "win32":
        _limit_job(memory)
    else:
        import resource

        _, hardest = resource.getrlimit(resource.RLIMIT_DATA)
        least = memory if hardest == resource.RLIM_INFINITY else min(memory, hardest)
        resource.setrlimit(resource.RLIMIT_DATA, (least, hardest))


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _EXTENDED = 9  # JobObjectExtendedLimitInformation
    _PROCESS_MEMORY = 0x100  # JOB_OBJECT_LIMIT_PROCESS_MEMORY

    class _Basic(ctypes.Structure):
        _fields_ = (
            ("per_process_time", ctypes.c_int64),
            ("per_job_time", ctypes.c_int64),
            ("flags", wintypes.DWORD),
            ("least_working_set", ctypes.c_size_t),
            ("most_working_set", ctypes.c_size_t),
            ("processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("priority", wintypes.DWORD),
            ("scheduling", wintypes.DWORD),
        )

    class _Extended(ctypes.Structure):
        _fields_ = (
            ("basic", _Basic),
            ("counters", ctypes.c_uint64 * 6),
            ("process_memory", ctypes.c_size_t),
            ("job_memory", ctypes.c_size_t),
            ("peak_process", ctypes.c_size_t),
            ("peak_job", ctypes.c_size_t),
        )

    def _limit_job(memory: int) -> None:
        """Put this process into a job of its own with a limit; its handle lives as long as we."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        job = wintypes.HANDLE(kernel.CreateJobObjectW(None, None))
        asked = _Extended()
        asked.basic.flags = _PROCESS_MEMORY
        asked.process_memory = memory
        size = ctypes.sizeof(asked)
        kernel.SetInformationJobObject(job, _EXTENDED, ctypes.byref(asked), size)
        kernel.AssignProcessToJobObject(job, wintypes.HANDLE(kernel.GetCurrentProcess()))
