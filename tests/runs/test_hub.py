"""One run, many viewers: whatever the order of things, nobody sees a gap or a repeat."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import BadFrame
from app.runs.hub import RAW_TAIL, Hub
from app.timeline.frames import Frame, decode, encode, sequence
from app.timeline.timeline import Timeline
from tests.merging import merge_plainly
from tests.runs.make import decoded_seqs, frame, whole_run


async def take(viewer: AsyncGenerator[bytes], count: int) -> list[bytes]:
    return [await anext(viewer) for _ in range(count)]


def test_hub_gives_a_late_viewer_everything_then_what_comes() -> None:
    async def main() -> None:
        hub = Hub(lag=4)
        for seq in range(20):
            hub.publish(frame(seq))
        viewer = hub.subscribe()
        first = await take(viewer, 20)
        assert first == [frame(seq) for seq in range(20)]
        waiting = asyncio.ensure_future(anext(viewer))
        hub.publish(frame(20))
        assert await waiting == frame(20)
        hub.close()
        assert [item async for item in viewer] == []
        assert hub.viewers == 0

    asyncio.run(main())


@pytest.mark.parametrize("resume", [0, 1, 7, 19, 20, 25])
def test_hub_resumes_at_the_number_asked_for(resume: int) -> None:
    async def main() -> None:
        hub = Hub(lag=400)
        for seq in range(20):
            hub.publish(frame(seq))
        viewer = hub.subscribe(resume)
        seen = asyncio.ensure_future(_all(viewer))
        await asyncio.sleep(0)
        for seq in range(20, 30):
            hub.publish(frame(seq))
        hub.close()
        assert decoded_seqs(await seen) == list(range(resume, 30))

    asyncio.run(main())


async def _all(viewer: AsyncGenerator[bytes]) -> list[bytes]:
    return [item async for item in viewer]


def test_hub_shares_the_bytes_of_live_frames() -> None:
    async def main() -> None:
        hub = Hub(lag=4)
        item = frame(0)
        hub.publish(item)
        first, second = hub.subscribe(), hub.subscribe()
        assert await anext(first) is item
        assert await anext(second) is item
        await first.aclose()
        await second.aclose()

    asyncio.run(main())


def test_hub_gives_a_slow_viewer_a_snapshot_and_others_every_frame() -> None:
    async def main() -> None:
        snapshots: list[None] = []
        hub = Hub(lag=8, on_snapshot=lambda: snapshots.append(None))
        frames = whole_run(RAW_TAIL * 3)
        slow, swift = hub.subscribe(), hub.subscribe()
        seen: list[bytes] = []
        hub.publish(frames[0])
        first = await anext(slow)
        for item in frames:
            if item is not frames[0]:
                hub.publish(item)
            seen.append(await anext(swift))
        assert seen == frames
        caught = decode(await anext(slow))
        assert caught.snapshot
        assert caught == merge_plainly(map(decode, frames))
        hub.close()
        assert await _all(slow) == []
        assert await _all(swift) == []
        assert first == frames[0]
        assert len(snapshots) == 1

    asyncio.run(main())


def test_hub_viewers_that_fall_behind_together_share_one_snapshot() -> None:
    async def main() -> None:
        hub = Hub(lag=2)
        viewers = [hub.subscribe() for _ in range(10)]
        hub.publish(frame(0))
        for viewer in viewers:
            await anext(viewer)
        for seq in range(1, 50):
            hub.publish(frame(seq))
        snapshots = await asyncio.gather(*map(anext, viewers))
        assert all(item is snapshots[0] for item in snapshots)
        for viewer in viewers:
            await viewer.aclose()
        assert hub.viewers == 0

    asyncio.run(main())


def test_hub_snapshot_in_the_making_is_not_given_to_one_who_knows_it_all() -> None:
    async def main() -> None:
        hub = Hub(lag=2)
        for seq in range(10):
            hub.publish(frame(seq))
        early = asyncio.ensure_future(hub.snapshot())
        await asyncio.sleep(0)  # the snapshot of ten frames is being made
        viewer = hub.subscribe(10)
        ahead = asyncio.ensure_future(anext(viewer))
        await asyncio.sleep(0)
        for seq in range(10, 20):
            hub.publish(frame(seq))
        assert sequence(await ahead) == 19
        first = await early
        assert first is not None and sequence(first) >= 9
        await viewer.aclose()

    asyncio.run(main())


def test_hub_refuses_frames_out_of_order() -> None:
    async def main() -> None:
        hub = Hub(lag=2)
        hub.publish(frame(0))
        hub.publish(frame(1))
        with pytest.raises(BadFrame, match="after frame 1"):
            hub.publish(frame(1))

    asyncio.run(main())


def test_hub_frame_made_of_nothing_passes() -> None:
    async def main() -> None:
        hub = Hub(lag=2)
        hub.publish(encode(Frame(5, 10)))
        hub.close()
        assert decoded_seqs(await _all(hub.subscribe(0))) == [5]

    asyncio.run(main())


class Viewer:
    """A page: it folds what it gets, loses its connection, and resumes where it was."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.next = 0
        self.timeline = Timeline()
        self.stream: AsyncGenerator[bytes] | None = None

    async def step(self) -> None:
        """Take one frame, if there is one."""
        last = self.hub.last_seq
        if last is None or self.next > last:
            return
        if self.stream is None:
            self.stream = self.hub.subscribe(self.next)
        item = decode(await anext(self.stream))
        if item.snapshot:
            assert item.seq >= self.next, "sent back in time"
        else:
            assert item.seq == self.next, "a gap or a repeat"
        self.next = item.seq + 1
        self.timeline.apply(item)

    async def cut(self) -> None:
        if self.stream is not None:
            await self.stream.aclose()
            self.stream = None


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 12)),
        st.tuples(st.just("read"), st.tuples(st.integers(0, 2), st.integers(1, 15))),
        st.tuples(st.just("cut"), st.integers(0, 2)),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(STEPS, st.integers(1, 10))
