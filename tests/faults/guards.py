"""
The guards of the program, each with the change that takes it out and the test that must then fail.

`python scripts/take_out_guards.py` does that, one at a time, in a copy of the checkout. To add one: say what
it keeps safe, name the file, give the text as it stands there once, what stands there without it, and a test.
"""

from __future__ import annotations

from dataclasses import dataclass

_TABLE = "tests/faults/test_table.py::test_after_any_fault_nothing_is_wrong_and_a_normal_run_makes_it_whole"


@dataclass(frozen=True)
class Guard:
    """*name* chooses it on the command line; *test* is the one that catches, as pytest names it."""

    name: str
    guard: str
    file: str
    text: str
    without: str
    test: str


GUARDS = (
    Guard(
        "sync-copies",
        "Copies are on the medium before they are read back and named.",
        "src/cardcat/stages/copying.py",
        "        make_durable(run.disk, paths, destination.volume.fs_type)\n",
        "",
        "tests/faults/test_order.py::"
        "test_a_copy_has_its_name_only_when_it_was_synced_forgotten_and_read_back",
    ),
    Guard(
        "sync-drive-cache",
        "The drive's own cache is emptied too, not only the computer's.",
        "src/cardcat/storage/durable.py",
        "        disk.fsync(fd)  # some filesystems leave it to this call to empty the drive's own cache\n",
        "",
        "tests/storage/test_durable.py::test_a_disk_of_this_computer_is_synced_once_with_its_own_cache",
    ),
    Guard(
        "sync-each-file",
        "Where one call does not do for all files, each is synced.",
        "src/cardcat/storage/durable.py",
        "            disk.fsync(fd)\n",
        "            pass\n",
        "tests/storage/test_durable.py::test_elsewhere_every_file_is_synced",
    ),
    Guard(
        "sync-names",
        "The folder of a new name is synced before the copy is recorded.",
        "src/cardcat/stages/recording.py",
        "        run.disk.fsync_folder(destination.root / folder)\n",
        "        pass\n",
        "tests/faults/test_order.py::test_the_folder_of_each_new_name_is_synced",
    ),
    Guard(
        "sync-new-folders",
        "A folder that is made is there after a power cut.",
        "src/cardcat/storage/disk.py",
        "            self.make_folder(name, folder)\n            self.fsync_folder(folder)\n",
        "            self.make_folder(name, folder)\n",
        "tests/faults/test_order.py::test_each_folder_that_is_made_is_synced",
    ),
    Guard(
        "sync-lists",
        "A manifest or marker is on the medium before it has its name.",
        "src/cardcat/storage/atomic.py",
        "        disk.fsync(fd)\n",
        "",
        "tests/storage/test_destination.py::test_a_marker_is_synced_before_it_has_its_name",
    ),
    Guard(
        "drop-cache",
        "A copy is read back from the medium: memory has forgotten it, and that was checked.",
        "src/cardcat/storage/verify.py",
        "        proof = _forget(disk, fd, size, fs_type)\n",
        '        proof = _Proof(is_cold=True, how="")\n',
        "tests/faults/test_medium.py::test_a_byte_that_changed_below_the_page_cache_is_seen",
    ),
    Guard(
        "ask-to-forget",
        "The system is asked to forget the pages of a copy.",
        "src/cardcat/storage/disk.py",
        "            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)\n",
        "",
        "tests/storage/test_disk.py::test_synced_pages_can_be_dropped_and_counted",
    ),
    Guard(
        "compare",
        "What is read back is compared with what was read from the card.",
        "src/cardcat/stages/copying.py",
        "        if proof is not None and proof.xxh3 == file.hashes.xxh3:\n",
        "        if proof is not None:\n",
        f"{_TABLE}[flipped on the medium]",
    ),
    Guard(
        "no-proof-no-name",
        "A copy that is not proved gets no name.",
        "src/cardcat/stages/copying.py",
        "        del file.proofs[destination.number]\n",
        "",
        f"{_TABLE}[flipped on the way]",
    ),
    Guard(
        "no-replace",
        "A name that is taken is never taken over.",
        "src/cardcat/storage/disk.py",
        "                _linux.rename_noreplace(os.fsencode(source), os.fsencode(name), folder)\n",
        "                os.rename(source, name, dst_dir_fd=folder)\n",
        "tests/storage/test_disk.py::test_renaming_replaces_nothing_even_if_nobody_looks",
    ),
    Guard(
        "look-before-renaming",
        "Where the filesystem can't promise that, the name is looked for first.",
        "src/cardcat/storage/disk.py",
        "            if self.exists(target):\n",
        "            if False:\n",
        "tests/storage/test_disk.py::test_renaming_looks_first_where_the_filesystem_promises_nothing",
    ),
    Guard(
        "new-files-only",
        "A file is written only where there was none.",
        "src/cardcat/storage/disk.py",
        "_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC\n",
        "_NEW = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC\n",
        "tests/storage/test_disk.py::test_a_new_file_replaces_nothing",
    ),
    Guard(
        "journal-first",
        "The journal says where a copy goes before it gets its name.",
        "src/cardcat/stages/recording.py",
        "        set_items(c, destination.session_id, rows, now())\n",
        "        list(rows)\n",
        "tests/faults/test_order.py::test_the_journal_comes_before_the_name_and_the_record_after_it_is_safe",
    ),
    Guard(
        "record-last",
        "A copy is recorded when it has its name, not before.",
        "src/cardcat/stages/settling.py",
        "    publish(run, destination, entries)\n    skipped = _skipped(run, work, held, entries)\n"
        "    record(run, destination, entries, skipped)\n",
        "    skipped = _skipped(run, work, held, entries)\n    record(run, destination, entries, skipped)\n"
        "    publish(run, destination, entries)\n",
        "tests/faults/test_order.py::test_the_journal_comes_before_the_name_and_the_record_after_it_is_safe",
    ),
    Guard(
        "adopt",
        "What was named and not recorded is taken over by the next run, not copied again.",
        "src/cardcat/stages/hashing.py",
        "    adopt_leftovers(run)\n",
        "",
        "tests/faults/test_order.py::test_killed_between_the_names_and_the_record_nothing_is_copied_again",
    ),
    Guard(
        "adopt-what-is-right",
        "Only a copy that reads back as the journal says is taken over.",
        "src/cardcat/stages/leftovers.py",
        "    if proof.sha256 != row.hash:\n        return None\n",
        "",
        "tests/faults/test_order.py::test_what_was_changed_since_it_got_its_name_is_not_taken_over",
    ),
    Guard(
        "clean-up",
        "No temporary file stays behind.",
        "src/cardcat/stages/finishing.py",
        "            clean_incoming(run.disk, destination.there.itself)\n",
        "            pass\n",
        f"{_TABLE}[killed]",
    ),
    Guard(
        "read-only-source",
        "A file of the card is opened for reading only.",
        "src/cardcat/storage/_opening.py",
        "    os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK\n",
        "    os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK\n",
        "tests/faults/test_order.py::test_a_source_is_opened_for_reading_only",
    ),
    Guard(
        "access-times",
        "The card's files keep the time at which they were last read.",
        "src/cardcat/storage/_opening.py",
        "        return os.open(path, flags | _UNSEEN, dir_fd=folder)\n",
        "        return os.open(path, flags, dir_fd=folder)\n",
        "tests/storage/test_copying.py::test_the_source_is_not_written_to_and_keeps_its_access_time",
    ),
    Guard(
        "no-links",
        "No link is followed below a folder that is held open.",
        "src/cardcat/storage/_opening.py",
        "_FOLDER if within is None else _FOLDER | os.O_NOFOLLOW",
        "_FOLDER",
        "tests/faults/test_order.py::test_no_link_is_followed_below_an_open_folder",
    ),
    Guard(
        "source-changed",
        "A source that changes while it is read is not taken for a copy.",
        "src/cardcat/storage/copying.py",
        "            return None\n        require_unchanged(disk, fd, expected, source)\n",
        "            return None\n",
        "tests/storage/test_copying.py::test_a_source_that_changes_while_it_is_read_leaves_no_target",
    ),
    Guard(
        "all-bytes",
        "A source that gives fewer bytes than it has is not taken for a copy.",
        "src/cardcat/storage/copying.py",
        "    require_all_read(hasher.size, expected, source)\n",
        "",
        "tests/storage/test_copying.py::test_a_source_that_gives_fewer_bytes_than_it_says_leaves_no_target",
    ),
    Guard(
        "same-card",
        "A card that takes the place of another is not taken for it.",
        "src/cardcat/stages/copying.py",
        "    run.source.there.require_same()\n",
        "",
        "tests/test_resume.py::test_a_card_that_takes_the_place_of_another_is_not_taken_for_it",
    ),
    Guard(
        "card-gone",
        "A card that was pulled ends the run; it is not a list of unreadable files.",
        "src/cardcat/stages/copying.py",
        "        run.check_source()\n",
        "",
        "tests/faults/test_order.py::test_a_card_that_is_pulled_while_it_is_copied_ends_the_run",
    ),
    Guard(
        "empty-mount-point",
        "Nothing is made in the empty folder that a pulled drive leaves behind.",
        "src/cardcat/storage/holding.py",
        "        self._disk.make_folders(path, within=self.fd)\n",
        "        self._disk.make_folders(self.path / path)\n",
        f"{_TABLE}[empty mount point]",
    ),
    Guard(
        "lock-on-the-drive",
        "Not even a lock is left in it.",
        "src/cardcat/opening.py",
        "place.lock(root, run.disk, itself=there.itself)",
        "place.lock(root, run.disk)",
        "tests/faults/test_order.py::test_a_drive_that_goes_before_it_is_locked_leaves_an_empty_folder_empty",
    ),
    Guard(
        "metadata-of-the-other",
        "What is inside a file is not lost because the drive that it was read from was pulled.",
        "src/cardcat/stages/inside.py",
        "        if not (any(metadata.trouble for metadata in found) and _lost_a_drive(run) and run.alive):\n"
        "            return found\n",
        "        return found\n",
        "tests/faults/test_order.py::test_a_drive_that_goes_while_metadata_is_read_leaves_them_to_the_other",
    ),
    Guard(
        "lock",
        "Two runs never work on one destination at once.",
        "src/cardcat/storage/destination.py",
        "        disk.lock(fd)\n",
        "        pass\n",
        "tests/storage/test_destination.py::test_a_second_run_is_told_who_holds_the_destination",
    ),
    Guard(
        "marker",
        "The marker of another destination is not taken for this one's.",
        "src/cardcat/storage/destination.py",
        "    if present and (present.volume_uuid, present.location_uuid) == (volume_uuid, location_uuid):\n",
        "    if present:\n",
        "tests/storage/test_destination.py::test_a_marker_of_another_destination_is_kept_beside_the_new_one",
    ),
    Guard(
        "short-writes",
        "What the system did not take at once is written too.",
        "src/cardcat/storage/disk.py",
        "            view = view[written:]\n",
        "            return\n",
        f"{_TABLE}[short write]",
    ),
    Guard(
        "closing",
        "Trouble at closing what was only read ends nothing.",
        "src/cardcat/storage/disk.py",
        "        with suppress(OSError):\n            self.close(fd)\n",
        "        self.close(fd)\n",
        f"{_TABLE}[card gone]",
    ),
    Guard(
        "open-findings",
        "What was put right by a later run is no open finding any more.",
        "src/cardcat/stages/dedupe.py",
        "            resolve_findings(c, session, ended, now())\n",
        "",
        "tests/faults/test_order.py::test_a_finding_is_closed_when_an_equal_file_answers_for_it",
    ),
    Guard(
        "whole-fingerprints",
        "A fingerprint of half a block is none.",
        "src/cardcat/storage/hashing.py",
        '            raise OSError(errno.EIO, "it ended before its end")\n',
        "            break\n",
        "tests/storage/test_hashing.py::test_a_file_that_became_shorter_has_no_fingerprint",
    ),
)
