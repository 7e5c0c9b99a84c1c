"""Runs a command whose system calls fail: a file system without locks, a disk that cannot sync.

The kernel refuses them because of a filter (seccomp) that the process installs before it becomes
the command. That needs no compiled shim, no mounted file system and no privileges.
"""

import ctypes
import os
import struct
import sys

_SYSTEM_CALLS = {
    "x86_64": {"flock": 73, "fsync": 74},
    "aarch64": {"flock": 32, "fsync": 82},
}
_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000

CAN_REFUSE = sys.platform == "linux" and os.uname().machine in _SYSTEM_CALLS
"""Whether this machine can; known at collection, so that no test is skipped."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def refuse(name: str, error: int) -> None:
    """Make a system call fail with an error, in this process and what it becomes."""
    instructions = (
        struct.pack("HBBI", _LOAD, 0, 0, 0),
        struct.pack("HBBI", _JUMP_IF_EQUAL, 0, 1, _SYSTEM_CALLS[os.uname().machine][name]),
        struct.pack("HBBI", _RETURN, 0, 0, _ERRNO | error),
        struct.pack("HBBI", _RETURN, 0, 0, _ALLOW),
    )
    program = _Program(len(instructions), b"".join(instructions))
    c_library = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0),
    ):
        if c_library.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "the kernel rejects the filter")


if __name__ == "__main__":
    refused, number, *command = sys.argv[1:]
    refuse(refused, int(number))
    os.execv(command[0], command)
