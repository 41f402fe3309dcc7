"""Templates compiled once a process, not once a language."""

from jinja2.bccache import Bucket, BytecodeCache


class CompiledOnce(BytecodeCache):
    """What Jinja made of a template's text, for every environment that reads the same text."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what was kept; Jinja compares it with the text's checksum."""
        if kept := self._kept.get(bucket.key):
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was just compiled."""
        self._kept[bucket.key] = bucket.bytecode_to_string()
