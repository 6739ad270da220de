"""The guards of what is on record: lists and histories on drives, catalogs, and who may write to them."""

from __future__ import annotations

from tests.faults.guards_form import Guard

_CHAIN = "src/cardcat/storage/mhl/chain.py"
_ENGINE = "src/cardcat/catalog/engine.py"
_FRESH = "src/cardcat/catalog/fresh.py"
_MAINTAIN = "src/cardcat/catalog/maintain.py"
_MANIFEST = "src/cardcat/storage/manifest.py"
_MIGRATE = "src/cardcat/catalog/migrate.py"
_SNAPSHOT = "src/cardcat/catalog/snapshot.py"
_SQLITE = "src/cardcat/catalog/sqlite.py"
_TELLING = "src/cardcat/storage/mhl/telling.py"
_XML = "src/cardcat/storage/mhl/xml.py"
_TEST_BACKUP = "tests/catalog/test_maintain.py::TestBackup::"
_TEST_ENGINE = "tests/catalog/test_engine.py::"
_TEST_HISTORY = "tests/storage/test_mhl_history.py::"
_TEST_MANIFEST = "tests/storage/test_manifest.py::"
_TEST_MHL = "tests/storage/test_mhl.py::"
_TEST_MIGRATE = "tests/catalog/test_migrate.py::"
_TEST_RESTORE = "tests/catalog/test_maintain.py::TestRestore::"

