"""The guards of cards that come again, and of files that are larger than memory is good for."""

from __future__ import annotations

from tests.faults.guards_form import Guard

AGAIN = (
    Guard(
        "one-block-at-a-time",
        "What is read next never comes where the block before waits to be written.",
        "src/cardcat/storage/reading.py",
        "        buffer, other = other, buffer\n",
        "",
        "tests/storage/test_copying.py::test_a_large_file_is_read_with_a_block_at_work_behind",
    ),
    Guard(
        "past-the-cache-where-it-may",
        "Files go past the cache only on filesystems that are known to do that well.",
        "src/cardcat/storage/copying.py",
        "            if key in self._past_cache:\n",
        "            if self._past_cache:\n",
        "tests/storage/test_copying.py::test_a_large_file_goes_past_the_cache_where_it_may",
    ),
    Guard(
        "look-at-each-again",
        "A copy that is to be skipped is there now, as large and as old as it was when it was proved.",
        "src/cardcat/stages/looking.py",
        "        yield status is not None and status.st_size == size and mtime_of(status) == mtime_ns\n",
        "        yield True\n",
        "tests/test_repeats.py::test_a_copy_that_is_gone_is_made_again_and_no_repeat",
    ),
    Guard(
        "look-on-the-drive",
        "What lies behind a link is not on the drive, however many files are looked at together.",
        "src/cardcat/storage/holding.py",
        '            is_straight = self._ways.is_straight(f"{folder}/")\n',
        "            is_straight = True\n",
        "tests/test_repeats.py::test_many_files_are_looked_at_as_each_of_them",
    ),
    Guard(
        "look-on-one-filesystem",
        "What another filesystem shows on the drive is not on it.",
        "src/cardcat/storage/holding.py",
        "        if status.st_dev != self.device and self._tells_devices:\n",
        "        if not self._tells_devices:\n",
        "tests/test_repeats.py::test_what_lies_on_another_filesystem_is_not_there",
    ),
    Guard(
        "repeat-what-is-there",
        "The journal says nothing again of a file that has left the card.",
        "src/cardcat/catalog/items.py",
        "    if is_all:\n",
        "    if rows is not None:\n",
        "tests/test_repeats.py::test_a_file_that_left_the_card_is_not_said_again",
    ),
    Guard(
        "repeat-what-is-same",
        "The journal says again only what is as it was.",
        "src/cardcat/stages/dedupe.py",
        '(pl.col("held_mtime_ns") == pl.col("mtime_ns"))\n',
        'pl.col("held_mtime_ns").is_not_null()\n',
        "tests/test_repeats.py::test_only_what_is_as_it_was_is_a_repeat",
    ),
    Guard(
        "no-repeat-of-another",
        "A row of the journal that changes repeats nothing any more.",
        "src/cardcat/catalog/items.py",
        ' | {"is_repeat": false()})\n',
        ")\n",
        "tests/test_repeats.py::test_what_changes_in_a_session_that_is_taken_up_again_is_no_repeat_any_more",
    ),
    Guard(
        "look-to-the-end",
        "That a drive was pulled is noticed even where its open folder answers on from memory.",
        "src/cardcat/storage/holding.py",
        "            self.require_there()\n        finally:\n",
        "        finally:\n",
        "tests/test_repeats.py::test_a_drive_that_is_pulled_in_the_middle_of_a_folder_is_noticed",
    ),
    Guard(
        "leave-the-room",
        "Memory that may be another's by now is not taken away.",
        "src/cardcat/storage/quick/ahead.py",
        "        self._room = None\n\n\ndef",
        "        pass\n\n\ndef",
        "tests/storage/test_ahead.py::test_what_others_have_where_a_mapping_was_refused_is_left_alone",
    ),
    Guard(
        "repeats-that-stand-alone",
        "What others repeat of a row that changes stands for itself from then on.",
        "src/cardcat/stages/dedupe.py",
        "            end_repeats(c, session, finished)\n",
        "",
        "tests/test_repeats.py::test_a_session_that_is_taken_up_late_leaves_what_others_repeat_of_it",
    ),
)
