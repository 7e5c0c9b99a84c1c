"""Parts → job runs in frames of some rows, read block by block: the memory is bounded."""

from collections.abc import Iterator, Mapping, Sequence
from threading import BoundedSemaphore
from typing import Final

import polars as pl

from circleci_usage.core.machine import cores
from circleci_usage.usage.aggregates import NUMBER
from circleci_usage.usage.blocks import Block, Blocks
from circleci_usage.usage.input_files import Part
from circleci_usage.usage.polars.job_runs import typed_runs
from circleci_usage.usage.polars.scan import WHOLE, Amounts, scan_block

AT_A_TIME: Final = min(cores(), 2)
"""Blocks that are parsed at the same time: all cores work, and few of their texts are in memory."""

_PARSING: Final = BoundedSemaphore(AT_A_TIME)


class PartsReader:
    """Reads the job runs of parts; several threads may share one, each gets other rows."""

    def __init__(
        self,
        parts: Sequence[Part],
        new: Mapping[str, str],
        *,
        identified: bool,
        are_checked: bool = False,
    ) -> None:
        """Prepare to read.

        Args:
            parts: what to read.
            new: new credit type → its column, of all parts.
            identified: whether to tell which job run a row belongs to.
            are_checked: whether all rows are known to be sound.
        """
        self._blocks = Blocks(parts, are_checked=are_checked)
        self._new = new
        self._identified = identified
        self._amounts: Amounts = WHOLE

    def frames(self, rows: int) -> Iterator[pl.DataFrame]:
        """The job runs of `typed_runs`, so many at a time.

        Amounts are integers, or decimals from the first block that has a fraction on.

        Raises:
            LongRowError: a row is too long to be parsed in memory.
            DataError: the compressed data are damaged, or there are too many line ends.
            polars.exceptions.PolarsError: a row is damaged.
        """
        try:
            yield from _in_frames(self._blocks_read(), rows)
        except BaseException:
            # The other threads need not go on either.
            self._blocks.stop()
            raise

    def _blocks_read(self) -> Iterator[pl.DataFrame]:
        while True:
            with _PARSING:
                block = next(self._blocks, None)
                if block is None:
                    return
                runs = self._runs_of(block)
            yield runs

    def _runs_of(self, block: Block) -> pl.DataFrame:
        amounts = self._amounts
        try:
            return self._read(block, amounts)
        except (pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError):
            if amounts is NUMBER:
                raise
        # Most often the first fraction; if it was damage, this attempt finds it again.
        runs = self._read(block, NUMBER)
        self._amounts = NUMBER
        return runs

    def _read(self, block: Block, amounts: Amounts) -> pl.DataFrame:
        rows = scan_block(block, amounts, new=self._new, identified=self._identified)
        return typed_runs(rows).collect()


def _in_frames(blocks: Iterator[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """The same rows in frames of so many; at least one frame if there is a block at all."""
    some: list[pl.DataFrame] = []
    for block in blocks:
        if some and some[0].schema != block.schema:
            yield pl.concat(some)
            some = []
        some.append(block)
        if sum(map(len, some)) >= rows:
            *full, rest = pl.concat(some).iter_slices(rows)
            yield from full
            some = [rest]
    if some:
        yield pl.concat(some)
