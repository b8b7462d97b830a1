"""The scenario of the brokers over real servers: ``make test-brokers`` starts them.

Without them each is skipped by name; what the program and the page then say is tested in any case.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.catalogue import brokers
from app.catalogue.brokers import BROKERS, Broker
from app.timeline.states import Evidence, FlowKind, State, TrackKind
from tests.catalogue.test_variants import run_variant

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("answering")]


#: Where ``make test-brokers`` has them; the tests themselves begin without settings.
ADDRESSES = {
    broker.variable: os.environ[broker.variable]
    for broker in BROKERS.values()
    if broker.variable in os.environ
}


@pytest.fixture
def answering(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, address in ADDRESSES.items():
        monkeypatch.setenv(variable, address)
    monkeypatch.setattr(brokers, "_last", (-10.0, {}))
    if (why := broker.obstacle(broker.answers())) is not None:
        pytest.skip(why.en)


@pytest.mark.parametrize("broker", BROKERS.values(), ids=list(BROKERS))
def test_no_claim_fails_over_a_real_broker(broker: Broker, tmp_path: Path) -> None:
    values = {"broker": broker.name, "producers": 2, "consumers": 2}
    timeline = run_variant("brokers", values, tmp_path)
    said = {item["id"]: (item["verdict"], item["why"]["en"]) for item in timeline.claims.values()}
    assert not [answer for answer in said.values() if answer[0] == "fails"], said
    assert said["once"][0] == said["outside"][0] == "holds", said

    # One track for the server, named by the client's library, with nothing made up about it.
    (server,) = timeline.of_kind(TrackKind.EXTERNAL)
    assert server.name == f"{broker.library} {broker.address}"
    assert {(row.state, row.evidence) for row in timeline.of(server)} == {
        (State.UNKNOWN, Evidence.MISSING)
    }
    flows = [flow for flow in timeline.flows if server.id in (flow.from_track, flow.to_track)]
    assert {flow.kind for flow in flows} == {FlowKind.SEND_RECV}
    assert {flow.from_track == server.id for flow in flows} == {True, False}
