"""The guards of what is started by itself when a card is plugged in."""

from __future__ import annotations

from tests.faults.guards_form import Guard

_CARDS = "src/cardcat/plan/cards.py"
_INSERTED = "src/cardcat/inserted.py"
_READERS = "src/cardcat/storage/readers.py"
_WATCHED = "src/cardcat/catalog/watched.py"
_WATCHING = "src/cardcat/watching.py"
_WATCHLIST = "src/cardcat/watchlist.py"
_TEST = "tests/test_watching.py::"

WATCHING = (
    Guard(
        "once-for-an-insertion",
        "A card that stays in the reader is backed up once.",
        _CARDS,
        "return handled != insertion.stamp",
        "return True",
        "tests/plan/test_cards.py::test_a_card_is_due_once_for_a_stay_and_again_when_it_was_filled",
    ),
    Guard(
        "filled-is-due-again",
        "A card that was filled in the reader is backed up again.",
        _CARDS,
        'return f"{self.stay}/{self.free_bytes}"',
        "return self.stay",
        f"{_TEST}test_a_card_is_backed_up_once_for_each_time_that_it_is_put_in_or_filled",
    ),
    Guard(
        "no-destination-for-a-card",
        "A drive that is backed up to is not taken for a card.",
        _CARDS,
        "    if OWN_FOLDER in top.folders:\n        return None\n",
        "",
        "tests/plan/test_cards.py::test_a_drive_that_is_backed_up_to_is_no_card",
    ),
    Guard(
        "no-known-drive-for-a-card",
        "Nor is one whose folder for backups lies deeper.",
        _INSERTED,
        "(may_be and volume.key not in drives)",
        "may_be",
        f"{_TEST}test_what_looks_like_no_card_or_is_backed_up_to_is_not_told_of",
    ),
    Guard(
        "never-the-system-disk",
        "The disk that the computer runs from is never a card, whatever was enabled.",
        _INSERTED,
        "if plugged.is_system or not (enabled or may_be):",
        "if not (enabled or may_be):",
        f"{_TEST}test_the_disk_that_the_computer_runs_from_is_never_a_card",
    ),
    Guard(
        "system-disk-not-enabled",
        "It can't be enabled either.",
        _WATCHLIST,
        "if plugged is None or plugged.is_system:",
        "if plugged is None:",
        f"{_TEST}test_the_disk_that_the_computer_runs_from_is_never_a_card",
    ),
    Guard(
        "only-top-folders",
        "Of a card that is not enabled only the top folders are looked at.",
        _CARDS,
        "return name.upper() in _INNER_SIGNS",
        "return True",
        f"{_TEST}test_of_a_card_that_is_not_enabled_only_top_folders_are_listed",
    ),
    Guard(
        "looked-at-unseen",
        "Looking at a card leaves its access times.",
        _READERS,
        "    root = disk.open_folder(mount_point)\n",
        "    root = os.open(mount_point, os.O_RDONLY)\n",
        f"{_TEST}test_of_a_card_that_is_not_enabled_only_top_folders_are_listed",
    ),
    Guard(
        "no-clone-started",
        "Nothing is started for a clone, or for a card beside its clone.",
        _WATCHING,
        "            doubtful = is_doubtful(c, card.volume)\n",
        "            doubtful = False\n",
        f"{_TEST}test_of_a_card_and_its_clone_neither_is_started",
    ),
    Guard(
        "no-card-of-another-size",
        "Nothing is started for a card of another size with the same UUID.",
        _WATCHING,
        "if not doubtful and enabled.volume.total_bytes in (None, card.volume.total_bytes):",
        "if not doubtful:",
        f"{_TEST}test_a_card_of_another_size_is_another_card",
    ),
    Guard(
        "no-clone-enabled",
        "A card that may be a clone can't be enabled.",
        _WATCHLIST,
        "        if is_doubtful(c, volume):\n",
        "        if False:\n",
        f"{_TEST}test_of_a_card_and_its_clone_neither_is_started",
    ),
    Guard(
        "only-with-a-uuid",
        "A card that can't be recognised can't be enabled.",
        _WATCHLIST,
        'if not card.key.startswith("uuid:"):',
        "if False:",
        f"{_TEST}test_a_card_without_a_uuid_cannot_be_enabled",
    ),
    Guard(
        "not-onto-the-card",
        "A card is not backed up to itself.",
        _WATCHLIST,
        "        check_apart(card.volume.mount_point, roots)\n",
        "        pass\n",
        f"{_TEST}test_what_makes_no_sense_is_refused",
    ),
    Guard(
        "told-once",
        "What a person should know of a card is said once while it stays.",
        _WATCHING,
        "            if was_told(c, *said):\n                return\n",
        "            was_told(c, *said)\n",
        f"{_TEST}test_a_card_that_is_not_enabled_is_told_of_once_with_the_command",
    ),
    Guard(
        "one-starter",
        "Of two processes that look at once one starts the backup.",
        _WATCHED,
        "and _place(row) not in taken_places and _handled(row, is_alive) != stamp",
        "",
        f"{_TEST}test_of_two_that_look_at_once_one_starts",
    ),
    Guard(
        "another-starter",
        "Of several drives none is filled while another process is about to fill one: the card is read once.",
        _WATCHING,
        "        return destination.is_starting or (run",
        "        return (run",
        f"{_TEST}test_a_card_is_not_read_twice_because_another_process_starts_with_one_of_its_drives",
    ),
    Guard(
        "killed-starter",
        "What a killed process was about to do is still to do.",
        _WATCHED,
        "return row.handled if row.starter is None or is_alive(row.starter) else None",
        "return row.handled",
        f"{_TEST}test_what_a_killed_process_was_about_to_start_is_started",
    ),
    Guard(
        "broken-off-is-to-do",
        "What was broken off is still to do.",
        _WATCHING,
        "                release(c, enabled.volume.id, positions)\n",
        "                note_started(c, enabled.volume.id, positions, None)\n",
        f"{_TEST}test_what_was_broken_off_is_still_to_do",
    ),
    Guard(
        "one-run-for-a-drive",
        "Two runs that were started for one drive are not at work at once.",
        _WATCHING,
        "        if destination.place in self._begun:\n            return True\n",
        "",
        f"{_TEST}test_two_cards_for_one_drive_go_one_after_the_other",
    ),
    Guard(
        "runs-that-are-begun",
        "A run that was started for a drive is waited for, also before it has a session.",
        _WATCHING,
        "(run is not None and is_fresh and self._starter.is_at_work(run))",
        "False",
        f"{_TEST}test_two_cards_for_one_drive_go_one_after_the_other",
    ),
    Guard(
        "sessions-at-work",
        "A drive that any session writes to is waited for.",
        _WATCHING,
        "            if destination.place in places_at_work(c, is_alive):\n                return True\n",
        "            places_at_work(c, is_alive)\n",
        f"{_TEST}test_a_drive_that_a_session_writes_to_is_waited_for",
    ),
    Guard(
        "drives-by-uuid",
        "The folder that an unplugged drive leaves behind is not filled.",
        _WATCHING,
        "if volume.key == destination.drive.key else None",
        "",
        f"{_TEST}test_a_drive_that_is_absent_is_told_of_once_and_filled_when_it_comes",
    ),
)