def test_hub_viewers_agree_with_the_run_whatever_happens(
    steps: list[tuple[str, object]], lag: int
) -> None:
    async def main() -> None:
        hub = Hub(lag)
        viewers = [Viewer(hub) for _ in range(3)]
        published = 0
        for kind, value in steps:
            match kind, value:
                case "publish", int(count):
                    for _ in range(count):
                        hub.publish(frame(published))
                        published += 1
                case "read", (int(which), int(count)):
                    for _ in range(count):
                        await viewers[which].step()
                case "cut", int(which):
                    await viewers[which].cut()
        truth = Timeline(decode(frame(seq)) for seq in range(published))
        for viewer in viewers:
            while viewer.next < published:
                await viewer.step()
            await viewer.cut()
            assert viewer.timeline.to_json() == truth.to_json()
        assert hub.viewers == 0

    asyncio.run(main())


def test_hub_concurrent_viewers_with_random_pauses_lose_nothing() -> None:
    async def main() -> None:
        hub = Hub(lag=16)
        length = 300
        chance = random.Random(7)

        async def watch(number: int) -> Timeline:
            timeline, expected = Timeline(), 0
            while expected < length:
                stream = hub.subscribe(expected)
                async for data in stream:
                    item = decode(data)
                    assert item.seq == expected or (item.snapshot and item.seq > expected)
                    expected = item.seq + 1
                    timeline.apply(item)
                    for _ in range(chance.randrange(number + 1)):
                        await asyncio.sleep(0)
                    if chance.random() < 0.05:
                        break
                await stream.aclose()
            return timeline

        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(watch(number)) for number in range(12)]
            for item in whole_run(length):
                hub.publish(item)
                await asyncio.sleep(0)
            hub.close()
        truth = Timeline(map(decode, whole_run(length))).to_json()
        for task in watching:
            assert task.result().to_json() == truth

    asyncio.run(main())
