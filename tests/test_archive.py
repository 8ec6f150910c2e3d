"""What is uploaded as a function: the same sources, the same archive, and pure Python only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from components import archive
from components.archive import PackagingError, package


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    folder = tmp_path / "functions"
    for name, text in {
        "greet/__init__.py": "",
        "greet/handler.py": "from shared import words\n\n\ndef handle(event, context):\n"
        "    return words.HELLO\n",
        "greet/shapes/one.json": "{}\n",
        "greet/__pycache__/handler.cpython-311.pyc": "stale",
        "greet/.hidden": "secret",
        "shared/__init__.py": "",
        "shared/words.py": 'HELLO = "hello"\n',
        "other/handler.py": "raise SystemExit\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_function_is_its_folder_and_the_shared_one(functions: Path) -> None:
    made = package("greet", database=False, functions=functions)
    assert set(made.files) == {
        "greet/__init__.py",
        "greet/handler.py",
        "greet/shapes/one.json",
        "shared/__init__.py",
        "shared/words.py",
    }
    assert {file.read_bytes() for file in made.files.values()} >= {b'HELLO = "hello"\n'}
    assets = made.archive().assets
    assert isinstance(assets, dict)
    assert set(assets) == set(made.files)


def test_the_fingerprint_is_of_names_and_contents(functions: Path, tmp_path: Path) -> None:
    def fingerprint(folder: Path = functions) -> str:
        return package("greet", database=True, functions=folder).fingerprint()

    first = fingerprint()
    assert fingerprint() == first
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(functions, elsewhere)
    assert fingerprint(elsewhere) == first
    os.utime(functions / "greet/handler.py", (1, 1))
    (functions / "greet/__pycache__/more.pyc").write_bytes(b"newer")
    assert fingerprint() == first
    (functions / "shared/words.py").write_text('HELLO = "hallo"\n')
    assert fingerprint() != first
    (functions / "shared/words.py").write_text('HELLO = "hello"\n')
    assert fingerprint() == first
    (functions / "greet/handler.py").rename(functions / "greet/renamed.py")
    shutil.copy(functions / "greet/renamed.py", functions / "greet/handler.py")
    assert fingerprint() != first


def test_a_function_with_a_database_imports_its_driver_from_the_archive(
    functions: Path, tmp_path: Path
) -> None:
    (functions / "greet/handler.py").write_text(
        "import pathlib, ssl\nimport pg8000.native\n\n\ndef handle(event, context):\n"
        "    context = ssl.create_default_context(cafile='rds-ca.pem')\n"
        "    return pg8000.__version__, pg8000.__file__, len(context.get_ca_certs()) > 1\n"
    )
    made = package("greet", database=True, functions=functions)
    assert not [path for path in made.files if path.endswith((".pyc", ".so", "RECORD"))]
    unpacked = tmp_path / "task"
    with zipfile.ZipFile(tmp_path / "function.zip", "w") as packed:
        for path, file in made.files.items():
            packed.write(file, path)
    zipfile.ZipFile(tmp_path / "function.zip").extractall(unpacked)
    # An interpreter that sees the archive and the standard library only.
    script = "import sys; sys.path[:0] = ['.']; import greet.handler as g; print(*g.handle(0, 0))"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script],
        cwd=unpacked,
        capture_output=True,
        text=True,
        check=True,
    )
    version, place, trusted = run.stdout.split()
    assert f"pg8000=={version} " in archive.LIBRARIES.read_text()
    assert Path(unpacked, place).is_relative_to(unpacked)
    assert trusted == "True"


@pytest.mark.parametrize(
    ("pins", "says"),
    [
        ("pg8000==0.1 \\\n    --hash=sha256:00\n", "pins pg8000 0.1, but "),
        ("no-such-library==1.0\n", "pins no-such-library 1.0, which is not installed"),
        ("asyncpg==0.32.0\n", "which has compiled files"),
    ],
)
def test_what_cannot_be_packed_is_refused_by_name(
    functions: Path, tmp_path: Path, pins: str, says: str
) -> None:
    (tmp_path / "requirements.txt").write_text(pins)
    with pytest.raises(PackagingError, match=says.replace(".", r"\.")):
        package(
            "greet",
            database=True,
            functions=functions,
            libraries=tmp_path / "requirements.txt",
        )


def test_a_function_that_is_not_there_is_named(functions: Path) -> None:
    with pytest.raises(PackagingError, match=r"absent/handler\.py is missing: no function absent"):
        package("absent", database=False, functions=functions)
