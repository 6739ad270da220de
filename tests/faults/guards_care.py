"""The guards of what looks after copies: verify, repair, and a catalog made anew from the drives."""

from __future__ import annotations

from tests.faults.guards_form import Guard

_CHECKS = "src/cardcat/catalog/checks.py"
_LOOKING = "src/cardcat/care/looking.py"
_READING = "src/cardcat/care/reading.py"
_REBUILDING = "src/cardcat/care/rebuilding.py"
_REPAIRING = "src/cardcat/care/repairing.py"
_RESTORING = "src/cardcat/care/restoring.py"
_VERIFYING = "src/cardcat/care/verifying.py"
_TEST_REBUILDING = "tests/care/test_rebuilding.py::"
_TEST_REPAIRING = "tests/care/test_repairing.py::"
_TEST_VERIFYING = "tests/care/test_verifying.py::"

CARE = (
    Guard(
        "verify-compares",
        "A copy that reads back as other bytes is found.",
        _READING,
        "if answer.sha256 != copy.hash:",
        "if False:",
        f"{_TEST_VERIFYING}test_rot_is_told_from_a_change_by_hand",
    ),
    Guard(
        "cold-only-if-proved",
        "A read is called cold only where memory is known to be empty of the file.",
        "src/cardcat/storage/verify.py",
        "Evidence.READ_BACK_COLD if proof.is_cold else Evidence.READ_BACK",
        "Evidence.READ_BACK_COLD",
        "tests/storage/test_verify.py::test_without_proof_it_is_not_cold",
    ),
    Guard(
        "only-filesystems-that-tell",
        "Where the kernel does not show what is in memory, nothing is called cold.",
        "src/cardcat/storage/verify.py",
        "    return fs_type in LOCAL_FILESYSTEMS\n",
        "    return True\n",
        "tests/storage/test_verify.py::test_where_memory_may_answer_unseen_nothing_is_cold",
    ),
    Guard(
        "earlier-proof-stays",
        "A read that memory may have answered takes no earlier proof away.",
        _LOOKING,
        "renews=not (is_same and has_more)",
        "renews=True",
        f"{_TEST_VERIFYING}test_a_read_that_memory_may_have_answered_keeps_the_earlier_proof",
    ),
    Guard(
        "found-bad-is-no-proof",
        "What was proved of a copy counts no more once it was found bad.",
        _CHECKS,
        "            _write(c, [row.id], doubted | ",
        "            dict(doubted | ",
        "tests/catalog/test_checks.py::test_a_bad_copy_keeps_its_status_and_loses_its_proof",
    ),
    Guard(
        "record-of-what-was-read",
        "What was found of a content is not recorded of another that a backup put there meanwhile.",
        _CHECKS,
        "if hashes.get(row.id) == row.expected]",
        "if hashes]",
        "tests/catalog/test_checks.py::"
        "test_what_is_said_of_a_content_is_not_said_of_the_next_one_at_its_place",
    ),
    Guard(
        "oldest-first",
        "The copy that nobody looked at for longest is read first.",
        "src/cardcat/catalog/due.py",
        "        .order_by(looked_at, rank, f.id)\n",
        "        .order_by(rank, f.id)\n",
        "tests/catalog/test_checks.py::test_what_was_never_checked_comes_first_then_what_was_not_for_longest",
    ),
    Guard(
        "budget",
        "A check ends when its time is used up.",
        "src/cardcat/plan/mending.py",
        "    if elapsed >= budget:\n        return False\n",
        "",
        "tests/plan/test_mending.py::test_nothing_is_begun_once_the_budget_is_used_up",
    ),
    Guard(
        "stop-with-what-was-done",
        "A check that is stopped ends soon, with what it found on record.",
        _VERIFYING,
        "if self._is_over or stop_requested():",
        "if self._is_over:",
        f"{_TEST_VERIFYING}test_what_was_checked_before_a_stop_is_on_record",
    ),
    Guard(
        "pulled-is-not-missing",
        "A drive that is pulled while it is read has no copy too few.",
        _LOOKING,
        "return checked if places.look(copy).now is not Now.OFFLINE else Checked(copy, None)",
        "return checked",
        f"{_TEST_VERIFYING}test_a_drive_that_is_pulled_in_the_middle_misses_nothing",
    ),
    Guard(
        "unknown-folder-misses-nothing",
        "A folder whose marker can't be read is not taken for one that lost its files.",
        _LOOKING,
        "            is_there = self.disk.exists(self.path)\n",
        "            is_there = False\n",
        f"{_TEST_VERIFYING}test_a_folder_whose_marker_can_not_be_read_misses_nothing",
    ),
    Guard(
        "quarantine",
        "A repair keeps the bad file; it deletes nothing.",
        _RESTORING,
        "        self._disk.rename_new(base / path, base / aside)\n",
        "        self._disk.remove(base / path)\n",
        f"{_TEST_REPAIRING}test_a_rotten_copy_is_restored_and_the_bad_file_is_kept",
    ),
    Guard(
        "quarantine-each",
        "Files that two repairs set aside do not get one name.",
        _RESTORING,
        'if there.look(f"{QUARANTINE}/{name}") is None)',
        "if name)",
        f"{_TEST_REPAIRING}test_several_repairs_of_one_file_keep_each_bad_one",
    ),
    Guard(
        "repair-replaces-nothing",
        "A file that came to the place of a bad one meanwhile is not written over.",
        _RESTORING,
        "            self._disk.rename_new(fresh, self._there.itself / path)\n",
        "            self._disk.replace(fresh, self._there.itself / path)\n",
        f"{_TEST_REPAIRING}test_a_file_that_comes_to_the_place_meanwhile_is_not_written_over",
    ),
    Guard(
        "recorded-hash-decides",
        "The copy that a repair reads from is hashed before it is trusted; the recorded hash decides.",
        _RESTORING,
        "        if outcome.hashes.sha256 != copy.hash:\n",
        "        if False:\n",
        f"{_TEST_REPAIRING}test_the_recorded_hash_decides_and_not_the_evidence",
    ),
    Guard(
        "repair-reads-back",
        "A restored file is read back before it gets its name.",
        _RESTORING,
        "        if proof.sha256 != copy.hash:\n",
        "        if False:\n",
        f"{_TEST_REPAIRING}test_what_the_drive_did_not_keep_is_not_put_in_place",
    ),
    Guard(
        "proved-before-set-aside",
        "A bad file stays in its place until the good one is proved.",
        _RESTORING,
        "            proof = self._bring(copy, source, fresh, on_bytes)\n"
        "            self._there.require_there()\n"
        "            self._set_aside(copy.path)\n",
        "            self._set_aside(copy.path)\n"
        "            proof = self._bring(copy, source, fresh, on_bytes)\n"
        "            self._there.require_there()\n",
        f"{_TEST_REPAIRING}test_what_the_drive_did_not_keep_is_not_put_in_place",
    ),
    Guard(
        "repair-only-ours",
        "A repair writes to folders only that cardcat made, and to that one which the copy is in.",
        _RESTORING,
        "    if marker is None or marker.location_uuid != location_uuid:\n",
        "    if False:\n",
        f"{_TEST_REPAIRING}test_a_folder_that_is_not_ours_is_not_written_to",
    ),
    Guard(
        "repair-alone",
        "A repair and a backup never work on one drive at once.",
        _RESTORING,
        "with lock(root, disk, itself=there.itself) as warning:",
        "with suppress() as warning:",
        f"{_TEST_REPAIRING}test_another_run_on_the_drive_is_waited_for",
    ),
    Guard(
        "repair-no-folder",
        "A repair moves files and links aside, never a folder that somebody put there.",
        _RESTORING,
        "        if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):\n",
        "        if False:\n",
        f"{_TEST_REPAIRING}test_a_folder_in_the_place_of_a_file_stays",
    ),
    Guard(
        "repair-room",
        "A repair does not begin what does not fit.",
        _RESTORING,
        "return free if size + _RESERVE > free else None",
        "return None",
        f"{_TEST_REPAIRING}test_a_full_drive_is_told_and_keeps_what_it_has",
    ),
    Guard(
        "repair-looks-again",
        "A repair reads the bad file again first: what is right by now stays as it is.",
        _REPAIRING,
        "            if self._is_still_bad(bad):\n",
        "            if bad:\n",
        f"{_TEST_REPAIRING}test_what_is_right_by_now_is_left_alone",
    ),
    Guard(
        "repair-settled",
        "What another run has put right meanwhile is left alone.",
        _REPAIRING,
        "if waiting[0].copy.id in open_now:",
        "if open_now is not None:",
        f"{_TEST_REPAIRING}test_what_another_run_has_settled_meanwhile_is_left",
    ),
    Guard(
        "repair-pulled-source",
        "A good copy whose drive is pulled while a repair reads it is not called bad.",
        _REPAIRING,
        "        if self._places.look(source).now is Now.OFFLINE:\n            return\n",
        "",
        f"{_TEST_REPAIRING}test_a_source_drive_that_is_pulled_says_nothing_against_its_copy",
    ),
    Guard(
        "sound-catalog-stays",
        "A catalog that is sound is not made anew unasked: it knows more than the drives.",
        _REBUILDING,
        "        _refuse_sound(where)\n",
        "        pass\n",
        f"{_TEST_REBUILDING}test_a_sound_catalog_is_not_replaced_unasked",
    ),
    Guard(
        "newer-catalog-stays",
        "What a newer cardcat wrote, and what is no catalog, is not replaced unasked.",
        _REBUILDING,
        "    if standing is Present.UNKNOWN:\n",
        "    if False:\n",
        f"{_TEST_REBUILDING}test_what_is_newer_or_no_catalog_at_all_is_set_aside_by_order_only",
    ),
    Guard(
        "claims-prove-nothing",
        "What a drive's lists say is a claim until it was read back.",
        "src/cardcat/claims.py",
        "e.mtime_ns, Evidence.CLAIMED, None",
        "e.mtime_ns, Evidence.READ_BACK_COLD, now",
        "tests/faults/test_hostile.py::test_a_crafted_manifest_is_trusted_for_nothing",
    ),
    Guard(
        "claims-contradict",
        "Where two lists disagree about a place, neither is believed before it was read.",
        "src/cardcat/claims.py",
        "    set_evidence(c, doubted, Evidence.CLAIMED,",
        "    set_evidence(c, doubted[:0], Evidence.CLAIMED,",
        "tests/test_resume.py::test_a_catalog_restored_from_an_older_copy_is_told_by_the_drive_what_changed",
    ),
    Guard(
        "copied-marker",
        "A backup folder that was copied with its marker is one of its own.",
        _REBUILDING,
        "    uuid = marker.location_uuid if marker and is_new else None\n",
        "    uuid = marker.location_uuid if marker else None\n",
        f"{_TEST_REBUILDING}test_a_root_that_was_copied_with_its_marker_is_one_of_its_own",
    ),
    Guard(
        "one-drive-ends-all",
        "What ends a check on one drive ends it on the others: no film is read to its end for nothing.",
        _VERIFYING,
        "            self._is_over = True\n",
        "            pass\n",
        f"{_TEST_VERIFYING}test_what_one_drive_ends_by_ends_the_other",
    ),
    Guard(
        "index-ends-at-once",
        "An index that fails reads no file to its end.",
        "src/cardcat/indexing/hashing.py",
        "            job.is_over = True\n",
        "            pass\n",
        "tests/indexing/test_ahead.py::test_a_film_is_not_read_to_its_end_once_the_catalog_fails",
    ),
)
