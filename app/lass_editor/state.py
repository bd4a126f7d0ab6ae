"""What belongs to one visitor, and the one thing that all share: the models."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from lass.errors import LassError
from lass_editor.choosing import Choice
from lass_editor.jobs import Cancelled, Job
from lass_editor.uploads import Folder

if TYPE_CHECKING:
    from lass.separation import Separator
    from lass_editor.workspace import Workspace

__all__ = ["Visit", "publish", "shared_model", "start", "visit"]

_MOST_MODELS = 3  # that stay in memory although nobody uses them
_RECONNECT_S = 180.0  # a page that was lost comes back within two minutes or not at all


class Model:
    """A separator, loaded in the background as soon as someone opens the page.

    Args:
        choice: which one.
    """

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self._separator: Separator | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._load, daemon=True, name="lass-model")
        self._thread.start()

    def _load(self) -> None:
        try:
            from lass import Separator

            self._separator = Separator.load(self.choice.model, encoder=self.choice.encoder)
            # Streamlit collects garbage after every run of the page, several times a second while
            # a progress bar is shown, and everything else waits. What is loaded by now stays
            # until the end, so it need not be looked at again.
            gc.collect()
            gc.freeze()
        except BaseException as error:
            self._error = error

    def get(self) -> Separator:
        """The separator; waits for it if need be."""
        self._thread.join()
        if self._separator is None:
            assert self._error is not None
            raise self._error
        return self._separator


def shared_model(choice: Choice) -> Model:
    """The model of all visitors who chose it."""
    return _models(choice.model, choice.encoder)


@st.cache_resource(show_spinner=False, max_entries=_MOST_MODELS)
def _models(model: str, encoder: str | None) -> Model:
    return Model(Choice(model, encoder))


class Visit:
    """One visitor's things."""

    def __init__(self) -> None:
        self.work: Workspace | None = None
        self.job: Job[Any] | None = None
        self.then: Callable[[Any], None] | None = None
        self.notes: list[tuple[str, str]] = []
        self.uploads = 0  # makes upload widgets forget what they hold
        self.start_path: Path | None = None
        self.choice = self.told = Choice()  # now, and by the command line

    @property
    def busy(self) -> bool:
        """Whether long work is going on."""
        return self.job is not None

    def say(self, kind: str, text: str) -> None:
        """Keep a note for the top of the page: ``error``, ``warning`` or ``success``."""
        if (kind, text) not in self.notes:
            self.notes.append((kind, text))

    def finish(self) -> None:
        """Take over what a finished job gave, or say why it gave nothing."""
        job, then = self.job, self.then
        assert job is not None
        self.job = self.then = None
        try:
            result = job.result()
        except Cancelled:
            self.say("success", f"{job.title}: stopped. Nothing was changed.")
        except LassError as error:
            self.say("error", _sentence(error))
        except MemoryError:
            self.say("error", f"{job.title}: there is not enough memory. Use a shorter recording.")
        else:
            if then is not None:
                then(result)

    def close(self) -> None:
        """Forget everything."""
        if self.job is not None:
            self.job.cancel()
            self.job.wait(10.0)
        if self.work is not None:
            self.work.close()
        self.work = self.job = self.then = None

    def folder(self) -> Folder:
        """A new folder for a recording."""
        return Folder()


def visit() -> Visit:
    """The visitor whose page this is."""
    if "visit" not in st.session_state:
        st.session_state["visit"] = Visit()
    kept: Visit = st.session_state["visit"]
    _watched(kept)
    return kept


def start(
    title: str,
    work: Callable[[Callable[[str, float], None]], Any],
    then: Callable[[Any], None] | None = None,
) -> None:
    """Begin long work for the visitor; one at a time."""
    own = visit()
    if own.busy:
        own.say("warning", "Something is still being done. Wait for it, or stop it first.")
        return
    own.notes.clear()
    own.then = then
    own.job = Job(title, work)


def publish(data: bytes, mimetype: str, place: str) -> str:
    """Give content to this visitor's browser; returns its address."""
    manager = st.runtime.get_instance().media_file_mgr
    return manager.add(data, mimetype, f"lass-{place}")


def _watched(own: Visit) -> None:
    """Clean up when the visitor has gone for good."""
    _watch(own, _session_id())


def _forget(watched: tuple[Visit, str]) -> None:
    """Called when a page is closed or its connection lost: wait whether it comes back."""
    own, session_id = watched

    def close_if_gone() -> None:
        if not (st.runtime.exists() and st.runtime.get_instance().is_active_session(session_id)):
            own.close()

    timer = threading.Timer(_RECONNECT_S, close_if_gone)
    timer.daemon = True
    timer.start()


@st.cache_resource(scope="session", show_spinner=False, on_release=_forget)
def _watch(_own: Visit, session_id: str) -> tuple[Visit, str]:
    return (_own, session_id)


def _session_id() -> str:
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return "" if context is None else context.session_id


def _sentence(error: BaseException) -> str:
    text = str(error).strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
