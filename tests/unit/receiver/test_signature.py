"""A signature is right, or it is refused with a reason; nothing else comes out of it."""

from __future__ import annotations

import copy
import hmac
import json
import pickle
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import pytest

import theirstack_async
from theirstack_async.errors import ArgumentError, SignatureError
from theirstack_async.receiver import SIGNATURE_HEADER, verify_signature
from theirstack_async.receiver._signature import Secrets
from theirstack_async.testing import sign

BODY: Final = b'{"id":41,"type":"job.closed","payload":{"id":7}}'
SECRET: Final = "a secret of many letters"
OTHER: Final = "another one of as many letters"
DIGEST: Final = "eb94dd06860721382a73cf8db9789f0d0b6abf4a3ff063146ae1334636988dd4"
"""What ``openssl dgst -sha256 -hmac`` says of the body and the secret."""
GOOD: Final = f"sha256={DIGEST}"


def refused(body: Any, header: Any, secrets: Any) -> SignatureError:
    with pytest.raises(SignatureError) as caught:
        verify_signature(body, header, secrets)
    assert type(caught.value) is SignatureError
    return caught.value


def test_the_header_and_the_form_are_the_documented_ones() -> None:
    assert SIGNATURE_HEADER == "X-TheirStack-Signature-256"
    assert sign(BODY, SECRET) == GOOD


@pytest.mark.parametrize("body", [BODY, bytearray(BODY), memoryview(BODY)])
@pytest.mark.parametrize("header", [GOOD, GOOD.encode()])
@pytest.mark.parametrize(
    "secrets",
    [
        SECRET,
        SECRET.encode(),
        [SECRET],
        (OTHER, SECRET),
        [SECRET.encode(), OTHER],
        {SECRET, OTHER},
        dict.fromkeys([OTHER, SECRET]).keys(),
    ],
)
def test_a_right_signature_passes(body: Any, header: str | bytes, secrets: Any) -> None:
    verify_signature(body, header, secrets)


def test_secrets_may_come_from_a_generator() -> None:
    verify_signature(BODY, GOOD, (secret for secret in (OTHER, SECRET)))


@pytest.mark.parametrize(
    "secret", ["ключ подписи доставки", "k" * 1000, "s", " a secret with spaces ", "\U0001f511" * 8]
)
def test_the_key_is_the_secret_in_utf_8(secret: str) -> None:
    verify_signature(BODY, sign(BODY, secret), secret)
    verify_signature(BODY, sign(BODY, secret), secret.encode())


@pytest.mark.parametrize("header", [None, "", b""])
def test_no_header_is_told(header: str | bytes | None) -> None:
    error = refused(BODY, header, SECRET)
    assert error.reason == "missing"
    assert SIGNATURE_HEADER in str(error)


