"""A command to which the kernel refuses a system call: a file system that cannot lock, a disk that fails to sync.

It is the kernel that refuses, by a filter (seccomp) that the process puts on before it becomes the command: no shim
needs to be compiled, no file system to be mounted, no right to be had.
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
"""Whether this machine can: decided when the tests are collected, so that none is skipped."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def refuse(name: str, error: int) -> None:
    """Have this process, and what it becomes, meet an error whenever it makes a system call."""
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
            raise OSError(ctypes.get_errno(), "the kernel takes no filter")


if __name__ == "__main__":
    refused, number, *command = sys.argv[1:]
    refuse(refused, int(number))
    os.execv(command[0], command)
