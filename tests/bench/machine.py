"""What the figures were measured on, in words."""
import datetime
import os
import platform
import subprocess


def first_line(*command):
    try:
        out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return "?"
    return out.splitlines()[0].strip() if out.strip() else "?"


def field(path, name, separator):
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                key, _, value = line.partition(separator)
                if key.strip() == name:
                    return value.strip().strip('"')
    except OSError:
        pass
    return "?"


def describe():
    memory = field("/proc/meminfo", "MemTotal", ":").split()
    return {
        "date": datetime.date.today().isoformat(),
        "processor": field("/proc/cpuinfo", "model name", ":"),
        "processors": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory[0]) / 1e6, 1) if memory[0].isdigit() else None,
        "system": field("/etc/os-release", "PRETTY_NAME", "="),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "compiler": first_line("gcc", "--version"),
        "load": round(os.getloadavg()[0], 2),
    }
