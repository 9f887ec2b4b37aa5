"""A source that does what a decoder taken over by a file would do, importable by workers."""

import ctypes
import importlib
import io
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from hashmatch.jobs.confinement import kernel

REFUSED, ALLOWED = b"refused", b"allowed"
_LEFT = []


@dataclass(frozen=True)
class HostileSource:
    """An item's name is what is done when it is opened; its content says how that went."""

    folder: str
    outside: str

    kind = "folder"

    @property
    def location(self):
        return os.fsencode(self.folder)

    def open(self, wanted):
        try:
            getattr(self, wanted.path.decode().replace(" ", "_"))()
        except OSError:
            return io.BytesIO(REFUSED)
        return io.BytesIO(ALLOWED)

    trusted = True

    @property
    def readable(self):
        return (self.location,)

    def doubt(self, _wanted, _stream):
        return None

    def unchanged(self, wanted, _stream):
        return True

    def read_evidence(self):
        Path(self.folder, "inside").read_bytes()

    def list_evidence(self):
        list(Path(self.folder).iterdir())

    def start_a_thread(self):
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()

    def import_a_module(self):
        for name in ("colorsys", "_lsprof"):
            sys.modules.pop(name, None)
            importlib.import_module(name)

    def read_outside(self):
        os.close(os.open(f"{self.outside}/secret", os.O_RDONLY))

    def read_outside_by_a_link(self):
        os.close(os.open(f"{self.folder}/link", os.O_RDONLY))

    def write_outside(self):
        os.close(os.open(f"{self.outside}/new", os.O_WRONLY | os.O_CREAT))

    def write_evidence(self):
        os.close(os.open(f"{self.folder}/inside", os.O_WRONLY))

    def truncate_evidence(self):
        os.truncate(f"{self.folder}/inside", 0)

    def make_a_file_in_evidence(self):
        os.close(os.open(f"{self.folder}/new", os.O_WRONLY | os.O_CREAT))

    def remove_evidence(self):
        Path(self.folder, "inside").unlink()

    def rename_evidence(self):
        Path(self.folder, "inside").rename(f"{self.folder}/moved")

    def change_times_of_evidence(self):
        os.utime(f"{self.folder}/inside", (0, 0))

    def change_mode_of_evidence(self):
        Path(self.folder, "inside").chmod(0o600)

    def make_a_folder(self):
        Path(self.folder, "new-folder").mkdir()

    def make_a_link(self):
        Path(self.folder, "new-link").symlink_to("inside")

    def make_a_socket(self):
        socket.socket().close()

    def make_a_local_socket(self):
        socket.socket(socket.AF_UNIX).close()

    def make_a_socket_pair(self):
        [one.close() for one in socket.socketpair()]

    def start_a_program(self):
        subprocess.run([sys.executable, "-c", ""], check=True)

    def replace_itself_by_a_program(self):
        os.execv(sys.executable, [sys.executable, "-c", ""])  # noqa: S606

    def fork(self):
        if os.fork() == 0:
            os._exit(0)

    def fork_in_the_newer_way(self):
        kernel.call(435, b"\0" * 64, 64)  # clone3; without arguments: a plain fork

    def signal_the_parent(self):
        os.kill(os.getppid(), 0)

    def signal_its_group(self):
        os.kill(0, 0)

    def signal_through_a_file(self):
        import fcntl

        fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())

    def type_at_the_terminal(self):
        import fcntl

        fcntl.ioctl(0, 0x5412, b"x")  # TIOCSTI

    def watch_the_parent(self):
        if ctypes.CDLL(None, use_errno=True).ptrace(16, os.getppid(), 0, 0):  # PTRACE_ATTACH
            raise OSError(ctypes.get_errno(), "ptrace")

    def change_limits_of_the_parent(self):
        import resource

        resource.prlimit(os.getppid(), resource.RLIMIT_CORE, (0, 0))

    def raise_its_limits(self):
        import resource

        most = resource.RLIM_INFINITY
        try:
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        except ValueError as error:  # how Python names a refusal
            raise PermissionError from error

    def mount(self):
        kernel.call({"x86_64": 165}.get(os.uname().machine, 40), b"none", b"/tmp", b"tmpfs", 0, 0)

    def make_a_file_in_memory(self):
        os.close(os.memfd_create("x"))

    def make_a_namespace(self):
        kernel.call({"x86_64": 272}.get(os.uname().machine, 97), 0x10000000)  # CLONE_NEWUSER

    def speak(self):
        os.write(1, b"spoken")

    def find_a_terminal(self):
        if not any(map(os.isatty, (0, 1, 2))):
            raise OSError

    def keep_memory(self):
        _LEFT.append(bytearray(40 << 20))

    def take_memory_without_end(self):
        taken = []
        while True:
            taken.append(bytearray(16 << 20))

    def take_memory_and_die(self):
        try:
            self.take_memory_without_end()
        except MemoryError:
            os.kill(os.getpid(), signal.SIGABRT)  # as a C++ decoder ends
