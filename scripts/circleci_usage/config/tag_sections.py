"""The section `tags` of the settings file: keys of tags, by teams or by rules."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Annotated, Final, Self

from pydantic import Discriminator, Tag, model_validator

from circleci_usage.config.rule_sections import RuleSection
from circleci_usage.config.sections import Name, Value
from circleci_usage.costs.tags import TagKey, TagRule
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import names_in
from circleci_usage.schema.tag_names import TAKEN

_BY_TEAM: Final = "[values of teams]"
_BY_RULES: Final = "[rules]"

FORMS: Final = frozenset({_BY_TEAM, _BY_RULES})
"""Steps in Pydantic's place of a problem that say which form a section has."""

_COLUMNS: Final = frozenset(
    {"period", "direct", "shared", "total", "currency", *names_in(Place.RESERVED)}
)


class TagRuleSection(RuleSection):
    """A value of a tag, and what has it: what matches a glob in each of the given lists."""

    value: Value
    """The value, such as the name of a product."""

    teams: tuple[Name, ...] = ()
    """Teams, of which the owner must be one."""

    @model_validator(mode="after")
    def _name_something(self) -> Self:
        if not self.teams and not self._lists():
            raise ValueError(
                'nothing is named; add `projects` (["*"] is everything), `teams`, `jobs`,'
                " `branches` or other lists of a rule"
            )
        return self

    def tag_rule(self) -> TagRule:
        """The rule, as allocation uses it."""
        return TagRule(self.rule_for(self.value), frozenset(self.teams))


def _form(section: object) -> str | None:
    """How a section is written; None for neither form."""
    if isinstance(section, Mapping):
        return _BY_TEAM
    return _BY_RULES if isinstance(section, list | tuple) else None


TagRules = Mapping[str, str] | tuple[TagRuleSection, ...]
"""Team → value, or rules."""

TagSection = Annotated[
    Annotated[dict[Name, Value], Tag(_BY_TEAM)]
    | Annotated[tuple[TagRuleSection, ...], Tag(_BY_RULES)],
    Discriminator(
        _form,
        custom_error_type="tag_form",
        custom_error_message="expected teams with values, or a list of rules",
    ),
]
"""How one tag is written."""


def tag_keys(sections: Mapping[str, TagRules]) -> tuple[TagKey, ...]:
    """The tags as allocation uses them."""
    return tuple(_tag_key(name, section) for name, section in sections.items())


def _tag_key(name: str, section: TagRules) -> TagKey:
    if isinstance(section, Mapping):
        return TagKey(name, of_teams=section)
    return TagKey(name, tuple(rule.tag_rule() for rule in section))


def teams_named(section: TagRules) -> AbstractSet[str]:
    """The teams that a tag names."""
    if isinstance(section, Mapping):
        return section.keys()
    return {team for rule in section for team in rule.teams}


def refuse_unusable_tags(sections: Mapping[str, TagRules]) -> None:
    """Refuse tags without rules, and names that other columns have.

    Tags of teams were there before the explorer knew tags: they may have more names, and those that
    it cannot take it does not have.

    Raises:
        ValueError: there is such a tag.
    """
    for name, section in sections.items():
        if name in _COLUMNS or (isinstance(section, tuple) and name in TAKEN):
            raise ValueError(
                f"a tag cannot be called {name!r}: the tables already have a column of that name"
            )
        if section == ():
            raise ValueError(f"the tag {name!r} has no rules")
        if isinstance(section, tuple) and not TagKey(name).is_dimension:
            raise ValueError(
                f"a tag cannot be called {name!r}: filters could not name it; use letters, digits,"
                " ., /, - and _"
            )
