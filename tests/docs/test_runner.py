"""The checks of the documentation's samples would notice what is wrong with a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.docs._run import PageRun, commands, compare
from tests.docs._samples import Sample, SampleError, samples
from theirstack_async.testing import FakeTheirStack

GOOD = "```python\nx = 1\n```\n"


def page(folder: Path, text: str) -> Sequence[Sample]:
    path = folder / "page.md"
    path.write_text(text, "utf-8")
    return samples(path, folder)


async def run(folder: Path, text: str) -> None:
    async with FakeTheirStack() as fake:
        await PageRun(fake, folder).run(page(folder, text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# Only words\n", "no sample on this page is run"),
        ("```output\nnothing\n```\n", "no sample on this page is run"),
        ("<!-- sample: not run, it needs a key -->\n" + GOOD, "no sample on this page is run"),
        (GOOD + "```perl\nprint 1\n```\n", "page.md:5: nobody runs a block in 'perl'"),
        (GOOD + "```\nprint 1\n```\n", "page.md:5: nobody runs a block in 'no language'"),
        (GOOD + "```{code-block} python\nx\n```\n", "page.md:5: nobody runs a block in '{code-block} python'"),
        (GOOD + "```sh\nls\n```\n", "page.md:5: a shell block needs"),
        (GOOD + "```python\nx = 1\n", "page.md:4: this block has no end"),
        (GOOD + "<!-- setup\nx = 1\n", "page.md:4: this block has no end"),
    ],
)
def test_a_page_is_refused(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(SampleError, match=why.replace("{", r"\{")):
        page(tmp_path, text)


def test_exempt_blocks_say_why(tmp_path: Path) -> None:
    found = page(tmp_path, GOOD + "<!-- sample: not run, it installs -->\n```sh\npip install x\n```\n" + GOOD)
    assert [(sample.language, sample.skipped) for sample in found] == [
        ("python", False),
        ("sh", True),
        ("python", False),
    ]


def test_blocks_that_hold_no_code_and_included_files(tmp_path: Path) -> None:
    text = "```{toctree}\npage\n```\n```{include} ../table.md\n```\n"
    text += "```{literalinclude} ../examples/x.py\n:language: python\n```\n"
    assert [(sample.language, sample.code) for sample in page(tmp_path, text)] == [("include", "../examples/x.py")]


def test_indented_blocks_and_longer_fences(tmp_path: Path) -> None:
    found = page(tmp_path, "- so:\n\n  ````python\n  x = 1\n  ```\n  if x:\n      x = 2\n  ````\n")
    assert [sample.code for sample in found] == ["x = 1\n```\nif x:\n    x = 2"]


async def test_blocks_share_names_and_may_await(tmp_path: Path) -> None:
    await run(
        tmp_path,
        "<!-- setup\nimport asyncio\nx = 40\n-->\n"
        "```python\nawait asyncio.sleep(0)\nx += 2\n```\n"
        "```python\nprint('x is', x)\n```\n```output\nx is ...2\n```\n",
    )


async def test_a_block_without_await_may_start_a_loop(tmp_path: Path) -> None:
    await run(
        tmp_path,
        "```python\nimport asyncio\nasync def main():\n    print('in')\nasyncio.run(main())\n```\n```output\nin\n```\n",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```python\nprint(1)\n```\n```output\n2\n```\n", "page.md:5: the page shows"),
        ("```python\nprint(1)\nprint(2)\n```\n```output\n1\n```\n", "page.md:6: the page shows"),
        ("<!-- sample: raises KeyError -->\n```python\nx = 1\n```\n", "page.md:3: it should have raised KeyError"),
        ("<!-- sample: pytest -->\n```python\ndef test_it():\n    assert 1 == 2\n```\n", "pytest ended with 1"),
        (GOOD + "```console\n$ rm -r x\n```\n", "only `. theirstack ...` is run"),
        (GOOD + "```console\nno command\n```\n", "only `. theirstack ...` is run"),
        ("```console\n$ theirstack-no-such\n```\n", "ended with 127, not 0"),
        ("<!-- sample: exits 3 -->\n```console\n$ theirstack-no-such\n```\n", "ended with 127, not 3"),
    ],
)
async def test_a_sample_fails(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(SampleError, match=why):
        await run(tmp_path, text)


async def test_a_sample_that_raises_fails_at_the_line_of_its_page(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        await run(tmp_path, "# A page\n\n" + "```python\nx = 1\n1 / 0\n```\n")
    tb = caught.tb
    while tb.tb_next is not None:
        tb = tb.tb_next
    assert (tb.tb_frame.f_code.co_filename, tb.tb_lineno) == ("page.md", 5)


async def test_an_error_that_is_shown(tmp_path: Path) -> None:
    await run(tmp_path, "<!-- sample: raises KeyError -->\n```python\n{}['a']\n```\n```output\nKeyError: 'a'\n```\n")


async def test_toml_is_parsed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Expected"):
        await run(tmp_path, GOOD + "```toml\nno toml\n```\n")


def test_a_command_may_take_several_lines() -> None:
    sample = Sample("page.md", 1, "console", "$ theirstack a \\\n    b\nshown\n$ theirstack c")
    assert [(command.split(), shown) for command, shown in commands(sample)] == [
        (["theirstack", "a", "b"], "shown"),
        (["theirstack", "c"], ""),
    ]


def test_shown_output_is_compared_whole() -> None:
    compare("here", "a ... c\n", "a b c  \n\n")
    with pytest.raises(SampleError, match="here: the page shows"):
        compare("here", "a ...", "before a b")
