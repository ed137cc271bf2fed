"""A process as its kernel shows it, and one thread of it held still or made to call what it never calls (ptrace(2))."""

import contextlib
import ctypes
import os
import pathlib
import time

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_LIBC.ptrace.restype = ctypes.c_long
_PEEK, _STEP, _GETREGS, _SETREGS, _DETACH = 1, 9, 12, 13, 17
_SEIZE, _INTERRUPT = 0x4206, 0x4207
_WALL = 0x40000000
_SYSCALL = 0x050F  # the instruction, of x86-64
_RAX, _RSI, _RDI, _ORIG_RAX, _RIP, _RDX = 10, 13, 14, 15, 16, 12  # in user_regs_struct
_Registers = ctypes.c_ulong * 27


def threads(process):
    """Of each thread, by its number: what /proc/PID/task/TID/status says, word for word."""
    told = {}
    for task in pathlib.Path(f"/proc/{process}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        told[int(task.name)] = {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return told


def _ptrace(request, thread, data=None, address=None):
    ctypes.set_errno(0)
    answer = _LIBC.ptrace(request, thread, address, data)
    if answer == -1 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


@contextlib.contextmanager
def held(thread):
    """That thread stands still, and the others of its process do not."""
    _ptrace(_SEIZE, thread)
    _ptrace(_INTERRUPT, thread)
    os.waitpid(thread, _WALL)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # the process may be over
            _ptrace(_DETACH, thread)


def call(thread, number):
    """What that thread gets for this system call without arguments: the kernel's negative error, or the wait status
    that told of its end."""
    while True:
        with held(thread):
            registers = _Registers()
            _ptrace(_GETREGS, thread, ctypes.byref(registers))
            # It is to wait in a system call, and goes back to the very instruction that brought it there: the code is
            # the other threads' too.
            if _ptrace(_PEEK, thread, address=registers[_RIP] - 2) & 0xFFFF == _SYSCALL:
                return _step_over(thread, number, registers)
        time.sleep(0.01)


def _step_over(thread, number, before):
    now = _Registers.from_buffer_copy(before)
    now[_RAX], now[_ORIG_RAX] = number, ctypes.c_ulong(-1).value
    now[_RDI] = now[_RSI] = now[_RDX] = 0
    now[_RIP] -= 2
    _ptrace(_SETREGS, thread, ctypes.byref(now))
    _ptrace(_STEP, thread)
    _, status = os.waitpid(thread, _WALL)
    if not os.WIFSTOPPED(status):
        return status
    _ptrace(_GETREGS, thread, ctypes.byref(now))
    _ptrace(_SETREGS, thread, ctypes.byref(before))
    return ctypes.c_long(now[_RAX]).value
