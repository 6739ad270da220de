"""The guards against cards, drives and files that mean harm, or are damaged so that they do it."""

from __future__ import annotations

from tests.faults.guards_form import Guard

_BOUNDED = "src/cardcat/media/bounded.py"
_CHUNKS = "src/cardcat/media/photos/chunks.py"
_ENTRIES = "src/cardcat/storage/entries.py"
_INPUTS = "src/cardcat/inputs.py"
_NAMES = "src/cardcat/plan/names.py"
_OUTPUT = "src/cardcat/cli/output.py"
_PROTOCOL = "src/cardcat/media/protocol.py"
_SAFE_XML = "src/cardcat/media/sidecars/safe_xml.py"
_WORKER = "src/cardcat/media/worker.py"
_TEST_BAD_INPUT = "tests/test_bad_input.py::"
_TEST_HOSTILE = "tests/faults/test_hostile.py::"
_TEST_LISTS = "tests/storage/test_manifest.py::"
_TEST_NAMES = "tests/plan/test_names.py::"
_TEST_PHOTOS = "tests/media/test_hostile_photos.py::"
_TEST_POOL = "tests/media/test_pool.py::"
_TEST_SIDECAR = "tests/media/test_sidecar.py::"

HOSTILE = (
    Guard(
        "climbing",
        "A path in a drive's list that leads out of the drive (`..`, absolute) is passed over.",
        _ENTRIES,
        '    return not any(part in ("", ".", "..") for part in path.split("/"))\n',
        "    return True\n",
        f"{_TEST_LISTS}test_a_path_that_leads_elsewhere_is_refused",
    ),
    Guard(
        "drive-letters",
        "So is one that leads out of it on Windows.",
        _ENTRIES,
        ' or "\\0" in path or _DRIVE.match(path):',
        ' or "\\0" in path:',
        f"{_TEST_LISTS}test_a_path_that_leads_elsewhere_is_refused",
    ),
    Guard(
        "climbing-in-sums",
        "The same in a list that has only sums.",
        "src/cardcat/storage/manifest.py",
        "        if found and is_below(found[0]):\n",
        "        if found:\n",
        f"{_TEST_HOSTILE}test_a_crafted_manifest_is_trusted_for_nothing",
    ),
    Guard(
        "names-dots",
        "A name from a card or a label that is `.` or `..` leads nowhere.",
        _NAMES,
        ' in _OURS or name in (".", ".."):',
        " in _OURS:",
        f"{_TEST_NAMES}test_a_trap_is_fitted_to_a_name_that_can_be_held",
    ),
    Guard(
        "names-slash",
        "Nor does a label with a slash in it.",
        _NAMES,
        '    if char in "/\\0":\n        return True\n',
        "",
        f"{_TEST_HOSTILE}test_a_label_of_a_card_leads_nowhere",
    ),
    Guard(
        "names-ours",
        "What a card has under a name of our own folders does not get into them.",
        _NAMES,
        "    if same_name_key(name) in _OURS or ",
        "    if ",
        f"{_TEST_NAMES}test_folders_of_ours_are_recognised_as_any_filesystem_would",
    ),
    Guard(
        "names-devices",
        "A name that means a device to Windows (CON, NUL) gets another where Windows may read it.",
        _NAMES,
        "    if rules.is_windows and _WINDOWS_DEVICES.fullmatch(name):\n        refused.add(0)\n",
        "",
        f"{_TEST_NAMES}test_windows_names_are_percent_encoded",
    ),
    Guard(
        "links-on-a-card",
        "A folder of a card that becomes a link while it is read leads nowhere.",
        "src/cardcat/storage/below.py",
        "_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC",
        "_PATH | os.O_DIRECTORY | os.O_CLOEXEC",
        f"{_TEST_HOSTILE}test_a_card_that_changes_while_it_is_read_leads_nowhere",
    ),
    Guard(
        "pipes",
        "A pipe or device in a file's place is not read.",
        "src/cardcat/storage/_opening.py",
        "    if not stat.S_ISREG(os.fstat(fd).st_mode):\n",
        "    if False:\n",
        "tests/storage/test_disk.py::test_a_pipe_or_a_link_is_not_opened_as_a_source",
    ),
    Guard(
        "apart",
        "No destination lies in the source, whatever it is called by.",
        _INPUTS,
        "        if _contains(source, destination):\n",
        "        if False:\n",
        f"{_TEST_BAD_INPUT}test_a_source_and_a_destination_in_one_another",
    ),
    Guard(
        "apart-mounts",
        "Nor by another mount of the same filesystem.",
        _INPUTS,
        "    return is_one_filesystem and _place(inner).is_relative_to(_place(outer))\n",
        "    return False\n",
        "tests/faults/test_drives.py::test_a_bind_mount_does_not_hide_that_a_destination_lies_in_the_source",
    ),
    Guard(
        "catalog-apart",
        "No catalog is made on the card.",
        _INPUTS,
        "    if _contains(source, catalog):\n",
        "    if False:\n",
        f"{_TEST_BAD_INPUT}test_a_catalog_on_the_card_is_refused",
    ),
    Guard(
        "room-first",
        "What can't fit is told before the first byte is copied.",
        "src/cardcat/stages/dedupe.py",
        "    if needed > free:\n",
        "    if False:\n",
        f"{_TEST_BAD_INPUT}test_a_destination_that_is_too_small_gets_nothing",
    ),
    Guard(
        "escapes",
        "Control characters, and marks that turn the direction of text, reach no terminal.",
        "src/cardcat/paths.py",
        '    if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cn"):\n',
        "    if False:\n",
        "tests/plan/test_paths.py::test_what_could_deceive_or_move_the_cursor_is_escaped",
    ),
    Guard(
        "escapes-in-lines",
        "That holds for every line that is printed.",
        _OUTPUT,
        "    console.print(paths.display(sentence), ",
        "    console.print(sentence, ",
        "tests/cli/test_output.py::test_a_name_never_reaches_a_terminal_as_it_is",
    ),
    Guard(
        "escapes-in-tables",
        "And for every cell of a table.",
        _OUTPUT,
        "[[paths.display(cell) for cell in row] for row in rows]",
        "[list(row) for row in rows]",
        "tests/cli/test_output.py::test_a_name_never_reaches_a_terminal_as_it_is",
    ),
    Guard(
        "escapes-in-html",
        "A name is text in a report, never a tag.",
        "src/cardcat/printed/html.py",
        "Html(escape(display(told)))",
        "Html(display(told))",
        "tests/safety/test_report.py::test_names_can_do_nothing",
    ),
    Guard(
        "lines-without-end",
        "A line without end in a drive's list is not taken into memory.",
        "src/cardcat/storage/manifest.py",
        '            if len(rest) >= _LONGEST:\n                rest, is_too_long = b"", True\n',
        "",
        f"{_TEST_HOSTILE}test_a_manifest_without_end_is_read_in_little_memory",
    ),
    Guard(
        "claims-without-end",
        "Nor are the long lines of such a list all at once.",
        "src/cardcat/claims.py",
        " or size >= _PORTION_BYTES:",
        ":",
        f"{_TEST_HOSTILE}test_a_manifest_of_long_claims_is_read_in_little_memory",
    ),
    Guard(
        "pieces",
        "No reader of a photo takes more than 4 MiB of it at once, whatever length a tag claims.",
        _BOUNDED,
        "        if not 0 <= size <= LARGEST_READ:\n            size = LARGEST_READ\n",
        "",
        f"{_TEST_PHOTOS}test_a_bounded_stream_is_read_in_pieces",
    ),
    Guard(
        "not-for-ever",
        "What repeats itself without end in a photo is given up.",
        _BOUNDED,
        "        if self._left < 0:\n            raise TooMuchError\n",
        "",
        f"{_TEST_PHOTOS}test_a_bounded_stream_is_not_read_for_ever",
    ),
    Guard(
        "bombs",
        "Of what is compressed in a photo only the first MiB is unpacked.",
        _CHUNKS,
        "decompress(data, _LONGEST_TEXT)",
        "decompress(data)",
        f"{_TEST_PHOTOS}test_what_is_compressed_is_not_unpacked_whole",
    ),
    Guard(
        "many-bombs",
        "And of so many pieces only the first hundred.",
        _CHUNKS,
        "elif kind in _TEXTS and texts < _MOST_TEXTS:",
        "elif kind in _TEXTS:",
        f"{_TEST_PHOTOS}test_texts_without_end_are_not_all_unpacked",
    ),
    Guard(
        "pixels",
        "A picture of more pixels than memory holds is not unpacked for a small one.",
        "src/cardcat/media/thumbnails.py",
        "    if picture.width * picture.height > most:\n",
        "    if False:\n",
        "tests/media/test_thumbnails.py::test_a_bomb_is_not_decoded",
    ),
    Guard(
        "boxes",
        "Boxes of a film without end are not all followed.",
        "src/cardcat/media/boxes.py",
        "    for _ in range(most):\n",
        "    while most:\n",
        "tests/media/test_boxes.py::test_only_so_many_boxes_of_one_level_are_followed",
    ),
    Guard(
        "xml-growing",
        "XML with a document type, whose entities may grow without end, is not read.",
        _SAFE_XML,
        "        self.parser.StartDoctypeDeclHandler = self._refuse\n",
        "",
        f"{_TEST_SIDECAR}test_xml_that_means_harm_is_trouble_and_no_more",
    ),
    Guard(
        "xml-wide",
        "XML with elements without end is given up.",
        _SAFE_XML,
        "        if len(self.found) >= _MOST_ELEMENTS:\n",
        "        if False:\n",
        f"{_TEST_SIDECAR}test_xml_that_means_harm_is_trouble_and_no_more",
    ),
    Guard(
        "worker-memory",
        "What reads files has little memory, and ends if a file needs more.",
        _WORKER,
        "    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (memory + _MAPPED, memory + _MAPPED))\n",
        "",
        f"{_TEST_POOL}test_a_hostile_file_costs_only_its_own_metadata",
    ),
    Guard(
        "worker-time",
        "It ends itself when a file takes too long.",
        _WORKER,
        "            signal.setitimer(signal.ITIMER_REAL, limits.seconds)\n",
        "",
        f"{_TEST_POOL}test_a_worker_ends_itself_when_a_file_takes_too_long",
    ),
    Guard(
        "worker-crash",
        "A file that crashes it costs its own metadata, and no other file's.",
        "src/cardcat/media/pool.py",
        "            self._drop(worker)\n            worker = None\n",
        "",
        f"{_TEST_POOL}test_a_hostile_file_costs_only_its_own_metadata",
    ),
    Guard(
        "worker-dies-too",
        "It does not outlive the program.",
        _WORKER,
        "        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))\n",
        "        pass\n",
        f"{_TEST_POOL}test_workers_die_with_the_program_even_in_the_middle_of_a_file",
    ),
    Guard(
        "worker-imports",
        "It imports nothing from the folder that the user is in.",
        "src/cardcat/own_process.py",
        "    safe = [entry for entry in sys.path if Path(entry).is_absolute() and entry != here]\n",
        "    safe = list(sys.path)\n",
        f"{_TEST_POOL}test_nothing_is_imported_from_the_folder_the_user_is_in",
    ),
    Guard(
        "worker-numbers",
        "No number that a database can't hold gets out of it.",
        _PROTOCOL,
        "        if not isinstance(value, int | float) or abs(value) < _LARGEST_NUMBER\n",
        "",
        f"{_TEST_POOL}test_a_number_that_no_database_holds_goes_no_further",
    ),
)
