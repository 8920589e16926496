"""Does everything that a shop has defined name things that exist? What does not is set aside, and the rest stands.

Each room reads and checks its own definitions; what one room's definitions name of another's (a strategy's tags, its
template, the channel that carries it; a trial's columns) is checked here, where all of them are known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from liuke.decide.strategies import ReadStrategies, Strategy, StrategyError, compile_audience, texts_asked
from liuke.engage.outreach import CHANNELS, OutreachSettings, TemplateError, TemplateLibrary
from liuke.kernel import LiukeError, SetAside, folded, hints, nearest
from liuke.learn.experiments import ExperimentError, Trial, TrialRecord
from liuke.understand.segments import Ask, SegmentBook, Unseen, names_refused, values_there
from liuke.understand.tags import CUSTOMER_NAMES, MODEL_NAMES, TagSet, customer_tags_spec, value_names

AUDIENCE_PROFILE = ("province", "city", "gender", "channel")
"""Profile columns that stand beside the tags when strategies choose their customers."""


@dataclass(frozen=True)
class Audience:
    """What strategies and trials may ask of a customer: columns with their types, and the values of closed sets."""

    types: Mapping[str, str]
    names: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, tags: TagSet) -> Audience:
        """Return the audience of a shop with these tags."""
        types = {column.name: column.type for column in customer_tags_spec(tags).columns if column.name != "as_of"}
        types |= dict.fromkeys((*AUDIENCE_PROFILE, "level"), "VARCHAR")
        fields = {name: names for name, names in CUSTOMER_NAMES.items() if name in AUDIENCE_PROFILE}
        return cls(types, {**value_names(tags), **fields, "level": MODEL_NAMES["early_warning", "level"]})


def usable(
    read: ReadStrategies, audience: Audience, templates: TemplateLibrary, settings: OutreachSettings
) -> ReadStrategies:
    """Return the strategies whose tags, values, channel and template are all there; the others are set aside."""
    kept: list[Strategy] = []
    aside = list(read.aside)
    for strategy in read.strategies:
        try:
            check_strategy(strategy, audience, templates, settings)
            kept.append(strategy)
        except LiukeError as error:
            aside.append(SetAside.because("strategy", strategy.id, error))
    return ReadStrategies(tuple(kept), tuple(aside))


def check_strategy(
    strategy: Strategy, audience: Audience, templates: TemplateLibrary, settings: OutreachSettings
) -> None:
    """Make sure that everything a strategy names is there.

    Raises
    ------
    StrategyError
        For a tag, field, value or channel, with the nearest name.
    TemplateError
        For its template.
    """
    compile_audience(strategy.audience, audience.types, audience.names)
    key, medium = strategy.entry.key, strategy.message.channel
    if key is not None and key not in audience.types:
        zh, en = hints(key, audience.types)
        raise StrategyError(
            f"There is no column {key!r} to name entries by.",
            hint=f"See `entry.key`; {en}",
            zh=f"没有 entry.key 所说的列“{key}”，{zh}",
        )
    if settings.transports.get(medium) not in CHANNELS:
        zh, en = hints(medium, (name for name, by in settings.transports.items() if by in CHANNELS))
        raise StrategyError(
            f"No channel carries {medium!r}.",
            hint=f"Set it under [outreach.transports]; {en}",
            zh=f"没有渠道发送“{medium}”：请在 liuke.toml 的 [outreach.transports] 里设置；{zh}",
        )
    templates.check(strategy.message.template, strategy.message.purpose)


def values_unseen(
    strategy: Strategy, audience: Audience, ask: Ask, relation: str, columns: Mapping[str, str]
) -> list[Unseen]:
    """Return the texts a strategy asks for that nobody has: no mistake for sure, as tomorrow's data may have them.

    Parameters
    ----------
    ask : callable
        Runs a query.
    relation : str
        The customers.
    columns : mapping of column to str
        How each column of the audience is written there; others are not looked at.
    """
    found, there = [], dict[str, tuple[str, ...] | None]()
    for column, value, excluded in texts_asked(strategy.audience):
        if audience.types.get(column) != "VARCHAR" or column in audience.names or column not in columns:
            continue
        if column not in there:
            there[column] = values_there(ask, relation, columns[column])
        known = there[column]
        if known is not None and folded(value) not in {folded(one) for one in known}:
            found.append(Unseen(column, value, nearest(value, known), excluded))
    return found


def unreadable(templates: TemplateLibrary) -> Iterator[SetAside]:
    """Yield the templates that cannot be used, whether or not a strategy names them yet."""
    for name in templates.names():
        try:
            templates.check(name, "transactional")
        except TemplateError as error:
            yield SetAside.because("template", name, error)


def check_trial(document: Trial, audience: Audience) -> None:
    """Make sure that the columns and values a trial draws by are there.

    Raises
    ------
    ExperimentError
        With the nearest name.
    """
    scope = document.scope
    asked = [("unit.column", document.unit.named_by), *(("strata", one) for one in document.strata)]
    for place, column in [*asked, ("scope.column", scope.column if scope else None)]:
        if column is not None and column not in audience.types:
            raise _not_there(document, place, column, audience.types)
    if scope is not None and scope.column in audience.names:
        for value in scope.values:
            if value not in audience.names[scope.column]:
                raise _not_there(document, "scope.values", value, audience.names[scope.column])


def unfit_segments(book: SegmentBook, tags: TagSet, events: Collection[str], as_of: date) -> list[SetAside]:
    """Return the segments that name what is not there; nothing is counted."""
    refused = names_refused(book, tags, events, as_of)
    return [SetAside.because("segment", key, error) for key, error in refused.items()]


def unfit_trials(records: Iterable[TrialRecord], audience: Audience) -> list[SetAside]:
    """Return the drafts and running trials that name what is not there."""
    found = []
    for record in records:
        if record.ended_on is None:
            try:
                check_trial(record.document, audience)
            except ExperimentError as error:
                found.append(SetAside.because("trial", record.id, error))
    return found


def _not_there(document: Trial, place: str, name: str, known: Iterable[str]) -> ExperimentError:
    zh, en = hints(name, known)
    return ExperimentError(
        f"The trial {document.id}: {place}: there is no {name!r}.",
        hint=f"{en[0].upper()}{en[1:]}",
        zh=f"试验 {document.id} 的 {place} 里没有“{name}”，{zh}",
    )
