"""One chat turn: resolve the role, keep the question, stream the answer, keep it.

What came before a stop or a failure is kept in the thread; a turn that was stopped ends with
`cancelled` and what there was. A turn that no model answered leaves nothing behind.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing, suppress

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.events import ReasoningDelta, TextDelta
from refact_lsp.core.money import cost_micros, dollars
from refact_lsp.core.nouns import Model, Parameters
from refact_lsp.core.parts import Message, Part, TextPart
from refact_lsp.core.problems import Problem, RefactError, refuse
from refact_lsp.core.types import FinishReason, Role, Usage, parse_model_ref
from refact_lsp.features.calls import at_least
from refact_lsp.features.chat import keeping, told
from refact_lsp.features.chat.answer import Answer
from refact_lsp.features.chat.asking import Asking, links
from refact_lsp.features.chat.attachments import Document
from refact_lsp.features.chat.fitting import Question
from refact_lsp.features.chat.history import tokens_of
from refact_lsp.features.chat.running import Place, Running
from refact_lsp.features.chat.threads import new_thread_id
from refact_lsp.features.chat.values import AnswerMessage, Timing, Turn, Turned
from refact_lsp.features.counting.counter import counter
from refact_lsp.features.setup.roles import chain, default, named
from refact_lsp.llm.failover import failover
from refact_lsp.store.threads import ThreadRow


class Desk(msgspec.Struct, frozen=True):
    """What every turn of a client works with."""

    app: App
    running: Running
    document: Document


class Audience(msgspec.Struct, frozen=True):
    """Who hears of a turn; `drained` waits until a slow client keeps up."""

    tell: told.Tell
    drained: Callable[[], Awaitable[None]]


class _Course(msgspec.Struct):
    """How a turn has gone so far."""

    served: Model
    began_s: float = msgspec.field(default_factory=time.monotonic)
    answer: Answer = msgspec.field(default_factory=Answer)
    sent_tokens: int = 0
    first_ms: int | None = None
    failure: RefactError | None = None


async def take_turn(desk: Desk, turn: Turn, audience: Audience) -> Turned:
    """Run one turn; raises `RefactError` where no model answered."""
    content = content_of(turn)
    name = turn.thread_id or new_thread_id()
    with desk.running.turn(name) as running:
        thread, before = await _earlier(desk.app, turn)
        role: Role = turn.role or (thread.role if thread else "chat")
        models = _models(desk.app, turn, role, thread)
        question = Question(
            messages=(*before, Message(role="user", content=content)),
            role=role,
            system=turn.system if turn.system is not None else (thread.system if thread else None),
            tools=turn.tools or (),
            parameters=_parameters(desk.app, turn, role),
        )
        place = keeping.Place(
            thread=name,
            turn=f"u-{uuid.uuid4().hex[:12]}",
            is_new=thread is None,
            kept=not turn.ephemeral,
            role=role,
            system=turn.system,
        )
        await keeping.keep_question(desk.app, place, models[0], content)
        course = _Course(models[0])
        stream = told.Stream(place.thread, place.turn, audience.tell)
        work = _stream(desk, question, models, course, stream, audience.drained)
        await _run(desk, running, work, place, course)
        return await _end(desk, running, place, course, stream)


async def _run(
    desk: Desk,
    running: Place,
    work: Coroutine[object, object, None],
    place: keeping.Place,
    course: _Course,
) -> None:
    """Stream in a task of its own, so that `stop` ends the answer and not the turn."""
    if running.stopped:
        work.close()
        return
    running.task = desk.app.spawn(work)
    try:
        await running.task
    except asyncio.CancelledError:
        if not running.stopped or _is_cancelled():
            with suppress(RefactError):  # the store may be closed already
                await asyncio.shield(_keep(desk.app, place, course, "cancelled"))
            raise


async def _end(
    desk: Desk, running: Place, place: keeping.Place, course: _Course, stream: told.Stream
) -> Turned:
    app, answer = desk.app, course.answer
    if answer.finish is None and not running.stopped:
        if answer.parts():
            await _keep(app, place, course, "cancelled")
        else:
            await keeping.forget_question(app, place)
        raise course.failure or _defect()
    finish: FinishReason = answer.finish or "cancelled"
    await _keep(app, place, course, finish)
    usage = _usage(app, course)
    cost = _cost(course.served, usage)
    if answer.usage is None:
        stream.send(told.UsageTold(usage=usage, cost=cost))
    stream.send(told.Done(finish_reason=finish))
    return Turned(
        thread_id=place.thread,
        turn_id=place.turn,
        model=course.served.id,
        message=AnswerMessage(role="assistant", content=answer.parts()),
        finish_reason=finish,
        usage=usage,
        cost=cost,
        timing=Timing(total_ms=_elapsed_ms(course), first_token_ms=course.first_ms),
    )


async def _stream(
    desk: Desk,
    question: Question,
    models: Sequence[Model],
    course: _Course,
    stream: told.Stream,
    drained: Callable[[], Awaitable[None]],
) -> None:
    """Stream along the chain into the course; what went wrong is left there too."""

    def switched(source: str, target: str, problem: Problem) -> None:
        course.served = next(model for model in models if model.id == target)
        stream.switched(source, target, problem)

    def sent(tokens: int) -> None:
        course.sent_tokens = tokens

    asking = Asking(
        app=desk.app,
        document=desk.document,
        on_retry=stream.retry,
        on_sent=sent,
    )
    try:
        async with aclosing(failover(links(asking, question, models), switched)) as events:
            async for event in events:
                if course.first_ms is None and isinstance(event, TextDelta | ReasoningDelta):
                    course.first_ms = _elapsed_ms(course)
                course.answer.take(event)
                stream.model_event(event, lambda usage: _cost(course.served, usage))
                await drained()
    except RefactError as error:
        course.failure = error


async def _keep(app: App, place: keeping.Place, course: _Course, finish: FinishReason) -> None:
    parts = course.answer.parts()
    await keeping.keep_answer(app, place, course.served, parts, finish, _usage(app, course))


async def _earlier(app: App, turn: Turn) -> tuple[ThreadRow | None, tuple[Message, ...]]:
    return await keeping.earlier(app, turn.thread_id) if turn.thread_id else (None, ())


def _models(app: App, turn: Turn, role: Role, thread: ThreadRow | None) -> Sequence[Model]:
    """Choose who is asked: the model named, else the thread's own where the role has others.

    A thread that was begun with a model named outside the role's chain stays with it: what was
    said to a model on this machine does not move to another one unasked.
    """
    if turn.model is not None:
        return (named(app.world, parse_model_ref(turn.model), role),)
    if turn.role is not None or thread is None:
        return chain(app.world, role)
    try:
        own = named(app.world, parse_model_ref(thread.model), role)
    except RefactError:
        return chain(app.world, role)
    try:
        usual = chain(app.world, role)
    except RefactError:
        return (own,)
    return usual if any(model.id == own.id for model in usual) else (own,)


def content_of(turn: Turn) -> tuple[Part, ...]:
    """Give the message's parts; refuses one that says nothing, and what only agents do."""
    if turn.mode == "agent":
        raise refuse(
            "unsupported",
            "This server does not work as an agent: it answers, and changes nothing by itself.",
            'Send mode "ask", with tools of the client\'s own where it has some.',
            field="mode",
        )
    content = turn.content
    parts = (TextPart(text=content),) if isinstance(content, str) else content
    if not any(not isinstance(part, TextPart) or part.text.strip() for part in parts):
        raise refuse("invalidRequest", "The message is empty.", "Write something.", field="content")
    return parts


def _parameters(app: App, turn: Turn, role: Role) -> Parameters:
    """Lay the turn's own parameters over the role's."""
    stored = default(app.world, role).parameters
    own = turn.parameters or Parameters()
    return Parameters(
        temperature=own.temperature if own.temperature is not None else stored.temperature,
        max_tokens=own.max_tokens or stored.max_tokens,
        reasoning=turn.reasoning or own.reasoning or stored.reasoning,
    )


def _usage(app: App, course: _Course) -> Usage:
    """Give the provider's count, or an estimate where it told none or was not heard out."""
    answer = course.answer
    if answer.usage is not None and answer.finish is not None:
        return answer.usage
    parts = answer.parts()
    written = tokens_of(parts, counter(app, course.served)) if parts else 0
    return at_least(answer.usage, course.sent_tokens, written)


def _defect() -> RefactError:
    return refuse(
        "internal",
        "The answer ended without a reason.",
        "Try again; the server's log has the details.",
    )


def _cost(model: Model, usage: Usage) -> str | None:
    price = model.capabilities.price
    return dollars(cost_micros(usage, price)) if price else None


def _elapsed_ms(course: _Course) -> int:
    return round((time.monotonic() - course.began_s) * 1000)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