MALFORMED: Final[dict[str, Any]] = {
    "upper-case hex": f"sha256={DIGEST.upper()}",
    "one upper-case digit": GOOD.replace("e", "E", 1),
    "upper-case prefix": f"SHA256={DIGEST}",
    "capitalised prefix": f"Sha256={DIGEST}",
    "bare hex": DIGEST,
    "prefix alone": "sha256=",
    "another prefix": f"sha-256={DIGEST}",
    "another sign": f"sha256:{DIGEST}",
    "prefix twice": f"sha256=sha256={DIGEST}",
    "wrong algorithm": "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest(),
    "wrong algorithm, right digest": f"sha512={DIGEST}",
    "longer digest": "sha256=" + hmac.new(SECRET.encode(), BODY, "sha512").hexdigest(),
    "one digit short": GOOD[:-1],
    "one byte short": GOOD[:-2],
    "one digit more": f"{GOOD}0",
    "half": GOOD[: len(GOOD) // 2],
    "joined": f"{GOOD}, {GOOD}",
    "joined without a space": f"{GOOD},{GOOD}",
    "joined with an empty one": f", {GOOD}",
    "space before": f" {GOOD}",
    "space after": f"{GOOD} ",
    "tab after": f"{GOOD}\t",
    "space within": GOOD.replace("=", "= "),
    "newline after": f"{GOOD}\n",
    "carriage return after": f"{GOOD}\r\n",
    "nul after": f"{GOOD}\0",
    "nul in place of the last": f"{GOOD[:-1]}\0",
    "quoted": f'"{GOOD}"',
    "no hex": f"sha256={'g' * 64}",
    "question marks": f"sha256={'?' * 64}",
    "full-width digits": f"sha256={DIGEST.translate({ord(d): ord(d) + 0xFEE0 for d in '0123456789'})}",
    "Cyrillic letters": GOOD.replace("e", "\u0435"),
    "a lone surrogate": GOOD[:-1] + "\udcff",
    "an invisible sign within": f"{GOOD[:20]}\u200b{GOOD[20:]}",
    "a BOM before": f"\ufeff{GOOD}",
    "an accent behind": f"{GOOD}\xe9",
    "a long s": GOOD.replace("s", "\u017f"),
    "only spaces": "   ",
    "a number": 7,
    "a list": [GOOD],
    "a bytearray": bytearray(GOOD.encode()),
}
"""Headers that differ from the right one, and are not of its form."""


@pytest.mark.parametrize("name", MALFORMED)
def test_another_form_is_refused(name: str) -> None:
    header = MALFORMED[name]
    assert refused(BODY, header, SECRET).reason == "malformed"
    if isinstance(header, str):
        assert refused(BODY, header.encode("utf-8", "surrogatepass"), SECRET).reason == "malformed"
        assert refused(BODY, header.encode("utf-16", "surrogatepass"), [SECRET, OTHER]).reason == "malformed"


@pytest.mark.parametrize("header", [b"\xff" * 71, b"sha256=" + b"\xe9" * 64, GOOD.encode().replace(b"e", b"\xe9")])
def test_header_bytes_that_are_not_ascii_are_refused(header: bytes) -> None:
    assert refused(BODY, header, SECRET).reason == "malformed"
    assert refused(BODY, header.decode("latin-1"), SECRET).reason == "malformed"
    assert refused(BODY, header.decode("utf-8", "surrogateescape"), SECRET).reason == "malformed"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        BODY + b"\n",
        BODY[:-1],
        b"\xef\xbb\xbf" + BODY,
        BODY.replace(b"41", b"42"),
        json.dumps(json.loads(BODY)).encode(),
        json.dumps(json.loads(BODY), sort_keys=True, separators=(",", ":")).encode(),
        BODY.decode().encode("utf-16"),
    ],
)
def test_another_body_is_refused(body: bytes) -> None:
    """A re-serialised one too: it means the same, and is not what was signed."""
    assert refused(body, GOOD, SECRET).reason == "mismatch"


@pytest.mark.parametrize("secrets", [OTHER, [OTHER, OTHER.encode()], f"{SECRET} ", SECRET.upper(), "\ud800" * 9])
def test_another_secret_is_refused(secrets: Any) -> None:
    assert refused(BODY, GOOD, secrets).reason == "mismatch"


USELESS: Final[dict[str, Any]] = {
    "None": None,
    "empty": "",
    "empty bytes": b"",
    "blank": " \t",
    "a line's end": "\n",
    "blank bytes": b" ",
    "no list": [],
    "no generator": iter(()),
    "an empty one": [""],
    "an empty one behind a good one": [SECRET, ""],
    "a blank one before a good one": [b"\n", SECRET],
    "None beside a good one": [None, SECRET],
    "a number beside a good one": [SECRET, 7],
    "a mapping": {SECRET: "current"},
    "a number": 7,
    "a flag": True,
    "a bytearray": bytearray(SECRET.encode()),
}
"""What checks nothing, and therefore accepts nothing."""


@pytest.mark.parametrize("name", USELESS)
def test_without_a_secret_nothing_passes(name: str) -> None:
    empty_key = "sha256=" + hmac.new(b"", BODY, "sha256").hexdigest()
    for header in (GOOD, empty_key, None, "", "sha256="):
        # A copy, for an iterator is used up by the first.
        assert refused(BODY, header, copy.copy(USELESS[name])).reason == "no_secret"


