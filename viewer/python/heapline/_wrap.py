"""Wrappers of every kind of function that run something before and after.

`whole`: once around all of a generator's or coroutine's life. Otherwise around each of its steps, so that what is switched on is off while
it waits and others run. The wrapper is of the function's own kind, as `inspect` sees it.
"""
from __future__ import annotations

import functools
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar
    F = TypeVar("F", bound=Callable[..., Any])
    Action = Callable[[], Any]


# Flags of code objects, as `inspect` names them: importing it would show in the figures of the program.
CO_GENERATOR, CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200


class Steps:
    """A generator, coroutine, or awaitable of an asynchronous generator, with an action before and after each step."""

    __slots__ = ("_inner", "_before", "_after")

    def __init__(self, inner: Any, before: Action, after: Action) -> None:
        self._inner, self._before, self._after = inner, before, after

    def __iter__(self) -> "Steps":
        return self

    __await__ = __iter__

    def __next__(self) -> Any:
        return self._step(self._inner.send, None)

    def send(self, value: Any) -> Any:
        return self._step(self._inner.send, value)

    def throw(self, *error: Any) -> Any:
        return self._step(self._inner.throw, *error)

    def close(self) -> None:
        self._step(self._inner.close)

    def _step(self, function: Callable[..., Any], *arguments: Any) -> Any:
        self._before()
        try:
            return function(*arguments)
        finally:
            self._after()


def wrap(function: F, before: Action, after: Action, whole: bool) -> F:
    flags = _flags(function)
    if flags & CO_ASYNC_GENERATOR:
        wrapper = _async_generator(function, before, after, whole)
    elif flags & CO_COROUTINE:
        wrapper = _coroutine(function, before, after, whole)
    elif flags & CO_GENERATOR:
        wrapper = _generator(function, before, after, whole)
    else:
        wrapper = _plain(function, before, after)
    return functools.wraps(function)(wrapper)      # type: ignore[return-value]


def _flags(function: Any) -> int:
    return getattr(getattr(function, "__code__", None), "co_flags", 0)


def _plain(function: Any, before: Action, after: Action) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        before()
        try:
            return function(*args, **kwargs)
        finally:
            after()
    return wrapper


def _around(inner: Any, before: Action, after: Action, whole: bool) -> Any:
    """What to iterate or await for `inner`; with `whole` the caller acts."""
    return inner if whole else Steps(inner, before, after)


def _nothing() -> None:
    pass


def _generator(function: Any, before: Action, after: Action, whole: bool) -> Any:
    begin, end = (before, after) if whole else (_nothing, _nothing)

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        inner = function(*args, **kwargs)
        begin()
        try:
            return (yield from _around(inner, before, after, whole))
        finally:
            end()
    return types.coroutine(wrapper) if _flags(function) & CO_ITERABLE_COROUTINE else wrapper


def _coroutine(function: Any, before: Action, after: Action, whole: bool) -> Any:
    begin, end = (before, after) if whole else (_nothing, _nothing)

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        inner = function(*args, **kwargs)
        begin()
        try:
            return await _around(inner, before, after, whole)
        finally:
            end()
    return wrapper


def _async_generator(function: Any, before: Action, after: Action, whole: bool) -> Any:
    begin, end = (before, after) if whole else (_nothing, _nothing)

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        inner = function(*args, **kwargs)
        step = inner.asend(None)
        begin()
        try:
            while True:
                try:
                    value = await _around(step, before, after, whole)
                except StopAsyncIteration:
                    return
                try:
                    step = inner.asend((yield value))
                except GeneratorExit:
                    await _around(inner.aclose(), before, after, whole)
                    raise
                except BaseException as error:
                    step = inner.athrow(error)
        finally:
            end()
    return wrapper
