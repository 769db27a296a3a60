"""Spans: a named stretch of a program's own work, as it says itself."""

import sys

from microlog import _microlog


_COROUTINE = 0x80  # inspect.CO_COROUTINE, without inspect


def _trace():
    """Trace and span of the OpenTelemetry span that is current, as "trace-span" in hex; "" without one.

    Only asked if the program has opentelemetry loaded.
    """
    module = sys.modules.get("opentelemetry.trace")
    if module is None:
        return ""
    try:
        context = module.get_current_span().get_span_context()
        return f"{context.trace_id:032x}-{context.span_id:016x}" if context.is_valid else ""
    except Exception:
        return ""


def _text(fields):
    try:
        return ", ".join(f"{key}={value}" for key, value in fields.items())
    except Exception as error:
        return f"({type(error).__name__} in a field's text)"


class span:
    """Records how long something took: ``with microlog.span("checkout", user=17): ...``, or as a decorator of a
    function or an ``async def`` (of a generator it would be the making of it, which takes no time). The fields are kept as
    text, made when the span ends. When nothing is recorded a span costs little more than a function call."""

    def __init__(self, name, **fields):
        self.name = str(name)
        self.fields = fields
        self._begun = []

    def __enter__(self):
        self._begun.append((_microlog.now(), _trace()) if _microlog.is_running() else None)
        return self

    def __exit__(self, kind, value, traceback):
        begun = self._begun.pop()
        if begun is not None and _microlog.is_running():
            _microlog.span(self.name, begun[0], _text(self.fields), begun[1], "" if kind is None else kind.__name__)
        return False

    def __call__(self, function):
        import functools

        if getattr(getattr(function, "__code__", None), "co_flags", 0) & _COROUTINE:
            @functools.wraps(function)
            async def measured(*arguments, **names):
                with span(self.name, **self.fields):
                    return await function(*arguments, **names)
        else:
            @functools.wraps(function)
            def measured(*arguments, **names):
                with span(self.name, **self.fields):
                    return function(*arguments, **names)
        return measured
