"""``python -m theirstack_async`` is the ``theirstack`` program."""

from theirstack_async.cli import main

if __name__ == "__main__":
    main()
