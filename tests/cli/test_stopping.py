from __future__ import annotations

import os
import signal
import threading

import pytest

from cardcat import stopping


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_asks(number: signal.Signals) -> None:
    with stopping.listening():
        assert not stopping.stop_requested()
        send(number)
        assert stopping.stop_requested()
    assert not stopping.stop_requested()


def test_a_second_ctrl_c_interrupts(capfd: pytest.CaptureFixture[str]) -> None:
    with stopping.listening():
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)
    assert "Press Ctrl-C again" in capfd.readouterr().err


def test_a_closing_terminal_may_say_so_twice() -> None:
    with stopping.listening():
        send(signal.SIGHUP)
        send(signal.SIGHUP)
        assert stopping.stop_requested()


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping.listening():
            send(signal.SIGHUP)
            assert not stopping.stop_requested()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signals_do_afterwards_what_they_did_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with stopping.listening():
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_signals_can_be_taken_back_from_somebody_else() -> None:
    with stopping.listening():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stopping.install()
        send(signal.SIGTERM)
        assert stopping.stop_requested()


def test_another_thread_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[bool] = []

    def work() -> None:
        with stopping.listening():
            stopping.request_stop()
            seen.append(stopping.stop_requested())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [True]
    assert signal.getsignal(signal.SIGTERM) is before
