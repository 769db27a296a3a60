"""``@microlog.enabled(...)``: one recording for each call of a function, for as long as its body runs."""

import functools

_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200


def decorate(function, options):
    """``function``, recorded with the options of ``enabled`` whenever it is called."""
    from microlog import enabled

    flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
    if flags & _ASYNC_GENERATOR:
        raise TypeError(f"{function.__name__} is an asynchronous generator: use `with microlog.enabled():` in its body")

    @functools.wraps(function)
    def recorded(*arguments, **names):
        with enabled(**options):
            return function(*arguments, **names)

    @functools.wraps(function)
    def recorded_generator(*arguments, **names):
        with enabled(**options):
            return (yield from function(*arguments, **names))

    @functools.wraps(function)
    async def recorded_coroutine(*arguments, **names):
        with enabled(**options):
            return await function(*arguments, **names)

    return recorded_generator if flags & _GENERATOR else recorded_coroutine if flags & _COROUTINE else recorded
