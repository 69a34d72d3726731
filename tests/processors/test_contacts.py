"""Contacts that should not have been: of two people at once, and of those who are closed or asked for silence."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from processors.follow_up import FollowUp
from tests.processors.events import (
    FUNNEL,
    assigned,
    automatic_mail,
    call,
    created,
    disqualified,
    inbound,
    interaction,
    lost,
    opted_out,
    reopened,
    stage,
    won,
)
from tests.processors.telling import counted, times

APART = structs.replace(FUNNEL, follow_up=FollowUp(collision=0))


def spoke(actor: str, minutes: float, **fields: Any) -> Any:
    return call("connected", minutes, actor=actor, **fields)


def collisions(*events: Any) -> dict[tuple[Any, ...], int]:
    return counted("collisions", created(0), *events)


def after_close(*events: Any) -> dict[tuple[Any, ...], int]:
    return {key[2:]: n for key, n in counted("contacts_after_close", created(0), *events).items()}


# -- collisions --------------------------------------------------------------------------------------------------------


def test_two_people_who_reach_one_lead_within_the_time_collide_at_the_second_contact() -> None:
    assert collisions(spoke("ann", 5), spoke("bob", 20)) == {("web", "north"): 1}
    assert times("collisions", created(0), spoke("ann", 5), spoke("bob", 20)) == [20]
    assert collisions(spoke("ann", 5), spoke("bob", 20 + 1 / 60_000)) == {}
    assert collisions(spoke("ann", 5), spoke("ann", 6)) == {}
    assert collisions(spoke("ann", 5), spoke("bob", 6), spoke("ann", 7)) == {("web", "north"): 2}
    assert collisions(spoke("ann", 5), assigned("south", 6), spoke("bob", 7)) == {("web", "south"): 1}


def test_attempts_machines_and_people_without_a_name_collide_with_nobody() -> None:
    assert collisions(spoke("ann", 5), call("no_answer", 6, actor="bob")) == {}
    assert collisions(spoke("ann", 5), automatic_mail(6), spoke("ann", 7)) == {}
    assert collisions(spoke("ann", 5), spoke("", 6)) == {}
    assert collisions(spoke("ann", 5), spoke("", 6), spoke("bob", 7)) == {}, "the contact before is nobody's"


def test_a_late_contact_in_between_is_a_collision_with_both() -> None:
    assert collisions(spoke("ann", 5), spoke("ann", 9), spoke("bob", 7)) == {("web", "north"): 2}


def test_contacts_of_closed_leads_collide_and_a_reopening_lies_between() -> None:
    assert collisions(spoke("ann", 5), won(6), spoke("bob", 7)) == {("web", "north"): 1}
    assert collisions(spoke("ann", 5), won(6), reopened(7), spoke("bob", 8)) == {}
    assert collisions(spoke("ann", 5), won(5), reopened(5), spoke("bob", 8)) == {}, "of one instant too"


def test_contacts_before_the_creation_collide_with_nobody() -> None:
    assert collisions(spoke("ann", -5), spoke("bob", -4)) == {}
    assert collisions(spoke("ann", -1), spoke("bob", 1)) == {}
    assert collisions(spoke("ann", 0), spoke("bob", 1)) == {("web", "north"): 1}, "this one was not before it"


def test_without_a_time_nobody_collides() -> None:
    assert counted("collisions", created(0), spoke("ann", 5), spoke("bob", 6), funnel=APART) == {}


# -- after the closing, and against their will -------------------------------------------------------------------------


def test_what_goes_out_to_a_closed_lead_counts_each_time_by_kind_and_outcome() -> None:
    assert after_close(won(5), spoke("ann", 6), spoke("ann", 7)) == {("contact", "won"): 2}
    assert after_close(lost(5), call("no_answer", 6)) == {("attempt", "lost"): 1}
    assert after_close(disqualified(5), automatic_mail(6)) == {("automated", "disqualified"): 1}
    assert after_close(spoke("ann", 4), won(5), inbound(6)) == {}
    assert after_close(lost(5), spoke("ann", 6), won(7)) == {("contact", "lost"): 1}, "what it was then"
    assert times("contacts_after_close", created(0), won(5), spoke("ann", 6)) == [6]


def test_reopening_makes_contacts_welcome_again() -> None:
    assert after_close(lost(5), reopened(6), spoke("ann", 7)) == {}
    assert after_close(lost(5), spoke("ann", 6), reopened(7)) == {("contact", "lost"): 1}


def test_a_closing_that_comes_to_light_later_counts_the_contacts_after_it() -> None:
    assert after_close(spoke("ann", 3), spoke("ann", 9), automatic_mail(10), won(5)) == {
        ("contact", "won"): 1,
        ("automated", "won"): 1,
    }
    assert after_close(stage("contacted", 20), reopened(15), won(5), call("no_answer", 3), call("no_answer", 9)) == {
        ("attempt", "won"): 1
    }


def test_who_opted_out_is_not_to_be_contacted_on_that_channel_or_on_any() -> None:
    mail = interaction(6, channel="email", actor="ann")
    assert after_close(opted_out(5), mail) == {("contact", "opted_out"): 1}
    assert after_close(opted_out(5, "email"), mail) == {("contact", "opted_out"): 1}
    assert after_close(opted_out(5, "email"), automatic_mail(6)) == {("automated", "opted_out"): 1}
    assert after_close(opted_out(5, "email"), spoke("ann", 6)) == {}
    assert after_close(opted_out(5, "email"), opted_out(5, "call"), spoke("ann", 6)) == {("contact", "opted_out"): 1}
    assert after_close(opted_out(7), mail) == {}


def test_opting_out_weighs_more_than_a_closing_and_outlives_a_reopening() -> None:
    assert after_close(opted_out(4), won(5), spoke("ann", 6)) == {("contact", "opted_out"): 1}
    assert after_close(won(4), opted_out(5), spoke("ann", 6)) == {("contact", "opted_out"): 1}
    assert after_close(opted_out(3), won(4), reopened(5), spoke("ann", 6)) == {("contact", "opted_out"): 1}
    assert after_close(opted_out(4, "email"), won(5), spoke("ann", 6)) == {("contact", "won"): 1}


def test_a_channel_that_is_not_listed_is_opted_out_of_as_other() -> None:
    assert after_close(opted_out(5, "fax"), interaction(6, channel="pigeon")) == {("attempt", "opted_out"): 1}
