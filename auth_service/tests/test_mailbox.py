"""The newest frame wins."""

import asyncio

import pytest

from auth_service.mailbox import Mailbox


async def test_an_item_offered_first_is_taken_at_once() -> None:
    box: Mailbox[int] = Mailbox()
    box.offer(1)
    assert await box.take() == 1


async def test_only_the_newest_item_is_kept_and_the_others_are_counted() -> None:
    box: Mailbox[int] = Mailbox()
    for item in (1, 2, 3):
        box.offer(item)
    assert (await box.take(), box.dropped) == (3, 2)


async def test_taking_waits_for_the_next_item_and_never_repeats_one() -> None:
    box: Mailbox[int] = Mailbox()
    box.offer(1)
    await box.take()
    waiting = asyncio.create_task(box.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    box.offer(2)
    assert await waiting == 2


async def test_an_item_that_comes_while_a_wait_is_given_up_is_not_lost() -> None:
    box: Mailbox[int] = Mailbox()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(box.take(), timeout=0.01)
    box.offer(1)
    assert await asyncio.wait_for(box.take(), timeout=1) == 1
