"""Names, paths and tables that were made to lead elsewhere, or to have no end."""

import json
import os

import pytest

from lass import Query
from lass.data import read_manifests
from lass.errors import AudioReadError, DataError, EditError, EffectError, LassError, QueryError
from lass.fx import Chain
from lass.fx import Gain as GainEffect

SECRET = "root:x:0:0:secret"


def project(path):
    return {
        "format": "lass-edit", "version": 1, "source": {"path": path, "sha256": "0" * 64},
        "model": {"name": "default", "sha256": None}, "to_stereo": False, "operations": [],
    }  # fmt: skip


@pytest.mark.parametrize("path", ["../secret.txt", "./../secret.txt", "x/../../secret.txt"])
def test_a_project_shows_nothing_of_a_file_that_is_no_sound(tmp_path, path):
    """A path may lead up (a recording may lie there); what it names is only taken as sound."""
    from lass.edit import EditSession

    (tmp_path / "secret.txt").write_text(SECRET * 20)
    (tmp_path / "sub" / "x").mkdir(parents=True)
    file = tmp_path / "sub" / "a.lassproj"
    file.write_text(json.dumps(project(path)))
    with pytest.raises(LassError) as caught:
        EditSession.open(file)
    assert "secret:" not in str(caught.value)
    assert "root:" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["secret.txt", "sub"]


@pytest.mark.parametrize("path", ["/etc/passwd", "\\\\host\\share", "C:/x", "a\0b", " ", "//h/s"])
def test_a_project_names_no_absolute_path(path):
    from lass.edit.project import Project

    with pytest.raises(EditError, match="relative to the project"):
        Project.from_json(json.dumps(project(path)))


DIGITS = "1" + "0" * 5000
TABLES = {
    "deep": "[" * 200_000,
    "deep tables": '{"a":' * 200_000,
    "digits": '{"format": "lass-fx", "version": ' + DIGITS + "}",
    "nan": '{"format": "lass-fx", "version": NaN}',
    "infinity": '{"format": "lass-fx", "version": -Infinity}',
    "twice": "{" + ",".join(f'"{i}":1' for i in range(50_000)) + ',"0":1}',
    "null": "null",
    "bytes": "\udcff\udcfe",
}


def written(folder, kind, ending):
    path = folder / f"a{ending}"
    path.write_bytes(TABLES[kind].encode("utf-8", errors="surrogateescape"))
    return path


def refusal(reader, path):
    """What a reader says, or nothing if it takes the file."""
    try:
        reader(path)
    except LassError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", TABLES)
def test_every_reader_of_tables_refuses_in_a_sentence(tmp_path, kind):
    from lass.edit.project import read_project
    from lass.scale import Manifest
    from lass.zoo.loading import read_config

    readers = [
        (".lassproj", read_project),
        (".lassquery", Query.load),
        (".json", Chain.load),
        (".jsonl", lambda path: Manifest(path).check()),
    ]
    for ending, reader in readers:
        path = written(tmp_path, kind, ending)
        said = refusal(reader, path)
        # In a manifest, a line that begins like a torn one is passed over.
        assert 0 < len(said) < 2000 or ending == ".jsonl"
    (tmp_path / "config.json").write_bytes(path.read_bytes())
    if kind not in ("digits", "nan", "infinity", "twice"):  # any table is a configuration
        with pytest.raises(LassError):
            read_config(tmp_path)


@pytest.mark.parametrize(("reader", "error"), [
    (lambda path: Chain.load(path), EffectError),
    (lambda path: Query.load(path), QueryError),
])  # fmt: skip
def test_pipes_devices_and_impossible_names_do_not_hang(tmp_path, reader, error):
    from lass.edit.project import read_project

    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / ("x" * 300), tmp_path / "a\0b"):
        with pytest.raises(error):
            reader(path)
        with pytest.raises(EditError):
            read_project(path)
    with pytest.raises(error):
        reader("/dev/zero") if error is EffectError else reader(tmp_path / "none")


def test_settings_with_the_names_of_arguments():
    for settings in ({"self": 1}, {"gain_db": 10**400}, {"gain_db": True}, {"__class__": 1}):
        text = json.dumps({"format": "lass-fx", "version": 1,
                           "effects": [{"effect": "gain", "settings": settings}]})  # fmt: skip
        with pytest.raises(EffectError):
            Chain.from_json(text)
    with pytest.raises(EffectError):
        GainEffect(gain_db=10**400)


def test_words_that_are_no_unicode_can_be_kept(tmp_path):
    """Command lines may hold any bytes; Python carries them as lone surrogates."""
    from lass.edit.history import Step
    from lass.edit.operations import Remove, Target
    from lass.edit.project import Project, read_project, write_project

    steps = (Step(Remove(Target("d\udcffg"))),)
    made = Project("in\udcfe.wav", "0" * 64, "default", None, False, steps)
    write_project(tmp_path / "a.lassproj", made)
    assert read_project(tmp_path / "a.lassproj") == made


HEAD = "key,shard,dataset,split,label,caption,source,sample_rate\n"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("k,../../etc/x.tar,d,train,dog,,s,16000", "plain name"),
        ("k,/etc/x.tar,d,train,dog,,s,16000", "plain name"),
        ("k,..,d,train,dog,,s,16000", "plain name"),
        ("k,s.tar,d,train,dog,,s,fast", "sample rate"),
        ("k,s.tar,d,train,dog,,s,-1", "sample rate"),
        ("k,s.tar,d,train,dog,,s," + "9" * 5000, "sample rate"),
        ("k,s.tar,d,train,dog,,s,٣", "sample rate"),
        ("k,s.tar,d,train", "too short"),
        ("x" * 200_000, "no table with commas"),
        ("\udcff", "no table with commas"),
    ],
)
def test_manifests_of_clips(tmp_path, rows, words):
    text = HEAD + rows + "\n"
    (tmp_path / "manifest-a.csv").write_bytes(text.encode("utf-8", errors="surrogateescape"))
    with pytest.raises(DataError, match=words):
        read_manifests(tmp_path)


def test_a_folder_and_a_pipe_that_are_called_manifests(tmp_path):
    (tmp_path / "manifest-a.csv").mkdir()
    with pytest.raises(DataError, match="is no file"):
        read_manifests(tmp_path)
    (tmp_path / "manifest-a.csv").rmdir()
    os.mkfifo(tmp_path / "manifest-a.csv")
    with pytest.raises(DataError, match="is no file"):
        read_manifests(tmp_path)


@pytest.mark.parametrize("query", ["../../x", "/etc/passwd", "a/b\\c", "con", ".", "..", "a\x00b",
                                   "a\x1b[31mb", "a\nb", "\u202egpj.exe", "x" * 900])  # fmt: skip
def test_words_never_lead_out_of_the_folder(separator, sound, tmp_path, query):
    from lass.audio import write

    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    write(tmp_path / "in" / "a.wav", sound(8000, seconds=0.05), sample_rate=8000)
    try:
        result = separator.separate_file(
            tmp_path / "in" / "a.wav", [query], output_dir=tmp_path / "out"
        )
    except (QueryError, AudioReadError):
        assert os.listdir(tmp_path / "out") == []
        return
    made = [*result.parts.values(), result.residual]
    assert {path.parent for path in made} == {tmp_path / "out"}
    assert len(os.listdir(tmp_path / "out")) == 2
    for path in made:
        assert path.name.isprintable()
        assert len(path.name.encode()) <= 255
