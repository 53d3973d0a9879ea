"""What a directory of ONNX files holds: which file detects, which recognises, and what the manifest says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from common.errors import EngineUnavailable
from core.engine.digests import file_sha256
from core.engine.passive.loading import is_passive_file

MANIFEST = "manifest.json"
_MANIFEST_VERSION = 2
_DEFAULT_MEAN = 127.5
_DETECTOR_STD = 128.0
_RECOGNIZER_STD = 127.5
_MODEL_ID = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class ModelFile:
    path: Path
    sha256: str
    """Of the file as it lies there; equal to the manifest's where there is one."""
    mean: float
    std: float


@dataclass(frozen=True, slots=True)
class PackFiles:
    model_id: str
    display_name: str
    detector: ModelFile
    recognizer: ModelFile
    declared_dimension: int | None
    has_manifest: bool


def read_pack(directory: Path) -> PackFiles:
    """Find and check a pack's files. Raises EngineUnavailable, naming the file and what is wrong with it."""
    manifest = directory / MANIFEST
    if manifest.is_file():
        return _from_manifest(directory, _load_manifest(manifest))
    return _from_shapes(directory)


def _load_manifest(path: Path) -> Mapping[str, object]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineUnavailable(f"{path} is not readable JSON: {error}") from error
    # insightface falls back to guessing when the version is another one; a manifest is there to not guess.
    if not isinstance(document, dict) or document.get("manifest_version") != _MANIFEST_VERSION:
        raise EngineUnavailable(f"{path} needs manifest_version {_MANIFEST_VERSION}")
    return document


def _from_manifest(directory: Path, manifest: Mapping[str, object]) -> PackFiles:
    path = directory / MANIFEST
    model_id, tasks = manifest.get("model_id"), manifest.get("tasks")
    if not isinstance(model_id, str) or not model_id or _MODEL_ID.search(model_id) or len(model_id) > 64:
        raise EngineUnavailable(f"{path}: model_id is not a name of at most 64 letters, digits, . _ -")
    if not isinstance(tasks, dict):
        raise EngineUnavailable(f"{path}: tasks is not an object")
    recognition = _task(path, tasks, "recognition")
    dimension = recognition.get("embedding_dimension")
    if dimension is not None and (not isinstance(dimension, int) or dimension < 1):
        raise EngineUnavailable(f"{path}: embedding_dimension is not a positive whole number")
    return PackFiles(
        model_id=model_id,
        display_name=str(manifest.get("display_name") or model_id),
        detector=_manifest_file(directory, _task(path, tasks, "detection"), default_std=_DETECTOR_STD),
        recognizer=_manifest_file(directory, recognition, default_std=_RECOGNIZER_STD),
        declared_dimension=dimension,
        has_manifest=True,
    )


def _task(path: Path, tasks: Mapping[str, object], name: str) -> Mapping[str, object]:
    task = tasks.get(name)
    if not isinstance(task, dict):
        raise EngineUnavailable(f"{path}: tasks.{name} is missing")
    return task


def _manifest_file(directory: Path, task: Mapping[str, object], *, default_std: float) -> ModelFile:
    manifest, name = directory / MANIFEST, task.get("file")
    if not isinstance(name, str) or not name.endswith(".onnx"):
        raise EngineUnavailable(f"{manifest}: file {name!r} is not the name of an ONNX file")
    path = (directory / name).resolve()
    if not path.is_relative_to(directory.resolve()):
        raise EngineUnavailable(f"{manifest}: file {name!r} lies outside the pack")
    if not path.is_file():
        raise EngineUnavailable(f"{manifest}: file {name!r} is missing")
    digest, expected = file_sha256(path), task.get("sha256")
    if expected is not None and digest != expected:
        raise EngineUnavailable(f"{path} has SHA-256 {digest}, the manifest says {expected}")
    mean, std = _mean_and_std(manifest, task.get("preprocessing"), default_std=default_std)
    return ModelFile(path=path, sha256=digest, mean=mean, std=std)


def _mean_and_std(manifest: Path, value: object, *, default_std: float) -> tuple[float, float]:
    if value is None:
        return _DEFAULT_MEAN, default_std
    if value == "embedded":
        return 0.0, 1.0
    if isinstance(value, dict) and set(value) == {"mean", "std"}:
        mean, std = value["mean"], value["std"]
        if isinstance(mean, int | float) and isinstance(std, int | float) and std > 0:
            return float(mean), float(std)
    raise EngineUnavailable(f'{manifest}: preprocessing is neither "embedded" nor an object of mean and std')


def _from_shapes(directory: Path) -> PackFiles:
    """Without a manifest the shapes tell: a detector has many outputs, a recogniser a 112-pixel input."""
    candidates = sorted(path for path in directory.glob("*.onnx") if not is_passive_file(path))
    if not candidates:
        raise EngineUnavailable(f"Model pack {directory} holds no ONNX files")
    kinds = {path: _kind(path) for path in candidates}
    detector = _only(directory, kinds, "detector")
    recognizer = _only(directory, kinds, "recogniser")
    return PackFiles(
        model_id=_MODEL_ID.sub("-", recognizer.stem)[:64],
        display_name=directory.name,
        detector=ModelFile(detector, file_sha256(detector), _DEFAULT_MEAN, _DETECTOR_STD),
        recognizer=ModelFile(recognizer, file_sha256(recognizer), *_recognizer_scaling(recognizer)),
        declared_dimension=None,
        has_manifest=False,
    )


def _only(directory: Path, kinds: Mapping[Path, str], kind: str) -> Path:
    found = [path for path, seen in kinds.items() if seen == kind]
    if len(found) == 1:
        return found[0]
    names = ", ".join(path.name for path in found) or "none"
    raise EngineUnavailable(
        f"Model pack {directory} needs exactly one {kind}, found {names}. A {MANIFEST} can name the files."
    )


def _kind(path: Path) -> str:
    graph = _graph(path)
    shape = [dim.dim_value for dim in graph.input[0].type.tensor_type.shape.dim] if graph.input else []
    if len(graph.output) >= 5:
        return "detector"
    # 192 and 96 pixels are insightface's landmark and attribute models, two inputs its face swapper.
    square = len(shape) == 4 and shape[2] == shape[3] and shape[2] >= 112 and shape[2] % 16 == 0
    if square and shape[2] != 192 and len(graph.input) == 1 and len(graph.output) == 1:
        return "recogniser"
    return "other"


def _recognizer_scaling(path: Path) -> tuple[float, float]:
    """Mean and deviation; models converted from MXNet begin with a subtraction and carry their own."""
    names = [node.name for node in _graph(path).node[:8]]
    subtracts = any(name.startswith(("Sub", "_minus")) for name in names)
    multiplies = any(name.startswith(("Mul", "_mul")) for name in names)
    return (0.0, 1.0) if subtracts and multiplies else (_DEFAULT_MEAN, _RECOGNIZER_STD)


def _graph(path: Path) -> onnx.GraphProto:
    try:
        return onnx.load_model(str(path), load_external_data=False).graph
    except Exception as error:
        raise EngineUnavailable(f"{path} is not an ONNX model: {type(error).__name__}") from error
