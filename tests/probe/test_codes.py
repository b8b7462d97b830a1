from __future__ import annotations

from app.timeline.states import ObjectKind, Reason
from tests.probe.loading import probe


def test_codes_are_those_of_the_vocabulary() -> None:
    codes = {
        name: value for name, value in vars(probe("recording.codes")).items() if name.isupper()
    }
    kinds = {name[5:]: value for name, value in codes.items() if name.startswith("KIND_")}
    reasons = {name: value for name, value in codes.items() if not name.startswith("KIND_")}
    assert reasons == {reason.name: reason.value for reason in Reason if reason}
    assert kinds == {name: ObjectKind[name].value for name in kinds}
    shared = [name for name in reasons if 0 < reasons[name] <= ObjectKind.FILE]
    assert [reasons[name] for name in shared] == [ObjectKind[name].value for name in shared]
