"""Builds the wheel with the core compiled, where it is asked for: `HATCH_BUILD_HOOK_ENABLE_CUSTOM=1`.

Compiled is what is in `processors`, by mypyc, which makes a C extension of each module as it is written. A tree that is
worked on (an editable installation) is never compiled: a stale extension would hide what was changed. To see only that
it compiles, `MYPYC_OPT_LEVEL=0` takes half the time.
"""

from __future__ import annotations

import ast
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compiled_modules(root: Path) -> list[str]:
    """Return the modules that are compiled, as paths from the root.

    Not those with classes that take keywords, as msgspec structs do (`frozen=True`): mypyc loses these without a word.
    """
    return [
        str(path.relative_to(root)) for path in sorted((root / "processors").rglob("*.py")) if not _has_keywords(path)
    ]


def _has_keywords(path: Path) -> bool:
    return any(isinstance(node, ast.ClassDef) and node.keywords for node in ast.walk(ast.parse(path.read_text())))


class CompiledCore(BuildHookInterface[BuilderConfig]):
    """Compiles and adds the extensions."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, unless the tree is only linked to."""
        if version == "editable":
            return
        self._out = Path(tempfile.mkdtemp(prefix="leadpulse-core-"))
        for built in _compile(Path(self.root), self._out):
            build_data["force_include"][str(built)] = str(built.relative_to(self._out / "lib"))
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what is in the wheel now."""
        if version != "editable":
            shutil.rmtree(self._out)


def _compile(root: Path, out: Path) -> list[Path]:
    from mypyc.build import mypycify  # noqa: PLC0415  # only there when it is needed
    from setuptools.dist import Distribution  # noqa: PLC0415

    checked = ["--config-file", str(root / "pyproject.toml"), *compiled_modules(root)]
    optimised = os.environ.get("MYPYC_OPT_LEVEL", "3")
    extensions = mypycify(checked, opt_level=optimised, debug_level="0", target_dir=str(out / "c"))
    build = Distribution({"name": "core", "ext_modules": extensions}).get_command_obj("build_ext")
    build.build_lib, build.build_temp = str(out / "lib"), str(out / "temp")
    build.ensure_finalized()
    build.run()
    return [path for path in (out / "lib").rglob("*") if path.is_file()]
