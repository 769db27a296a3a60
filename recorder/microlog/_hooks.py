"""Which hooks are put where, and when: at once for what is already imported, at its import for the rest.

Nothing is imported here for the program's sake: a program that does not log must not find logging loaded.
"""

import _thread
import atexit
import sys

from microlog import _children, _microlog


def exercise(probe):
    """Call ``probe`` under frames of every sort: plain, generator, coroutine, and with C functions between them.

    The recorder reads this stack and compares it with what the interpreter says, before it relies on reading so.
    """
    def plain():
        return probe()

    def inner():
        yield plain()

    def outer():
        yield from inner()

    async def awaited():
        return next(outer())

    async def awaiting():
        return await awaited()

    def run(coroutine):
        try:
            coroutine.send(None)
        except StopIteration:
            pass

    def all_of_them():
        try:
            plain()
            list(map(run, [awaiting()]))
        finally:
            done.release()

    # In a thread of its own: who knows what frames the caller stands on.
    done = _thread.allocate_lock()
    done.acquire()
    _thread.start_new_thread(all_of_them, ())
    done.acquire()


def _hook_logging(module):
    _microlog.hook_logger(module.Logger)


def _hook_threading(module):
    if hasattr(module.Thread, "_set_native_id"):
        _microlog.hook_thread(module.Thread)
    for thread in list(module._active.values()):
        if thread.ident is not None:
            _microlog.name_thread(thread.ident, getattr(thread, "native_id", None) or 0, thread.name)


_BY_MODULE = {"logging": _hook_logging, "threading": _hook_threading,
              "warnings": _microlog.hook_warnings, "_socket": _microlog.hook_sockets,
              "select": _microlog.hook_select, "_sqlite3": _microlog.hook_sqlite,
              "_asyncio": _microlog.hook_tasks, "multiprocessing.spawn": _children.hook_spawn}


def _is_alone():
    """Has the process one thread but the recorder's?"""
    try:
        with open("/proc/self/stat", "rb", buffering=0) as file:
            return file.read(4096).rpartition(b")")[2].split()[17] == b"2"
    except (OSError, IndexError):
        return False


class _ForkWarning:
    """Keeps an interpreter that counts the recorder's thread from warning of forks (3.12 and newer).

    No fork leaves that thread in the middle of anything: recorder.c waits for it. A program with threads of its
    own is warned as ever. Some versions warn after all handlers have run: the filter stays until the function that
    forks goes on.
    """

    def __init__(self):
        self.filters = []
        self.forking = None

    def before(self):
        if not _microlog.is_running() or not _is_alone():
            return
        import posix

        self.forking = sys._getframe(1)
        self.filters = [("ignore", f"This process (pid={posix.getpid()}) is multi-threaded, use of {call}() may lead to "
                         "deadlocks in the child.", DeprecationWarning, None, 0) for call in ("fork", "forkpty")]
        self.change(lambda filters: filters.__setitem__(slice(0, 0), self.filters))

    def after(self):
        if self.filters:
            self.change(lambda filters: [filters.remove(each) for each in self.filters if each in filters])
            self.filters = []
        self.forking = None

    def after_in_parent(self):
        if self.filters:
            _microlog.call_soon(self.end_in_parent)

    def end_in_parent(self):
        if sys._getframe(1) is self.forking:
            self.after()
        else:
            _microlog.call_soon(self.end_in_parent)

    @staticmethod
    def change(function):
        import _warnings

        lock = getattr(_warnings, "_acquire_lock", None)
        if lock:
            lock()
        try:
            # Within warnings.catch_warnings another list is in force.
            function(getattr(sys.modules.get("warnings"), "filters", _warnings.filters))
            (getattr(_warnings, "_filters_mutated_lock_held", None) or _warnings._filters_mutated)()
        finally:
            if lock:
                _warnings._release_lock()


def _collector():
    """The module gc; a program that has not imported it does not find it imported."""
    imported = "gc" in sys.modules
    import gc

    if not imported:
        del sys.modules["gc"]
    return gc


_at_exit = False


def _watch_raised():
    """Have every exception reported as it is raised, if the program's user asks for it and a tool id is free."""
    import os

    monitoring = getattr(sys, "monitoring", None)
    if monitoring is None or os.environ.get("MICROLOG_EXCEPTIONS", "0") == "0":
        return
    free = [number for number in (4, 3) if monitoring.get_tool(number) is None]
    if not free:
        return
    number = free[0]
    events = monitoring.events.RAISE

    def switch(on):
        if on and monitoring.get_tool(number) is None:
            monitoring.use_tool_id(number, "microlog")
            monitoring.register_callback(number, events, callback)
            monitoring.set_events(number, events)
        elif not on and monitoring.get_tool(number) == "microlog":
            monitoring.set_events(number, 0)
            monitoring.register_callback(number, events, None)
            monitoring.free_tool_id(number)

    callback = _microlog.hook_raised(switch)
    switch(True)


def _put_in(hook, *arguments):
    """Something that looks different from what we know is left alone; the program runs."""
    try:
        hook(*arguments)
    except Exception:
        pass


def install():
    """Put all hooks in; a recording has just started."""
    global _at_exit
    for name, hook in _BY_MODULE.items():
        if name in sys.modules:
            _put_in(hook, sys.modules[name])
    _microlog.hook_files()
    _hash_anew()
    _put_in(_microlog.hook_streams)
    _put_in(lambda: _microlog.hook_exceptions(_thread._ExceptHookArgs))
    _put_in(lambda: _microlog.hook_collections(_collector().callbacks))
    _put_in(_watch_raised)
    _microlog.hook_imports(_BY_MODULE)
    if not _at_exit:
        if sys.version_info >= (3, 12):
            import posix

            warning = _ForkWarning()
            posix.register_at_fork(before=warning.before, after_in_parent=warning.after_in_parent,
                                   after_in_child=warning.after)
        import posix

        posix.register_at_fork(after_in_child=_children.after_fork)
        atexit.register(_end)
        _at_exit = True


def remove():
    """Take all hooks out again; the recording has ended."""
    _microlog.unhook()
    _hash_anew()


def _hash_anew():
    """A built-in function's hash is made of the pointer that is swapped, and ``os`` keeps sets of such functions."""
    import os

    for functions in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks):
        members = list(functions)
        functions.clear()
        functions.update(members)


def _end():
    import microlog

    if _microlog.is_running():
        microlog.stop(at_exit.code() if at_exit.code else None)


class at_exit:
    """What ``python -m microlog`` adds to the end of the program."""

    code = None