RECORDS = (
    Guard(
        "lists-whole",
        "A list or marker appears as a whole, or not at all.",
        "src/cardcat/storage/atomic.py",
        "        with _synced(disk, unfinished, read_only=read_only) as write:\n"
        "            yield write\n"
        "        disk.rename_new(unfinished, path)\n",
        "        with _synced(disk, path, read_only=read_only) as write:\n            yield write\n",
        "tests/storage/test_destination.py::test_a_marker_appears_whole_or_not_at_all",
    ),
    Guard(
        "lists-stay",
        "A list of an earlier session is never written over: a new one gets a name of its own.",
        _MANIFEST,
        "        if not disk.exists(path) and not disk.exists(path.with_name(path.name + _MORE)):\n",
        "        if number:\n",
        f"{_TEST_MANIFEST}test_a_manifest_is_read_only_and_replaces_nothing",
    ),
    Guard(
        "lists-read-only",
        "A list is read-only as soon as it has its name.",
        _MANIFEST,
        "new_file(disk, path, place, read_only=True)",
        "new_file(disk, path, place)",
        f"{_TEST_MANIFEST}test_a_manifest_is_read_only_and_replaces_nothing",
    ),
    Guard(
        "lists-that-fail",
        "A list that could not be read is not taken for a short one.",
        _MANIFEST,
        "        yield from _split(path, disk or this_disk())\n"
        "    except OSError as error:\n"
        "        if disk and error.errno not in _NO_FILE:\n",
        "        yield from _split(path, disk or this_disk())\n"
        "    except OSError as error:\n"
        "        if error is None:\n",
        "tests/faults/test_order.py::test_a_list_that_cannot_be_read_is_read_by_the_next_run",
    ),
    Guard(
        "names-for-xml",
        "A name that XML can't hold spoils no ASC MHL history: it is left out, and that is said.",
        _TELLING,
        "if entry.xxh3 and can_hold(entry.path) and ",
        "if entry.xxh3 and ",
        f"{_TEST_HISTORY}test_names_that_xml_cannot_hold_are_left_out",
    ),
    Guard(
        "marks-for-xml",
        "What is markup in XML is escaped in a history.",
        _XML,
        "    return _MARKUP.sub(lambda char: ",
        "    return _UNHOLDABLE.sub(lambda char: ",
        f"{_TEST_MHL}test_every_path_is_read_as_it_was_written",
    ),
    Guard(
        "generations-read-only",
        "A generation of a history is read-only as soon as it has its name.",
        _TELLING,
        "workplace(self._root), read_only=True)",
        "workplace(self._root))",
        f"{_TEST_HISTORY}test_generations_are_read_only",
    ),
    Guard(
        "chain-as-it-was",
        "A chain that somebody else has changed meanwhile is not replaced.",
        _TELLING,
        "    if chain_now(disk, history) != history.chain:\n",
        "    if False:\n",
        f"{_TEST_HISTORY}test_a_chain_that_changes_meanwhile_is_not_replaced",
    ),
    Guard(
        "chain-can-be-continued",
        "A chain that can't be read again with what was added is left as it is.",
        _CHAIN,
        "    if read_chain(after) != [*read_chain(before), *links]:\n",
        "    if False:\n",
        f"{_TEST_MHL}test_a_chain_that_cannot_be_continued_is_known",
    ),
    Guard(
        "chain-not-endless",
        "A chain without end is not taken into memory.",
        "src/cardcat/storage/mhl/history.py",
        "    if len(content) > LARGEST:\n",
        "    if False:\n",
        f"{_TEST_HISTORY}test_what_is_no_history_is_left_alone_and_told_of",
    ),
    Guard(
        "xml-no-type",
        "XML of others with a document type of its own, which may grow without end, is not read.",
        _XML,
        "        self._parser.StartDoctypeDeclHandler = _refuse\n",
        "",
        f"{_TEST_MHL}test_a_chain_that_cannot_be_continued_is_known",
    ),
    Guard(
        "xml-pieces",
        "Nor is a tag or comment of it that has no end.",
        _XML,
        "        if self._waiting > _LONGEST_TOKEN:\n",
        "        if False:\n",
        f"{_TEST_MHL}test_what_the_parser_would_hold_on_to_is_not_read_to_its_end",
    ),
    Guard(
        "xml-names",
        "Nor more names than memory should hold.",
        _XML,
        "        if len(self._parser.intern) > _MOST_NAMES:\n",
        "        if False:\n",
        f"{_TEST_MHL}test_what_the_parser_would_hold_on_to_is_not_read_to_its_end",
    ),
    Guard(
        "destination-lock-file",
        "Nothing is written to what stands in the lock's place and is not ours alone.",
        "src/cardcat/storage/destination.py",
        "    if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:\n",
        "    if True:\n",
        "tests/faults/test_hostile.py::test_what_stands_for_a_file_of_ours_is_not_written_to",
    ),
    Guard(
        "incoming-no-link",
        "What a link leads to is not cleaned up, even where our own folder should be.",
        "src/cardcat/storage/destination.py",
        "    return disk.exists(path) and stat.S_ISDIR(disk.stat(path).st_mode)\n",
        "    return disk.exists(path) and path.is_dir()\n",
        "tests/storage/test_destination.py::test_a_link_in_the_folders_place_is_not_emptied",
    ),
    Guard(
        "catalog-lock-restore",
        "No catalog is put in the place of one that is in use.",
        _MAINTAIN,
        "    with lock.alone(path, wait=0), told_of_files(path):\n",
        "    with told_of_files(path):\n",
        f"{_TEST_RESTORE}test_while_cardcat_has_the_catalog_open_is_refused",
    ),
    Guard(
        "catalog-lock-migrate",
        "No catalog is migrated while the version before has it open.",
        _ENGINE,
        "        with lock.alone(path):\n            migrate.migrate(path)\n",
        "        migrate.migrate(path)\n",
        f"{_TEST_MIGRATE}test_a_catalog_in_use_by_the_version_before_is_not_migrated",
    ),
    Guard(
        "catalog-write-lock",
        "A transaction takes the write lock first, so that it can't fail half-way for another's.",
        _SQLITE,
        '_WRITING, "BEGIN IMMEDIATE", ',
        '_WRITING, "BEGIN", ',
        f"{_TEST_ENGINE}test_many_threads_write_one_after_the_other",
    ),
    Guard(
        "catalog-synced",
        "What was committed to the catalog is on the disk.",
        _SQLITE,
        '_WRITING = (\n    "journal_mode=WAL",\n    "synchronous=FULL",\n',
        '_WRITING = (\n    "journal_mode=WAL",\n    "synchronous=NORMAL",\n',
        f"{_TEST_ENGINE}test_the_connection_is_as_safe_as_promised",
    ),
    Guard(
        "catalog-readers",
        "Whoever only asks can't change the catalog.",
        _SQLITE,
        '_READING = ("query_only=ON",)',
        "_READING = ()",
        f"{_TEST_ENGINE}test_a_reader_can_not_write",
    ),
    Guard(
        "catalog-newer",
        "A catalog that a newer program wrote is refused, and left as it is.",
        _MIGRATE,
        "    if standing is State.NEWER:\n",
        "    if False:\n",
        f"{_TEST_ENGINE}TestRefused::test_a_newer_catalog",
    ),
    Guard(
        "catalog-foreign",
        "The database of another program is refused, and left as it is.",
        _MIGRATE,
        "    if standing is State.FOREIGN:\n",
        "    if False:\n",
        f"{_TEST_ENGINE}TestRefused::test_the_database_of_another_program",
    ),
    Guard(
        "catalog-foreign-rebuild",
        "The database of another program is not moved away for a new catalog.",
        _FRESH,
        "    if standing is migrate.State.FOREIGN:\n",
        "    if False:\n",
        "tests/care/test_rebuilding.py::test_the_database_of_another_program_is_never_moved",
    ),
    Guard(
        "catalog-tiny",
        "A file of few bytes is not taken for an empty database and written over.",
        _SQLITE,
        "        if 0 < size < _SMALLEST:\n",
        "        if False:\n",
        f"{_TEST_ENGINE}TestRefused::test_a_file_that_is_no_database",
    ),
    Guard(
        "catalog-damaged-rows",
        "What looks like a bug and comes of a damaged row is told as damage, with what to do.",
        _ENGINE,
        "            require_sound(self.path, error)\n",
        "            pass\n",
        f"{_TEST_ENGINE}test_a_bug_over_damaged_rows_is_the_catalogs",
    ),
    Guard(
        "migration-one-transaction",
        "A migration is one transaction: a kill in it leaves the catalog as it was.",
        _SQLITE,
        "        connection.exec_driver_sql(begin)\n",
        "        connection.info\n",
        f"{_TEST_MIGRATE}test_a_kill_in_a_migration_leaves_the_catalog_as_it_was",
    ),
    Guard(
        "migration-keeps-a-copy",
        "A catalog is copied before it is migrated.",
        _MIGRATE,
        "    copy = None if standing is State.ABSENT else _kept(path, needed)\n",
        "    copy = None\n",
        f"{_TEST_MIGRATE}test_a_migration_keeps_a_checked_copy_of_what_was",
    ),
    Guard(
        "migration-keeps-rows",
        "A migration that makes a table anew does not delete the rows that refer to it.",
        _SQLITE,
        '_MIGRATING = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF")',
        '_MIGRATING = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")',
        f"{_TEST_MIGRATE}test_rebuilding_a_parent_table_keeps_every_row",
    ),
    Guard(
        "migration-references",
        "A migration that would leave a row without the one it refers to is taken back.",
        _MIGRATE,
        "        _check_references(path, connection)\n",
        "",
        f"{_TEST_MIGRATE}test_a_migration_that_would_break_a_reference_says_so",
    ),
    Guard(
        "copy-checked",
        "A copy of a catalog is read completely before it gets its name.",
        _SNAPSHOT,
        "        if found := sqlite.problems(copy):\n            raise damaged(of, found[0])\n",
        "",
        f"{_TEST_BACKUP}test_of_a_damaged_catalog_is_refused",
    ),
    Guard(
        "copy-overwrites-nothing",
        "A copy of a catalog overwrites nothing, not even what came there while it was made.",
        _SNAPSHOT,
        "        os.link(partial, target)\n",
        "        partial.replace(target)\n",
        f"{_TEST_BACKUP}test_overwrites_nothing_that_comes_while_it_works",
    ),
    Guard(
        "restore-sets-aside",
        "The catalog that a restore replaces is kept under another name.",
        _MAINTAIN,
        "            aside = _set_aside(path)\n",
        "            aside = None\n",
        f"{_TEST_RESTORE}test_brings_back_the_copy_and_sets_the_present_one_aside",
    ),
    Guard(
        "restore-takes-the-log-away",
        "A restored catalog does not read the log of the one before it.",
        _MAINTAIN,
        "        sqlite.beside(path, suffix).rename(sqlite.beside(aside, suffix))\n",
        "        pass\n",
        f"{_TEST_RESTORE}test_replaces_a_damaged_catalog_and_keeps_all_of_it",
    ),
)
