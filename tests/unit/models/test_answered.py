"""What a call told beside the contents of a model is there, and is no part of its data."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import attrs
import pytest

from theirstack_async import CompanyCount, CompanyKeywords, Estimate, JobCount, ResponseMeta, SearchMetadata
from theirstack_async._convert import Converter
from theirstack_async.models import Model
from theirstack_async.models._answered import Answered, with_meta

META = ResponseMeta(200, "r-1", 1, 0.5, None, rows=1, credits=3)
MODELS = [
    JobCount(total_results=7, total_companies=3),
    CompanyCount(total_results=7),
    CompanyKeywords(data=(), metadata=SearchMetadata(total_results=0)),
    Estimate(rows=7, credits=21, price=3, exact=True),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
class TestMeta:
    def test_what_a_program_made_has_none(self, model: Answered) -> None:
        assert model.meta is None
        assert pickle.loads(pickle.dumps(model)).meta is None

    def test_it_is_no_part_of_the_data(self, model: Answered) -> None:
        told = with_meta(copy.copy(model), META)
        assert told.meta is META
        assert (told, hash(told), repr(told)) == (model, hash(model), repr(model))
        assert (told.to_dict(), told.to_json(), told.to_row()) == (model.to_dict(), model.to_json(), model.to_row())
        assert not {"meta", "_meta"} & {*attrs.fields_dict(type(told)), *told.to_dict()}

    def test_copies_have_it(self, model: Answered) -> None:
        told = with_meta(copy.copy(model), META)
        for twin in (copy.copy(told), copy.deepcopy(told), pickle.loads(pickle.dumps(told))):
            assert (twin, twin.meta) == (told, META)

    @pytest.mark.parametrize("keep", [False, True])
    def test_no_field_of_the_wire_is_taken_for_it(self, model: Answered, keep: bool) -> None:
        wire: dict[str, Any] = {**model.to_dict(), "meta": {"credits": 9}, "_meta": 7}
        read = Converter(keep_unknown_fields=keep).decode(json.dumps(wire).encode(), type(model))
        assert (read.meta, {*read.extra}) == (None, {"meta", "_meta"} if keep else set())

    def test_it_can_be_read_only(self, model: Answered) -> None:
        with pytest.raises(AttributeError):
            model.meta = META  # type: ignore[misc]

    def test_it_is_a_model(self, model: Answered) -> None:
        assert isinstance(model, Model)
        assert not hasattr(model, "__dict__")
