"""What a piece of work takes of a machine, as far as can be read without installing anything."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import sys
import time
from typing import Any

_MB = 1_000_000


class Usage:
    """Measures from when it is made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._cpu_began = _cpu_seconds()

    def measure(self, time_name: str) -> dict[str, float]:
        """Seconds under `time_name`, `cpu_pct` (100 is one core) of the process and the children that it waited for,
        `ram_mb` of the process as it is now, and `gpu_util_pct` and `gpu_vram_mb` of the GPU that it is on."""
        seconds = time.perf_counter() - self._began
        measured: dict[str, float | None] = {time_name: seconds, "ram_mb": _ram_mb(), **_gpu()}
        # The clock of CPU time ticks every few milliseconds: below that its share would be made up.
        if seconds >= 0.05:
            measured["cpu_pct"] = 100 * (_cpu_seconds() - self._cpu_began) / seconds
        return {name: value for name, value in measured.items() if value is not None}


def _cpu_seconds() -> float:
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def _ram_mb() -> float | None:
    try:
        pages = int(_read("/proc/self/statm").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / _MB
    except (OSError, ValueError, AttributeError):
        return _ram_elsewhere()


def _read(path: str) -> bytes:
    # A fraction of the time that a file object takes.
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 4096)
    finally:
        os.close(file)


def _ram_elsewhere() -> float | None:
    psutil = _optional("psutil")
    if psutil is not None:
        return float(psutil.Process().memory_info().rss) / _MB
    resource = _optional("resource")
    if resource is None:  # Windows
        return None
    # The most that the process ever had, which is the best that is known: bytes on macOS, kilobytes elsewhere.
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * unit / _MB


def _gpu() -> dict[str, float]:
    pynvml = _optional("pynvml")
    if pynvml is None:
        return {}
    try:
        pynvml.nvmlInit()
    except Exception:  # no driver
        return {}
    try:
        return _busiest(pynvml)
    except Exception:  # a GPU that doesn't tell
        return {}
    finally:
        with contextlib.suppress(Exception):
            pynvml.nvmlShutdown()


def _optional(module: str) -> Any:
    return sys.modules.get(module) or _import(module)


@functools.cache
def _import(module: str) -> Any:
    # Once: to look for what isn't there takes longer than everything else here.
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def _busiest(pynvml: Any) -> dict[str, float]:
    """Of the GPUs that this process is on, the one that works most, and the memory that it has on all of them."""
    used = 0.0
    shares = []
    for index in range(pynvml.nvmlDeviceGetCount()):
        device = pynvml.nvmlDeviceGetHandleByIndex(index)
        own = [p for p in pynvml.nvmlDeviceGetComputeRunningProcesses(device) if p.pid == os.getpid()]
        if own:
            used += sum(process.usedGpuMemory or 0 for process in own)
            shares.append(float(pynvml.nvmlDeviceGetUtilizationRates(device).gpu))
    return {"gpu_util_pct": max(shares), "gpu_vram_mb": used / _MB} if shares else {}
