"""GitHub signs its deliveries in the same form, so a verifier of another hand must say what ours says."""

from __future__ import annotations

import random
from collections import Counter
from typing import Final

import pytest
from gidgethub import ValidationFailure
from gidgethub.sansio import validate_event
from hypothesis import given, settings
from hypothesis import strategies as st

from theirstack_async.errors import SignatureError
from theirstack_async.receiver import verify_signature
from theirstack_async.testing import sign

MANY: Final = settings.default.max_examples * 10
"""A thousand by default, ten thousand in the deep profile."""

_secrets: Final = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(str.strip)
_bodies: Final = st.binary(max_size=200) | st.text(st.characters(codec="utf-8")).map(str.encode)
_ascii: Final = st.integers(0, 127).map(chr)


def ours(body: bytes, header: str | bytes, secrets: str | list[str]) -> bool:
    try:
        verify_signature(body, header, secrets)
    except SignatureError:
        return False
    return True


def theirs(body: bytes, header: str, secret: str) -> bool:
    try:
        validate_event(body, signature=header, secret=secret)
    except ValidationFailure:
        return False
    return True


@st.composite
def corrupted(draw: st.DrawFn, header: str) -> str:
    """Return a header with a sign changed, left out, added or moved; in one case of five the header itself."""
    at = draw(st.integers(0, len(header) - 1))
    change = draw(st.sampled_from(["none", "replace", "remove", "insert", "cut", "case"]))
    if change == "replace":
        return header[:at] + draw(st.sampled_from("0123456789abcdef") | _ascii) + header[at + 1 :]
    if change == "remove":
        return header[:at] + header[at + 1 :]
    if change == "insert":
        return header[:at] + draw(_ascii) + header[at:]
    if change == "cut":
        return header[:at]
    return header[:at] + header[at:].upper() if change == "case" else header


def test_both_say_the_same_of_ten_thousand_random_bodies() -> None:
    rng = random.Random(7)
    said: Counter[bool] = Counter()
    for _ in range(10_000):
        body, secret = rng.randbytes(rng.randrange(2000)), rng.randbytes(20).hex()
        header = sign(body, secret)
        changed = bytearray(body or b"x")
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        at = rng.randrange(len(header))
        wrong = header[:at] + rng.choice("0123456789abcdefABCDEF =") + header[at + 1 :]
        for each, value in ((body, header), (bytes(changed), header), (body, wrong), (body, header[:at])):
            verdict = ours(each, value, secret)
            assert verdict is theirs(each, value, secret)
            said[verdict] += 1
    assert said[True] >= 10_000
    assert said[False] >= 25_000


@given(_bodies, _secrets, st.data())
def test_both_say_the_same_of_signed_and_of_corrupted_deliveries(body: bytes, secret: str, data: st.DataObject) -> None:
    header = sign(body, secret)
    assert ours(body, header, secret)
    assert theirs(body, header, secret)
    damaged = data.draw(corrupted(header))
    assert ours(body, damaged, secret) is theirs(body, damaged, secret) is (damaged == header)
    other = data.draw(_bodies)
    assert ours(other, header, secret) is theirs(other, header, secret) is (other == body)


@given(_bodies, st.lists(_secrets, min_size=2, max_size=4, unique=True), st.data())
def test_any_of_several_secrets_will_do_and_no_other(body: bytes, secrets: list[str], data: st.DataObject) -> None:
    signer = data.draw(st.sampled_from(secrets))
    header = sign(body, signer)
    assert ours(body, header, secrets)
    others = [secret for secret in secrets if secret != signer]
    assert ours(body, header, others) is any(theirs(body, header, secret) for secret in others)


@settings(max_examples=MANY)
@given(
    st.binary(max_size=60),
    st.none() | st.text() | st.binary(max_size=80) | st.from_regex(r"\Asha256=[0-9a-fA-F]{60,68}\Z"),
    st.text() | st.binary(max_size=20) | st.lists(st.text() | st.binary(max_size=20), max_size=3),
)
def test_whatever_comes_is_refused_with_a_reason(body: bytes, header: str | bytes | None, secrets: str | bytes) -> None:
    with pytest.raises(SignatureError) as caught:
        verify_signature(body, header, secrets)
    assert type(caught.value) is SignatureError
    assert caught.value.reason in ("no_secret", "missing", "malformed", "mismatch")