@pytest.mark.parametrize("name", USELESS)
def test_secrets_that_are_of_no_use_are_told_when_they_are_given(name: str) -> None:
    with pytest.raises(ArgumentError, match="secrets: expected") as caught:
        Secrets(copy.copy(USELESS[name]))
    assert caught.value.field == "secrets"
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("body", [BODY.decode(), None, 7, json.loads(BODY), [BODY]])
def test_a_body_that_is_not_bytes_is_a_mistake_of_the_caller(body: Any) -> None:
    """``bytes(7)`` would be seven zeros, and a text has lost what was signed."""
    with pytest.raises(
        ArgumentError, match=f"body: expected the raw bytes of the request, got {type(body).__name__}"
    ) as e:
        verify_signature(body, GOOD, SECRET)
    assert e.value.field == "body"


@pytest.mark.parametrize("right", range(4))
def test_every_secret_is_tried_whichever_is_right(right: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the time tells nobody which one was used; and the comparison is the one that takes the same time always."""
    compared: list[bool] = []
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(real(one, other))
        return compared[-1]

    monkeypatch.setattr(hmac, "compare_digest", compare)
    secrets = [f"{OTHER} {number}" for number in range(4)]
    secrets[right] = SECRET
    verify_signature(BODY, GOOD, secrets)
    assert compared == [number == right for number in range(4)]


def _frames_shown(error: BaseException) -> str:
    """Return what a logger shows that prints the variables of each frame, of the frames of the package."""
    home = str(Path(theirstack_async.__file__).parent)
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in shown.stack if frame.filename.startswith(home)]
    assert frames
    return "".join(str(frame.locals) for frame in frames)


@pytest.mark.parametrize(
    "call",
    [
        lambda: verify_signature(BODY, GOOD.replace("e", "0"), [OTHER, SECRET]),
        lambda: verify_signature(BODY, "sha256", SECRET),
        lambda: verify_signature(BODY, None, SECRET.encode()),
        lambda: verify_signature(BODY, GOOD, [SECRET, ""]),
        lambda: verify_signature(BODY.decode(), GOOD, SECRET),  # type: ignore[arg-type]
        lambda: Secrets([SECRET, ""]),
        lambda: Secrets(SECRET).verify(BODY, "sha256"),
        lambda: Secrets({SECRET: SECRET}),
    ],
)
def test_secrets_are_not_in_errors_nor_in_their_frames(call: Callable[[], object]) -> None:
    with pytest.raises((SignatureError, ArgumentError)) as caught:
        call()
    error = caught.value
    assert error.__context__ is None
    for text in (str(error), repr(error), repr(vars(error)), _frames_shown(error), repr(pickle.dumps(error))):
        assert SECRET not in text
        assert OTHER not in text


def test_the_secrets_of_a_receiver_are_not_shown() -> None:
    secrets = Secrets([SECRET, OTHER])
    for text in (repr(secrets), str(secrets), f"{secrets!r:>40}"):
        assert "<Secrets: 2>" in text
    with pytest.raises(TypeError, match="Secrets cannot be pickled"):
        pickle.dumps(secrets)
    with pytest.raises(TypeError, match="Secrets cannot be pickled"):
        copy.copy(secrets)
    assert not hasattr(secrets, "__dict__")


def test_the_secrets_of_a_receiver_are_used_again_and_again() -> None:
    given: Iterable[str] = iter([OTHER, SECRET])
    secrets = Secrets(given)
    for _ in range(3):
        secrets.verify(BODY, GOOD)
    with pytest.raises(SignatureError, match="fits none of the secrets"):
        secrets.verify(BODY, sign(BODY, "a third one"))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_the_reason_survives_the_trip(protocol: int) -> None:
    error = refused(BODY, DIGEST, SECRET)
    for clone in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert (type(clone), str(clone), clone.reason, clone.sent) == (SignatureError, str(error), "malformed", "no")
